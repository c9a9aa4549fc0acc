//! Checks that many commands make, with the typed "no" of each.
use crate::{
    command::Etag,
    rejection::{Kind, Rejection},
};
use alloc::string::{String, ToString};

/// `EtagMismatch` unless the expected version is the current one (or none was expected).
pub(crate) fn check_etag(expected: Etag, actual: u64) -> Result<(), Rejection> {
    match expected {
        Some(expected) if expected != actual => Err(Rejection::EtagMismatch { expected, actual }),
        _ => Ok(()),
    }
}

/// `LimitReached`, if it is.
pub(crate) fn check_limit(limit: &str, now: usize, max: usize) -> Result<(), Rejection> {
    if now >= max {
        return Err(Rejection::LimitReached { limit: String::from(limit), max: max as u64 });
    }
    Ok(())
}

/// `AlreadyExists`, if it does.
pub(crate) fn check_new(kind: Kind, id: &str, exists: bool) -> Result<(), Rejection> {
    if exists {
        return Err(Rejection::AlreadyExists { kind, id: id.to_string() });
    }
    Ok(())
}

/// `InUse`, if somebody depends on it: a collection and a name in it.
pub(crate) fn check_unused(kind: Kind, id: &str, collection: &str, by: Option<&str>) -> Result<(), Rejection> {
    match by {
        Some(by) => Err(Rejection::InUse { kind, id: id.to_string(), by: alloc::format!("{collection}/{by}") }),
        None => Ok(()),
    }
}
