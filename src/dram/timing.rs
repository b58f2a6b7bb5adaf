//! The constraint table: from the board's numbers to the least gap between any two DDR commands, in DDR clocks.

use super::MemorySpec;

/// A command that the constraints speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// Open a row.
    Activate,
    /// Close a bank's row.
    Precharge,
    /// Read one DDR burst.
    Read,
    /// Write one DDR burst.
    Write,
    /// Refresh; all banks closed.
    Refresh,
}

/// Number of [`Op`]s.
pub(super) const OPS: usize = 5;

impl Op {
    /// In the order of their numbers.
    pub(super) const ALL: [Op; OPS] = [Op::Activate, Op::Precharge, Op::Read, Op::Write, Op::Refresh];
}

/// Which pairs of commands a rule binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Both on one bank.
    Bank,
    /// Any banks of the rank.
    Rank,
}

/// One row of the table: `to` comes at least `clocks` after `from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Name in the standard.
    pub name: &'static str,
    /// The earlier command.
    pub from: Op,
    /// The later command.
    pub to: Op,
    /// One bank or the rank.
    pub scope: Scope,
    /// Least distance of the two commands in DDR clocks.
    pub clocks: u64,
}

/// Every constraint resolved to DDR clocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Read command to first data.
    pub cl: u64,
    /// Write command to first data.
    pub cwl: u64,
    /// Clocks of one DDR burst on the data bus.
    pub burst: u64,
    /// Activate to read or write.
    pub t_rcd: u64,
    /// Precharge to activate or refresh.
    pub t_rp: u64,
    /// Activate to precharge.
    pub t_ras: u64,
    /// Activate to activate or refresh.
    pub t_rc: u64,
    /// Read to read, write to write.
    pub t_ccd: u64,
    /// Activate to activate of another bank.
    pub t_rrd: u64,
    /// Window of at most four activates.
    pub t_faw: u64,
    /// Read command to precharge.
    pub t_rtp: u64,
    /// Write command to precharge: CWL + burst + tWR.
    pub write_to_precharge: u64,
    /// Write command to read command: CWL + burst + tWTR.
    pub write_to_read: u64,
    /// Read command to write command: CL + burst + gap - CWL.
    pub read_to_write: u64,
    /// Refresh to activate or refresh.
    pub t_rfc: u64,
    /// Mean interval between refreshes.
    pub t_refi: u64,
}

impl Timing {
    /// Resolves a checked specification.
    pub fn new(spec: &MemorySpec) -> Timing {
        let t = &spec.timing;
        let product = |ps: u64| u128::from(ps) * u128::from(spec.ddr_clock_hz);
        let at_least = |ps: u64| product(ps).div_ceil(1_000_000_000_000) as u64;
        let burst = spec.burst_length / 2;
        Timing {
            cl: t.cl_ddr_clocks,
            cwl: t.cwl_ddr_clocks,
            burst,
            t_rcd: t.t_rcd_ddr_clocks,
            t_rp: t.t_rp_ddr_clocks,
            t_ras: at_least(t.t_ras_ps),
            t_rc: at_least(t.t_rc_ps),
            t_ccd: t.t_ccd_ddr_clocks,
            t_rrd: at_least(t.t_rrd_ps).max(t.t_rrd_min_ddr_clocks),
            t_faw: at_least(t.t_faw_ps),
            t_rtp: at_least(t.t_rtp_ps).max(t.t_rtp_min_ddr_clocks),
            write_to_precharge: t.cwl_ddr_clocks + burst + at_least(t.t_wr_ps),
            write_to_read: t.cwl_ddr_clocks + burst + at_least(t.t_wtr_ps).max(t.t_wtr_min_ddr_clocks),
            read_to_write: (t.cl_ddr_clocks + burst + t.read_to_write_gap_ddr_clocks).saturating_sub(t.cwl_ddr_clocks),
            t_rfc: at_least(t.t_rfc_ps),
            t_refi: (product(t.t_refi_ps) / 1_000_000_000_000) as u64,
        }
    }

    /// All pairwise constraints; tFAW, which binds five commands, is apart.
    pub fn rules(&self) -> [Rule; 16] {
        use Op::{Activate, Precharge, Read, Refresh, Write};
        use Scope::{Bank, Rank};
        let rule = |name, from, to, scope, clocks| Rule { name, from, to, scope, clocks };
        [
            rule("tRCD", Activate, Read, Bank, self.t_rcd),
            rule("tRCD", Activate, Write, Bank, self.t_rcd),
            rule("tRAS", Activate, Precharge, Bank, self.t_ras),
            rule("tRC", Activate, Activate, Bank, self.t_rc),
            rule("tRP", Precharge, Activate, Bank, self.t_rp),
            rule("tRTP", Read, Precharge, Bank, self.t_rtp),
            rule("tWR", Write, Precharge, Bank, self.write_to_precharge),
            rule("tRRD", Activate, Activate, Rank, self.t_rrd),
            rule("tCCD", Read, Read, Rank, self.t_ccd),
            rule("tCCD", Write, Write, Rank, self.t_ccd),
            rule("tRTW", Read, Write, Rank, self.read_to_write),
            rule("tWTR", Write, Read, Rank, self.write_to_read),
            rule("tRC", Activate, Refresh, Rank, self.t_rc),
            rule("tRP", Precharge, Refresh, Rank, self.t_rp),
            rule("tRFC", Refresh, Activate, Rank, self.t_rfc),
            rule("tRFC", Refresh, Refresh, Rank, self.t_rfc),
        ]
    }
}
