// The end of every compute pipeline: bias, requantise, and collecting the lane groups of a pixel into one word.
// `write` is high four cycles after `valid`: bias, product, shift, word. The last write is in the cycle of `done`.
module bico_tail #(
    parameter int PARALLEL = 4,
    parameter int GROUPS = 2,    // lane groups in a word
    parameter int BITS = 8,      // of a lane in the banks
    parameter int ACC_BITS = 32  // 24 to 48
) (
    input  logic                            clk,
    input  logic                            valid,     // an accumulation is complete
    input  logic [7:0]                      group,
    input  logic [15:0]                     destination,
    input  logic                            word_end,
    input  logic                            job_end,
    input  logic [PARALLEL*ACC_BITS-1:0]    acc,
    input  logic [PARALLEL*56-1:0]          parameters,  // a channel: shift, multiplier, bias
    input  logic [51:0]                     mode,
    output logic                            write,
    output logic [15:0]                     write_address,
    output logic [PARALLEL*GROUPS*BITS-1:0] write_data,
    output logic                            done
);
  localparam int SUM_BITS = (ACC_BITS > 32 ? ACC_BITS : 32) + 1;

  logic valid_3, word_end_3, job_end_3;
  logic [7:0] group_3;
  logic [15:0] destination_3;
  bico_delay #(.BITS(27), .STAGES(3)) sideband (
      .clk,
      .in({valid, word_end, job_end, group, destination}),
      .out({valid_3, word_end_3, job_end_3, group_3, destination_3})
  );

  for (genvar i = 0; i < PARALLEL; i++) begin : g_lane
    logic signed [SUM_BITS-1:0] biased;
    logic [15:0] mult, result;
    logic [7:0] shift;
    always_ff @(posedge clk) begin
      biased <= SUM_BITS'($signed(acc[i*ACC_BITS+:ACC_BITS])) + SUM_BITS'($signed(parameters[i*56+:32]));
      mult   <= parameters[i*56+32+:16];
      shift  <= parameters[i*56+48+:8];
    end
    bico_requantise #(.IN_BITS(SUM_BITS)) requantise (.clk, .value(biased), .mult, .shift, .mode, .result);
    for (genvar g = 0; g < GROUPS; g++) begin : g_group
      always_ff @(posedge clk) begin
        if (valid_3 && group_3 == 8'(g)) write_data[(g*PARALLEL+i)*BITS+:BITS] <= result[BITS-1:0];
      end
    end
  end

  always_ff @(posedge clk) begin
    write <= valid_3 && word_end_3;
    write_address <= destination_3;
    done <= valid_3 && job_end_3;
  end
endmodule
