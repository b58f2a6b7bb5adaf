//! The one error type: what is wrong, where, the value, the allowed range and what to do about it.

use std::fmt;
use std::path::{Path, PathBuf};

/// What kind of failure this is; it decides the exit code of the binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The command line asks for something that does not exist (exit code 2).
    Usage,
    /// A file or a value in it is unreadable or out of range (exit code 3).
    Input,
    /// The design does not fit the board (exit code 4).
    DoesNotFit,
    /// No IP of the accelerator accepts an operation (exit code 5).
    Unsupported,
    /// The simulated machine broke its contract: a bug in bico or in a hand-written program (exit code 6).
    Fault,
    /// A comparison found a difference (exit code 7).
    Difference,
    /// The outside world failed: disk full, tool missing (exit code 8).
    Environment,
}

impl Kind {
    /// Whether it only says that a design can not be: a search goes on to the next.
    pub const fn refuses_design(self) -> bool {
        matches!(self, Kind::DoesNotFit | Kind::Unsupported)
    }

    /// The exit code of the binary for this kind.
    pub const fn exit_code(self) -> u8 {
        match self {
            Kind::Usage => 2,
            Kind::Input => 3,
            Kind::DoesNotFit => 4,
            Kind::Unsupported => 5,
            Kind::Fault => 6,
            Kind::Difference => 7,
            Kind::Environment => 8,
        }
    }
}

/// An error a user can act on. Built with [`Error::input`] and its siblings, then [`Error::at`], [`Error::value`], ...
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    kind: Kind,
    what: String,
    file: Option<PathBuf>,
    line: Option<usize>,
    value: Option<String>,
    allowed: Option<String>,
    hint: Option<String>,
    others: Vec<String>,
}

/// Shorthand for results with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of `kind`; `what` is one clause without a full stop.
    pub fn new(kind: Kind, what: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            kind,
            what: what.into(),
            file: None,
            line: None,
            value: None,
            allowed: None,
            hint: None,
            others: Vec::new(),
        }))
    }
    /// Bad input: a file or a value in it.
    pub fn input(what: impl Into<String>) -> Self {
        Self::new(Kind::Input, what)
    }
    /// Bad command line.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Kind::Usage, what)
    }
    /// Broken machine contract.
    pub fn fault(what: impl Into<String>) -> Self {
        Self::new(Kind::Fault, what)
    }
    /// An operation that nothing in the accelerator accepts.
    pub fn unsupported(what: impl Into<String>) -> Self {
        Self::new(Kind::Unsupported, what)
    }
    /// A failed read or write of `path`.
    pub fn io(action: &str, path: &Path, source: &std::io::Error) -> Self {
        use std::io::ErrorKind::{AlreadyExists, InvalidData, IsADirectory, NotADirectory, NotFound};
        let (kind, what) = match source.kind() {
            NotADirectory | AlreadyExists => {
                (Kind::Input, format!("cannot {action}: it, or what it should lie in, is a file and no folder"))
            }
            NotFound | InvalidData | IsADirectory => (Kind::Input, format!("cannot {action}: {source}")),
            _ => (Kind::Environment, format!("cannot {action}: {source}")),
        };
        Self::new(kind, what).file(path)
    }
    /// The file the error is in.
    pub fn file(mut self, path: impl AsRef<Path>) -> Self {
        self.0.file = Some(path.as_ref().to_path_buf());
        self
    }
    /// The one-based line the error is at.
    pub fn line(mut self, line: usize) -> Self {
        self.0.line = Some(line);
        self
    }
    /// File and one-based line.
    pub fn at(self, path: impl AsRef<Path>, line: usize) -> Self {
        self.file(path).line(line)
    }
    /// The offending value.
    pub fn value(mut self, value: impl fmt::Display) -> Self {
        self.0.value = Some(value.to_string());
        self
    }
    /// What would have been accepted.
    pub fn allowed(mut self, allowed: impl fmt::Display) -> Self {
        self.0.allowed = Some(allowed.to_string());
        self
    }
    /// What to do about it.
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.0.hint = Some(hint.to_string());
        self
    }
    /// Puts the place inside the file (a layer, a table) before what is wrong.
    pub fn within(mut self, place: impl fmt::Display) -> Self {
        self.0.what = format!("{place}: {}", self.0.what);
        self
    }
    /// A further remedy, after the one there is.
    pub fn hint_more(mut self, hint: impl fmt::Display) -> Self {
        self.0.hint = Some(match self.0.hint.take() {
            Some(first) => format!("{first}; {hint}"),
            None => hint.to_string(),
        });
        self
    }
    /// A further problem of the same input, listed below this one.
    pub fn also(mut self, other: &Error) -> Self {
        self.0.others.push(other.one_line());
        self
    }
    /// Everything in one line, for lists.
    pub fn one_line(&self) -> String {
        let e = &self.0;
        let mut line = self.headline();
        for (label, part) in [("found", &e.value), ("allowed", &e.allowed), ("try", &e.hint)] {
            line.extend(part.iter().map(|p| format!("; {label}: {p}")));
        }
        line
    }
    fn headline(&self) -> String {
        let e = &self.0;
        match (&e.file, e.line) {
            (Some(file), Some(line)) => format!("{}:{line}: {}", file.display(), e.what),
            (Some(file), None) => format!("{}: {}", file.display(), e.what),
            _ => e.what.clone(),
        }
    }
    /// The kind, which decides the exit code.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }
    /// The bare statement of what is wrong.
    pub fn what(&self) -> &str {
        &self.0.what
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &self.0;
        write!(f, "{}", self.headline())?;
        if let Some(value) = &e.value {
            write!(f, "\n  value:   {value}")?;
        }
        if let Some(allowed) = &e.allowed {
            write!(f, "\n  allowed: {allowed}")?;
        }
        if let Some(hint) = &e.hint {
            write!(f, "\n  try:     {hint}")?;
        }
        if !e.others.is_empty() {
            write!(f, "\n  {} problems in all; the others:", e.others.len() + 1)?;
        }
        e.others.iter().try_for_each(|other| write!(f, "\n    {other}"))
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_names_file_line_value_range_and_remedy() {
        let e = Error::input("lanes is out of range").at("a.toml", 3).value(0).allowed("4, 8, 16 or 32").hint("set lanes = 16");
        assert_eq!(e.to_string(), "a.toml:3: lanes is out of range\n  value:   0\n  allowed: 4, 8, 16 or 32\n  try:     set lanes = 16");
        assert_eq!(e.kind().exit_code(), 3);
    }

    #[test]
    fn further_problems_follow_in_one_line_each() {
        let e = Error::input("first").file("a").also(&Error::input("second").at("b", 2).value(7).allowed("8").hint("add 1"));
        let e = e.also(&Error::input("third"));
        let others = "  3 problems in all; the others:\n    b:2: second; found: 7; allowed: 8; try: add 1\n    third";
        assert_eq!(e.to_string(), format!("a: first\n{others}"));
    }
}
