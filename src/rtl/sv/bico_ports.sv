// Connects the masters of bico_top to the HP ports that the accelerator names, without a cycle between them, and moves
// their addresses by the base of the memory image. Bit or field p of a vector belongs to HP port p.
module bico_ports (
    input  logic         clk,
    input  logic         reset,
    input  logic [31:0]  memory_base,  // a multiple of 4096: bursts keep within 4 KiB
    output logic         memory_error,
    // bico_top
    input  logic [95:0]  core_araddr,
    input  logic [11:0]  core_arlen,
    input  logic [2:0]   core_arvalid,
    output logic [2:0]   core_arready,
    output logic [191:0] core_rdata,
    output logic [2:0]   core_rlast,
    output logic [2:0]   core_rvalid,
    input  logic [31:0]  core_awaddr,
    input  logic [3:0]   core_awlen,
    input  logic         core_awvalid,
    output logic         core_awready,
    input  logic [63:0]  core_wdata,
    input  logic         core_wlast,
    input  logic         core_wvalid,
    output logic         core_wready,
    output logic         core_bvalid,
    // HP ports
    output logic [127:0] araddr,
    output logic [15:0]  arlen,
    output logic [3:0]   arvalid,
    input  logic [3:0]   arready,
    input  logic [255:0] rdata,
    input  logic [7:0]   rresp,
    input  logic [3:0]   rlast,
    input  logic [3:0]   rvalid,
    output logic [127:0] awaddr,
    output logic [15:0]  awlen,
    output logic [3:0]   awvalid,
    input  logic [3:0]   awready,
    output logic [255:0] wdata,
    output logic [3:0]   wlast,
    output logic [3:0]   wvalid,
    input  logic [3:0]   wready,
    input  logic [7:0]   bresp,
    input  logic [3:0]   bvalid
);
  localparam int STORE = 32'(bico_pkg::STORE_PORT);
  logic [31:12] pages;
  assign pages = memory_base[31:12];

  for (genvar r = 0; r < 3; r++) begin : g_reader
    localparam int PORT = 32'(bico_pkg::READ_PORTS[2*r+:2]);
    assign core_arready[r] = arready[PORT];
    assign core_rdata[64*r+:64] = rdata[64*PORT+:64];
    assign core_rlast[r] = rlast[PORT];
    assign core_rvalid[r] = rvalid[PORT];
  end
  assign core_awready = awready[STORE];
  assign core_wready = wready[STORE];
  assign core_bvalid = bvalid[STORE];

  logic [3:0] read_error, write_error;
  for (genvar p = 0; p < 4; p++) begin : g_port
    localparam logic [3:0] READER = bico_pkg::PORT_READERS[4*p+:4];  // one bit at most
    if (READER != '0) begin : g_read
      localparam int R = READER[1] ? 1 : READER[2] ? 2 : 0;
      assign araddr[32*p+:32] = {core_araddr[32*R+12+:20] + pages, core_araddr[32*R+:12]};
      assign arlen[4*p+:4] = core_arlen[4*R+:4];
      assign arvalid[p] = core_arvalid[R];
      assign read_error[p] = rvalid[p] && rresp[2*p+:2] != '0;
    end else begin : g_no_read
      assign {araddr[32*p+:32], arlen[4*p+:4], arvalid[p], read_error[p]} = '0;
    end
    if (p == STORE) begin : g_write
      assign awaddr[32*p+:32] = {core_awaddr[31:12] + pages, core_awaddr[11:0]};
      assign awlen[4*p+:4] = core_awlen;
      assign awvalid[p] = core_awvalid;
      assign wdata[64*p+:64] = core_wdata;
      assign wlast[p] = core_wlast;
      assign wvalid[p] = core_wvalid;
      assign write_error[p] = bvalid[p] && bresp[2*p+:2] != '0;
    end else begin : g_no_write
      assign {awaddr[32*p+:32], awlen[4*p+:4], awvalid[p]} = '0;
      assign {wdata[64*p+:64], wlast[p], wvalid[p], write_error[p]} = '0;
    end
  end

  always_ff @(posedge clk) memory_error <= !reset && {read_error, write_error} != '0;
endmodule
