// Walks the iterations of a compute job, one a cycle: [block,] row, column, lane group, tap row, tap column [, sub-block]
// (contract, section 2). Computes for each iteration the source address, whether the tap lies inside the source, and
// the rows of weights and parameters. All outputs are registered: iteration i is at the outputs in cycle i + 1.
module bico_walker #(
    parameter int GROUPS = 1,        // lane groups: lanes / parallel
    parameter int SUBS = 1,          // sub-blocks in a channel block: lanes / parallel_in
    parameter bit BLOCK_INNER = 1,   // 1: sub-blocks are the innermost loop, 0: blocks are the outermost
    parameter bit VECTOR = 0         // has upsampling and a second operand
) (
    input  logic         clk,
    input  logic         reset,
    input  logic         issue,
    input  logic [447:0] head,       // words 1 to 7 of the descriptor
    input  logic [447:0] job,
    input  logic         add,        // VECTOR: two iterations an output, one for each operand
    output logic         valid,
    output logic [15:0]  source_address,
    output logic         in_source,
    output logic [7:0]   sub,        // which sub-block of its block
    output logic [7:0]   group,
    output logic [15:0]  weight_row,
    output logic [15:0]  parameter_row,
    output logic [15:0]  destination,
    output logic         second,     // the iteration reads the second operand
    output logic         first,      // of an accumulation
    output logic         last,       // of an accumulation
    output logic         word_end,   // last of an output word
    output logic         job_end     // last of the job
);
  // Fields that do not change while the job runs.
  logic [11:0] rows, cols, blocks, row_stride;
  logic [15:0] block_stride, destination_stride;
  logic [5:0] tap_rows, tap_cols, shift;
  logic [2:0] stride_rows, stride_cols;
  logic [3:0] dilation_rows, dilation_cols;
  logic [7:0] origin_row, origin_col;
  logic [10:0] source_rows, source_cols;
  assign block_stride = job[55:40];
  assign {row_stride, blocks, cols, rows} = job[111:64];
  assign destination_stride = job[127:112];
  assign {dilation_cols, dilation_rows, stride_cols, stride_rows, tap_cols, tap_rows} = job[153:128];
  assign {origin_col, origin_row} = job[169:154];
  assign {source_cols, source_rows} = job[191:170];
  assign shift = VECTOR ? job[375:370] : 6'd0;

  logic active;
  logic [11:0] row, col, block;
  logic [7:0] lane_group, sub_index;
  logic [5:0] tap_row, tap_col;
  // Coordinates: `*_scaled` = output coordinate x stride; `*_base` of tap 0; y, x of the current tap.
  logic [15:0] row_scaled, col_scaled;
  logic signed [15:0] y_base, x_base, y, x;
  logic [15:0] block_address, weight, weight_base, param, param_base, dest, dest_base;

  logic two_operands, sub_end, tap_col_end, tap_row_end, group_end, col_end, row_end, block_end;
  logic next_tap_col, next_tap_row, next_group, next_col, next_row, next_block;
  assign sub_end = !BLOCK_INNER || block == blocks - 12'd1;
  assign two_operands = VECTOR && add;
  assign tap_col_end = tap_col == (two_operands ? 6'd1 : tap_cols - 6'd1);
  assign tap_row_end = tap_row == tap_rows - 6'd1;
  assign group_end = lane_group == 8'(GROUPS - 1);
  assign col_end = col == cols - 12'd1;
  assign row_end = row == rows - 12'd1;
  assign block_end = BLOCK_INNER || block == blocks - 12'd1;
  assign next_tap_col = active && sub_end;
  assign next_tap_row = next_tap_col && tap_col_end;
  assign next_group = next_tap_row && tap_row_end;
  assign next_col = next_group && group_end;
  assign next_row = next_col && col_end;
  assign next_block = next_row && row_end;

  logic [15:0] next_row_scaled, next_col_scaled;
  logic signed [15:0] first_y, first_x, next_y, next_x;
  assign next_row_scaled = row_end ? '0 : row_scaled + 16'(stride_rows);
  assign next_col_scaled = col_end ? '0 : col_scaled + 16'(stride_cols);
  assign first_y = 16'($signed(head[161:154]));
  assign first_x = 16'($signed(head[169:162]));
  assign next_y = $signed(next_row_scaled >> shift) + 16'($signed(origin_row));
  assign next_x = $signed(next_col_scaled >> shift) + 16'($signed(origin_col));

  always_ff @(posedge clk) begin
    if (reset) active <= 1'b0;
    else if (issue) active <= 1'b1;
    else if (next_block && block_end) active <= 1'b0;

    if (issue) begin
      row <= '0;
      col <= '0;
      block <= '0;
      lane_group <= '0;
      sub_index <= '0;
      tap_row <= '0;
      tap_col <= '0;
      row_scaled <= '0;
      col_scaled <= '0;
      y_base <= first_y;
      x_base <= first_x;
      y <= first_y;
      x <= first_x;
      block_address <= head[23:8];
      weight <= head[207:192];
      weight_base <= head[207:192];
      param <= head[223:208];
      param_base <= head[223:208];
      dest <= head[39:24];
      dest_base <= head[39:24];
    end else if (active) begin
      weight <= weight + 16'd1;
      if (BLOCK_INNER) begin
        if (sub_end) begin
          block <= '0;
          sub_index <= '0;
          block_address <= job[23:8];
        end else begin
          block <= block + 12'd1;
          sub_index <= sub_index == 8'(SUBS - 1) ? '0 : sub_index + 8'd1;
          if (sub_index == 8'(SUBS - 1)) block_address <= block_address + block_stride;
        end
      end
      if (next_tap_col) begin
        tap_col <= tap_col_end ? '0 : tap_col + 6'd1;
        x <= tap_col_end ? x_base : x + (two_operands ? '0 : 16'(dilation_cols));
      end
      if (next_tap_row) begin
        tap_row <= tap_row_end ? '0 : tap_row + 6'd1;
        y <= tap_row_end ? y_base : y + 16'(dilation_rows);
      end
      if (next_group) begin
        lane_group <= group_end ? '0 : lane_group + 8'd1;
        param <= param + 16'd1;
      end
      if (next_col) begin
        col <= col_end ? '0 : col + 12'd1;
        col_scaled <= next_col_scaled;
        x_base <= next_x;
        x <= next_x;
        dest <= dest + 16'd1;
        // The same weights serve each pixel.
        weight <= weight_base;
        param <= param_base;
      end
      if (next_row) begin
        row <= row_end ? '0 : row + 12'd1;
        row_scaled <= next_row_scaled;
        y_base <= next_y;
        y <= next_y;
      end
      if (next_block && !BLOCK_INNER) begin
        block <= block + 12'd1;
        block_address <= block_address + block_stride;
        dest <= dest_base + destination_stride;
        dest_base <= dest_base + destination_stride;
        weight <= weight + 16'd1;
        weight_base <= weight + 16'd1;
        param <= param + 16'd1;
        param_base <= param + 16'd1;
      end
    end
  end

  logic [15:0] operand_offset;
  assign operand_offset = job[255:240] - job[23:8];

  // Row offsets are needed modulo 2^16 only; rows outside the source are never used.
  logic signed [28:0] row_offset;
  bico_mul #(.A_BITS(16), .B_BITS(13), .INPUT_REGISTER(0), .PRODUCT_REGISTER(0), .DSP(0)) row_offset_mul (
      .clk,
      .a(y),
      .b($signed({1'b0, row_stride})),
      .product(row_offset)
  );

  always_ff @(posedge clk) begin
    valid <= active && !reset;
    source_address <= block_address + row_offset[15:0] + x + (two_operands && tap_col[0] ? operand_offset : '0);
    second <= two_operands && tap_col[0];
    in_source <= !y[15] && !x[15] && y < 16'($signed({1'b0, source_rows})) && x < 16'($signed({1'b0, source_cols}));
    sub <= sub_index;
    group <= lane_group;
    weight_row <= weight;
    parameter_row <= param;
    destination <= dest;
    first <= tap_row == '0 && tap_col == '0 && (!BLOCK_INNER || block == '0);
    last <= next_group;
    word_end <= next_col;
    job_end <= next_block && block_end;
  end
endmodule
