// From the terms of each iteration to output words: accumulators, bias, requantise, write. The end of every compute
// pipeline. Controls are those of the walker, one cycle after their iteration; the terms come STAGES cycles later.
module bico_accumulate #(
    parameter int PARALLEL = 4,
    parameter int GROUPS = 2,     // lane groups in a word
    parameter int BITS = 8,       // of a lane in the banks
    parameter int TERM_BITS = 20,
    parameter int ACC_BITS = 32,  // 24 to 48
    parameter int STAGES = 4
) (
    input  logic                            clk,
    input  logic                            valid,
    input  logic                            first,
    input  logic                            last,
    input  logic                            word_end,
    input  logic                            job_end,
    input  logic [7:0]                      group,
    input  logic [15:0]                     destination,
    input  logic [15:0]                     parameter_row,
    input  logic                            maximum,     // keep the largest term instead of the sum
    input  logic                            skip,        // this iteration has no term
    input  logic [PARALLEL*TERM_BITS-1:0]   terms,
    output logic [15:0]                     parameter_address,
    input  logic [PARALLEL*56-1:0]          parameters,  // in the cycle after their address
    input  logic [51:0]                     mode,
    output logic                            write,
    output logic [15:0]                     write_address,
    output logic [PARALLEL*GROUPS*BITS-1:0] write_data,
    output logic                            done
);
  logic valid_s, first_s, last_s, skip_s, empty;
  bico_delay #(.BITS(4), .STAGES(STAGES)) term_control (
      .clk, .in({valid, first, valid && last, skip}), .out({valid_s, first_s, last_s, skip_s})
  );
  // Parameters are read so that they come with the complete accumulator.
  bico_delay #(.BITS(16), .STAGES(STAGES)) parameter_delay (.clk, .in(parameter_row), .out(parameter_address));

  // `empty`: every term of this accumulation so far was skipped.
  always_ff @(posedge clk) if (valid_s) empty <= skip_s && (first_s || empty);

  logic [PARALLEL*ACC_BITS-1:0] sums;
  for (genvar i = 0; i < PARALLEL; i++) begin : g_lane
    logic signed [ACC_BITS-1:0] term, acc;
    assign term = skip_s ? '0 : ACC_BITS'($signed(terms[i*TERM_BITS+:TERM_BITS]));
    always_ff @(posedge clk) begin
      if (valid_s) begin
        if (first_s) acc <= term;
        else if (!maximum) acc <= acc + term;
        else if (!skip_s && (empty || term > acc)) acc <= term;
      end
    end
    assign sums[i*ACC_BITS+:ACC_BITS] = acc;
  end

  logic valid_a, word_end_a, job_end_a;
  logic [7:0] group_a;
  logic [15:0] destination_a;
  bico_delay #(.BITS(1), .STAGES(1)) valid_delay (.clk, .in(last_s), .out(valid_a));
  bico_delay #(.BITS(26), .STAGES(STAGES + 1)) tail_control (
      .clk, .in({word_end, job_end, group, destination}), .out({word_end_a, job_end_a, group_a, destination_a})
  );
  bico_tail #(.PARALLEL(PARALLEL), .GROUPS(GROUPS), .BITS(BITS), .ACC_BITS(ACC_BITS)) tail (
      .clk,
      .valid(valid_a),
      .group(group_a),
      .destination(destination_a),
      .word_end(word_end_a),
      .job_end(job_end_a),
      .acc(sums),
      .parameters,
      .mode,
      .write,
      .write_address,
      .write_data,
      .done
  );
endmodule
