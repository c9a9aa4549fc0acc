//! Public requests become commands, records and events become public messages.
//!
//! Every request is checked here for form: syntax, lengths, ranges, depth. What is wrong with it is said in
//! the request's own words ([`Malformed`]), all of it at once. What depends on the state is left to apply.
//!
//! Read in this order: [`form`] (how a request is read), [`name`], [`value`], `selector`, [`mask`], [`token`]
//! (its parts), [`asks`] (requests that write), [`tells`] (what is answered).

pub mod asks;
pub mod form;
mod malformed;
pub mod mask;
pub mod name;
mod selector;
pub mod tells;
pub mod token;
pub mod value;

pub use asks::{Ask, PayloadKey, ask};
pub use form::{Field, Form, Refused};
pub use malformed::{FieldViolation, Malformed};

#[cfg(test)]
mod given_out;
#[cfg(test)]
mod round_trips;
#[cfg(test)]
mod tests;
