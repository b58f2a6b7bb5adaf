// Two products of one feature in one multiplier: the weights are packed as high * 2^S + low, where S bits hold a product.
// The low product borrows from the high one when it is negative; the borrow is put back after the product register.
// As late as bico_mul: operands and product are registered.
module bico_mul_pair #(
    parameter int BITS = 8,        // of a feature; the operand, its zero point subtracted, has one more
    parameter int WEIGHT_BITS = 8  // at least 2, and BITS + 2 * WEIGHT_BITS + 1 at most 25
) (
    input  logic                        clk,
    input  logic [BITS:0]               feature,
    input  logic [WEIGHT_BITS-1:0]      low,
    input  logic [WEIGHT_BITS-1:0]      high,
    output logic [BITS+WEIGHT_BITS-1:0] low_product,
    output logic [BITS+WEIGHT_BITS-1:0] high_product
);
  // |feature| is below 2^BITS and |weight| at most 2^(WEIGHT_BITS-1): their product never needs the bit above these.
  localparam int S = BITS + WEIGHT_BITS;
  localparam int P_BITS = S + WEIGHT_BITS + 1 + BITS + 1;

  logic [S-1:0] low_extended;
  logic [WEIGHT_BITS:0] high_less_borrow;
  assign low_extended = {{BITS{low[WEIGHT_BITS-1]}}, low};
  assign high_less_borrow = {high[WEIGHT_BITS-1], high} - (WEIGHT_BITS + 1)'(low[WEIGHT_BITS-1]);

  logic signed [P_BITS-1:0] product;
  bico_mul #(.A_BITS(S + WEIGHT_BITS + 1), .B_BITS(BITS + 1)) mul (
      .clk, .a({high_less_borrow, low_extended}), .b(feature), .product
  );
  assign low_product  = product[S-1:0];
  assign high_product = product[2*S-1:S] + S'(product[S-1]);
endmodule
