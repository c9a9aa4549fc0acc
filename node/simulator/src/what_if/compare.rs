//! Lives each run under the recorded rules and under the others, and puts the figures side by side.
use super::{
    days::Source,
    fit::Fit,
    people::Ways,
    report::{self, WhatIf},
    rules::{self, Change, Unfit},
};
use crate::{
    center::{self, Outcome, Plan},
    measure::{Class, Counts, Figures, Frame, Run, StaffFigures, Tally},
    recording::{Recording, Stopped},
    runs,
    streams::{Purpose, stream},
};
use kindred_domain::ids::*;
use std::{collections::BTreeMap, num::NonZero};

/// Runs asked for, at most.
pub const RUNS_MAX: u32 = 10_000;

/// How to compare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// What chance is drawn from.
    pub seed: u64,
    /// Days lived under each policy, 2 to [`RUNS_MAX`].
    pub runs: u32,
    /// Every run is the recorded day itself rather than a day like it.
    pub as_it_came: bool,
    /// Runs lived side by side.
    pub jobs: NonZero<usize>,
}

/// Why nothing could be compared.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The change does not fit the recording.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// A center could not live, or the domain refuses the other policy.
    #[error(transparent)]
    Lived(#[from] runs::Error),
}

/// One run under both.
pub(super) struct Both {
    pub contacts: u64,
    pub recorded: Run,
    pub other: Run,
}

/// Lives the recording under its own policies and under the changed ones.
pub fn compare(recording: &Recording, changes: &[Change], settings: &Settings) -> Result<WhatIf, Error> {
    rules::check(recording, changes)?;
    let ways = Ways::new(recording);
    let fit = Fit::new(recording, |agent| ways.pace(agent));
    let plans = [rules::plan(recording, &ways, &[]), rules::plan(recording, &ways, changes)];
    let frame = frame(recording, &fit, &plans[0]);
    let places = plans[0].people.iter().enumerate().map(|(place, person)| (&person.id, place)).collect();
    let source =
        Source { places, recording, fit: &fit, ways: &ways, seed: settings.seed, as_it_came: settings.as_it_came };
    let live = |run: u32| -> Result<Both, runs::Error> {
        let day = source.day(run);
        let mut lived = plans.iter().map(|plan| {
            let mut tally = Tally::new(&frame);
            let offers = stream(settings.seed, run, Purpose::Offers, 0);
            center::live(plan, &mut day.demand(), offers, &mut tally)?;
            Ok::<Run, runs::Error>(tally.finish())
        });
        let (recorded, other) = (lived.next().ok_or(runs::Error::Lost)??, lived.next().ok_or(runs::Error::Lost)??);
        Ok(Both { contacts: day.len() as u64, recorded, other })
    };
    let both = runs::side_by_side(settings.runs.clamp(1, RUNS_MAX), settings.jobs, live)?;
    let then = then(recording, &fit, &frame);
    Ok(report::WhatIf::new(
        recording,
        settings,
        &report::Lived { fit: &fit, ways: &ways, frame: &frame, then, both: &both, changes },
    ))
}

/// What there is to count: queues, types (queue and channel), teams.
fn frame(recording: &Recording, fit: &Fit, plan: &Plan) -> Frame {
    let queues: Vec<&QueueId> = plan.queues.iter().map(|queue| &queue.id).collect();
    let place = |id: &QueueId| queues.iter().position(|queue| *queue == id).unwrap_or(0);
    let names = queues.iter().map(|id| (Class::Queue, id.to_string()));
    let types = fit.kinds.iter().map(|kind| (Class::Type, format!("{} {}", kind.queue, kind.channel)));
    let levels: BTreeMap<&QueueId, u64> = recording.queues().map(|queue| (&queue.id, queue.service_level_ms)).collect();
    let level = |id: &QueueId| levels.get(id).copied().unwrap_or(0);
    let of_kind = fit.kinds.iter().enumerate();
    Frame {
        window: (0, recording.duration_ms),
        classes: std::iter::once((Class::All, "all".to_string())).chain(names).chain(types).collect(),
        of_kind: of_kind.map(|(at, kind)| [0, 1 + place(&kind.queue), 1 + queues.len() + at]).collect(),
        levels: fit.kinds.iter().map(|kind| (level(&kind.queue), level(&kind.queue))).collect(),
        group_of: vec![0; plan.people.len()],
        groups: vec!["all".to_string()],
        people: plan.people.iter().map(|person| person.id.to_string()).collect(),
    }
}

/// What really happened, counted the same way.
pub(super) struct Then {
    pub classes: Vec<Figures>,
    /// By agent: answered.
    pub answered: Vec<u64>,
}

fn then(recording: &Recording, fit: &Fit, frame: &Frame) -> Then {
    let mut counts = vec![Counts::default(); frame.classes.len()];
    let person_of: BTreeMap<&str, usize> =
        frame.people.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    let mut answered = vec![0; frame.people.len()];
    for visit in &recording.visits {
        for leg in &visit.legs {
            let kind = fit.kind(&leg.queue, &visit.submitted.channel);
            let outcome = match &leg.stopped {
                Stopped::Answered(by) => {
                    if let Some(place) = person_of.get(&*by.agent) {
                        answered[*place] += 1;
                    }
                    Outcome::Served
                }
                Stopped::Left => Outcome::Abandoned,
                Stopped::Expired => Outcome::Expired,
                Stopped::Withdrawn | Stopped::Open => Outcome::Unserved,
            };
            let waiting_ms = frame.overlap_ms(leg.since_ms, leg.since_ms + leg.waited_ms);
            for class in frame.of_kind[kind] {
                counts[class].waiting_ms += waiting_ms;
                counts[class].end(outcome, leg.waited_ms, frame.levels[kind]);
            }
        }
    }
    let window_ms = frame.window.1 - frame.window.0;
    Then { classes: counts.into_iter().map(|counts| counts.figures(window_ms)).collect(), answered }
}

/// Shares and occupancy of a run.
pub(super) fn staff(run: &Run) -> &StaffFigures {
    &run.staff
}
