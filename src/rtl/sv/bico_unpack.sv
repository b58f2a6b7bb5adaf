// Beats of containers (1, 2, 4, 8 or 16 bits) to one word of LANES values of BITS bits. A word begins at bit 0 of its
// first beat. Each lane is a register that takes its bits from the beat that carries them.
module bico_unpack #(
    parameter int LANES = 8,
    parameter int BITS = 8,
    parameter bit BINARY = 0  // signed 1-bit containers hold +1 (1) and -1 (0)
) (
    input  logic                  clk,
    input  logic                  beat_valid,
    input  logic [7:0]            beat_index,
    input  logic [63:0]           beat,
    input  logic [4:0]            container,  // its bits; one of 1, 2, 4, 8, 16, hence one-hot
    input  logic                  is_signed,
    output logic [LANES*BITS-1:0] word
);
  for (genvar j = 0; j < LANES; j++) begin : g_lane
    logic [4:0] hit;
    logic [15:0] value;
    logic [79:0] options;
    for (genvar k = 0; k < 5; k++) begin : g_container
      localparam int C = 1 << k;
      localparam int OFFSET = (j * C) % 64;
      assign hit[k] = container[k] && beat_index == 8'(j * C / 64);
      if (C == 1 && BINARY && BITS > 1) begin : g_binary
        assign options[16*k+:16] = {{15{is_signed && !beat[OFFSET]}}, is_signed || beat[OFFSET]};
      end else if (C == 16) begin : g_full
        assign options[16*k+:16] = beat[OFFSET+:16];
      end else begin : g_extended
        assign options[16*k+:16] = {{(16 - C) {is_signed && beat[OFFSET+C-1]}}, beat[OFFSET+:C]};
      end
    end
    always_comb begin
      value = '0;
      for (int k = 0; k < 5; k++) value = value | (options[16*k+:16] & {16{container[k]}});
    end
    always_ff @(posedge clk) if (beat_valid && hit != '0) word[j*BITS+:BITS] <= value[BITS-1:0];
  end
endmodule
