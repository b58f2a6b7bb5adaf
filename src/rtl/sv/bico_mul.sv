// Signed multiplication. Every product of the machine is computed here, so that the number of DSP slices is the
// number of instances with DSP = 1. One instance fits one slice: at most 25 x 18 bits (DSP48E1).
module bico_mul #(
    parameter int A_BITS = 18,
    parameter int B_BITS = 18,
    parameter bit INPUT_REGISTER = 1,
    parameter bit PRODUCT_REGISTER = 1,
    parameter bit DSP = 1  // 0: sum of partial products in look-up tables
) (
    input  logic                            clk,
    input  logic signed [A_BITS-1:0]        a,
    input  logic signed [B_BITS-1:0]        b,
    output logic signed [A_BITS+B_BITS-1:0] product
);
  localparam int P_BITS = A_BITS + B_BITS;
  logic signed [A_BITS-1:0] x;
  logic signed [B_BITS-1:0] y;

  if (INPUT_REGISTER) begin : g_input
    always_ff @(posedge clk) begin
      x <= a;
      y <= b;
    end
  end else begin : g_no_input
    assign x = a;
    assign y = b;
  end

  logic signed [P_BITS-1:0] full;
  if (DSP) begin : g_dsp
    (* use_dsp = "yes" *) logic signed [P_BITS-1:0] of_slice;
    assign of_slice = x * y;
    assign full = of_slice;
  end else begin : g_logic
    always_comb begin
      full = '0;
      for (int i = 0; i < B_BITS - 1; i++) if (y[i]) full = full + (P_BITS'(x) <<< i);
      if (y[B_BITS-1]) full = full - (P_BITS'(x) <<< (B_BITS - 1));
    end
  end

  if (PRODUCT_REGISTER) begin : g_product
    always_ff @(posedge clk) product <= full;
  end else begin : g_no_product
    assign product = full;
  end
endmodule
