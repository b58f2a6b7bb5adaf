//! The harness around `bico_system`: registers over AXI4-Lite, a memory behind the HP ports, the interrupt line.

use super::axi_lite::{Answer, AxiLite};
use super::bus::Bus;
use super::model::{self, Machine, Model};
use super::responder::{READERS, Responder};
use crate::accelerator::Accelerator;
use crate::error::{Error, Result};

const PORTS: usize = 4;
/// Cycles after which a register access is given up; it has to wait for the end of the reset at most.
const PATIENCE_CYCLES: u64 = 1_000;

/// What the harness drives in one cycle. The layout is that of `Inputs` in `system.cpp`; element or bit p belongs to HP port p.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Inputs {
    rdata: [u64; PORTS],
    s_awaddr: u32,
    s_wdata: u32,
    s_araddr: u32,
    rresp: [u8; PORTS],
    bresp: [u8; PORTS],
    arready: u8,
    rvalid: u8,
    rlast: u8,
    awready: u8,
    wready: u8,
    bvalid: u8,
    aresetn: u8,
    s_awvalid: u8,
    s_wstrb: u8,
    s_wvalid: u8,
    s_bready: u8,
    s_arvalid: u8,
    s_rready: u8,
    padding: [u8; 7],
}

/// What the RTL drives in the same cycle. The layout is that of `Outputs` in `system.cpp`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Outputs {
    wdata: [u64; PORTS],
    araddr: [u32; PORTS],
    awaddr: [u32; PORTS],
    s_rdata: u32,
    arlen: [u8; PORTS],
    awlen: [u8; PORTS],
    arvalid: u8,
    awvalid: u8,
    wvalid: u8,
    wlast: u8,
    /// Ports whose constant signals hold what they should.
    attributes: u8,
    s_awready: u8,
    s_wready: u8,
    s_bvalid: u8,
    s_bresp: u8,
    s_arready: u8,
    s_rvalid: u8,
    s_rresp: u8,
    irq: u8,
    padding: [u8; 3],
}

/// A compiled `bico_system`.
pub type SystemModel = Model<Inputs, Outputs>;

/// A running `bico_system`.
pub struct System<'a> {
    machine: Machine<'a, Inputs, Outputs>,
    bus: Bus,
    responder: &'a mut dyn Responder,
    registers: AxiLite,
    /// HP port of each read master, and of the write master.
    ports: [usize; READERS + 1],
    base: u32,
    inputs: Inputs,
    cycle: u64,
    irq: bool,
}

impl<'a> System<'a> {
    /// Out of reset. `dram` lies at the physical address `base`; the channels of the register port stall by random numbers of cycles
    /// below `skew`.
    ///
    /// # Errors
    /// A fault when the RTL does anything under reset.
    pub fn new(
        model: &'a SystemModel,
        acc: &Accelerator,
        dram: &[u8],
        base: u32,
        responder: &'a mut dyn Responder,
        (seed, skew): (u64, usize),
    ) -> Result<System<'a>> {
        let limits = [2, acc.load_port.outstanding_bursts, acc.weights_port.outstanding_bursts, acc.store_port.outstanding_bursts];
        let mut system = System {
            machine: model.machine(),
            bus: Bus::new(dram.to_vec(), limits),
            responder,
            registers: AxiLite::new(seed, skew),
            ports: [acc.fetch_port.hp, acc.load_port.hp, acc.weights_port.hp, acc.store_port.hp].map(usize::from),
            base,
            inputs: Inputs::default(),
            cycle: 0,
            irq: false,
        };
        system.reset()?;
        Ok(system)
    }

    /// Resets the accelerator, not the memory: what is on its way goes on.
    ///
    /// # Errors
    /// As [`System::write`].
    pub fn reset(&mut self) -> Result<()> {
        self.inputs.aresetn = 0;
        self.idle(4)?;
        self.inputs.aresetn = 1;
        Ok(())
    }

    /// Contents of the memory.
    pub fn dram(&self) -> &[u8] {
        &self.bus.dram
    }
    /// Writes into the memory, as software would between frames.
    pub fn dram_mut(&mut self) -> &mut [u8] {
        &mut self.bus.dram
    }
    /// The next cycle, counted from the first with the reset.
    pub fn cycle(&self) -> u64 {
        self.cycle
    }
    /// The interrupt line in the last cycle.
    pub fn irq(&self) -> bool {
        self.irq
    }
    /// From now on every read beat and every write response carries these (0: OKAY).
    pub fn set_responses(&mut self, read: u8, write: u8) {
        (self.inputs.rresp, self.inputs.bresp) = ([read; PORTS], [write; PORTS]);
    }

    /// Writes a register; gives the cycle in which its response became valid.
    ///
    /// # Errors
    /// A fault when a rule of AXI is broken or nothing answers.
    pub fn write(&mut self, offset: u32, value: u32, strobes: u8) -> Result<u64> {
        let at = self.registers.b_cycles.len();
        self.registers.post_write(offset, value, strobes);
        self.drain()?;
        Ok(self.registers.b_cycles[at])
    }

    /// Reads a register.
    ///
    /// # Errors
    /// As [`System::write`].
    pub fn read(&mut self, offset: u32) -> Result<u32> {
        Ok(self.accesses(&[], &[offset])?.1[0])
    }

    /// Writes (offset, value) and reads at the same time, each in order; gives the cycles of the write responses and the values read.
    ///
    /// # Errors
    /// As [`System::write`].
    pub fn accesses(&mut self, writes: &[(u32, u32)], reads: &[u32]) -> Result<(Vec<u64>, Vec<u32>)> {
        let (b, r) = (self.registers.b_cycles.len(), self.registers.values.len());
        writes.iter().for_each(|&(offset, value)| self.registers.post_write(offset, value, 15));
        reads.iter().for_each(|&offset| self.registers.post_read(offset));
        self.drain()?;
        Ok((self.registers.b_cycles[b..].to_vec(), self.registers.values[r..].to_vec()))
    }

    fn drain(&mut self) -> Result<()> {
        let start_cycle = self.cycle;
        while !self.registers.is_idle() {
            self.step()?;
            if self.cycle - start_cycle > PATIENCE_CYCLES {
                return Err(Error::fault(format!("cycle {}: no answer on AXI4-Lite", self.cycle)));
            }
        }
        Ok(())
    }

    /// Waits for the interrupt line; gives the cycle in which it was first seen high.
    ///
    /// # Errors
    /// A fault when it stays low for `limit_cycles`, or as [`System::write`].
    pub fn wait_interrupt(&mut self, limit_cycles: u64) -> Result<u64> {
        for _ in 0..limit_cycles {
            self.step()?;
            if self.irq {
                return Ok(self.cycle - 1);
            }
        }
        Err(Error::fault(format!("cycle {}: no interrupt", self.cycle)))
    }

    /// Lets cycles pass.
    ///
    /// # Errors
    /// As [`System::write`].
    pub fn idle(&mut self, cycles: u64) -> Result<()> {
        (0..cycles).try_for_each(|_| self.step())
    }

    /// One cycle.
    fn step(&mut self) -> Result<()> {
        let mut core = model::Inputs::default();
        self.bus.drive(self.cycle, &self.responder.drive(self.cycle), &mut core)?;
        self.drive_ports(&core);
        if self.inputs.aresetn == 1 {
            self.drive_registers();
        }
        let out = *self.machine.step(&self.inputs);
        let seen = self.sample_ports(&out)?;
        self.bus.observe(self.cycle, &core, &seen, self.responder)?;
        let answer = Answer {
            aw_ready: out.s_awready == 1,
            w_ready: out.s_wready == 1,
            ar_ready: out.s_arready == 1,
            b: (out.s_bvalid == 1).then_some(out.s_bresp),
            r: (out.s_rvalid == 1).then_some((out.s_rdata, out.s_rresp)),
        };
        self.registers.sample(self.cycle, answer)?;
        self.irq = out.irq == 1;
        self.cycle += 1;
        Ok(())
    }

    fn drive_ports(&mut self, core: &model::Inputs) {
        let i = &mut self.inputs;
        (i.arready, i.rvalid, i.rlast) = (0, 0, 0);
        for (reader, &port) in self.ports[..READERS].iter().enumerate() {
            let bit = |mask: u8| (mask >> reader & 1) << port;
            i.arready |= bit(core.arready);
            i.rvalid |= bit(core.rvalid);
            i.rlast |= bit(core.rlast);
            i.rdata[port] = core.rdata[reader];
        }
        let store = self.ports[READERS];
        (i.awready, i.wready, i.bvalid) = (core.awready << store, core.wready << store, core.bvalid << store);
    }

    fn drive_registers(&mut self) {
        let drive = self.registers.drive();
        let i = &mut self.inputs;
        (i.s_awvalid, i.s_awaddr) = (drive.write_address.is_some().into(), drive.write_address.unwrap_or(!0));
        let (data, strobes) = drive.write_data.unwrap_or((!0, 15));
        (i.s_wvalid, i.s_wdata, i.s_wstrb) = (drive.write_data.is_some().into(), data, strobes);
        (i.s_arvalid, i.s_araddr) = (drive.read_address.is_some().into(), drive.read_address.unwrap_or(!0));
        (i.s_bready, i.s_rready) = (drive.b_ready.into(), drive.r_ready.into());
    }

    /// What the machine's masters drive, found at their HP ports.
    fn sample_ports(&self, out: &Outputs) -> Result<model::Outputs> {
        let mut seen = model::Outputs::default();
        let mut readers = 0;
        for (reader, &port) in self.ports[..READERS].iter().enumerate() {
            readers |= 1 << port;
            seen.arvalid |= (out.arvalid >> port & 1) << reader;
            seen.araddr[reader] = out.araddr[port].wrapping_sub(self.base);
            seen.arlen[reader] = out.arlen[port];
        }
        let store = self.ports[READERS];
        let bit = |mask: u8| mask >> store & 1;
        (seen.awvalid, seen.wvalid, seen.wlast) = (bit(out.awvalid), bit(out.wvalid), bit(out.wlast));
        (seen.awaddr, seen.awlen, seen.wdata) = (out.awaddr[store].wrapping_sub(self.base), out.awlen[store], out.wdata[store]);
        let stray = out.arvalid & !readers | (out.awvalid | out.wvalid) & !(1 << store);
        if stray != 0 || out.attributes != 15 {
            let found = format!("ports {stray:#x} speak, constant signals right on {:#x}", out.attributes);
            return Err(
                Error::fault(format!("cycle {}: HP ports of no unit speak, or a constant signal is wrong", self.cycle)).value(found)
            );
        }
        Ok(seen)
    }
}
