// `store`: words of a feature bank to DRAM (contract, section 5). The bank is read ahead through two stages
// (memory output, packed beat), so that beats follow each other without a gap.
module bico_store #(
    parameter int LANES = 8,
    parameter int BITS = 8,
    parameter int OUTSTANDING = 4
) (
    input  logic                  clk,
    input  logic                  reset,
    input  logic                  issue,
    input  logic [191:0]          head,
    input  logic [191:0]          job,
    output logic                  done,
    // feature bank
    output logic                  bank_read,
    output logic [15:0]           bank_address,
    input  logic [LANES*BITS-1:0] bank_data,
    // AXI3 write channels
    output logic [31:0]           awaddr,
    output logic [3:0]            awlen,
    output logic                  awvalid,
    input  logic                  awready,
    output logic [63:0]           wdata,
    output logic                  wlast,
    output logic                  wvalid,
    input  logic                  wready,
    input  logic                  bvalid
);
  logic active, word_valid, beat_valid;
  logic [7:0] word_beats, pack_index;
  logic [63:0] packed_beat;
  logic burst_valid, started, aw_sent, w_sent, may_start, burst_end, w_fire, take_word, take_beat;
  logic [4:0] burst_beats, beat_in_burst, in_flight;

  assign word_beats = job[95:88];

  // Read ahead: address -> memory output (word) -> packed beat.
  assign take_beat = word_valid && (!beat_valid || w_fire);
  assign take_word = take_beat && pack_index == word_beats - 8'd1;
  assign bank_read = active && (!word_valid || take_word);

  bico_pack #(.LANES(LANES), .BITS(BITS)) pack (
      .word(bank_data),
      .beat_index(pack_index),
      .container(job[188:184]),
      .is_signed(job[189]),
      .beat(packed_beat)
  );

  bico_bursts bursts (
      .clk,
      .reset,
      .load(issue),
      .job(head),
      .next(burst_end),
      .valid(burst_valid),
      .address(awaddr),
      .beats(burst_beats)
  );

  // A burst may start while fewer than OUTSTANDING wait for their response. Once valid, it stays valid: nothing
  // but its own end raises `in_flight`.
  assign may_start = burst_valid && beat_valid && in_flight < 5'(OUTSTANDING);
  assign awlen = 4'(burst_beats - 5'd1);
  assign awvalid = (may_start || started) && !aw_sent;
  assign wvalid = (may_start || started) && beat_valid && !w_sent;
  assign wlast = beat_in_burst == burst_beats - 5'd1;
  assign w_fire = wvalid && wready;
  assign burst_end = (aw_sent || (awvalid && awready)) && (w_sent || (w_fire && wlast));
  assign done = active && !burst_valid && in_flight == '0;

  always_ff @(posedge clk) begin
    if (reset) begin
      active     <= 1'b0;
      word_valid <= 1'b0;
      beat_valid <= 1'b0;
      started    <= 1'b0;
      aw_sent    <= 1'b0;
      w_sent     <= 1'b0;
      in_flight  <= '0;
    end else begin
      if (issue) active <= 1'b1;
      else if (done) active <= 1'b0;
      // What was read beyond the end of the job is dropped.
      if (done) word_valid <= 1'b0;
      else if (bank_read) word_valid <= 1'b1;
      else if (take_word) word_valid <= 1'b0;
      if (done) beat_valid <= 1'b0;
      else if (take_beat) beat_valid <= 1'b1;
      else if (w_fire) beat_valid <= 1'b0;
      started <= (started || may_start) && !burst_end;
      aw_sent <= (aw_sent || (awvalid && awready)) && !burst_end;
      w_sent  <= (w_sent || (w_fire && wlast)) && !burst_end;
      // A response to a burst of before a reset is of no job.
      in_flight <= in_flight + 5'(burst_end) - 5'(bvalid && in_flight != '0);
    end
    if (issue) bank_address <= head[183:168];
    else if (bank_read) bank_address <= bank_address + 16'd1;
    if (issue) pack_index <= '0;
    else if (take_beat) pack_index <= take_word ? '0 : pack_index + 8'd1;
    if (take_beat) wdata <= packed_beat;
    if (issue || burst_end) beat_in_burst <= '0;
    else if (w_fire) beat_in_burst <= beat_in_burst + 5'd1;
  end
endmodule
