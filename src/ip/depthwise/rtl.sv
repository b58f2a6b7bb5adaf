// Depthwise convolution: PARALLEL lanes of one channel block an iteration, one tap each.
//
// The number after a signal's underscore is the cycle, counted from the iteration, in which it is on that wire:
// 1 addresses, 2 memory outputs, 3 operands, 4 multiplier inputs, 5 products; then follows bico_accumulate.
module bico_depthwise #(
    parameter int LANES = 8,
    parameter int BITS = 8,          // of a feature
    parameter int WEIGHT_BITS = 8,
    parameter int PARALLEL = 4,
    parameter int ACC_BITS = 32
) (
    input  logic                            clk,
    input  logic                            reset,
    input  logic                            issue,
    input  logic [447:0]                    head,
    input  logic [447:0]                    job,
    output logic                            done,
    output logic                            read,
    output logic [15:0]                     read_address,
    input  logic [LANES*BITS-1:0]           read_data,
    output logic [15:0]                     weight_row,
    input  logic [PARALLEL*WEIGHT_BITS-1:0] weights,
    output logic [15:0]                     parameter_row,
    input  logic [PARALLEL*56-1:0]          parameters,
    output logic                            write,
    output logic [15:0]                     write_address,
    output logic [LANES*BITS-1:0]           write_data
);
  localparam int GROUPS = LANES / PARALLEL;
  localparam int PRODUCT_BITS = BITS + 1 + WEIGHT_BITS + 1;

  logic valid_1, inside_1, first_1, last_1, word_end_1, job_end_1;
  logic [7:0] group_1;
  logic [15:0] parameter_row_1, destination_1;
  bico_walker #(.GROUPS(GROUPS), .BLOCK_INNER(0)) walker (
      .clk, .reset, .issue, .head, .job,
      .add(1'b0),
      .valid(valid_1),
      .source_address(read_address),
      .in_source(inside_1),
      .sub(),
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

  logic inside_2;
  logic [7:0] group_2;
  logic [PARALLEL*BITS-1:0] features_2;
  bico_delay #(.BITS(9), .STAGES(1)) operand_control (.clk, .in({inside_1, group_1}), .out({inside_2, group_2}));
  bico_select #(.N(GROUPS), .BITS(PARALLEL * BITS)) select (.word(read_data), .index(group_2), .part(features_2));

  logic [PARALLEL*PRODUCT_BITS-1:0] products_5;
  for (genvar i = 0; i < PARALLEL; i++) begin : g_lane
    logic [BITS:0] feature_3;
    logic [WEIGHT_BITS:0] weight_3;
    bico_operand #(.BITS(BITS)) operand (
        .clk,
        .in_source(inside_2),
        .feature(features_2[i*BITS+:BITS]),
        .padding(job[239:224]),
        .zero_point(job[335:320]),
        .is_signed(job[308]),
        .operand(feature_3)
    );
    bico_weight #(.BITS(WEIGHT_BITS)) weight (
        .clk, .raw(weights[i*WEIGHT_BITS+:WEIGHT_BITS]), .is_binary(job[309]), .weight(weight_3)
    );
    bico_mul #(.A_BITS(BITS + 1), .B_BITS(WEIGHT_BITS + 1), .DSP(WEIGHT_BITS > 2 && BITS + 1 + WEIGHT_BITS >= 9)) mul (
        .clk, .a(feature_3), .b(weight_3), .product(products_5[i*PRODUCT_BITS+:PRODUCT_BITS])
    );
  end

  bico_accumulate #(
      .PARALLEL(PARALLEL),
      .GROUPS(GROUPS),
      .BITS(BITS),
      .TERM_BITS(PRODUCT_BITS),
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
      .parameter_row(parameter_row_1),
      .maximum(1'b0),
      .skip(1'b0),
      .terms(products_5),
      .parameter_address(parameter_row),
      .parameters,
      .mode(job[307:256]),
      .write,
      .write_address,
      .write_data,
      .done
  );
endmodule
