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
///
/// A refusal travels in headers, percent-encoded and again in base64, and gRPC libraries take 8 KiB of them: what the
/// caller wrote must not be able to push the reason out. This many of the longest faults fit in.
pub const VIOLATIONS_MAX: usize = 16;
/// Bytes of a path; more is cut.
const PATH_MAX: usize = 128;
/// Bytes of a description; more is cut.
const DESCRIPTION_MAX: usize = 160;

impl FieldViolation {
    /// A fault; overlong words of the caller's in it are cut.
    pub fn new(field: impl fmt::Display, description: impl Into<String>) -> Self {
        Self { field: cut(field.to_string(), PATH_MAX), description: cut(description.into(), DESCRIPTION_MAX) }
    }
}

fn cut(mut text: String, max: usize) -> String {
    if text.len() > max {
        let end = (0..=max).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
    text
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // All of them are in the details; the message is for a person and must stay short.
        match self.violations.as_slice() {
            [] => f.write_str("malformed request"),
            [only] => write!(f, "malformed request: {} {}", only.field, only.description),
            [first, rest @ ..] => write!(
                f,
                "malformed request, {} faults; the first: {} {}",
                rest.len() + 1,
                first.field,
                first.description
            ),
        }
    }
}

impl std::error::Error for Malformed {}
