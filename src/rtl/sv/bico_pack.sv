// One beat of a word of LANES values of BITS bits, in containers: the inverse of bico_unpack.
module bico_pack #(
    parameter int LANES = 8,
    parameter int BITS = 8
) (
    input  logic [LANES*BITS-1:0] word,
    input  logic [7:0]            beat_index,
    input  logic [4:0]            container,
    input  logic                  is_signed,
    output logic [63:0]           beat
);
  logic [319:0] options;
  for (genvar k = 0; k < 5; k++) begin : g_container
    localparam int C = 1 << k;
    localparam int WORD_BITS = LANES * C < 64 ? 64 : LANES * C;
    localparam int BEATS = WORD_BITS / 64;
    logic [WORD_BITS-1:0] packed_word;
    for (genvar j = 0; j < LANES; j++) begin : g_lane
      logic [15:0] value;
      assign value = is_signed ? 16'($signed(word[j*BITS+:BITS])) : 16'(word[j*BITS+:BITS]);
      if (C == 1 && BITS > 1) begin : g_binary  // +1 is 1 and -1 is 0
        assign packed_word[j] = is_signed ? !value[15] : value[0];
      end else begin : g_value
        assign packed_word[j*C+:C] = value[C-1:0];
      end
    end
    if (LANES * C < 64) begin : g_fill
      assign packed_word[63:LANES*C] = '0;
    end
    bico_select #(.N(BEATS), .BITS(64)) select (
        .word(packed_word), .index(beat_index), .part(options[64*k+:64])
    );
  end
  always_comb begin
    beat = '0;
    for (int k = 0; k < 5; k++) beat = beat | (options[64*k+:64] & {64{container[k]}});
  end
endmodule
