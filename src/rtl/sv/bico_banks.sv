// The feature banks and the wires between them and the units. There is no arbiter: tokens see to it that at most one
// unit reads and one writes a bank (contract, section 1).
module bico_banks #(
    parameter int WORD_BITS = 72,
    parameter int BANKS = 2,
    parameter logic [8*17-1:0] WORDS = '0,   // depth of each bank, 17 bits a bank
    parameter logic [63:0] WRITERS = '0,     // units at the write port, 8 bits a bank
    parameter logic [63:0] READERS = '0
) (
    input  logic                   clk,
    input  logic [7:0]             write,
    input  logic [31:0]            write_bank,     // 4 bits a unit
    input  logic [127:0]           write_address,  // 16 bits a unit
    input  logic [8*WORD_BITS-1:0] write_data,
    input  logic [7:0]             read,
    input  logic [31:0]            read_bank,      // of the running job: stable until its last word has come back
    input  logic [127:0]           read_address,
    output logic [8*WORD_BITS-1:0] read_data
);
  logic [BANKS*WORD_BITS-1:0] bank_data;

  for (genvar b = 0; b < BANKS; b++) begin : g_bank
    logic we, re;
    logic [15:0] wa, ra;
    logic [WORD_BITS-1:0] wd;
    always_comb begin
      we = 1'b0;
      re = 1'b0;
      wa = '0;
      ra = '0;
      wd = '0;
      for (int u = 0; u < 8; u++) begin
        if (WRITERS[8*b+u] && write[u] && write_bank[4*u+:4] == 4'(b)) begin
          we = 1'b1;
          wa = wa | write_address[16*u+:16];
          wd = wd | write_data[WORD_BITS*u+:WORD_BITS];
        end
        if (READERS[8*b+u] && read[u] && read_bank[4*u+:4] == 4'(b)) begin
          re = 1'b1;
          ra = ra | read_address[16*u+:16];
        end
      end
    end
    bico_ram_sdp #(.WIDTH(WORD_BITS), .DEPTH(32'(WORDS[17*b+:17])), .BLOCK(1)) memory (
        .clk,
        .write(we),
        .write_address(wa),
        .write_data(wd),
        .read(re),
        .read_address(ra),
        .read_data(bank_data[WORD_BITS*b+:WORD_BITS])
    );
  end

  for (genvar u = 0; u < 8; u++) begin : g_unit
    logic [WORD_BITS-1:0] word;
    always_comb begin
      word = '0;
      for (int b = 0; b < BANKS; b++) begin
        if (READERS[8*b+u] && read_bank[4*u+:4] == 4'(b)) word = word | bank_data[WORD_BITS*b+:WORD_BITS];
      end
    end
    assign read_data[WORD_BITS*u+:WORD_BITS] = word;
  end
endmodule
