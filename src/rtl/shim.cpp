// C interface of the Verilated machine: one call a cycle. Layouts are those of `Inputs` and `Outputs` in model.rs.
#include "Vbico.h"
#include "verilated.h"
#include <cstdint>

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
  uint8_t arvalid, awlen, awvalid, wvalid, wlast, issue, done, interrupt, padding;
};
struct Machine {
  VerilatedContext context;
  Vbico top{&context, "bico"};
};
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
  top.clk = 1;
  top.eval();
}
