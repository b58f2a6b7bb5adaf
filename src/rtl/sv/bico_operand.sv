// A feature lane to a multiplier operand: the padding value outside the source, extended by its sign, less the zero
// point. The zero point lies in the feature's format, so that one more bit holds the difference.
module bico_operand #(
    parameter int BITS = 8
) (
    input  logic            clk,
    input  logic            in_source,
    input  logic [BITS-1:0] feature,
    input  logic [15:0]     padding,
    input  logic [15:0]     zero_point,  // signed as the features are
    input  logic            is_signed,
    output logic [BITS:0]   operand
);
  logic [BITS-1:0] raw;
  assign raw = in_source ? feature : padding[BITS-1:0];
  always_ff @(posedge clk) operand <= {is_signed && raw[BITS-1], raw} - (BITS + 1)'({is_signed && zero_point[15], zero_point});
endmodule
