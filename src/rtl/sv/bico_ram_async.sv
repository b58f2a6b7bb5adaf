// Small memory in look-up tables: registered write, read data in the cycle of the address.
module bico_ram_async #(
    parameter int WIDTH = 8,
    parameter int DEPTH = 4
) (
    input  logic                     clk,
    input  logic                     write,
    input  logic [$clog2(DEPTH)-1:0] write_address,
    input  logic [WIDTH-1:0]         write_data,
    input  logic [$clog2(DEPTH)-1:0] read_address,
    output logic [WIDTH-1:0]         read_data
);
  (* ram_style = "distributed" *) logic [WIDTH-1:0] memory[0:DEPTH-1];
  always_ff @(posedge clk) if (write) memory[write_address] <= write_data;
  assign read_data = memory[read_address];
endmodule
