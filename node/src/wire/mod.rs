//! Wire translates: the only place where the domain and protobuf meet.
//!
//! [`api`] speaks to callers (`kindred.v1`, may refuse), [`log`] to the replicated log and the disk
//! (`kindred.log.v1`, must understand whatever an earlier version wrote).

pub mod api;
pub mod log;
