// C interface of the Verilated system: one call a cycle. Layouts are those of `Inputs` and `Outputs` in system.rs; bit or
// element p belongs to HP port p.
#include "Vbico.h"
#include "verilated.h"
#include <cstdint>

namespace {
struct Inputs {
  uint64_t rdata[4];
  uint32_t s_awaddr, s_wdata, s_araddr;
  uint8_t rresp[4], bresp[4];
  uint8_t arready, rvalid, rlast, awready, wready, bvalid;
  uint8_t aresetn, s_awvalid, s_wstrb, s_wvalid, s_bready, s_arvalid, s_rready;
  uint8_t padding[7];
};
struct Outputs {
  uint64_t wdata[4];
  uint32_t araddr[4], awaddr[4];
  uint32_t s_rdata;
  uint8_t arlen[4], awlen[4];
  uint8_t arvalid, awvalid, wvalid, wlast, attributes;
  uint8_t s_awready, s_wready, s_bvalid, s_bresp, s_arready, s_rvalid, s_rresp, irq;
  uint8_t padding[3];
};
struct Machine {
  VerilatedContext context;
  Vbico top{&context, "bico"};
};
}  // namespace

#define API extern "C" __attribute__((visibility("default")))
#define PORTS(of) of(0) of(1) of(2) of(3)

API void *bico_new() { return new Machine; }
API void bico_delete(void *machine) { delete static_cast<Machine *>(machine); }

// Drives the inputs of one cycle, samples the outputs of the same cycle, then clocks.
API void bico_step(void *machine, const Inputs *in, Outputs *out) {
  Vbico &top = static_cast<Machine *>(machine)->top;
  top.aresetn = in->aresetn;
  top.s_axi_awaddr = in->s_awaddr & 4095;
  top.s_axi_awprot = 0;
  top.s_axi_awvalid = in->s_awvalid;
  top.s_axi_wdata = in->s_wdata;
  top.s_axi_wstrb = in->s_wstrb;
  top.s_axi_wvalid = in->s_wvalid;
  top.s_axi_bready = in->s_bready;
  top.s_axi_araddr = in->s_araddr & 4095;
  top.s_axi_arprot = 0;
  top.s_axi_arvalid = in->s_arvalid;
  top.s_axi_rready = in->s_rready;
#define DRIVE(p)                                  \
  top.m_axi_hp##p##_arready = in->arready >> p & 1; \
  top.m_axi_hp##p##_rid = 0;                        \
  top.m_axi_hp##p##_rdata = in->rdata[p];           \
  top.m_axi_hp##p##_rresp = in->rresp[p];           \
  top.m_axi_hp##p##_rlast = in->rlast >> p & 1;     \
  top.m_axi_hp##p##_rvalid = in->rvalid >> p & 1;   \
  top.m_axi_hp##p##_awready = in->awready >> p & 1; \
  top.m_axi_hp##p##_wready = in->wready >> p & 1;   \
  top.m_axi_hp##p##_bid = 0;                        \
  top.m_axi_hp##p##_bresp = in->bresp[p];           \
  top.m_axi_hp##p##_bvalid = in->bvalid >> p & 1;
  PORTS(DRIVE)
  top.aclk = 0;
  top.eval();
  *out = Outputs{};
// What never changes: size, burst type, identifiers, strobes, lock, cache, protection, quality of service, the answer to responses.
#define SAMPLE(p)                                                                                                    \
  out->araddr[p] = top.m_axi_hp##p##_araddr;                                                                         \
  out->arlen[p] = top.m_axi_hp##p##_arlen;                                                                           \
  out->arvalid |= top.m_axi_hp##p##_arvalid << p;                                                                    \
  out->awaddr[p] = top.m_axi_hp##p##_awaddr;                                                                         \
  out->awlen[p] = top.m_axi_hp##p##_awlen;                                                                           \
  out->awvalid |= top.m_axi_hp##p##_awvalid << p;                                                                    \
  out->wdata[p] = top.m_axi_hp##p##_wdata;                                                                           \
  out->wvalid |= top.m_axi_hp##p##_wvalid << p;                                                                      \
  out->wlast |= top.m_axi_hp##p##_wlast << p;                                                                        \
  out->attributes |= (top.m_axi_hp##p##_arsize == 3 && top.m_axi_hp##p##_awsize == 3 && top.m_axi_hp##p##_arburst == 1 && \
                      top.m_axi_hp##p##_awburst == 1 && top.m_axi_hp##p##_wstrb == 255 && top.m_axi_hp##p##_rready &&     \
                      top.m_axi_hp##p##_bready && !top.m_axi_hp##p##_arid && !top.m_axi_hp##p##_awid &&                   \
                      !top.m_axi_hp##p##_wid && !top.m_axi_hp##p##_arlock && !top.m_axi_hp##p##_awlock &&                 \
                      top.m_axi_hp##p##_arcache == 3 && top.m_axi_hp##p##_awcache == 3 && !top.m_axi_hp##p##_arprot &&    \
                      !top.m_axi_hp##p##_awprot && !top.m_axi_hp##p##_arqos && !top.m_axi_hp##p##_awqos)                  \
                     << p;
  PORTS(SAMPLE)
  out->s_awready = top.s_axi_awready;
  out->s_wready = top.s_axi_wready;
  out->s_bvalid = top.s_axi_bvalid;
  out->s_bresp = top.s_axi_bresp;
  out->s_arready = top.s_axi_arready;
  out->s_rvalid = top.s_axi_rvalid;
  out->s_rdata = top.s_axi_rdata;
  out->s_rresp = top.s_axi_rresp;
  out->irq = top.irq;
  top.aclk = 1;
  top.eval();
}
