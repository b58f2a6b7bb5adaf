//! From what an accelerator file says to what it means: ranges first, then what the parts promise each other.

use super::raw::{RawAccelerator, RawBank, RawConv, RawDepthwise, RawPointwise};
use super::{Accelerator, Bank, IpConfig, Port};
use crate::config::Document;
use crate::error::Result;
use crate::fixed::Format;
use crate::plan::Unit;
use crate::plan::descriptor::{KERNEL_ROWS, WORD_BEATS};
use crate::units::Hertz;

/// Channel blocks that packing and DRAM layout know.
pub const LANES: [usize; 4] = [4, 8, 16, 32];
/// Bank, weight and parameter addresses have 16 bits in a descriptor.
const MOST_ROWS: usize = 1 << 16;
/// Longest tile side; sources of up to 2,047 rows and columns (11 bits) hold it with stride 1 and halo.
const MOST_PIXELS: usize = 1024;
/// Width of the multiplier port that takes two weights (DSP48E1).
const PACKED_BITS: u32 = 25;
/// Narrower weights need no multiplier.
const LEAST_PACKED_WEIGHT_BITS: u8 = 3;
/// What tap counts of a descriptor hold.
const LARGEST_KERNEL: usize = KERNEL_ROWS.largest() as usize;

impl Document<RawAccelerator> {
    /// What the file means.
    ///
    /// # Errors
    /// Input: a value out of range or parts that do not fit together, with file, line, value, what is allowed and what to do.
    pub fn check(&self) -> Result<Accelerator> {
        let raw = &self.raw;
        self.one_of("lanes", raw.lanes, &LANES)?;
        let accelerator = Accelerator {
            name: self.name(),
            clock: Hertz::from_mhz(self.in_range("clock_mhz", raw.clock_mhz, 1.0..=1000.0)?),
            lanes: raw.lanes,
            feature_bits: self.in_range("feature_bits", raw.feature_bits, 1..=16)?,
            weight_bits: self.in_range("weight_bits", raw.weight_bits, 1..=16)?,
            tile: (
                self.in_range("tile.rows", raw.tile.rows, 1..=MOST_PIXELS)?,
                self.in_range("tile.cols", raw.tile.cols, 1..=MOST_PIXELS)?,
            ),
            queue_depth: self.in_range("queue_depth", raw.queue_depth, 2..=16)?,
            banks: raw.banks.iter().map(bank).collect(),
            depthwise: self.depthwise()?,
            pointwise: self.pointwise()?,
            conv: self.conv()?,
            vector: self.vector()?,
            load_port: self.port("load", raw.ports.load.hp, raw.ports.load.outstanding_bursts)?,
            weights_port: self.port("weights", raw.ports.weights.hp, raw.ports.weights.outstanding_bursts)?,
            store_port: self.port("store", raw.ports.store.hp, raw.ports.store.outstanding_bursts)?,
            fetch_port: self.port("fetch", raw.ports.fetch.hp, 2)?,
        };
        self.check_ports()?;
        self.check_weight_rows(&accelerator)?;
        if !Unit::ALL.iter().any(|&u| accelerator.ip(u).is_some()) {
            return Err(self.error("", "no compute IP").hint("add at least one table of [depthwise], [pointwise], [conv], [vector]"));
        }
        self.check_banks(&accelerator)?;
        self.check_paths(&accelerator)?;
        Ok(accelerator)
    }

    fn parallel(&self, key: &str, value: usize) -> Result<usize> {
        let lanes = self.raw.lanes;
        if value >= 1 && lanes.is_multiple_of(value) {
            return Ok(value);
        }
        let divisors: Vec<String> = (0..=lanes.ilog2()).map(|n| (1_usize << n).to_string()).collect();
        Err(self
            .error(key, format!("`{key}` does not divide `lanes`"))
            .value(value)
            .allowed(format!("{} (lanes = {lanes})", divisors.join(", "))))
    }

    fn depthwise(&self) -> Result<Option<IpConfig>> {
        let make =
            |ip: RawDepthwise| self.multiplying(Unit::Depthwise, [ip.parallel; 2], ip.max_kernel, [ip.weight_rows, ip.parameter_rows]);
        self.raw.depthwise.map(make).transpose()
    }

    fn pointwise(&self) -> Result<Option<IpConfig>> {
        let make = |ip: RawPointwise| {
            let parallel = [ip.parallel_in, ip.parallel_out];
            let made = self.multiplying(Unit::Pointwise, parallel, 1, [ip.weight_rows, ip.parameter_rows])?;
            self.packed(Unit::Pointwise, made, ip.packed)
        };
        self.raw.pointwise.map(make).transpose()
    }

    fn conv(&self) -> Result<Option<IpConfig>> {
        let make = |ip: RawConv| {
            let parallel = [ip.parallel_in, ip.parallel_out];
            let made = self.multiplying(Unit::Conv, parallel, ip.max_kernel, [ip.weight_rows, ip.parameter_rows])?;
            self.packed(Unit::Conv, made, ip.packed)
        };
        self.raw.conv.map(make).transpose()
    }

    /// `parallel` is [in, out], `rows` is [weights, parameters].
    fn multiplying(&self, unit: Unit, parallel: [usize; 2], max_kernel: usize, rows: [usize; 2]) -> Result<IpConfig> {
        let keys = if unit == Unit::Depthwise { ["parallel", "parallel"] } else { ["parallel_in", "parallel_out"] };
        let parallel_in = self.parallel(&format!("{unit}.{}", keys[0]), parallel[0])?;
        let parallel_out = self.parallel(&format!("{unit}.{}", keys[1]), parallel[1])?;
        self.in_range(&format!("{unit}.max_kernel"), max_kernel, 1..=LARGEST_KERNEL)?;
        let ip = IpConfig { parallel_in, parallel_out, weight_rows: rows[0], parameter_rows: rows[1], max_kernel, packed: false };
        if let Some((weights, parameters)) = fewest_rows(unit, self.raw.lanes, &ip) {
            self.rows(&format!("{unit}.weight_rows"), rows[0], weights, "the taps of one channel block at its largest kernel")?;
            self.rows(&format!("{unit}.parameter_rows"), rows[1], parameters, "one channel block")?;
        }
        Ok(ip)
    }

    /// Whether two weights and what their products need fit one multiplier (contract, point 21).
    fn packed(&self, unit: Unit, ip: IpConfig, packed: bool) -> Result<IpConfig> {
        let key = format!("{unit}.packed");
        let (features, weights) = (self.raw.feature_bits, self.raw.weight_bits);
        if packed && (!packs(features, weights) || ip.parallel_out < 2) {
            return Err(self
                .error(&key, "two output channels do not fit one multiplier")
                .value(format!("{features}-bit features, {weights}-bit weights, parallel_out = {}", ip.parallel_out))
                .allowed(format!(
                    "feature_bits + 2 x weight_bits + 1 of at most {PACKED_BITS}, weight_bits of {LEAST_PACKED_WEIGHT_BITS} or more, parallel_out of 2 or more"
                ))
                .hint("narrow features or weights, or remove `packed`"));
        }
        Ok(IpConfig { packed, ..ip })
    }

    fn rows(&self, key: &str, value: usize, fewest: usize, why: &str) -> Result<()> {
        if (fewest..=MOST_ROWS).contains(&value) {
            return Ok(());
        }
        let error = self.error(key, format!("`{key}` is out of range")).value(value);
        if fewest > MOST_ROWS {
            return Err(error
                .allowed(format!("{fewest} or more, to hold {why}, but addresses end at {MOST_ROWS}"))
                .hint("lower max_kernel"));
        }
        Err(error.allowed(format!("{fewest} to {MOST_ROWS}: it must hold {why}")))
    }

    fn vector(&self) -> Result<Option<IpConfig>> {
        let Some(ip) = self.raw.vector else { return Ok(None) };
        let parallel = self.parallel("vector.parallel", ip.parallel)?;
        let max_kernel = self.in_range("vector.max_kernel", ip.max_kernel, 1..=LARGEST_KERNEL)?;
        Ok(Some(IpConfig { parallel_in: parallel, parallel_out: parallel, weight_rows: 0, parameter_rows: 0, max_kernel, packed: false }))
    }

    fn port(&self, unit: &str, hp: u8, outstanding_bursts: usize) -> Result<Port> {
        let hp = self.in_range(&format!("ports.{unit}.hp"), hp, 0..=3)?;
        let key = format!("ports.{unit}.outstanding_bursts");
        Ok(Port { hp, outstanding_bursts: self.in_range(&key, outstanding_bursts, 1..=16)? })
    }

    /// The three readers own their read channels (contract, section 7).
    fn check_ports(&self) -> Result<()> {
        let p = &self.raw.ports;
        let readers = [("load", p.load.hp), ("weights", p.weights.hp), ("fetch", p.fetch.hp)];
        for (i, (unit, hp)) in readers.iter().enumerate() {
            if let Some((other, _)) = readers[..i].iter().find(|(_, used)| used == hp) {
                let free: Vec<String> = (0..4).filter(|n| readers.iter().all(|r| r.1 != *n)).map(|n: u8| n.to_string()).collect();
                let error = self.error(&format!("ports.{unit}.hp"), format!("`{unit}` and `{other}` share the read channel of an HP port"));
                return Err(error
                    .value(hp)
                    .allowed("different HP ports for load, weights and fetch")
                    .hint(format!("free: {}", free.join(", "))));
            }
        }
        Ok(())
    }

    fn check_banks(&self, accelerator: &Accelerator) -> Result<()> {
        let banks = &self.raw.banks;
        if banks.is_empty() || banks.len() > 8 {
            return Err(self.error("banks", "wrong number of feature banks").value(banks.len()).allowed("1 to 8"));
        }
        for (i, bank) in banks.iter().enumerate() {
            let key = |field: &str| format!("banks[{i}].{field}");
            let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if !bank.name.starts_with(|c: char| c.is_ascii_lowercase()) || !bank.name.chars().all(word) || bank.name.len() > 16 {
                let error = self.error(&key("name"), "not a name for a bank").value(&bank.name);
                return Err(error.allowed("up to 16 of a-z, 0-9, _, a letter first"));
            }
            if banks[..i].iter().any(|other| other.name == bank.name) {
                return Err(self.error(&key("name"), "two banks of one name").value(&bank.name).hint("names are unique"));
            }
            self.in_range(&key("words"), bank.words, 1..=MOST_ROWS)?;
            self.check_connections(accelerator, &key("writers"), &bank.writers, Unit::Load)?;
            self.check_connections(accelerator, &key("readers"), &bank.readers, Unit::Store)?;
        }
        Ok(())
    }

    /// The units of one port of a bank: compute units that exist, or the transfer unit that belongs there.
    fn check_connections(&self, accelerator: &Accelerator, key: &str, units: &[Unit], transfer: Unit) -> Result<()> {
        if units.is_empty() {
            return Err(self.error(key, format!("`{key}` is empty")).hint("a bank that nobody writes or reads is of no use: remove it"));
        }
        for (i, &unit) in units.iter().enumerate() {
            let key = format!("{key}[{i}]");
            if unit != transfer && !unit.is_compute() {
                let error = self.error(&key, "a unit that cannot be connected here").value(unit);
                return Err(error.allowed(format!("{transfer}, depthwise, pointwise, conv, vector")));
            }
            if unit.is_compute() && accelerator.ip(unit).is_none() {
                let error = self.error(&key, "a compute IP that this accelerator does not have").value(unit);
                return Err(error.hint(format!("add a table [{unit}] or remove it here")));
            }
            if units[..i].contains(&unit) {
                return Err(self.error(&key, "a unit is named twice").value(unit));
            }
        }
        Ok(())
    }

    /// Each unit has a bank to read and one to write, and what `load` brings can reach `store` through each compute IP.
    /// A row of weights comes from DRAM as one word, whose beats a descriptor counts.
    fn check_weight_rows(&self, accelerator: &Accelerator) -> Result<()> {
        let most = WORD_BEATS.largest() as usize;
        for unit in [Unit::Pointwise, Unit::Conv] {
            let beats = accelerator.weight_row_bytes(unit, Format::signed(accelerator.weight_bits, 0).container_bits()) / 8;
            if beats > most {
                let error =
                    self.error(unit.name(), format!("a row of weights of `{unit}` is too long")).value(format!("{beats} beats of 64 bits"));
                return Err(error.allowed(format!("at most {most}")).hint("lower parallel_in, parallel_out or weight_bits"));
            }
        }
        Ok(())
    }

    fn check_paths(&self, accelerator: &Accelerator) -> Result<()> {
        let banks = &accelerator.banks;
        let needs = |unit: Unit, writes: bool| {
            let connected = banks.iter().any(|b| if writes { &b.writers } else { &b.readers }.contains(&unit));
            if connected {
                return Ok(());
            }
            let (list, verb) = if writes { ("writers", "write") } else { ("readers", "read") };
            let error = self.error(unit.name(), format!("`{unit}` has no bank to {verb}"));
            Err(error.hint(format!("name \"{unit}\" in the {list} of a bank")))
        };
        needs(Unit::Load, true)?;
        needs(Unit::Store, false)?;
        let compute = || Unit::ALL.into_iter().filter(|&u| accelerator.ip(u).is_some());
        for unit in compute() {
            needs(unit, false)?;
            needs(unit, true)?;
        }
        for unit in compute() {
            if !reaches(banks, Unit::Load, unit) || !reaches(banks, unit, Unit::Store) {
                let error = self.error(unit.name(), format!("no path of banks from `load` through `{unit}` to `store`"));
                return Err(error.hint(format!("let load write a bank that {unit} reads, and store read a bank that it writes")));
            }
        }
        Ok(())
    }
}

/// Whether the weights of two output channels fit one multiplier of 25 x 18 bits beside each other.
pub fn packs(feature_bits: u8, weight_bits: u8) -> bool {
    weight_bits >= LEAST_PACKED_WEIGHT_BITS && u32::from(feature_bits) + 2 * u32::from(weight_bits) < PACKED_BITS
}

/// Fewest weight and parameter rows of an IP that multiplies; `None` for the others. No partial sum leaves an IP, so the rows of one block of
/// output channels over one block of input channels must fit at once.
pub fn fewest_rows(unit: Unit, lanes: usize, ip: &IpConfig) -> Option<(usize, usize)> {
    let sub_blocks = match unit {
        Unit::Depthwise => 1,
        Unit::Pointwise | Unit::Conv => lanes / ip.parallel_in,
        _ => return None,
    };
    let groups = lanes / ip.parallel_out;
    Some((groups * sub_blocks * ip.max_kernel * ip.max_kernel, groups))
}

/// Whether data that `from` writes can get to `to` through banks and compute units.
fn reaches(banks: &[Bank], from: Unit, to: Unit) -> bool {
    let mut reached = vec![from];
    let mut next = 0;
    while let Some(&unit) = reached.get(next) {
        next += 1;
        for reader in banks.iter().filter(|b| b.writers.contains(&unit)).flat_map(|b| &b.readers) {
            if !reached.contains(reader) {
                reached.push(*reader);
            }
        }
    }
    reached[1..].contains(&to) || from == to
}

fn bank(raw: &RawBank) -> Bank {
    Bank { name: raw.name.clone(), words: raw.words, writers: raw.writers.clone(), readers: raw.readers.clone() }
}
