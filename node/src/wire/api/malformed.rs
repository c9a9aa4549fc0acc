//! What is wrong with a request's form, in the words of the request.
use std::fmt;

/// One fault of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldViolation {
    /// Path of the field in the request, for instance `interaction.labels["tier"]`.
    pub field: String,
    /// What is wrong with it.
    pub description: String,
}

/// The caller's fault, found before the log: nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Everything found, in the order of the request; at least one, at most [`VIOLATIONS_MAX`].
    pub violations: Vec<FieldViolation>,
}

/// Faults told of one request; the rest is left out.
pub const VIOLATIONS_MAX: usize = 32;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("malformed request")?;
        for (at, violation) in self.violations.iter().enumerate() {
            let separator = if at == 0 { ": " } else { "; " };
            write!(f, "{separator}{} {}", violation.field, violation.description)?;
        }
        Ok(())
    }
}

impl std::error::Error for Malformed {}
