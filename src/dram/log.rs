//! The command log: what went over the DDR command bus, for the protocol checker and for comparison with other simulators.

/// A command on the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandKind {
    /// Open `row` of `bank`.
    Activate,
    /// Close `bank`.
    Precharge,
    /// Close all banks.
    PrechargeAll,
    /// Read the DDR burst at `column`.
    Read,
    /// Write the DDR burst at `column`.
    Write,
    /// Refresh.
    Refresh,
}

/// A command with its DDR clock; fields that a kind does not use are 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// DDR clock.
    pub clock: u64,
    /// Which command.
    pub kind: CommandKind,
    /// Bank.
    pub bank: u8,
    /// Row.
    pub row: u32,
    /// Column in words of the data bus.
    pub column: u32,
}
