// The read side of `load` and `weights`: requests the bursts of a job and counts its beats into words
// (contract, section 4). RREADY is always high, because a job issues only when its space is reserved.
module bico_read_dma #(
    parameter int OUTSTANDING = 4
) (
    input  logic         clk,
    input  logic         reset,
    input  logic         issue,
    input  logic [191:0] head,
    input  logic [191:0] job,
    output logic         done,
    // AXI3 read channel
    output logic [31:0]  araddr,
    output logic [3:0]   arlen,
    output logic         arvalid,
    input  logic         arready,
    input  logic         rvalid,
    input  logic         rlast,
    // towards the memory: `word_write` is high in the cycle after the last beat of a word
    output logic         beat_valid,
    output logic [7:0]   beat_index,  // within the word
    output logic         word_write,
    output logic [15:0]  word_address
);
  logic burst_valid, decide, last_of_job, finished;
  logic [31:0] burst_address;
  logic [4:0] burst_beats, in_flight;
  logic [7:0] word_beats;

  assign word_beats = job[95:88];
  assign decide = burst_valid && in_flight < 5'(OUTSTANDING) && (!arvalid || arready);
  assign last_of_job = rvalid && rlast && !burst_valid && in_flight == 5'd1;
  assign beat_valid = rvalid;

  bico_bursts bursts (
      .clk,
      .reset,
      .load(issue),
      .job(head),
      .next(decide),
      .valid(burst_valid),
      .address(burst_address),
      .beats(burst_beats)
  );

  always_ff @(posedge clk) begin
    if (reset) begin
      arvalid    <= 1'b0;
      in_flight  <= '0;
      finished   <= 1'b0;
      done       <= 1'b0;
      word_write <= 1'b0;
    end else begin
      if (decide) arvalid <= 1'b1;
      else if (arready) arvalid <= 1'b0;
      // What a burst of before a reset still brings is of no job.
      in_flight  <= in_flight + 5'(decide) - 5'(rvalid && rlast && in_flight != '0);
      finished   <= last_of_job;
      done       <= finished;
      word_write <= rvalid && beat_index == word_beats - 8'd1;
    end
    if (decide) begin
      araddr <= burst_address;
      arlen  <= 4'(burst_beats - 5'd1);
    end
    if (issue) beat_index <= '0;
    else if (rvalid) beat_index <= beat_index == word_beats - 8'd1 ? '0 : beat_index + 8'd1;
    if (issue) word_address <= head[183:168] ;
    else if (word_write) word_address <= word_address + 16'd1;
  end
endmodule
