// One of N equal parts of a word.
module bico_select #(
    parameter int N = 2,
    parameter int BITS = 8
) (
    input  logic [N*BITS-1:0] word,
    input  logic [7:0]        index,
    output logic [BITS-1:0]   part
);
  always_comb begin
    part = '0;
    for (int i = 0; i < N; i++) if (index == 8'(i)) part = part | word[i*BITS+:BITS];
  end
endmodule
