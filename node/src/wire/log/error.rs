//! What can be wrong with bytes that claim to be ours.
use std::fmt;

/// Why bytes could not be read. In the log or the state store this is a fault of the node: the bytes are damaged, or
/// a newer version wrote them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The message type, and in it the field; `None` while only the value itself is known.
    pub place: Option<(&'static str, &'static str)>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Not protobuf.
    Undecodable(prost::DecodeError),
    /// A message that must be there is not.
    Missing,
    /// An enum value or a kind this version does not know.
    Unknown {
        /// Of what.
        of: &'static str,
        /// The number; 0 where a whole kind is not known.
        number: i32,
    },
    /// A number outside the range of its type in the domain.
    OutOfRange(u64),
    /// An identifier that does not have 16 bytes.
    NotAnId {
        /// How many it has.
        bytes: usize,
    },
}

impl Error {
    /// A missing message.
    pub(super) fn missing() -> Self {
        Problem::Missing.into()
    }

    /// An unknown kind or enum value.
    pub(super) fn unknown(of: &'static str, number: i32) -> Self {
        Problem::Unknown { of, number }.into()
    }

    /// Adds the place, unless a more precise one is known.
    pub(super) fn at(mut self, message: &'static str, field: &'static str) -> Self {
        self.place.get_or_insert((message, field));
        self
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self { place: None, problem }
    }
}

impl From<prost::DecodeError> for Error {
    fn from(error: prost::DecodeError) -> Self {
        Problem::Undecodable(error).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((message, field)) = self.place {
            write!(f, "{message}.{field}: ")?;
        }
        match &self.problem {
            Problem::Undecodable(error) => write!(f, "not readable: {error}"),
            Problem::Missing => f.write_str("missing"),
            Problem::Unknown { of, number } => {
                write!(f, "{of} {number} is not known to this version")
            }
            Problem::OutOfRange(number) => write!(f, "{number} is out of range"),
            Problem::NotAnId { bytes } => write!(f, "an identifier of {bytes} bytes, not 16"),
        }
    }
}

impl std::error::Error for Error {}
