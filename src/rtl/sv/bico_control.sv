// The registers of the accelerator behind an AXI4-Lite port (contract, section 9): one write and one read at a time,
// every response OKAY, unknown addresses read zero and ignore writes. Addresses come from bico_pkg.
module bico_control (
    input  logic        clk,
    input  logic        reset,
    // AXI4-Lite
    input  logic [11:0] awaddr,
    input  logic        awvalid,
    output logic        awready,
    input  logic [31:0] wdata,
    input  logic [3:0]  wstrb,
    input  logic        wvalid,
    output logic        wready,
    output logic        bvalid,
    input  logic        bready,
    input  logic [11:0] araddr,
    input  logic        arvalid,
    output logic        arready,
    output logic [31:0] rdata,
    output logic        rvalid,
    input  logic        rready,
    // the machine
    output logic        start,                // one cycle: cycle 0 of a frame
    output logic [31:0] program_address,
    output logic [31:0] program_descriptors,
    output logic [31:0] memory_base,
    input  logic        finished,             // high from the end of the program to the next start
    input  logic        memory_error,         // a response other than OKAY
    output logic        irq
);
  // A write is performed when address and data are here and the response before it is taken.
  logic aw_held, w_held, write, ar_held, read;
  logic [11:0] write_address, read_address;
  logic [31:0] write_data, write_mask;
  logic [3:0] write_strobe;

  assign awready = !reset && !aw_held;
  assign wready = !reset && !w_held;
  assign arready = !reset && !ar_held;
  assign write = aw_held && w_held && (!bvalid || bready);
  assign read = ar_held && (!rvalid || rready);
  assign write_mask = {{8{write_strobe[3]}}, {8{write_strobe[2]}}, {8{write_strobe[1]}}, {8{write_strobe[0]}}};

  always_ff @(posedge clk) begin
    if (reset) begin
      aw_held <= 1'b0;
      w_held  <= 1'b0;
      ar_held <= 1'b0;
      bvalid  <= 1'b0;
      rvalid  <= 1'b0;
    end else begin
      if (awvalid && awready) aw_held <= 1'b1;
      else if (write) aw_held <= 1'b0;
      if (wvalid && wready) w_held <= 1'b1;
      else if (write) w_held <= 1'b0;
      if (arvalid && arready) ar_held <= 1'b1;
      else if (read) ar_held <= 1'b0;
      if (write) bvalid <= 1'b1;
      else if (bready) bvalid <= 1'b0;
      if (read) rvalid <= 1'b1;
      else if (rready) rvalid <= 1'b0;
    end
    if (awvalid && awready) write_address <= {awaddr[11:2], 2'b00};
    if (wvalid && wready) {write_strobe, write_data} <= {wstrb, wdata};
    if (arvalid && arready) read_address <= {araddr[11:2], 2'b00};
  end

  // What a write asks for. `ones`: the bits written with 1; `kept`: what stays of a register.
  logic [31:0] ones;
  logic to_control, to_status, to_enable, to_address, to_descriptors, to_base, to_program;
  assign ones = write_data & write_mask;
  assign to_control = write && write_address == bico_pkg::REGISTER_CONTROL;
  assign to_status = write && write_address == bico_pkg::REGISTER_STATUS;
  assign to_enable = write && write_address == bico_pkg::REGISTER_INTERRUPT_ENABLE;
  assign to_address = write && write_address == bico_pkg::REGISTER_PROGRAM_ADDRESS;
  assign to_descriptors = write && write_address == bico_pkg::REGISTER_PROGRAM_DESCRIPTORS;
  assign to_base = write && write_address == bico_pkg::REGISTER_MEMORY_BASE;
  assign to_program = to_address || to_descriptors || to_base;

  // A start is refused while a frame runs and without a program, which would never end.
  logic busy, running, ends, start_asked, start_granted, refuse;
  logic done, error, refused;
  logic [2:0] enable;
  assign running = busy || start;
  assign ends = busy && finished;
  assign start_asked = to_control && ones[0];
  assign start_granted = start_asked && !running && program_descriptors != '0;
  assign refuse = (start_asked && !start_granted) || (to_program && running);
  assign irq = ({refused, error, done} & enable) != '0;

  always_ff @(posedge clk) begin
    if (reset) begin
      start   <= 1'b0;
      busy    <= 1'b0;
      done    <= 1'b0;
      error   <= 1'b0;
      refused <= 1'b0;
      enable  <= '0;
      program_address <= '0;
      program_descriptors <= '0;
      memory_base <= '0;
    end else begin
      start <= start_granted;
      if (start) busy <= 1'b1;
      else if (ends) busy <= 1'b0;
      // What happens in the cycle in which a bit is cleared stays visible.
      done    <= ends || (done && !(to_status && ones[1]));
      error   <= memory_error || (error && !(to_status && ones[2]));
      refused <= refuse || (refused && !(to_status && ones[3]));
      if (to_enable && write_strobe[0]) enable <= write_data[3:1];
      if (to_address && !running) program_address <= ((program_address & ~write_mask) | ones) & 32'hffff_ff80;
      if (to_descriptors && !running) program_descriptors <= ((program_descriptors & ~write_mask) | ones) & 32'hffff_fffe;
      if (to_base && !running) memory_base <= ((memory_base & ~write_mask) | ones) & 32'hffff_f000;
    end
  end

  // Counters: in cycle t of a frame `frame_cycles` is t; it stops at the frame's latency.
  logic [63:0] frame_cycles, busy_cycles;
  logic [31:0] frames;
  logic clear;
  assign clear = to_control && ones[1];
  always_ff @(posedge clk) begin
    if (reset) frame_cycles <= '0;
    else if (start) frame_cycles <= 64'd1;
    else if (busy && !finished) frame_cycles <= frame_cycles + 64'd1;
    if (reset || clear) busy_cycles <= '0;
    else if (start || (busy && !finished)) busy_cycles <= busy_cycles + 64'd1;
    if (reset || clear) frames <= '0;
    else if (ends) frames <= frames + 32'd1;
  end

  // Reading the low word of a counter keeps its high word for the read that follows.
  logic [31:0] high;
  always_ff @(posedge clk) begin
    if (read && read_address == bico_pkg::REGISTER_FRAME_CYCLES_LOW) high <= frame_cycles[63:32];
    else if (read && read_address == bico_pkg::REGISTER_BUSY_CYCLES_LOW) high <= busy_cycles[63:32];
    if (read) begin
      case (read_address)
        bico_pkg::REGISTER_ID: rdata <= 32'h6f63_6962;
        bico_pkg::REGISTER_VERSION: rdata <= bico_pkg::VERSION;
        bico_pkg::REGISTER_DESIGN: rdata <= bico_pkg::DESIGN;
        bico_pkg::REGISTER_PARAMETERS:
          rdata <= {8'(bico_pkg::BANKS), 8'(bico_pkg::WEIGHT_BITS), 8'(bico_pkg::FEATURE_BITS), 8'(bico_pkg::LANES)};
        bico_pkg::REGISTER_UNITS:
          rdata <= {8'd0, bico_pkg::STORE_PORT, bico_pkg::READ_PORTS, 8'(bico_pkg::QUEUE_DEPTH), bico_pkg::UNITS};
        bico_pkg::REGISTER_STATUS: rdata <= {28'd0, refused, error, done, running};
        bico_pkg::REGISTER_INTERRUPT_ENABLE: rdata <= {28'd0, enable, 1'b0};
        bico_pkg::REGISTER_PROGRAM_ADDRESS: rdata <= program_address;
        bico_pkg::REGISTER_PROGRAM_DESCRIPTORS: rdata <= program_descriptors;
        bico_pkg::REGISTER_MEMORY_BASE: rdata <= memory_base;
        bico_pkg::REGISTER_FRAME_CYCLES_LOW: rdata <= frame_cycles[31:0];
        bico_pkg::REGISTER_BUSY_CYCLES_LOW: rdata <= busy_cycles[31:0];
        bico_pkg::REGISTER_FRAME_CYCLES_HIGH, bico_pkg::REGISTER_BUSY_CYCLES_HIGH: rdata <= high;
        bico_pkg::REGISTER_FRAMES: rdata <= frames;
        default: rdata <= '0;
      endcase
    end
  end
endmodule
