// A compute unit as the machine sees it: job queue, weight and parameter memories, datapath.
module bico_compute #(
    parameter int UNIT = 4,
    parameter int LANES = 8,
    parameter int BITS = 8,
    parameter int WEIGHT_BITS = 8,
    parameter int QUEUE_DEPTH = 4,
    parameter int PARALLEL_IN = 4,
    parameter int PARALLEL_OUT = 4,
    parameter int WEIGHT_ROWS = 256,
    parameter int PARAMETER_ROWS = 64,
    parameter bit PACKED = 0,
    parameter int ACC_BITS = 32
) (
    input  logic                  clk,
    input  logic                  reset,
    // control
    input  logic                  push,
    input  logic [511:0]          descriptor,
    output logic                  full,
    input  logic [7:0]            tokens,
    output logic                  issue,
    output logic                  done,
    output logic [7:0]            pop_mask,
    output logic [7:0]            push_mask,
    // feature banks
    output logic                  read,
    output logic [3:0]            read_bank,
    output logic [15:0]           read_address,
    input  logic [LANES*BITS-1:0] read_data,
    output logic                  write,
    output logic [3:0]            write_bank,
    output logic [15:0]           write_address,
    output logic [LANES*BITS-1:0] write_data,
    // from `weights`
    input  logic [7:0]            memory,
    input  logic                  beat_valid,
    input  logic [7:0]            beat_index,
    input  logic [63:0]           beat,
    input  logic [4:0]            container,
    input  logic                  is_signed,
    input  logic                  word_write,
    input  logic [15:0]           word_address
);
  localparam int DEPTHWISE = 3, VECTOR = 6;  // pointwise and conv share one datapath
  localparam int WEIGHTS = UNIT == DEPTHWISE ? PARALLEL_OUT : PARALLEL_IN * PARALLEL_OUT;

  logic [447:0] head, job;
  logic [3:0] opcode;
  bico_front #(.BITS(448), .DEPTH(QUEUE_DEPTH)) front (
      .clk, .reset, .push,
      .push_control(descriptor[23:4]),
      .push_job(descriptor[511:64]),
      .full, .tokens, .done, .issue, .pop_mask, .push_mask, .head, .job, .opcode
  );
  assign read_bank = job[3:0];
  assign write_bank = job[7:4];

  logic [15:0] weight_row, parameter_row;
  logic [WEIGHTS*WEIGHT_BITS-1:0] weights;
  logic [PARALLEL_OUT*56-1:0] parameters;
  if (UNIT != VECTOR) begin : g_weights
    bico_weights #(
        .UNIT(UNIT),
        .WEIGHTS(WEIGHTS),
        .WEIGHT_BITS(WEIGHT_BITS),
        .WEIGHT_ROWS(WEIGHT_ROWS),
        .CHANNELS(PARALLEL_OUT),
        .PARAMETER_ROWS(PARAMETER_ROWS)
    ) memories (
        .clk, .memory, .beat_valid, .beat_index, .beat, .container, .is_signed, .word_write, .word_address,
        .weight_row, .weights, .parameter_row, .parameters
    );
  end

  if (UNIT == VECTOR) begin : g_vector
    bico_vector #(.LANES(LANES), .BITS(BITS), .PARALLEL(PARALLEL_OUT), .ACC_BITS(ACC_BITS)) datapath (
        .clk, .reset, .issue, .head, .job, .opcode, .done,
        .read, .read_address, .read_data,
        .write, .write_address, .write_data
    );
  end else if (UNIT == DEPTHWISE) begin : g_depthwise
    bico_depthwise #(
        .LANES(LANES),
        .BITS(BITS),
        .WEIGHT_BITS(WEIGHT_BITS),
        .PARALLEL(PARALLEL_OUT),
        .ACC_BITS(ACC_BITS)
    ) datapath (
        .clk, .reset, .issue, .head, .job, .done,
        .read, .read_address, .read_data,
        .weight_row, .weights, .parameter_row, .parameters,
        .write, .write_address, .write_data
    );
  end else begin : g_dense
    bico_pointwise #(
        .LANES(LANES),
        .BITS(BITS),
        .WEIGHT_BITS(WEIGHT_BITS),
        .PARALLEL_IN(PARALLEL_IN),
        .PARALLEL_OUT(PARALLEL_OUT),
        .PACKED(PACKED),
        .ACC_BITS(ACC_BITS)
    ) datapath (
        .clk, .reset, .issue, .head, .job, .done,
        .read, .read_address, .read_data,
        .weight_row, .weights, .parameter_row, .parameters,
        .write, .write_address, .write_data
    );
  end
endmodule
