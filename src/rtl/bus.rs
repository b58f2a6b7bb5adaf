//! The harness's side of the AXI3 buses: DRAM contents, bursts in order, and the protocol's rules as checks.

use super::model::{Inputs, Outputs};
use super::responder::{Drive, READERS, Responder};
use crate::error::{Error, Result};
use crate::plan::Unit;
use std::collections::VecDeque;

/// A burst that was handed over.
#[derive(Clone, Copy, Debug)]
struct Burst {
    address: u32,
    beats: u8,
    sent: u8,
}

/// State of all masters' channels, and the memory behind them.
pub(super) struct Bus {
    /// DRAM, by byte.
    pub dram: Vec<u8>,
    limits: [usize; 4],
    reads: [VecDeque<Burst>; READERS],
    /// Address channel of writes, ahead of or behind the data channel.
    write_addresses: VecDeque<(u32, u8)>,
    write_data: VecDeque<Vec<u64>>,
    collecting: Vec<u64>,
    /// Complete bursts whose response is due; their data reaches the DRAM with it.
    unanswered: VecDeque<(u32, Vec<u64>)>,
    last_inputs: Inputs,
    last_outputs: Outputs,
}

impl Bus {
    /// Buses at rest. `limits`: bursts in flight that `fetch`, `load`, `weights` and `store` may have.
    pub fn new(dram: Vec<u8>, limits: [usize; 4]) -> Bus {
        Bus {
            dram,
            limits,
            reads: Default::default(),
            write_addresses: VecDeque::new(),
            write_data: VecDeque::new(),
            collecting: Vec::new(),
            unanswered: VecDeque::new(),
            last_inputs: Inputs::default(),
            last_outputs: Outputs::default(),
        }
    }

    /// Whether nothing is in flight.
    pub fn is_idle(&self) -> bool {
        self.reads.iter().all(VecDeque::is_empty)
            && self.write_addresses.is_empty()
            && self.write_data.is_empty()
            && self.collecting.is_empty()
            && self.unanswered.is_empty()
    }

    /// Turns what the responder drives into the RTL's inputs.
    ///
    /// # Errors
    /// When the responder answers what nobody asked.
    pub fn drive(&mut self, cycle: u64, drive: &Drive, inputs: &mut Inputs) -> Result<()> {
        inputs.arready = mask(&drive.ar_ready);
        inputs.rvalid = mask(&drive.read_beat);
        inputs.rlast = 0;
        for (reader, _) in drive.read_beat.iter().enumerate().filter(|(_, beat)| **beat) {
            let reads = &mut self.reads[reader];
            let Some(burst) = reads.front_mut() else { return Err(broken(cycle, reader, "a beat without a request")) };
            let at = burst.address as usize + 8 * usize::from(burst.sent);
            inputs.rdata[reader] = u64::from_le_bytes(self.dram[at..at + 8].try_into().expect("8 bytes"));
            burst.sent += 1;
            if burst.sent == burst.beats {
                inputs.rlast |= 1 << reader;
                reads.pop_front();
            }
        }
        inputs.awready = drive.aw_ready.into();
        inputs.wready = drive.w_ready.into();
        inputs.bvalid = drive.write_response.into();
        if drive.write_response {
            let Some((address, data)) = self.unanswered.pop_front() else {
                return Err(broken(cycle, READERS, "a write response without a burst"));
            };
            for (word, bytes) in data.iter().zip(self.dram[address as usize..].chunks_exact_mut(8)) {
                bytes.copy_from_slice(&word.to_le_bytes());
            }
        }
        Ok(())
    }

    /// Takes what the RTL drives in the same cycle: checks it, hands complete requests to the responder.
    ///
    /// # Errors
    /// A fault that names cycle and unit when the RTL breaks a rule of AXI3 or of the contract.
    pub fn observe(&mut self, cycle: u64, inputs: &Inputs, out: &Outputs, responder: &mut dyn Responder) -> Result<()> {
        self.check_stable(cycle, out)?;
        for reader in 0..READERS {
            if out.arvalid & inputs.arready & (1 << reader) != 0 {
                let (address, beats) = (out.araddr[reader], out.arlen[reader] + 1);
                self.check_burst(cycle, reader, address, beats)?;
                self.reads[reader].push_back(Burst { address, beats, sent: 0 });
                if self.reads[reader].len() > self.limits[reader] {
                    return Err(broken(cycle, reader, "more bursts in flight than its port allows"));
                }
                responder.read(cycle, reader, address, beats)?;
            }
        }
        if out.awvalid & inputs.awready == 1 {
            self.check_burst(cycle, READERS, out.awaddr, out.awlen + 1)?;
            self.write_addresses.push_back((out.awaddr, out.awlen + 1));
        }
        if out.wvalid & inputs.wready == 1 {
            self.collecting.push(out.wdata);
            if out.wlast == 1 {
                self.write_data.push_back(std::mem::take(&mut self.collecting));
            }
        }
        while let (Some(&(address, beats)), Some(_)) = (self.write_addresses.front(), self.write_data.front()) {
            let data = self.write_data.pop_front().expect("checked");
            self.write_addresses.pop_front();
            if data.len() != usize::from(beats) {
                return Err(broken(cycle, READERS, "WLAST is not on the last beat of its burst"));
            }
            responder.write(cycle, address, beats)?;
            self.unanswered.push_back((address, data));
            if self.unanswered.len() > self.limits[READERS] {
                return Err(broken(cycle, READERS, "more bursts in flight than its port allows"));
            }
        }
        (self.last_inputs, self.last_outputs) = (*inputs, *out);
        Ok(())
    }

    /// VALID and what it carries stay until READY.
    fn check_stable(&self, cycle: u64, out: &Outputs) -> Result<()> {
        let (inputs, last) = (&self.last_inputs, &self.last_outputs);
        for reader in 0..READERS {
            let bit = 1 << reader;
            let changed = out.arvalid & bit == 0 || out.araddr[reader] != last.araddr[reader] || out.arlen[reader] != last.arlen[reader];
            if last.arvalid & !inputs.arready & bit != 0 && changed {
                return Err(broken(cycle, reader, "AR changed before it was accepted"));
            }
        }
        if last.awvalid & !inputs.awready & 1 == 1 && (out.awvalid == 0 || out.awaddr != last.awaddr || out.awlen != last.awlen) {
            return Err(broken(cycle, READERS, "AW changed before it was accepted"));
        }
        if last.wvalid & !inputs.wready & 1 == 1 && (out.wvalid == 0 || out.wdata != last.wdata || out.wlast != last.wlast) {
            return Err(broken(cycle, READERS, "W changed before it was accepted"));
        }
        Ok(())
    }

    fn check_burst(&self, cycle: u64, master: usize, address: u32, beats: u8) -> Result<()> {
        let end = u64::from(address) + 8 * u64::from(beats);
        if !address.is_multiple_of(8) || beats > 16 {
            return Err(broken(cycle, master, &format!("burst of {beats} beats at {address:#x} is not aligned or too long")));
        }
        if u64::from(address) / 4096 != (end - 1) / 4096 {
            return Err(broken(cycle, master, &format!("burst of {beats} beats at {address:#x} crosses 4 KiB")));
        }
        if end > self.dram.len() as u64 {
            return Err(broken(cycle, master, &format!("burst at {address:#x} is outside the DRAM image")));
        }
        Ok(())
    }
}

fn mask(bits: &[bool; READERS]) -> u8 {
    bits.iter().enumerate().fold(0, |m, (i, &b)| m | u8::from(b) << i)
}

fn broken(cycle: u64, master: usize, what: &str) -> Error {
    let unit = if master < READERS { Unit::ALL[master] } else { Unit::Store };
    Error::fault(format!("cycle {cycle}: `{unit}`: {what}"))
}
