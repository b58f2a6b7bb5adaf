// Weight and parameter memories of one compute unit, filled by `weights` and read by the unit.
module bico_weights #(
    parameter int UNIT = 4,            // its memories are 8 + UNIT (weights) and 16 + UNIT (parameters)
    parameter int WEIGHTS = 16,        // in a row
    parameter int WEIGHT_BITS = 8,
    parameter int WEIGHT_ROWS = 256,
    parameter int CHANNELS = 4,        // in a row of parameters
    parameter int PARAMETER_ROWS = 64
) (
    input  logic                           clk,
    // from `weights`
    input  logic [7:0]                     memory,
    input  logic                           beat_valid,
    input  logic [7:0]                     beat_index,
    input  logic [63:0]                    beat,
    input  logic [4:0]                     container,
    input  logic                           is_signed,
    input  logic                           word_write,
    input  logic [15:0]                    word_address,
    // to the unit: data one cycle after its address
    input  logic [15:0]                    weight_row,
    output logic [WEIGHTS*WEIGHT_BITS-1:0] weights,
    input  logic [15:0]                    parameter_row,
    output logic [CHANNELS*56-1:0]         parameters
);
  logic [WEIGHTS*WEIGHT_BITS-1:0] row;
  bico_unpack #(.LANES(WEIGHTS), .BITS(WEIGHT_BITS)) unpack (
      .clk,
      .beat_valid(beat_valid && memory == 8'(8 + UNIT)),
      .beat_index,
      .beat,
      .container,
      .is_signed,
      .word(row)
  );
  bico_ram_sdp #(.WIDTH(WEIGHTS * WEIGHT_BITS), .DEPTH(WEIGHT_ROWS), .BLOCK(1)) weight_memory (
      .clk,
      .write(word_write && memory == 8'(8 + UNIT)),
      .write_address(word_address),
      .write_data(row),
      .read(1'b1),
      .read_address(weight_row),
      .read_data(weights)
  );

  // A beat is one channel, so each channel has its own memory and no row has to be collected.
  logic [63:0] beat_q;
  logic [7:0] index_q;
  logic valid_q;
  always_ff @(posedge clk) begin
    beat_q  <= beat;
    index_q <= beat_index;
    valid_q <= beat_valid && memory == 8'(16 + UNIT);
  end
  for (genvar i = 0; i < CHANNELS; i++) begin : g_channel
    bico_ram_sdp #(.WIDTH(56), .DEPTH(PARAMETER_ROWS), .BLOCK(0)) parameter_memory (
        .clk,
        .write(valid_q && index_q == 8'(i)),
        .write_address(word_address),
        .write_data(beat_q[55:0]),
        .read(1'b1),
        .read_address(parameter_row),
        .read_data(parameters[56*i+:56])
    );
  end
endmodule
