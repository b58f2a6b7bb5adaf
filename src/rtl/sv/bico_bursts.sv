// Cuts the runs of a transfer job into bursts (contract, section 4): none crosses a 128-byte boundary, hence none
// crosses 4 KiB. The burst on offer is held in registers; `next` moves on to the one after it.
module bico_bursts (
    input  logic         clk,
    input  logic         reset,
    input  logic         load,       // take the job; its first burst is on offer from the next cycle
    input  logic [191:0] job,        // words 1 to 3 of the descriptor
    input  logic         next,
    output logic         valid,
    output logic [31:0]  address,
    output logic [4:0]   beats       // 1 to 16
);
  logic [31:0] run_stride, block_stride, run_start, block_start;
  logic [15:0] runs, runs_left, blocks_left;
  logic [23:0] run_beats, rest;
  logic [4:0] to_boundary;
  logic [31:0] next_run, next_block;

  assign to_boundary = 5'd16 - {1'b0, address[6:3]};
  assign beats = rest < 24'(to_boundary) ? rest[4:0] : to_boundary;
  assign next_run = run_start + run_stride;
  assign next_block = block_start + block_stride;

  always_ff @(posedge clk) begin
    if (load) begin
      address      <= job[31:0];
      run_start    <= job[31:0];
      block_start  <= job[31:0];
      runs         <= job[47:32];
      runs_left    <= job[47:32];
      blocks_left  <= job[63:48];
      run_beats    <= job[87:64];
      rest         <= job[87:64];
      run_stride   <= job[127:96];
      block_stride <= job[159:128];
    end else if (next) begin
      if (rest != 24'(beats)) begin
        address <= address + {24'd0, beats, 3'd0};
        rest    <= rest - 24'(beats);
      end else begin
        rest <= run_beats;
        if (runs_left != 16'd1) begin
          runs_left <= runs_left - 16'd1;
          run_start <= next_run;
          address   <= next_run;
        end else begin
          runs_left   <= runs;
          blocks_left <= blocks_left - 16'd1;
          block_start <= next_block;
          run_start   <= next_block;
          address     <= next_block;
        end
      end
    end
    if (reset) valid <= 1'b0;
    else if (load) valid <= 1'b1;
    else if (next && rest == 24'(beats) && runs_left == 16'd1 && blocks_left == 16'd1) valid <= 1'b0;
  end
endmodule
