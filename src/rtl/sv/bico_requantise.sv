// One accumulator to one raw output: leaky slope, multiply, shift with rounding, zero point, activation bounds,
// overflow; the exact counterpart of `fixed::Requantise::apply`. Two registered stages (product; shift), then
// combinational: `result` belongs to the `value` of two cycles earlier.
module bico_requantise #(
    parameter int IN_BITS = 33  // 25 to 49
) (
    input  logic                      clk,
    input  logic signed [IN_BITS-1:0] value,
    input  logic [15:0]               mult,
    input  logic [7:0]                shift,  // signed, -16 or more
    input  logic [51:0]               mode,   // bits 51:0 of word 5 of the descriptor
    output logic [15:0]               result
);
  localparam logic [2:0] TRN = 0, TRN_ZERO = 1, RND = 2, RND_ZERO = 3, RND_INF = 4, RND_MIN_INF = 5;
  localparam logic [1:0] SAT = 0, SAT_SYM = 1, SAT_ZERO = 2;
  localparam int HIGH_BITS = IN_BITS - 24;
  localparam int P_BITS = IN_BITS + 17;

  logic [2:0] rounding;
  logic [1:0] overflow;
  logic relu, clip_enable, leaky, out_signed, narrow;
  logic [4:0] slope, bits;
  logic [15:0] zero_bits, clip_bits;
  assign {clip_bits, zero_bits, narrow, out_signed, bits, slope, leaky, clip_enable, relu, overflow, rounding} = mode;
  // Members of the output format: negative only when it is signed.
  logic signed [16:0] zero_point, clip;
  assign zero_point = {out_signed && zero_bits[15], zero_bits};
  assign clip = {out_signed && clip_bits[15], clip_bits};

  // Stage 1: multiply. Two slices: the low 24 bits and the rest.
  logic signed [41:0] low_product;
  logic signed [HIGH_BITS+16:0] high_product;
  logic [6:0] amount;
  bico_mul #(.A_BITS(25), .B_BITS(17), .INPUT_REGISTER(0)) low_mul (
      .clk, .a($signed({1'b0, value[23:0]})), .b($signed({1'b0, mult})), .product(low_product)
  );
  bico_mul #(.A_BITS(HIGH_BITS), .B_BITS(17), .INPUT_REGISTER(0)) high_mul (
      .clk, .a($signed(value[IN_BITS-1:24])), .b($signed({1'b0, mult})), .product(high_product)
  );
  always_ff @(posedge clk) amount <= shift[6:0] + 7'd16 + (leaky && value[IN_BITS-1] ? {2'b0, slope} : 7'd0);

  // Stage 2: shift right by `shift` + 16 what was first shifted left by 16, so that left shifts need no case of their
  // own. Bit 0 is the guard bit (half of the last bit kept), `sticky` the or of all below.
  localparam int W = P_BITS + 17;
  logic signed [P_BITS-1:0] product;
  logic signed [W-1:0] shifted;
  logic negative, guard, sticky, round_up, in_range;
  assign product = P_BITS'(low_product) + (P_BITS'(high_product) <<< 24);
  always_comb begin
    shifted = {product, 17'd0};
    sticky = 1'b0;
    for (int k = 0; k < 7; k++) begin
      if (amount[k]) begin
        sticky = sticky || (shifted & ~({W{1'b1}} << (1 << k))) != '0;
        shifted = shifted >>> (1 << k);
      end
    end
  end
  assign guard = shifted[0];
  assign negative = product[P_BITS-1];
  assign in_range = (&shifted[W-1:24]) || !(|shifted[W-1:24]);
  always_comb begin
    case (rounding)
      TRN: round_up = 1'b0;
      TRN_ZERO: round_up = negative && (guard || sticky);
      RND: round_up = guard;
      RND_ZERO: round_up = guard && (sticky || negative);
      RND_INF: round_up = guard && (sticky || !negative);
      RND_MIN_INF: round_up = guard && sticky;
      default: round_up = guard && (sticky || shifted[1]);
    endcase
  end

  // What leaves the 24 bits is far outside every format: it is kept as the nearest 24-bit value to compare with, beside
  // the low 16 bits for wrapping.
  logic signed [23:0] near;
  logic [15:0] low;
  logic up;
  always_ff @(posedge clk) begin
    near <= in_range ? shifted[24:1] : {negative, {23{!negative}}};
    low  <= shifted[16:1];
    up   <= round_up;
  end

  // Zero point, activation, overflow.
  logic signed [25:0] y, lowest, highest;
  logic [15:0] y_low, mask;
  logic below, above;
  always_comb begin
    mask = 16'hffff >> (5'd16 - bits);
    highest = out_signed ? {11'd0, mask[15:1]} : {10'd0, mask};
    if (!out_signed) lowest = '0;
    else if (narrow || overflow == SAT_SYM) lowest = -highest;
    else lowest = -highest - 26'sd1;

    y = 26'(near) + 26'(up) + 26'(zero_point);
    y_low = low + 16'(up) + zero_bits;
    if (relu && y < 26'(zero_point)) begin
      y = 26'(zero_point);
      y_low = zero_bits;
    end
    if (clip_enable && y > 26'(clip)) begin
      y = 26'(clip);
      y_low = clip_bits;
    end
    below = y < lowest;
    above = y > highest;

    if (out_signed && bits == 5'd1) result = y[25] ? 16'hffff : 16'd1;  // binary: the sign
    else if (overflow == SAT || overflow == SAT_SYM) result = below ? lowest[15:0] : above ? highest[15:0] : y_low;
    else if (overflow == SAT_ZERO) result = below || above ? '0 : y_low;
    else if (out_signed && (y_low & (mask ^ (mask >> 1))) != '0) begin  // wrap, to a negative value
      result = y_low | ~mask;
      if (narrow && (y_low & (mask >> 1)) == '0) result = lowest[15:0];
    end else result = y_low & mask;
  end
endmodule
