//! Lives a scenario as often as it says. Runs are independent and may be lived side by side: what comes out is put
//! together in their order, so that the report does not depend on how many were.
use crate::{
    center::{self, Plan},
    measure::{Dump, HEADER, Report, Run, Tally},
    scenario::{Drawn, Row, Scenario, plan},
    streams::{Purpose, stream},
};
use std::{
    io::{self, Write},
    num::NonZero,
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

/// Why runs ended early.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The center could not live.
    #[error(transparent)]
    Center(#[from] center::Error),
    /// What was to be written down could not be.
    #[error("the dump cannot be written: {0}")]
    Dump(#[from] io::Error),
    /// A run's thread was lost.
    #[error("a run panicked")]
    Lost,
}

/// A checked scenario with its trace, ready to be lived.
pub struct World<'a> {
    scenario: &'a Scenario,
    trace: &'a [Row],
    plan: Plan,
    frame: crate::measure::Frame,
}

impl<'a> World<'a> {
    /// Makes the center; the trace is [`Row::read`]'s.
    pub fn new(scenario: &'a Scenario, trace: &'a [Row]) -> Self {
        let plan = plan(scenario);
        let frame = crate::measure::Frame::new(scenario, &plan);
        Self { scenario, trace, plan, frame }
    }

    /// Lives all runs on so many threads.
    pub fn report(&self, jobs: NonZero<usize>) -> Result<Report, Error> {
        let runs = side_by_side(self.scenario.runs, jobs, |run| self.run(run, &mut ()))?;
        Ok(Report::new(self.scenario, &self.frame, &runs))
    }

    /// Lives all runs one after the other, and writes every contact down.
    pub fn report_and_dump(&self, out: &mut impl Write) -> Result<Report, Error> {
        writeln!(out, "{HEADER}")?;
        let mut runs = Vec::new();
        for run in 0..self.scenario.runs {
            let mut dump = Dump::new(run, &self.frame, &self.scenario.types, out);
            let lived = self.run(run, &mut dump)?;
            dump.finish()?;
            runs.push(lived);
        }
        out.flush()?;
        Ok(Report::new(self.scenario, &self.frame, &runs))
    }

    /// Lives one run, told to somebody else, too.
    pub fn run(&self, run: u32, observer: &mut impl center::Observer) -> Result<Run, Error> {
        let mut demand = Drawn::new(self.scenario, self.trace, run);
        let mut tally = Tally::new(&self.frame);
        let offers = stream(self.scenario.seed, run, Purpose::Offers, 0);
        center::live(&self.plan, &mut demand, offers, &mut (&mut tally, observer))?;
        Ok(tally.finish())
    }
}

/// Lives so many runs on so many threads; what comes of them is in their order.
pub(crate) fn side_by_side<T: Send>(
    runs: u32,
    jobs: NonZero<usize>,
    live: impl Fn(u32) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let next = AtomicU32::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let run = next.fetch_add(1, Ordering::Relaxed);
            if run >= runs {
                return Ok(done);
            }
            done.push((run, live(run)?));
        }
    };
    let lived: Vec<Result<Vec<(u32, T)>, Error>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs.get()).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(Err(Error::Lost))).collect()
    });
    let mut all = Vec::new();
    for some in lived {
        all.extend(some?);
    }
    all.sort_by_key(|(run, _)| *run);
    Ok(all.into_iter().map(|(_, lived)| lived).collect())
}
