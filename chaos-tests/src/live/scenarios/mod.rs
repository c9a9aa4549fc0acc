//! Every scenario that needs real processes, by its number in `faults.md`.
mod leaders;

use super::Options;
use crate::outcome::Outcome;
use futures::future::{BoxFuture, FutureExt as _};

/// One scenario.
#[derive(Clone, Copy)]
pub struct Scenario {
    pub number: u32,
    pub name: &'static str,
    pub run: fn(Options) -> BoxFuture<'static, anyhow::Result<Outcome>>,
}

macro_rules! table {
    ($($number:literal $path:ident::$name:ident,)*) => {
        vec![$(Scenario {
            number: $number,
            name: stringify!($name),
            run: |options| async move { $path::$name(&options).await }.boxed(),
        }),*]
    };
}

/// All of them, in order.
pub fn all() -> Vec<Scenario> {
    table![
        1 leaders::the_leader_is_killed,
        7 leaders::the_leader_is_drained,
        9 leaders::a_zombie_returns,
    ]
}
