// Reads the program and hands each descriptor to its unit's queue (contract, section 3).
module bico_fetch (
    input  logic         clk,
    input  logic         reset,
    input  logic         start,
    input  logic [31:0]  program_address,      // multiple of 128
    input  logic [31:0]  program_descriptors,  // even
    // AXI3 read channel
    output logic [31:0]  araddr,
    output logic         arvalid,
    input  logic         arready,
    input  logic         rvalid,
    input  logic [63:0]  rdata,
    // queues
    output logic [7:0]   push,
    output logic [511:0] descriptor,
    input  logic [7:0]   full,
    // end of the program
    input  logic [7:0]   tokens,
    output logic         end_execute,
    output logic [7:0]   pop_mask,
    output logic [7:0]   push_mask,
    output logic         interrupt
);
  localparam logic [3:0] NOP = 4'd0, END = 4'd1;

  logic running;
  logic [31:0] next_address, remaining;
  logic [2:0] reserved;  // slots reserved or filled
  logic [2:0] filled;
  logic [1:0] write_slot, read_slot;
  logic [2:0] beat;
  logic decide, expected, arrived, available, is_nop, is_end, drop;
  logic [7:0] unit_onehot;

  assign decide = running && reserved <= 3'd2 && remaining != '0 && (!arvalid || arready);
  // What a burst of before a reset still brings is no program: nothing is reserved for it.
  assign expected = rvalid && reserved != filled;
  assign arrived = expected && beat == 3'd7;

  // One memory a word of the descriptor: a beat fills one word of one slot.
  for (genvar w = 0; w < 8; w++) begin : g_word
    bico_ram_async #(.WIDTH(64), .DEPTH(4)) buffer (
        .clk,
        .write(expected && beat == 3'(w)),
        .write_address(write_slot),
        .write_data(rdata),
        .read_address(read_slot),
        .read_data(descriptor[64*w+:64])
    );
  end

  assign available = filled != '0;
  assign is_nop = descriptor[7:4] == NOP;
  assign is_end = descriptor[7:4] == END;
  assign pop_mask = descriptor[15:8];
  assign push_mask = descriptor[23:16];
  assign unit_onehot = 8'd1 << descriptor[2:0];
  assign push = available && !is_nop && !is_end ? unit_onehot & ~full : '0;
  assign end_execute = available && is_end && (pop_mask & ~tokens) == '0;
  assign drop = (available && is_nop) || end_execute || push != '0;

  always_ff @(posedge clk) begin
    if (reset) begin
      running   <= 1'b0;
      arvalid   <= 1'b0;
      interrupt <= 1'b0;
      reserved  <= '0;
      filled    <= '0;
      beat      <= '0;
      write_slot <= '0;
      read_slot <= '0;
    end else begin
      if (start) running <= 1'b1;
      else if (end_execute) running <= 1'b0;
      if (start) interrupt <= 1'b0;
      else if (end_execute) interrupt <= 1'b1;
      if (decide) arvalid <= 1'b1;
      else if (arready) arvalid <= 1'b0;
      reserved <= reserved + (decide ? 3'd2 : 3'd0) - 3'(drop);
      filled   <= filled + 3'(arrived) - 3'(drop);
      if (expected) beat <= beat + 3'd1;
      if (arrived) write_slot <= write_slot + 2'd1;
      if (drop) read_slot <= read_slot + 2'd1;
    end
    if (start) begin
      next_address <= program_address;
      remaining    <= program_descriptors;
    end else if (decide) begin
      araddr       <= next_address;
      next_address <= next_address + 32'd128;
      remaining    <= remaining - 32'd2;
    end
  end
endmodule
