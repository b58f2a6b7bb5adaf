// C interface of the Verilated machine: one call a cycle. Layouts are those of `Inputs` and `Outputs` in model.rs.
#include "Vbico.h"
#include "Vbico___024root.h"
#include "verilated.h"
#ifdef BICO_TRACE
#include "verilated_vcd_c.h"
#endif
#include <cstdint>
#include <type_traits>

namespace {
struct Inputs {
  uint64_t rdata[3];
  uint32_t program_address;
  uint32_t program_descriptors;
  uint8_t reset, start, arready, rvalid, rlast, awready, wready, bvalid;
};
struct Outputs {
  uint64_t wdata;
  uint32_t araddr[3];
  uint32_t awaddr;
  uint8_t arlen[3];
  uint8_t arvalid, awlen, awvalid, wvalid, wlast, issue, done, interrupt;
  uint8_t write;              // units that write a bank word
  uint32_t write_bank;        // 4 bits a unit
  uint16_t write_address[8];
  uint32_t write_data[8][16];  // lane 0 lowest; only of the units in `write`
};
struct Machine {
  VerilatedContext context;
  Vbico top{&context, "bico"};
#ifdef BICO_TRACE
  VerilatedVcdC *trace = nullptr;
  uint64_t time = 0;
  Machine() { context.traceEverOn(true); }
  ~Machine() {
    if (trace) trace->close();
    delete trace;
  }
  void dump() { if (trace) trace->dump(time++); }
#else
  void dump() {}
#endif
};

// The i-th 32 bits of a signal of any width.
template <typename Signal>
uint32_t part(const Signal &signal, unsigned i) {
  if constexpr (std::is_integral_v<Signal>) return static_cast<uint32_t>(static_cast<uint64_t>(signal) >> (32 * i));
  else return signal[i];
}

// `bits` bits from bit `from` on.
template <typename Signal>
void extract(const Signal &signal, unsigned from, unsigned bits, uint32_t *out) {
  for (unsigned i = 0; 32 * i < bits; i++) {
    const unsigned at = from / 32 + i, shift = from % 32;
    uint64_t pair = part(signal, at);
    if (shift != 0 && 32 * (at + 1) < from + bits) pair |= static_cast<uint64_t>(part(signal, at + 1)) << 32;
    out[i] = static_cast<uint32_t>(pair >> shift);
  }
}
}  // namespace

#define API extern "C" __attribute__((visibility("default")))

API void *bico_new() { return new Machine; }
API void bico_delete(void *machine) { delete static_cast<Machine *>(machine); }

// Drives the inputs of one cycle, samples the outputs of the same cycle, then clocks.
API void bico_step(void *machine, const Inputs *in, Outputs *out) {
  Vbico &top = static_cast<Machine *>(machine)->top;
  for (int i = 0; i < 3; i++) {
    top.rdata[2 * i] = static_cast<uint32_t>(in->rdata[i]);
    top.rdata[2 * i + 1] = static_cast<uint32_t>(in->rdata[i] >> 32);
  }
  top.program_address = in->program_address;
  top.program_descriptors = in->program_descriptors;
  top.reset = in->reset;
  top.start = in->start;
  top.arready = in->arready;
  top.rvalid = in->rvalid;
  top.rlast = in->rlast;
  top.awready = in->awready;
  top.wready = in->wready;
  top.bvalid = in->bvalid;
  top.clk = 0;
  top.eval();
  out->wdata = top.wdata;
  out->awaddr = top.awaddr;
  for (int i = 0; i < 3; i++) {
    out->araddr[i] = top.araddr[i];
    out->arlen[i] = top.arlen >> (4 * i) & 15;
  }
  out->arvalid = top.arvalid;
  out->awlen = top.awlen;
  out->awvalid = top.awvalid;
  out->wvalid = top.wvalid;
  out->wlast = top.wlast;
  out->issue = top.issue;
  out->done = top.done;
  out->interrupt = top.irq;
  const Vbico___024root &nets = *top.rootp;
  out->write = nets.bico_top__DOT__bank_write;
  if (out->write != 0) {
    out->write_bank = nets.bico_top__DOT__write_bank;
    for (unsigned u = 0; u < 8; u++) {
      if (out->write >> u & 1) {
        out->write_address[u] = static_cast<uint16_t>(part(nets.bico_top__DOT__write_address, u / 2) >> (16 * (u % 2)));
        extract(nets.bico_top__DOT__write_data, u * BICO_WORD_BITS, BICO_WORD_BITS, out->write_data[u]);
      }
    }
  }
  static_cast<Machine *>(machine)->dump();
  top.clk = 1;
  top.eval();
  static_cast<Machine *>(machine)->dump();
}

#ifdef BICO_TRACE
// From now on every half cycle goes to a VCD file; time 0 is the clock edge before this cycle.
API void bico_trace(void *machine, const char *path) {
  Machine &m = *static_cast<Machine *>(machine);
  m.trace = new VerilatedVcdC;
  m.top.trace(m.trace, 99);
  m.trace->open(path);
}
#endif
