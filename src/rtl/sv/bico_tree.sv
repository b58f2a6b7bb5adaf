// Sum of N signed terms (N a power of two) in log2(N) registered levels.
module bico_tree #(
    parameter int N = 4,
    parameter int IN_BITS = 8,
    localparam int LEVELS = $clog2(N),
    localparam int OUT_BITS = IN_BITS + LEVELS
) (
    input  logic                       clk,
    input  logic [N*IN_BITS-1:0]       terms,
    output logic signed [OUT_BITS-1:0] sum
);
  // A heap: node k is the registered sum of nodes 2k+1 and 2k+2; the last N nodes are the terms.
  logic [(2*N-1)*OUT_BITS-1:0] nodes;
  for (genvar i = 0; i < N; i++) begin : g_leaf
    assign nodes[(N-1+i)*OUT_BITS+:OUT_BITS] = OUT_BITS'($signed(terms[i*IN_BITS+:IN_BITS]));
  end
  for (genvar k = 0; k < N - 1; k++) begin : g_node
    logic [OUT_BITS-1:0] total;
    always_ff @(posedge clk) total <= nodes[(2*k+1)*OUT_BITS+:OUT_BITS] + nodes[(2*k+2)*OUT_BITS+:OUT_BITS];
    assign nodes[k*OUT_BITS+:OUT_BITS] = total;
  end
  assign sum = nodes[OUT_BITS-1:0];
endmodule
