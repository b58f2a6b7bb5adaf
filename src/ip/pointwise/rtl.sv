// Dense convolution: PARALLEL_IN channels times PARALLEL_OUT channels an iteration. Serves `pointwise` and `conv`: the
// taps are the walker's, the datapath is the same.
//
// The number after a signal's underscore is the cycle, counted from the iteration, in which it is on that wire:
// 1 addresses, 2 memory outputs, 3 operands, 4 multiplier inputs, 5 products; then follow the adder tree and
// bico_accumulate.
module bico_pointwise #(
    parameter int LANES = 8,
    parameter int BITS = 8,          // of a feature
    parameter int WEIGHT_BITS = 8,
    parameter int PARALLEL_IN = 4,
    parameter int PARALLEL_OUT = 4,
    parameter bit PACKED = 0,        // two output channels share each multiplier
    parameter int ACC_BITS = 32
) (
    input  logic                                            clk,
    input  logic                                            reset,
    input  logic                                            issue,
    input  logic [447:0]                                    head,
    input  logic [447:0]                                    job,
    output logic                                            done,
    output logic                                            read,
    output logic [15:0]                                     read_address,
    input  logic [LANES*BITS-1:0]                           read_data,
    output logic [15:0]                                     weight_row,
    input  logic [PARALLEL_IN*PARALLEL_OUT*WEIGHT_BITS-1:0] weights,
    output logic [15:0]                                     parameter_row,
    input  logic [PARALLEL_OUT*56-1:0]                      parameters,
    output logic                                            write,
    output logic [15:0]                                     write_address,
    output logic [LANES*BITS-1:0]                           write_data
);
  localparam int SUBS = LANES / PARALLEL_IN;
  localparam int GROUPS = LANES / PARALLEL_OUT;
  localparam int LEVELS = $clog2(PARALLEL_IN);
  localparam int PRODUCT_BITS = BITS + 1 + WEIGHT_BITS + 1;
  localparam int SUM_BITS = PRODUCT_BITS + LEVELS;

  logic valid_1, inside_1, first_1, last_1, word_end_1, job_end_1;
  logic [7:0] sub_1, group_1;
  logic [15:0] parameter_row_1, destination_1;
  bico_walker #(.GROUPS(GROUPS), .SUBS(SUBS), .BLOCK_INNER(1)) walker (
      .clk, .reset, .issue, .head, .job,
      .add(1'b0),
      .valid(valid_1),
      .source_address(read_address),
      .in_source(inside_1),
      .sub(sub_1),
      .group(group_1),
      .weight_row,
      .parameter_row(parameter_row_1),
      .destination(destination_1),
      .second(),
      .first(first_1),
      .last(last_1),
      .word_end(word_end_1),
      .job_end(job_end_1)
  );
  assign read = valid_1;

  // Operands.
  logic inside_2;
  logic [7:0] sub_2;
  logic [PARALLEL_IN*BITS-1:0] features_2;
  bico_delay #(.BITS(9), .STAGES(1)) operand_control (.clk, .in({inside_1, sub_1}), .out({inside_2, sub_2}));
  bico_select #(.N(SUBS), .BITS(PARALLEL_IN * BITS)) select (.word(read_data), .index(sub_2), .part(features_2));
  logic [PARALLEL_IN*(BITS+1)-1:0] features_3;
  for (genvar i = 0; i < PARALLEL_IN; i++) begin : g_feature
    bico_operand #(.BITS(BITS)) operand (
        .clk,
        .in_source(inside_2),
        .feature(features_2[i*BITS+:BITS]),
        .padding(job[239:224]),
        .zero_point(job[335:320]),
        .is_signed(job[308]),
        .operand(features_3[i*(BITS+1)+:BITS+1])
    );
  end

  // Products and their sums.
  logic [PARALLEL_OUT*SUM_BITS-1:0] sums;
  logic [PARALLEL_OUT*PARALLEL_IN*PRODUCT_BITS-1:0] products_5;
  if (PACKED) begin : g_packed
    localparam int S = BITS + WEIGHT_BITS;
    for (genvar p = 0; p < PARALLEL_OUT * PARALLEL_IN / 2; p++) begin : g_pair
      localparam int LOW = p / PARALLEL_IN * 2 * PARALLEL_IN + p % PARALLEL_IN, HIGH = LOW + PARALLEL_IN;
      logic [WEIGHT_BITS:0] low_3, high_3;
      logic [S-1:0] low_5, high_5;
      bico_weight #(.BITS(WEIGHT_BITS)) low_weight (
          .clk, .raw(weights[LOW*WEIGHT_BITS+:WEIGHT_BITS]), .is_binary(job[309]), .weight(low_3)
      );
      bico_weight #(.BITS(WEIGHT_BITS)) high_weight (
          .clk, .raw(weights[HIGH*WEIGHT_BITS+:WEIGHT_BITS]), .is_binary(job[309]), .weight(high_3)
      );
      bico_mul_pair #(.BITS(BITS), .WEIGHT_BITS(WEIGHT_BITS)) pair (
          .clk,
          .feature(features_3[(p%PARALLEL_IN)*(BITS+1)+:BITS+1]),
          .low(low_3[WEIGHT_BITS-1:0]),
          .high(high_3[WEIGHT_BITS-1:0]),
          .low_product(low_5),
          .high_product(high_5)
      );
      assign products_5[LOW*PRODUCT_BITS+:PRODUCT_BITS] = {{2{low_5[S-1]}}, low_5};
      assign products_5[HIGH*PRODUCT_BITS+:PRODUCT_BITS] = {{2{high_5[S-1]}}, high_5};
    end
  end else begin : g_single
    for (genvar p = 0; p < PARALLEL_OUT * PARALLEL_IN; p++) begin : g_product
      logic [WEIGHT_BITS:0] weight_3;
      bico_weight #(.BITS(WEIGHT_BITS)) weight (
          .clk, .raw(weights[p*WEIGHT_BITS+:WEIGHT_BITS]), .is_binary(job[309]), .weight(weight_3)
      );
      bico_mul #(.A_BITS(BITS + 1), .B_BITS(WEIGHT_BITS + 1), .DSP(WEIGHT_BITS > 2 && BITS + 1 + WEIGHT_BITS >= 9)) mul (
          .clk,
          .a(features_3[(p%PARALLEL_IN)*(BITS+1)+:BITS+1]),
          .b(weight_3),
          .product(products_5[p*PRODUCT_BITS+:PRODUCT_BITS])
      );
    end
  end
  for (genvar o = 0; o < PARALLEL_OUT; o++) begin : g_output
    bico_tree #(.N(PARALLEL_IN), .IN_BITS(PRODUCT_BITS)) tree (
        .clk, .terms(products_5[o*PARALLEL_IN*PRODUCT_BITS+:PARALLEL_IN*PRODUCT_BITS]), .sum(sums[o*SUM_BITS+:SUM_BITS])
    );
  end

  bico_accumulate #(
      .PARALLEL(PARALLEL_OUT),
      .GROUPS(GROUPS),
      .BITS(BITS),
      .TERM_BITS(SUM_BITS),
      .ACC_BITS(ACC_BITS),
      .STAGES(4 + LEVELS)
  ) accumulate (
      .clk,
      .valid(valid_1),
      .first(first_1),
      .last(last_1),
      .word_end(word_end_1),
      .job_end(job_end_1),
      .group(group_1),
      .destination(destination_1),
      .parameter_row(parameter_row_1),
      .maximum(1'b0),
      .skip(1'b0),
      .terms(sums),
      .parameter_address(parameter_row),
      .parameters,
      .mode(job[307:256]),
      .write,
      .write_address,
      .write_data,
      .done
  );
endmodule
