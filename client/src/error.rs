//! What a call can fail with: one type, no transport's type inside.
use std::{collections::BTreeMap, fmt, time::Duration};

/// What kind of failure. The names are gRPC's, so that they can be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The caller gave the call up.
    Cancelled,
    /// The server could not say.
    Unknown,
    /// A field is malformed: see [`Error::violations`]. Nothing changed.
    InvalidArgument,
    /// The caller's time ran out. A write may or may not have happened: repeat it with the same `request_id`.
    DeadlineExceeded,
    /// There is none, or it is another tenant's.
    NotFound,
    /// There is one already.
    AlreadyExists,
    /// Not allowed.
    PermissionDenied,
    /// A bound is reached; with [`Error::retry_after`] it is worth another try.
    ResourceExhausted,
    /// Not in this state.
    FailedPrecondition,
    /// Somebody else was faster (etag), or the stream was cut.
    Aborted,
    /// Past what is kept.
    OutOfRange,
    /// The server does not know this call.
    Unimplemented,
    /// A fault of the server.
    Internal,
    /// Nobody could answer; the client has already tried again as long as it was allowed to.
    Unavailable,
    /// What was stored is damaged.
    DataLoss,
    /// No valid token.
    Unauthenticated,
}

impl Kind {
    /// From gRPC's number; unknown numbers are [`Kind::Unknown`].
    pub fn from_code(code: i32) -> Kind {
        match code {
            1 => Kind::Cancelled,
            3 => Kind::InvalidArgument,
            4 => Kind::DeadlineExceeded,
            5 => Kind::NotFound,
            6 => Kind::AlreadyExists,
            7 => Kind::PermissionDenied,
            8 => Kind::ResourceExhausted,
            9 => Kind::FailedPrecondition,
            10 => Kind::Aborted,
            11 => Kind::OutOfRange,
            12 => Kind::Unimplemented,
            13 => Kind::Internal,
            14 => Kind::Unavailable,
            15 => Kind::DataLoss,
            16 => Kind::Unauthenticated,
            _ => Kind::Unknown,
        }
    }
}

/// A field of the request, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldViolation {
    /// Path of the field, for instance `interaction.channel`.
    pub field: String,
    /// What is wrong with it.
    pub description: String,
}

/// Why a call or stream failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What kind of failure.
    pub kind: Kind,
    /// For people; may change.
    pub message: String,
    /// For programs: a word of the documented table (`OFFER_GONE`); empty where the server gave none.
    pub reason: String,
    /// Who defined the reason; `kindred` for ours.
    pub domain: String,
    /// Every variable of the message.
    pub metadata: BTreeMap<String, String>,
    /// What is wrong with which field.
    pub violations: Vec<FieldViolation>,
    /// Worth another try after this long, with the same `request_id`.
    pub retry_after: Option<Duration>,
    /// An earlier attempt of the same call ended without an answer, and this failure does not tell what became of it.
    pub earlier_unknown: bool,
}

impl Error {
    /// An error found on this side.
    pub fn local(kind: Kind, reason: &str, message: impl Into<String>) -> Error {
        Error {
            kind,
            message: message.into(),
            reason: reason.into(),
            domain: "kindred-client".into(),
            metadata: BTreeMap::new(),
            violations: Vec::new(),
            retry_after: None,
            earlier_unknown: false,
        }
    }

    /// True if a write may have happened although no reply came. Repeat it with the same `request_id` to learn.
    pub fn result_unknown(&self) -> bool {
        let unknown = matches!(self.kind, Kind::Unavailable | Kind::DeadlineExceeded | Kind::Cancelled | Kind::Unknown);
        unknown || self.earlier_unknown
    }

    /// True if this is the server's answer to the request, whichever attempt brought it there: it remembers a
    /// `request_id` with its first reply. What it says before it looks is none.
    pub(crate) fn tells_of_all_attempts(&self) -> bool {
        use Kind::{Aborted, AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, OutOfRange};
        matches!(self.kind, Aborted | AlreadyExists | FailedPrecondition | InvalidArgument | NotFound | OutOfRange)
    }

    /// True if the reason is this word.
    pub fn is(&self, reason: &str) -> bool {
        self.reason == reason
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason.as_str() {
            "" => write!(f, "{:?}: {}", self.kind, self.message)?,
            reason => write!(f, "{reason}: {}", self.message)?,
        }
        for violation in &self.violations {
            write!(f, "; {}: {}", violation.field, violation.description)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
