// The accelerator as a block of a Zynq design: bico_top unchanged, its registers behind AXI4-Lite (contract, section 9) and
// four AXI3 masters for the HP ports. Plain Verilog, because block designs take no SystemVerilog at the top; port names are
// those from which Vivado infers interfaces. Masters that the accelerator does not use stay silent.
module bico_system (
    (* X_INTERFACE_INFO = "xilinx.com:signal:clock:1.0 aclk CLK" *)
    (* X_INTERFACE_PARAMETER = "ASSOCIATED_BUSIF s_axi:m_axi_hp0:m_axi_hp1:m_axi_hp2:m_axi_hp3, ASSOCIATED_RESET aresetn" *)
    input  wire        aclk,
    (* X_INTERFACE_INFO = "xilinx.com:signal:reset:1.0 aresetn RST" *)
    (* X_INTERFACE_PARAMETER = "POLARITY ACTIVE_LOW" *)
    input  wire        aresetn,
    (* X_INTERFACE_INFO = "xilinx.com:signal:interrupt:1.0 irq INTERRUPT" *)
    (* X_INTERFACE_PARAMETER = "SENSITIVITY LEVEL_HIGH" *)
    output wire        irq,

    input  wire [11:0] s_axi_awaddr,
    input  wire [2:0]  s_axi_awprot,
    input  wire        s_axi_awvalid,
    output wire        s_axi_awready,
    input  wire [31:0] s_axi_wdata,
    input  wire [3:0]  s_axi_wstrb,
    input  wire        s_axi_wvalid,
    output wire        s_axi_wready,
    output wire [1:0]  s_axi_bresp,
    output wire        s_axi_bvalid,
    input  wire        s_axi_bready,
    input  wire [11:0] s_axi_araddr,
    input  wire [2:0]  s_axi_arprot,
    input  wire        s_axi_arvalid,
    output wire        s_axi_arready,
    output wire [31:0] s_axi_rdata,
    output wire [1:0]  s_axi_rresp,
    output wire        s_axi_rvalid,
    input  wire        s_axi_rready,

    (* X_INTERFACE_PARAMETER = "XIL_INTERFACENAME m_axi_hp0, PROTOCOL AXI3, DATA_WIDTH 64, ADDR_WIDTH 32, ID_WIDTH 6, MAX_BURST_LENGTH 16" *)
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 ARID" *)
    output wire [5:0]  m_axi_hp0_arid,
    output wire [31:0] m_axi_hp0_araddr,
    output wire [3:0]  m_axi_hp0_arlen,
    output wire [2:0]  m_axi_hp0_arsize,
    output wire [1:0]  m_axi_hp0_arburst,
    output wire [1:0]  m_axi_hp0_arlock,
    output wire [3:0]  m_axi_hp0_arcache,
    output wire [2:0]  m_axi_hp0_arprot,
    output wire [3:0]  m_axi_hp0_arqos,
    output wire        m_axi_hp0_arvalid,
    input  wire        m_axi_hp0_arready,
    input  wire [5:0]  m_axi_hp0_rid,
    input  wire [63:0] m_axi_hp0_rdata,
    input  wire [1:0]  m_axi_hp0_rresp,
    input  wire        m_axi_hp0_rlast,
    input  wire        m_axi_hp0_rvalid,
    output wire        m_axi_hp0_rready,
    output wire [5:0]  m_axi_hp0_awid,
    output wire [31:0] m_axi_hp0_awaddr,
    output wire [3:0]  m_axi_hp0_awlen,
    output wire [2:0]  m_axi_hp0_awsize,
    output wire [1:0]  m_axi_hp0_awburst,
    output wire [1:0]  m_axi_hp0_awlock,
    output wire [3:0]  m_axi_hp0_awcache,
    output wire [2:0]  m_axi_hp0_awprot,
    output wire [3:0]  m_axi_hp0_awqos,
    output wire        m_axi_hp0_awvalid,
    input  wire        m_axi_hp0_awready,
    output wire [5:0]  m_axi_hp0_wid,
    output wire [63:0] m_axi_hp0_wdata,
    output wire [7:0]  m_axi_hp0_wstrb,
    output wire        m_axi_hp0_wlast,
    output wire        m_axi_hp0_wvalid,
    input  wire        m_axi_hp0_wready,
    input  wire [5:0]  m_axi_hp0_bid,
    input  wire [1:0]  m_axi_hp0_bresp,
    input  wire        m_axi_hp0_bvalid,
    output wire        m_axi_hp0_bready,

    (* X_INTERFACE_PARAMETER = "XIL_INTERFACENAME m_axi_hp1, PROTOCOL AXI3, DATA_WIDTH 64, ADDR_WIDTH 32, ID_WIDTH 6, MAX_BURST_LENGTH 16" *)
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 ARID" *)
    output wire [5:0]  m_axi_hp1_arid,
    output wire [31:0] m_axi_hp1_araddr,
    output wire [3:0]  m_axi_hp1_arlen,
    output wire [2:0]  m_axi_hp1_arsize,
    output wire [1:0]  m_axi_hp1_arburst,
    output wire [1:0]  m_axi_hp1_arlock,
    output wire [3:0]  m_axi_hp1_arcache,
    output wire [2:0]  m_axi_hp1_arprot,
    output wire [3:0]  m_axi_hp1_arqos,
    output wire        m_axi_hp1_arvalid,
    input  wire        m_axi_hp1_arready,
    input  wire [5:0]  m_axi_hp1_rid,
    input  wire [63:0] m_axi_hp1_rdata,
    input  wire [1:0]  m_axi_hp1_rresp,
    input  wire        m_axi_hp1_rlast,
    input  wire        m_axi_hp1_rvalid,
    output wire        m_axi_hp1_rready,
    output wire [5:0]  m_axi_hp1_awid,
    output wire [31:0] m_axi_hp1_awaddr,
    output wire [3:0]  m_axi_hp1_awlen,
    output wire [2:0]  m_axi_hp1_awsize,
    output wire [1:0]  m_axi_hp1_awburst,
    output wire [1:0]  m_axi_hp1_awlock,
    output wire [3:0]  m_axi_hp1_awcache,
    output wire [2:0]  m_axi_hp1_awprot,
    output wire [3:0]  m_axi_hp1_awqos,
    output wire        m_axi_hp1_awvalid,
    input  wire        m_axi_hp1_awready,
    output wire [5:0]  m_axi_hp1_wid,
    output wire [63:0] m_axi_hp1_wdata,
    output wire [7:0]  m_axi_hp1_wstrb,
    output wire        m_axi_hp1_wlast,
    output wire        m_axi_hp1_wvalid,
    input  wire        m_axi_hp1_wready,
    input  wire [5:0]  m_axi_hp1_bid,
    input  wire [1:0]  m_axi_hp1_bresp,
    input  wire        m_axi_hp1_bvalid,
    output wire        m_axi_hp1_bready,

    (* X_INTERFACE_PARAMETER = "XIL_INTERFACENAME m_axi_hp2, PROTOCOL AXI3, DATA_WIDTH 64, ADDR_WIDTH 32, ID_WIDTH 6, MAX_BURST_LENGTH 16" *)
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 ARID" *)
    output wire [5:0]  m_axi_hp2_arid,
    output wire [31:0] m_axi_hp2_araddr,
    output wire [3:0]  m_axi_hp2_arlen,
    output wire [2:0]  m_axi_hp2_arsize,
    output wire [1:0]  m_axi_hp2_arburst,
    output wire [1:0]  m_axi_hp2_arlock,
    output wire [3:0]  m_axi_hp2_arcache,
    output wire [2:0]  m_axi_hp2_arprot,
    output wire [3:0]  m_axi_hp2_arqos,
    output wire        m_axi_hp2_arvalid,
    input  wire        m_axi_hp2_arready,
    input  wire [5:0]  m_axi_hp2_rid,
    input  wire [63:0] m_axi_hp2_rdata,
    input  wire [1:0]  m_axi_hp2_rresp,
    input  wire        m_axi_hp2_rlast,
    input  wire        m_axi_hp2_rvalid,
    output wire        m_axi_hp2_rready,
    output wire [5:0]  m_axi_hp2_awid,
    output wire [31:0] m_axi_hp2_awaddr,
    output wire [3:0]  m_axi_hp2_awlen,
    output wire [2:0]  m_axi_hp2_awsize,
    output wire [1:0]  m_axi_hp2_awburst,
    output wire [1:0]  m_axi_hp2_awlock,
    output wire [3:0]  m_axi_hp2_awcache,
    output wire [2:0]  m_axi_hp2_awprot,
    output wire [3:0]  m_axi_hp2_awqos,
    output wire        m_axi_hp2_awvalid,
    input  wire        m_axi_hp2_awready,
    output wire [5:0]  m_axi_hp2_wid,
    output wire [63:0] m_axi_hp2_wdata,
    output wire [7:0]  m_axi_hp2_wstrb,
    output wire        m_axi_hp2_wlast,
    output wire        m_axi_hp2_wvalid,
    input  wire        m_axi_hp2_wready,
    input  wire [5:0]  m_axi_hp2_bid,
    input  wire [1:0]  m_axi_hp2_bresp,
    input  wire        m_axi_hp2_bvalid,
    output wire        m_axi_hp2_bready,

    (* X_INTERFACE_PARAMETER = "XIL_INTERFACENAME m_axi_hp3, PROTOCOL AXI3, DATA_WIDTH 64, ADDR_WIDTH 32, ID_WIDTH 6, MAX_BURST_LENGTH 16" *)
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 ARID" *)
    output wire [5:0]  m_axi_hp3_arid,
    output wire [31:0] m_axi_hp3_araddr,
    output wire [3:0]  m_axi_hp3_arlen,
    output wire [2:0]  m_axi_hp3_arsize,
    output wire [1:0]  m_axi_hp3_arburst,
    output wire [1:0]  m_axi_hp3_arlock,
    output wire [3:0]  m_axi_hp3_arcache,
    output wire [2:0]  m_axi_hp3_arprot,
    output wire [3:0]  m_axi_hp3_arqos,
    output wire        m_axi_hp3_arvalid,
    input  wire        m_axi_hp3_arready,
    input  wire [5:0]  m_axi_hp3_rid,
    input  wire [63:0] m_axi_hp3_rdata,
    input  wire [1:0]  m_axi_hp3_rresp,
    input  wire        m_axi_hp3_rlast,
    input  wire        m_axi_hp3_rvalid,
    output wire        m_axi_hp3_rready,
    output wire [5:0]  m_axi_hp3_awid,
    output wire [31:0] m_axi_hp3_awaddr,
    output wire [3:0]  m_axi_hp3_awlen,
    output wire [2:0]  m_axi_hp3_awsize,
    output wire [1:0]  m_axi_hp3_awburst,
    output wire [1:0]  m_axi_hp3_awlock,
    output wire [3:0]  m_axi_hp3_awcache,
    output wire [2:0]  m_axi_hp3_awprot,
    output wire [3:0]  m_axi_hp3_awqos,
    output wire        m_axi_hp3_awvalid,
    input  wire        m_axi_hp3_awready,
    output wire [5:0]  m_axi_hp3_wid,
    output wire [63:0] m_axi_hp3_wdata,
    output wire [7:0]  m_axi_hp3_wstrb,
    output wire        m_axi_hp3_wlast,
    output wire        m_axi_hp3_wvalid,
    input  wire        m_axi_hp3_wready,
    input  wire [5:0]  m_axi_hp3_bid,
    input  wire [1:0]  m_axi_hp3_bresp,
    input  wire        m_axi_hp3_bvalid,
    output wire        m_axi_hp3_bready
);
  // bico_top wants at least 32 cycles of reset, more than a reset controller promises. The registers answer after it.
  reg [5:0] reset_left;
  reg reset;
  always @(posedge aclk) begin
    reset <= !aresetn || reset_left != 6'd0;
    if (!aresetn) reset_left <= 6'd63;
    else if (reset_left != 6'd0) reset_left <= reset_left - 6'd1;
  end

  wire start, finished, memory_error;
  wire [31:0] program_address, program_descriptors, memory_base;
  assign s_axi_bresp = 2'b00;
  assign s_axi_rresp = 2'b00;
  bico_control control (
      .clk(aclk),
      .reset(reset),
      .awaddr(s_axi_awaddr),
      .awvalid(s_axi_awvalid),
      .awready(s_axi_awready),
      .wdata(s_axi_wdata),
      .wstrb(s_axi_wstrb),
      .wvalid(s_axi_wvalid),
      .wready(s_axi_wready),
      .bvalid(s_axi_bvalid),
      .bready(s_axi_bready),
      .araddr(s_axi_araddr),
      .arvalid(s_axi_arvalid),
      .arready(s_axi_arready),
      .rdata(s_axi_rdata),
      .rvalid(s_axi_rvalid),
      .rready(s_axi_rready),
      .start(start),
      .program_address(program_address),
      .program_descriptors(program_descriptors),
      .memory_base(memory_base),
      .finished(finished),
      .memory_error(memory_error),
      .irq(irq)
  );

  wire [95:0] core_araddr;
  wire [11:0] core_arlen;
  wire [2:0] core_arvalid;
  wire [2:0] core_arready;
  wire [191:0] core_rdata;
  wire [2:0] core_rlast;
  wire [2:0] core_rvalid;
  wire [31:0] core_awaddr;
  wire [3:0] core_awlen;
  wire core_awvalid;
  wire core_awready;
  wire [63:0] core_wdata;
  wire core_wlast;
  wire core_wvalid;
  wire core_wready;
  wire core_bvalid;
  bico_top core (
      .clk(aclk),
      .reset(reset),
      .start(start),
      .program_address(program_address),
      .program_descriptors(program_descriptors),
      .irq(finished),
      .cycle(),
      .issue(),
      .done(),
      .araddr(core_araddr),
      .arlen(core_arlen),
      .arvalid(core_arvalid),
      .arready(core_arready),
      .rdata(core_rdata),
      .rlast(core_rlast),
      .rvalid(core_rvalid),
      .awaddr(core_awaddr),
      .awlen(core_awlen),
      .awvalid(core_awvalid),
      .awready(core_awready),
      .wdata(core_wdata),
      .wlast(core_wlast),
      .wvalid(core_wvalid),
      .wready(core_wready),
      .bvalid(core_bvalid)
  );

  bico_ports ports (
      .clk(aclk),
      .reset(reset),
      .memory_base(memory_base),
      .memory_error(memory_error),
      .core_araddr(core_araddr),
      .core_arlen(core_arlen),
      .core_arvalid(core_arvalid),
      .core_arready(core_arready),
      .core_rdata(core_rdata),
      .core_rlast(core_rlast),
      .core_rvalid(core_rvalid),
      .core_awaddr(core_awaddr),
      .core_awlen(core_awlen),
      .core_awvalid(core_awvalid),
      .core_awready(core_awready),
      .core_wdata(core_wdata),
      .core_wlast(core_wlast),
      .core_wvalid(core_wvalid),
      .core_wready(core_wready),
      .core_bvalid(core_bvalid),
      .araddr({m_axi_hp3_araddr, m_axi_hp2_araddr, m_axi_hp1_araddr, m_axi_hp0_araddr}),
      .arlen({m_axi_hp3_arlen, m_axi_hp2_arlen, m_axi_hp1_arlen, m_axi_hp0_arlen}),
      .arvalid({m_axi_hp3_arvalid, m_axi_hp2_arvalid, m_axi_hp1_arvalid, m_axi_hp0_arvalid}),
      .arready({m_axi_hp3_arready, m_axi_hp2_arready, m_axi_hp1_arready, m_axi_hp0_arready}),
      .rdata({m_axi_hp3_rdata, m_axi_hp2_rdata, m_axi_hp1_rdata, m_axi_hp0_rdata}),
      .rresp({m_axi_hp3_rresp, m_axi_hp2_rresp, m_axi_hp1_rresp, m_axi_hp0_rresp}),
      .rlast({m_axi_hp3_rlast, m_axi_hp2_rlast, m_axi_hp1_rlast, m_axi_hp0_rlast}),
      .rvalid({m_axi_hp3_rvalid, m_axi_hp2_rvalid, m_axi_hp1_rvalid, m_axi_hp0_rvalid}),
      .awaddr({m_axi_hp3_awaddr, m_axi_hp2_awaddr, m_axi_hp1_awaddr, m_axi_hp0_awaddr}),
      .awlen({m_axi_hp3_awlen, m_axi_hp2_awlen, m_axi_hp1_awlen, m_axi_hp0_awlen}),
      .awvalid({m_axi_hp3_awvalid, m_axi_hp2_awvalid, m_axi_hp1_awvalid, m_axi_hp0_awvalid}),
      .awready({m_axi_hp3_awready, m_axi_hp2_awready, m_axi_hp1_awready, m_axi_hp0_awready}),
      .wdata({m_axi_hp3_wdata, m_axi_hp2_wdata, m_axi_hp1_wdata, m_axi_hp0_wdata}),
      .wlast({m_axi_hp3_wlast, m_axi_hp2_wlast, m_axi_hp1_wlast, m_axi_hp0_wlast}),
      .wvalid({m_axi_hp3_wvalid, m_axi_hp2_wvalid, m_axi_hp1_wvalid, m_axi_hp0_wvalid}),
      .wready({m_axi_hp3_wready, m_axi_hp2_wready, m_axi_hp1_wready, m_axi_hp0_wready}),
      .bresp({m_axi_hp3_bresp, m_axi_hp2_bresp, m_axi_hp1_bresp, m_axi_hp0_bresp}),
      .bvalid({m_axi_hp3_bvalid, m_axi_hp2_bvalid, m_axi_hp1_bvalid, m_axi_hp0_bvalid})
  );

  // Incrementing bursts of whole beats, identifier 0, normal memory past the caches (the HP ports do not see them).
  assign {m_axi_hp3_arid, m_axi_hp2_arid, m_axi_hp1_arid, m_axi_hp0_arid} = {4{6'd0}};
  assign {m_axi_hp3_arsize, m_axi_hp2_arsize, m_axi_hp1_arsize, m_axi_hp0_arsize} = {4{3'd3}};
  assign {m_axi_hp3_arburst, m_axi_hp2_arburst, m_axi_hp1_arburst, m_axi_hp0_arburst} = {4{2'b01}};
  assign {m_axi_hp3_arlock, m_axi_hp2_arlock, m_axi_hp1_arlock, m_axi_hp0_arlock} = {4{2'b00}};
  assign {m_axi_hp3_arcache, m_axi_hp2_arcache, m_axi_hp1_arcache, m_axi_hp0_arcache} = {4{4'b0011}};
  assign {m_axi_hp3_arprot, m_axi_hp2_arprot, m_axi_hp1_arprot, m_axi_hp0_arprot} = {4{3'b000}};
  assign {m_axi_hp3_arqos, m_axi_hp2_arqos, m_axi_hp1_arqos, m_axi_hp0_arqos} = {4{4'd0}};
  assign {m_axi_hp3_rready, m_axi_hp2_rready, m_axi_hp1_rready, m_axi_hp0_rready} = {4{1'b1}};
  assign {m_axi_hp3_awid, m_axi_hp2_awid, m_axi_hp1_awid, m_axi_hp0_awid} = {4{6'd0}};
  assign {m_axi_hp3_awsize, m_axi_hp2_awsize, m_axi_hp1_awsize, m_axi_hp0_awsize} = {4{3'd3}};
  assign {m_axi_hp3_awburst, m_axi_hp2_awburst, m_axi_hp1_awburst, m_axi_hp0_awburst} = {4{2'b01}};
  assign {m_axi_hp3_awlock, m_axi_hp2_awlock, m_axi_hp1_awlock, m_axi_hp0_awlock} = {4{2'b00}};
  assign {m_axi_hp3_awcache, m_axi_hp2_awcache, m_axi_hp1_awcache, m_axi_hp0_awcache} = {4{4'b0011}};
  assign {m_axi_hp3_awprot, m_axi_hp2_awprot, m_axi_hp1_awprot, m_axi_hp0_awprot} = {4{3'b000}};
  assign {m_axi_hp3_awqos, m_axi_hp2_awqos, m_axi_hp1_awqos, m_axi_hp0_awqos} = {4{4'd0}};
  assign {m_axi_hp3_wid, m_axi_hp2_wid, m_axi_hp1_wid, m_axi_hp0_wid} = {4{6'd0}};
  assign {m_axi_hp3_wstrb, m_axi_hp2_wstrb, m_axi_hp1_wstrb, m_axi_hp0_wstrb} = {4{8'hff}};
  assign {m_axi_hp3_bready, m_axi_hp2_bready, m_axi_hp1_bready, m_axi_hp0_bready} = {4{1'b1}};
endmodule
