// The machine: fetch, load, weights, compute units, store, the feature banks and the tokens between them. What it has
// and how wide everything is comes from the generated package bico_pkg. `reset` is held for at least 32 cycles.
module bico_top (
    input  logic        clk,
    input  logic        reset,
    input  logic        start,                // cycle 0 of a frame
    input  logic [31:0] program_address,      // bytes, a multiple of 128
    input  logic [31:0] program_descriptors,  // even
    output logic        irq,                  // high from the end of the program to the next start
    output logic [63:0] cycle,                // cycles since the last start
    // Observation: one bit a unit, high in the cycle of issue and of done.
    output logic [7:0]  issue,
    output logic [7:0]  done,
    // AXI3 read masters: 0 fetch, 1 load, 2 weights. Full-width incrementing bursts, identifier 0, RREADY always high.
    output logic [95:0]  araddr,
    output logic [11:0]  arlen,
    output logic [2:0]   arvalid,
    input  logic [2:0]   arready,
    input  logic [191:0] rdata,
    input  logic [2:0]   rlast,
    input  logic [2:0]   rvalid,
    // AXI3 write master of store. BREADY always high.
    output logic [31:0] awaddr,
    output logic [3:0]  awlen,
    output logic        awvalid,
    input  logic        awready,
    output logic [63:0] wdata,
    output logic        wlast,
    output logic        wvalid,
    input  logic        wready,
    input  logic        bvalid
);
  localparam int LANES = bico_pkg::LANES;
  localparam int BITS = bico_pkg::FEATURE_BITS;
  localparam int WORD = LANES * BITS;
  localparam int FETCH = 0, LOAD = 1, WEIGHTS = 2, STORE = 7;

  always_ff @(posedge clk) begin
    if (reset || start) cycle <= 64'd1;
    else cycle <= cycle + 64'd1;
  end

  // Queues, tokens.
  logic [7:0] push, full;
  logic [511:0] descriptor;
  logic [63:0] pop_mask, push_mask, ready;
  bico_tokens tokens (.clk, .reset, .units(bico_pkg::UNITS), .issue, .pop_mask, .done, .push_mask, .ready);

  logic [63:0] fetch_data;
  bico_fetch fetch (
      .clk, .reset, .start, .program_address, .program_descriptors,
      .araddr(araddr[31:0]),
      .arvalid(arvalid[0]),
      .arready(arready[0]),
      .rvalid(rvalid[0]),
      .rdata(fetch_data),
      .push,
      .descriptor,
      .full,
      .tokens(ready[8*FETCH+:8]),
      .end_execute(issue[FETCH]),
      .pop_mask(pop_mask[8*FETCH+:8]),
      .push_mask(push_mask[8*FETCH+:8]),
      .interrupt(irq)
  );
  assign fetch_data = rdata[63:0];
  assign arlen[3:0] = 4'd15;
  assign done[FETCH] = issue[FETCH];
  assign full[FETCH] = 1'b1;

  // Feature banks. What is written is what the harness holds against the simulator, word by word.
  logic [7:0] bank_write  /* verilator public_flat_rd */;
  logic [31:0] write_bank  /* verilator public_flat_rd */;
  logic [127:0] write_address  /* verilator public_flat_rd */;
  logic [8*WORD-1:0] write_data  /* verilator public_flat_rd */;
  logic [7:0] bank_read;
  logic [31:0] read_bank;
  logic [127:0] read_address;
  logic [8*WORD-1:0] read_data;
  bico_banks #(
      .WORD_BITS(WORD),
      .BANKS(bico_pkg::BANKS),
      .WORDS(bico_pkg::BANK_WORDS),
      .WRITERS(bico_pkg::BANK_WRITERS),
      .READERS(bico_pkg::BANK_READERS)
  ) banks (
      .clk,
      .write(bank_write),
      .write_bank,
      .write_address,
      .write_data,
      .read(bank_read),
      .read_bank,
      .read_address,
      .read_data
  );

  // load
  logic [191:0] load_head, load_job;
  logic load_beat;
  logic [7:0] load_index;
  bico_front #(.BITS(192), .DEPTH(bico_pkg::QUEUE_DEPTH)) load_front (
      .clk, .reset,
      .push(push[LOAD]),
      .push_control(descriptor[23:4]),
      .push_job(descriptor[255:64]),
      .full(full[LOAD]),
      .tokens(ready[8*LOAD+:8]),
      .done(done[LOAD]),
      .issue(issue[LOAD]),
      .pop_mask(pop_mask[8*LOAD+:8]),
      .push_mask(push_mask[8*LOAD+:8]),
      .head(load_head),
      .job(load_job),
      .opcode()
  );
  bico_read_dma #(.OUTSTANDING(bico_pkg::LOAD_OUTSTANDING)) load (
      .clk, .reset,
      .issue(issue[LOAD]),
      .head(load_head),
      .job(load_job),
      .done(done[LOAD]),
      .araddr(araddr[63:32]),
      .arlen(arlen[7:4]),
      .arvalid(arvalid[1]),
      .arready(arready[1]),
      .rvalid(rvalid[1]),
      .rlast(rlast[1]),
      .beat_valid(load_beat),
      .beat_index(load_index),
      .word_write(bank_write[LOAD]),
      .word_address(write_address[16*LOAD+:16])
  );
  bico_unpack #(.LANES(LANES), .BITS(BITS), .BINARY(1)) load_unpack (
      .clk,
      .beat_valid(load_beat),
      .beat_index(load_index),
      .beat(rdata[127:64]),
      .container(load_job[188:184]),
      .is_signed(load_job[189]),
      .word(write_data[WORD*LOAD+:WORD])
  );
  assign write_bank[4*LOAD+:4] = load_job[163:160];
  assign {bank_read[LOAD], read_bank[4*LOAD+:4], read_address[16*LOAD+:16]} = '0;

  // weights
  logic [191:0] weights_head, weights_job;
  logic weights_beat, weights_write;
  logic [7:0] weights_index;
  logic [15:0] weights_address;
  bico_front #(.BITS(192), .DEPTH(bico_pkg::QUEUE_DEPTH)) weights_front (
      .clk, .reset,
      .push(push[WEIGHTS]),
      .push_control(descriptor[23:4]),
      .push_job(descriptor[255:64]),
      .full(full[WEIGHTS]),
      .tokens(ready[8*WEIGHTS+:8]),
      .done(done[WEIGHTS]),
      .issue(issue[WEIGHTS]),
      .pop_mask(pop_mask[8*WEIGHTS+:8]),
      .push_mask(push_mask[8*WEIGHTS+:8]),
      .head(weights_head),
      .job(weights_job),
      .opcode()
  );
  bico_read_dma #(.OUTSTANDING(bico_pkg::WEIGHTS_OUTSTANDING)) weights (
      .clk, .reset,
      .issue(issue[WEIGHTS]),
      .head(weights_head),
      .job(weights_job),
      .done(done[WEIGHTS]),
      .araddr(araddr[95:64]),
      .arlen(arlen[11:8]),
      .arvalid(arvalid[2]),
      .arready(arready[2]),
      .rvalid(rvalid[2]),
      .rlast(rlast[2]),
      .beat_valid(weights_beat),
      .beat_index(weights_index),
      .word_write(weights_write),
      .word_address(weights_address)
  );
  assign {bank_read[WEIGHTS], read_bank[4*WEIGHTS+:4], read_address[16*WEIGHTS+:16]} = '0;
  assign {bank_write[WEIGHTS], write_bank[4*WEIGHTS+:4], write_address[16*WEIGHTS+:16]} = '0;
  assign write_data[WORD*WEIGHTS+:WORD] = '0;
  assign {bank_read[FETCH], read_bank[4*FETCH+:4], read_address[16*FETCH+:16]} = '0;
  assign {bank_write[FETCH], write_bank[4*FETCH+:4], write_address[16*FETCH+:16]} = '0;
  assign write_data[WORD*FETCH+:WORD] = '0;

  // depthwise (3), pointwise (4), conv (5), vector (6)
  for (genvar u = 3; u < 7; u++) begin : g_compute
    if (bico_pkg::UNITS[u]) begin : g_unit
      localparam int KIND = u;
      bico_compute #(
          .UNIT(KIND),
          .LANES(LANES),
          .BITS(BITS),
          .WEIGHT_BITS(bico_pkg::WEIGHT_BITS),
          .QUEUE_DEPTH(bico_pkg::QUEUE_DEPTH),
          .PARALLEL_IN(32'(bico_pkg::PARALLEL_IN[16*u+:16])),
          .PARALLEL_OUT(32'(bico_pkg::PARALLEL_OUT[16*u+:16])),
          .WEIGHT_ROWS(32'(bico_pkg::WEIGHT_ROWS[17*u+:17])),
          .PARAMETER_ROWS(32'(bico_pkg::PARAMETER_ROWS[17*u+:17])),
          .PACKED(bico_pkg::PACKED[u]),
          .ACC_BITS(32'(bico_pkg::ACC_BITS[8*u+:8]))
      ) unit (
          .clk, .reset,
          .push(push[u]),
          .descriptor,
          .full(full[u]),
          .tokens(ready[8*u+:8]),
          .issue(issue[u]),
          .done(done[u]),
          .pop_mask(pop_mask[8*u+:8]),
          .push_mask(push_mask[8*u+:8]),
          .read(bank_read[u]),
          .read_bank(read_bank[4*u+:4]),
          .read_address(read_address[16*u+:16]),
          .read_data(read_data[WORD*u+:WORD]),
          .write(bank_write[u]),
          .write_bank(write_bank[4*u+:4]),
          .write_address(write_address[16*u+:16]),
          .write_data(write_data[WORD*u+:WORD]),
          .memory(weights_job[167:160]),
          .beat_valid(weights_beat),
          .beat_index(weights_index),
          .beat(rdata[191:128]),
          .container(weights_job[188:184]),
          .is_signed(weights_job[189]),
          .word_write(weights_write),
          .word_address(weights_address)
      );
    end else begin : g_absent
      assign {full[u], issue[u], done[u], pop_mask[8*u+:8], push_mask[8*u+:8]} = {1'b1, 18'd0};
      assign {bank_read[u], read_bank[4*u+:4], read_address[16*u+:16]} = '0;
      assign {bank_write[u], write_bank[4*u+:4], write_address[16*u+:16], write_data[WORD*u+:WORD]} = '0;
    end
  end

  // store
  logic [191:0] store_head, store_job;
  bico_front #(.BITS(192), .DEPTH(bico_pkg::QUEUE_DEPTH)) store_front (
      .clk, .reset,
      .push(push[STORE]),
      .push_control(descriptor[23:4]),
      .push_job(descriptor[255:64]),
      .full(full[STORE]),
      .tokens(ready[8*STORE+:8]),
      .done(done[STORE]),
      .issue(issue[STORE]),
      .pop_mask(pop_mask[8*STORE+:8]),
      .push_mask(push_mask[8*STORE+:8]),
      .head(store_head),
      .job(store_job),
      .opcode()
  );
  bico_store #(.LANES(LANES), .BITS(BITS), .OUTSTANDING(bico_pkg::STORE_OUTSTANDING)) store (
      .clk, .reset,
      .issue(issue[STORE]),
      .head(store_head),
      .job(store_job),
      .done(done[STORE]),
      .bank_read(bank_read[STORE]),
      .bank_address(read_address[16*STORE+:16]),
      .bank_data(read_data[WORD*STORE+:WORD]),
      .awaddr, .awlen, .awvalid, .awready, .wdata, .wlast, .wvalid, .wready, .bvalid
  );
  assign read_bank[4*STORE+:4] = store_job[163:160];
  assign {bank_write[STORE], write_bank[4*STORE+:4], write_address[16*STORE+:16]} = '0;
  assign write_data[WORD*STORE+:WORD] = '0;
endmodule
