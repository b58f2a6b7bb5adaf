// A shift register of STAGES stages (0: a wire). Not reset: a reset of 32 cycles flushes every pipeline of the machine.
module bico_delay #(
    parameter int BITS = 1,
    parameter int STAGES = 1
) (
    input  logic            clk,
    input  logic [BITS-1:0] in,
    output logic [BITS-1:0] out
);
  if (STAGES == 0) begin : g_wire
    assign out = in;
  end else if (STAGES == 1) begin : g_one
    always_ff @(posedge clk) out <= in;
  end else begin : g_many
    logic [BITS*STAGES-1:0] stages;
    always_ff @(posedge clk) stages <= {stages[BITS*(STAGES-1)-1:0], in};
    assign out = stages[BITS*STAGES-1-:BITS];
  end
endmodule
