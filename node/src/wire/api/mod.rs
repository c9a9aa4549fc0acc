//! Public requests become commands, records and events become public messages. Owned by helper `api`.
//!
//! Every request is checked here for form: syntax, lengths, ranges, depth. What is wrong with it is said in
//! the request's own words ([`Malformed`]), all of it at once. What depends on the state is left to apply.

mod malformed;

pub use malformed::{FieldViolation, Malformed};
