//! What is wrong with a scenario: where, and what is allowed there.
use std::fmt;

/// A field that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its path: `types[0].service.exponential.mean_s`.
    pub path: String,
    /// Line of the file, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    /// What is allowed; empty where the problem says it.
    pub allowed: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the file" } else { &self.path };
        write!(to, "line {}: `{path}` {}", self.line, self.problem)?;
        if self.allowed.is_empty() { Ok(()) } else { write!(to, "; allowed: {}", self.allowed) }
    }
}

/// Why a scenario cannot be lived.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read `{file}`: {source}")]
    Unreadable {
        /// Which.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is not TOML.
    #[error("line {line}: {problem}")]
    Syntax {
        /// Line of the file, from 1.
        line: usize,
        /// What the parser says.
        problem: String,
    },
    /// A field is unknown, missing or of another kind than its name says.
    #[error("{0}")]
    Form(Fault),
    /// Fields whose values do not fit, or do not fit together; at most [`FAULTS_MAX`].
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Values(Vec<Fault>),
    /// A row of the trace does not fit.
    #[error("{file}, line {line}: `{column}` is `{value}`; allowed: {allowed}")]
    Trace {
        /// The trace's file.
        file: String,
        /// Line of that file, from 1.
        line: u64,
        /// Column.
        column: &'static str,
        /// What stands there.
        value: String,
        /// What may.
        allowed: String,
    },
}

/// Faults told at once.
pub const FAULTS_MAX: usize = 16;
