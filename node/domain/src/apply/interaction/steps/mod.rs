//! Steps that several commands and deadlines share. Each leaves records, work, deadlines and events in step; whoever calls
//! them has checked already.
pub(in crate::apply) mod assignment;
pub(in crate::apply) mod close;
pub(in crate::apply) mod dormancy;
pub(in crate::apply) mod exclusion;
pub(in crate::apply) mod find;
pub(in crate::apply) mod hand_back;
pub(in crate::apply) mod not_connected;
pub(in crate::apply) mod offer;
pub(in crate::apply) mod requeue;
pub(in crate::apply) mod rona;
pub(in crate::apply) mod rules;
mod share;
pub(in crate::apply) mod submitted;
pub(in crate::apply) mod transition;
pub(in crate::apply) mod waiting;
pub(in crate::apply) mod work;
