// Pooling, addition, copies and activations: PARALLEL lanes of one channel block an iteration. One scale serves all
// channels; it is part of the job.
//
// The number after a signal's underscore is the cycle, counted from the iteration, in which it is on that wire:
// 1 addresses, 2 memory outputs, 3 operands, 4 and 5 shifted operands; then follows bico_accumulate.
module bico_vector #(
    parameter int LANES = 8,
    parameter int BITS = 8,          // of a feature
    parameter int PARALLEL = 4,
    parameter int ACC_BITS = 32
) (
    input  logic                            clk,
    input  logic                            reset,
    input  logic                            issue,
    input  logic [447:0]                    head,
    input  logic [447:0]                    job,
    input  logic [3:0]                      opcode,
    output logic                            done,
    output logic                            read,
    output logic [15:0]                     read_address,
    input  logic [LANES*BITS-1:0]           read_data,
    output logic                            write,
    output logic [15:0]                     write_address,
    output logic [LANES*BITS-1:0]           write_data
);
  localparam int GROUPS = LANES / PARALLEL;
  localparam int TERM_BITS = BITS + 1 + 31;  // after the largest left shift
  localparam logic [3:0] MAXIMUM = 4'd4, ADD = 4'd6;

  logic valid_1, inside_1, second_1, first_1, last_1, word_end_1, job_end_1;
  logic [7:0] group_1;
  logic [15:0] destination_1;
  bico_walker #(.GROUPS(GROUPS), .BLOCK_INNER(0), .VECTOR(1)) walker (
      .clk, .reset, .issue, .head, .job,
      .add(opcode == ADD),
      .valid(valid_1),
      .source_address(read_address),
      .in_source(inside_1),
      .sub(),
      .group(group_1),
      .weight_row(),
      .parameter_row(),
      .destination(destination_1),
      .second(second_1),
      .first(first_1),
      .last(last_1),
      .word_end(word_end_1),
      .job_end(job_end_1)
  );
  assign read = valid_1;

  logic inside_2, second_2, second_3;
  logic [7:0] group_2;
  logic [PARALLEL*BITS-1:0] features_2;
  bico_delay #(.BITS(10), .STAGES(1)) operand_control (
      .clk, .in({inside_1, second_1, group_1}), .out({inside_2, second_2, group_2})
  );
  bico_delay #(.BITS(1), .STAGES(1)) second_delay (.clk, .in(second_2), .out(second_3));
  bico_select #(.N(GROUPS), .BITS(PARALLEL * BITS)) select (.word(read_data), .index(group_2), .part(features_2));

  logic [PARALLEL*TERM_BITS-1:0] terms_5;
  for (genvar i = 0; i < PARALLEL; i++) begin : g_lane
    logic signed [BITS:0] feature_3;
    logic signed [TERM_BITS-1:0] term_4;
    bico_operand #(.BITS(BITS)) operand (
        .clk,
        .in_source(inside_2),
        .feature(features_2[i*BITS+:BITS]),
        .padding(job[239:224]),
        .zero_point(second_2 ? job[399:384] : job[335:320]),
        .is_signed(job[308]),
        .operand(feature_3)
    );
    always_ff @(posedge clk) begin
      term_4 <= opcode == ADD ? TERM_BITS'(feature_3) <<< (second_3 ? job[369:365] : job[364:360]) : TERM_BITS'(feature_3);
      terms_5[i*TERM_BITS+:TERM_BITS] <= term_4;
    end
  end

  bico_accumulate #(
      .PARALLEL(PARALLEL),
      .GROUPS(GROUPS),
      .BITS(BITS),
      .TERM_BITS(TERM_BITS),
      .ACC_BITS(ACC_BITS),
      .STAGES(4)
  ) accumulate (
      .clk,
      .valid(valid_1),
      .first(first_1),
      .last(last_1),
      .word_end(word_end_1),
      .job_end(job_end_1),
      .group(group_1),
      .destination(destination_1),
      .parameter_row('0),
      .maximum(opcode == MAXIMUM),
      .skip(!inside_1 && (opcode == ADD || (opcode == MAXIMUM && job[376]))),
      .terms(terms_5),
      .parameter_address(),
      .parameters({PARALLEL{job[359:336], 32'd0}}),
      .mode(job[307:256]),
      .write,
      .write_address,
      .write_data,
      .done
  );
endmodule
