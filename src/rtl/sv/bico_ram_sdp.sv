// Simple dual-port memory: one write port, one read port, read data registered. Every memory with a registered read is
// one of these, so that their number and shape are known before synthesis. The style is forced.
// The contents after configuration are unknown; reading while the same word is written gives either value.
module bico_ram_sdp #(
    parameter int WIDTH = 8,
    parameter int DEPTH = 16,
    parameter bit BLOCK = 1  // 1: block RAM, 0: look-up tables
) (
    input  logic             clk,
    input  logic             write,
    input  logic [15:0]      write_address,
    input  logic [WIDTH-1:0] write_data,
    input  logic             read,
    input  logic [15:0]      read_address,
    output logic [WIDTH-1:0] read_data
);
  localparam int ADDRESS_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1;

  if (BLOCK) begin : g_block
    (* ram_style = "block" *) logic [WIDTH-1:0] memory[0:DEPTH-1];
    always_ff @(posedge clk) begin
      if (write) memory[write_address[ADDRESS_BITS-1:0]] <= write_data;
      if (read) read_data <= memory[read_address[ADDRESS_BITS-1:0]];
    end
  end else begin : g_distributed
    (* ram_style = "distributed" *) logic [WIDTH-1:0] memory[0:DEPTH-1];
    always_ff @(posedge clk) begin
      if (write) memory[write_address[ADDRESS_BITS-1:0]] <= write_data;
      if (read) read_data <= memory[read_address[ADDRESS_BITS-1:0]];
    end
  end
endmodule
