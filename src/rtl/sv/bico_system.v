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

    (* X_INTERFACE_PARAMETER = "XIL_INTERFACENAME m_axi_hp0, PROTOCOL AXI3, DATA_WIDTH 64, ADDR_WIDTH 32, ID_WIDTH 6" *)
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 ARID" *) output wire [5:0]  m_axi_hp0_arid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 ARADDR" *) output wire [31:0] m_axi_hp0_araddr,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 ARLEN" *) output wire [3:0]  m_axi_hp0_arlen,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 ARSIZE" *) output wire [2:0]  m_axi_hp0_arsize,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 ARBURST" *) output wire [1:0]  m_axi_hp0_arburst,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 ARLOCK" *) output wire [1:0]  m_axi_hp0_arlock,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 ARCACHE" *) output wire [3:0]  m_axi_hp0_arcache,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 ARPROT" *) output wire [2:0]  m_axi_hp0_arprot,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 ARQOS" *) output wire [3:0]  m_axi_hp0_arqos,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 ARVALID" *) output wire        m_axi_hp0_arvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 ARREADY" *) input  wire        m_axi_hp0_arready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 RID" *) input  wire [5:0]  m_axi_hp0_rid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 RDATA" *) input  wire [63:0] m_axi_hp0_rdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 RRESP" *) input  wire [1:0]  m_axi_hp0_rresp,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 RLAST" *) input  wire        m_axi_hp0_rlast,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 RVALID" *) input  wire        m_axi_hp0_rvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 RREADY" *) output wire        m_axi_hp0_rready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 AWID" *) output wire [5:0]  m_axi_hp0_awid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 AWADDR" *) output wire [31:0] m_axi_hp0_awaddr,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 AWLEN" *) output wire [3:0]  m_axi_hp0_awlen,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 AWSIZE" *) output wire [2:0]  m_axi_hp0_awsize,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 AWBURST" *) output wire [1:0]  m_axi_hp0_awburst,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 AWLOCK" *) output wire [1:0]  m_axi_hp0_awlock,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 AWCACHE" *) output wire [3:0]  m_axi_hp0_awcache,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 AWPROT" *) output wire [2:0]  m_axi_hp0_awprot,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 AWQOS" *) output wire [3:0]  m_axi_hp0_awqos,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 AWVALID" *) output wire        m_axi_hp0_awvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 AWREADY" *) input  wire        m_axi_hp0_awready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 WID" *) output wire [5:0]  m_axi_hp0_wid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 WDATA" *) output wire [63:0] m_axi_hp0_wdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 WSTRB" *) output wire [7:0]  m_axi_hp0_wstrb,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 WLAST" *) output wire        m_axi_hp0_wlast,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 WVALID" *) output wire        m_axi_hp0_wvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 WREADY" *) input  wire        m_axi_hp0_wready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 BID" *) input  wire [5:0]  m_axi_hp0_bid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 BRESP" *) input  wire [1:0]  m_axi_hp0_bresp,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 BVALID" *) input  wire        m_axi_hp0_bvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp0 BREADY" *) output wire        m_axi_hp0_bready,

    (* X_INTERFACE_PARAMETER = "XIL_INTERFACENAME m_axi_hp1, PROTOCOL AXI3, DATA_WIDTH 64, ADDR_WIDTH 32, ID_WIDTH 6" *)
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 ARID" *) output wire [5:0]  m_axi_hp1_arid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 ARADDR" *) output wire [31:0] m_axi_hp1_araddr,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 ARLEN" *) output wire [3:0]  m_axi_hp1_arlen,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 ARSIZE" *) output wire [2:0]  m_axi_hp1_arsize,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 ARBURST" *) output wire [1:0]  m_axi_hp1_arburst,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 ARLOCK" *) output wire [1:0]  m_axi_hp1_arlock,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 ARCACHE" *) output wire [3:0]  m_axi_hp1_arcache,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 ARPROT" *) output wire [2:0]  m_axi_hp1_arprot,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 ARQOS" *) output wire [3:0]  m_axi_hp1_arqos,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 ARVALID" *) output wire        m_axi_hp1_arvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 ARREADY" *) input  wire        m_axi_hp1_arready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 RID" *) input  wire [5:0]  m_axi_hp1_rid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 RDATA" *) input  wire [63:0] m_axi_hp1_rdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 RRESP" *) input  wire [1:0]  m_axi_hp1_rresp,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 RLAST" *) input  wire        m_axi_hp1_rlast,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 RVALID" *) input  wire        m_axi_hp1_rvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 RREADY" *) output wire        m_axi_hp1_rready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 AWID" *) output wire [5:0]  m_axi_hp1_awid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 AWADDR" *) output wire [31:0] m_axi_hp1_awaddr,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 AWLEN" *) output wire [3:0]  m_axi_hp1_awlen,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 AWSIZE" *) output wire [2:0]  m_axi_hp1_awsize,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 AWBURST" *) output wire [1:0]  m_axi_hp1_awburst,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 AWLOCK" *) output wire [1:0]  m_axi_hp1_awlock,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 AWCACHE" *) output wire [3:0]  m_axi_hp1_awcache,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 AWPROT" *) output wire [2:0]  m_axi_hp1_awprot,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 AWQOS" *) output wire [3:0]  m_axi_hp1_awqos,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 AWVALID" *) output wire        m_axi_hp1_awvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 AWREADY" *) input  wire        m_axi_hp1_awready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 WID" *) output wire [5:0]  m_axi_hp1_wid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 WDATA" *) output wire [63:0] m_axi_hp1_wdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 WSTRB" *) output wire [7:0]  m_axi_hp1_wstrb,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 WLAST" *) output wire        m_axi_hp1_wlast,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 WVALID" *) output wire        m_axi_hp1_wvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 WREADY" *) input  wire        m_axi_hp1_wready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 BID" *) input  wire [5:0]  m_axi_hp1_bid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 BRESP" *) input  wire [1:0]  m_axi_hp1_bresp,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 BVALID" *) input  wire        m_axi_hp1_bvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp1 BREADY" *) output wire        m_axi_hp1_bready,

    (* X_INTERFACE_PARAMETER = "XIL_INTERFACENAME m_axi_hp2, PROTOCOL AXI3, DATA_WIDTH 64, ADDR_WIDTH 32, ID_WIDTH 6" *)
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 ARID" *) output wire [5:0]  m_axi_hp2_arid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 ARADDR" *) output wire [31:0] m_axi_hp2_araddr,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 ARLEN" *) output wire [3:0]  m_axi_hp2_arlen,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 ARSIZE" *) output wire [2:0]  m_axi_hp2_arsize,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 ARBURST" *) output wire [1:0]  m_axi_hp2_arburst,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 ARLOCK" *) output wire [1:0]  m_axi_hp2_arlock,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 ARCACHE" *) output wire [3:0]  m_axi_hp2_arcache,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 ARPROT" *) output wire [2:0]  m_axi_hp2_arprot,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 ARQOS" *) output wire [3:0]  m_axi_hp2_arqos,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 ARVALID" *) output wire        m_axi_hp2_arvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 ARREADY" *) input  wire        m_axi_hp2_arready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 RID" *) input  wire [5:0]  m_axi_hp2_rid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 RDATA" *) input  wire [63:0] m_axi_hp2_rdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 RRESP" *) input  wire [1:0]  m_axi_hp2_rresp,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 RLAST" *) input  wire        m_axi_hp2_rlast,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 RVALID" *) input  wire        m_axi_hp2_rvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 RREADY" *) output wire        m_axi_hp2_rready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 AWID" *) output wire [5:0]  m_axi_hp2_awid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 AWADDR" *) output wire [31:0] m_axi_hp2_awaddr,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 AWLEN" *) output wire [3:0]  m_axi_hp2_awlen,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 AWSIZE" *) output wire [2:0]  m_axi_hp2_awsize,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 AWBURST" *) output wire [1:0]  m_axi_hp2_awburst,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 AWLOCK" *) output wire [1:0]  m_axi_hp2_awlock,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 AWCACHE" *) output wire [3:0]  m_axi_hp2_awcache,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 AWPROT" *) output wire [2:0]  m_axi_hp2_awprot,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 AWQOS" *) output wire [3:0]  m_axi_hp2_awqos,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 AWVALID" *) output wire        m_axi_hp2_awvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 AWREADY" *) input  wire        m_axi_hp2_awready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 WID" *) output wire [5:0]  m_axi_hp2_wid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 WDATA" *) output wire [63:0] m_axi_hp2_wdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 WSTRB" *) output wire [7:0]  m_axi_hp2_wstrb,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 WLAST" *) output wire        m_axi_hp2_wlast,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 WVALID" *) output wire        m_axi_hp2_wvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 WREADY" *) input  wire        m_axi_hp2_wready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 BID" *) input  wire [5:0]  m_axi_hp2_bid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 BRESP" *) input  wire [1:0]  m_axi_hp2_bresp,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 BVALID" *) input  wire        m_axi_hp2_bvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp2 BREADY" *) output wire        m_axi_hp2_bready,

    (* X_INTERFACE_PARAMETER = "XIL_INTERFACENAME m_axi_hp3, PROTOCOL AXI3, DATA_WIDTH 64, ADDR_WIDTH 32, ID_WIDTH 6" *)
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 ARID" *) output wire [5:0]  m_axi_hp3_arid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 ARADDR" *) output wire [31:0] m_axi_hp3_araddr,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 ARLEN" *) output wire [3:0]  m_axi_hp3_arlen,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 ARSIZE" *) output wire [2:0]  m_axi_hp3_arsize,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 ARBURST" *) output wire [1:0]  m_axi_hp3_arburst,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 ARLOCK" *) output wire [1:0]  m_axi_hp3_arlock,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 ARCACHE" *) output wire [3:0]  m_axi_hp3_arcache,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 ARPROT" *) output wire [2:0]  m_axi_hp3_arprot,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 ARQOS" *) output wire [3:0]  m_axi_hp3_arqos,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 ARVALID" *) output wire        m_axi_hp3_arvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 ARREADY" *) input  wire        m_axi_hp3_arready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 RID" *) input  wire [5:0]  m_axi_hp3_rid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 RDATA" *) input  wire [63:0] m_axi_hp3_rdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 RRESP" *) input  wire [1:0]  m_axi_hp3_rresp,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 RLAST" *) input  wire        m_axi_hp3_rlast,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 RVALID" *) input  wire        m_axi_hp3_rvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 RREADY" *) output wire        m_axi_hp3_rready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 AWID" *) output wire [5:0]  m_axi_hp3_awid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 AWADDR" *) output wire [31:0] m_axi_hp3_awaddr,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 AWLEN" *) output wire [3:0]  m_axi_hp3_awlen,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 AWSIZE" *) output wire [2:0]  m_axi_hp3_awsize,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 AWBURST" *) output wire [1:0]  m_axi_hp3_awburst,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 AWLOCK" *) output wire [1:0]  m_axi_hp3_awlock,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 AWCACHE" *) output wire [3:0]  m_axi_hp3_awcache,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 AWPROT" *) output wire [2:0]  m_axi_hp3_awprot,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 AWQOS" *) output wire [3:0]  m_axi_hp3_awqos,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 AWVALID" *) output wire        m_axi_hp3_awvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 AWREADY" *) input  wire        m_axi_hp3_awready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 WID" *) output wire [5:0]  m_axi_hp3_wid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 WDATA" *) output wire [63:0] m_axi_hp3_wdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 WSTRB" *) output wire [7:0]  m_axi_hp3_wstrb,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 WLAST" *) output wire        m_axi_hp3_wlast,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 WVALID" *) output wire        m_axi_hp3_wvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 WREADY" *) input  wire        m_axi_hp3_wready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 BID" *) input  wire [5:0]  m_axi_hp3_bid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 BRESP" *) input  wire [1:0]  m_axi_hp3_bresp,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 BVALID" *) input  wire        m_axi_hp3_bvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_hp3 BREADY" *) output wire        m_axi_hp3_bready
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
