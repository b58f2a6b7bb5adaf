// A weight as it lies in its memory to a multiplier operand: registered, and +1 or -1 when weights are binary.
module bico_weight #(
    parameter int BITS = 8
) (
    input  logic            clk,
    input  logic [BITS-1:0] raw,
    input  logic            is_binary,
    output logic [BITS:0]   weight
);
  always_ff @(posedge clk) weight <= is_binary ? {{BITS{!raw[0]}}, 1'b1} : {raw[BITS-1], raw};
endmodule
