//! Three live scenarios in their short form, on the program of the same build. How long anything takes is for
//! `make chaos` to judge.
use kindred_chaos::outcome::{Outcome, World};
use kindred_chaos::{
    live::{self, Options, scenarios},
    report::Row,
};

async fn holds(number: u32) {
    let mut options = Options::new(live::find_binary(None).unwrap());
    (options.short, options.keep) = (true, true);
    let scenario = scenarios::all().into_iter().find(|scenario| scenario.number == number).unwrap();
    let outcome = (scenario.run)(options).await.unwrap();
    // Without time limits: another test may have the machine.
    let outcome = Outcome { kills_ms: Vec::new(), drains_ms: Vec::new(), ..outcome };
    let row = Row { number, name: scenario.name.into(), world: World::Live, ended: Ok(outcome) };
    assert!(row.problems().is_empty(), "{}", row.problems().join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_leader() {
    holds(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drained_leader() {
    holds(7).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zombie() {
    holds(9).await;
}
