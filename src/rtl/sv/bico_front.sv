// What stands before each unit: its job queue, the issue decision and the register of the running job.
//
// The unit issues in the cycle in which it is idle, a job waits and all popped counters are at least 1
// (contract, section 2). `head` is then loaded into `job`, visible from the next cycle.
module bico_front #(
    parameter int BITS = 192,  // job bits kept, from word 1 of the descriptor on
    parameter int DEPTH = 4
) (
    input  logic            clk,
    input  logic            reset,
    input  logic            push,
    input  logic [19:0]     push_control,  // opcode, pop mask, push mask: bits 23:4 of word 0
    input  logic [BITS-1:0] push_job,
    output logic            full,
    input  logic [7:0]      tokens,      // bit u: the counter from unit u to this one is not zero
    input  logic            done,
    output logic            issue,
    output logic [7:0]      pop_mask,    // of the head, valid with issue
    output logic [7:0]      push_mask,   // of the running job, valid with done
    output logic [BITS-1:0] head,
    output logic [BITS-1:0] job,
    output logic [3:0]      opcode       // of the running job
);
  localparam int INDEX_BITS = $clog2(DEPTH);
  logic [INDEX_BITS-1:0] read_index, write_index;
  logic [INDEX_BITS:0] level;
  logic [3:0] head_opcode;
  logic [7:0] head_push;
  logic busy;

  bico_ram_async #(.WIDTH(BITS + 20), .DEPTH(DEPTH)) queue (
      .clk,
      .write(push),
      .write_address(write_index),
      .write_data({push_job, push_control}),
      .read_address(read_index),
      .read_data({head, head_push, pop_mask, head_opcode})
  );

  assign full = level == (INDEX_BITS + 1)'(DEPTH);
  assign issue = !busy && level != '0 && (pop_mask & ~tokens) == '0;

  function automatic logic [INDEX_BITS-1:0] next(input logic [INDEX_BITS-1:0] index);
    next = index == INDEX_BITS'(DEPTH - 1) ? '0 : index + 1'b1;
  endfunction

  always_ff @(posedge clk) begin
    if (reset) begin
      read_index  <= '0;
      write_index <= '0;
      level       <= '0;
      busy        <= 1'b0;
    end else begin
      if (push) write_index <= next(write_index);
      if (issue) read_index <= next(read_index);
      level <= level + (INDEX_BITS + 1)'(push) - (INDEX_BITS + 1)'(issue);
      if (issue) busy <= 1'b1;
      else if (done) busy <= 1'b0;
    end
    if (issue) begin
      job       <= head;
      opcode    <= head_opcode;
      push_mask <= head_push;
    end
  end
endmodule
