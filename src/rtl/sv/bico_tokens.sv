// The token counters: one of 8 bits for each ordered pair of units that may depend on each other.
module bico_tokens (
    input  logic        clk,
    input  logic        reset,
    input  logic [7:0]  units,      // units this accelerator has; counters of others are not built
    input  logic [7:0]  issue,
    input  logic [63:0] pop_mask,   // 8 bits a unit, valid with issue
    input  logic [7:0]  done,
    input  logic [63:0] push_mask,  // 8 bits a unit, valid with done
    output logic [63:0] ready       // bit 8 * to + from: the counter is not zero
);
  for (genvar to = 0; to < 8; to++) begin : g_to
    for (genvar from = 0; from < 8; from++) begin : g_from
      logic [7:0] count;
      logic up, down;
      assign up = units[from] && units[to] && done[from] && push_mask[8*from+to];
      assign down = issue[to] && pop_mask[8*to+from];
      always_ff @(posedge clk) begin
        if (reset) count <= '0;
        else count <= count + 8'(up) - 8'(down);
      end
      assign ready[8*to+from] = count != '0;
    end
  end
endmodule
