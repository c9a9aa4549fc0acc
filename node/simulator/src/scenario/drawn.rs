//! One run's contacts, drawn from a scenario. All that a contact will need is drawn when it comes, from streams of its
//! type, so that the same seed brings the same customers whatever the policy.
use super::{file::*, plan::ms, recorded::Row, shape::Shape};
use crate::{
    center::{Contact, Demand, Outcome, Route},
    streams::{Purpose, stream},
};
use kindred_domain::ids::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, Gamma};
use std::sync::Arc;

/// Draws of a retrial come from this stream of a contact's own chance; agents' answers from those of the offers' numbers.
const AGAIN_STREAM: u64 = u64::MAX;

/// See the module.
pub struct Drawn<'a> {
    scenario: &'a Scenario,
    trace: std::slice::Iter<'a, Row>,
    recorded: Option<&'a Row>,
    sources: Vec<Source>,
    period_s: f64,
    periods: usize,
}

/// Where contacts of one type come from.
struct Source {
    route: Arc<Route>,
    arrivals: Option<Arrivals>,
    service: ChaCha8Rng,
    patience: ChaCha8Rng,
    connect: ChaCha8Rng,
    wrap_up: ChaCha8Rng,
    chance: ChaCha8Rng,
}

/// A Poisson process whose rate is constant in each period.
struct Arrivals {
    rng: ChaCha8Rng,
    /// Contacts a second in each period.
    rates: Vec<f64>,
    next_s: f64,
}

impl<'a> Drawn<'a> {
    /// The contacts of one run of a checked scenario and its trace.
    pub fn new(scenario: &'a Scenario, trace: &'a [Row], run: u32) -> Self {
        let day = &scenario.day;
        let (periods, period_s) = (super::check::periods(day), day.period_s.unwrap_or(day.duration_s));
        let busyness = busyness(day, scenario.seed, run);
        let source = |(index, kind): (usize, &Type)| {
            let stream = |purpose| stream(scenario.seed, run, purpose, index as u32);
            let rates = kind.arrivals_per_min.as_ref().map(|rates| {
                (0..periods).map(|at| rates.at(at).copied().unwrap_or(0.0) * busyness / 60.0).collect::<Vec<f64>>()
            });
            Source {
                route: Arc::new(route(kind)),
                arrivals: rates.map(|rates| {
                    let mut arrivals = Arrivals { rng: stream(Purpose::Arrivals), rates, next_s: 0.0 };
                    arrivals.step(day.duration_s, period_s);
                    arrivals
                }),
                service: stream(Purpose::Service),
                patience: stream(Purpose::Patience),
                connect: stream(Purpose::Connect),
                wrap_up: stream(Purpose::WrapUp),
                chance: stream(Purpose::Chance),
            }
        };
        let sources = scenario.types.iter().enumerate().map(source).collect();
        let mut trace = trace.iter();
        let recorded = trace.next();
        Self { scenario, trace, recorded, sources, period_s, periods }
    }

    fn contact(&mut self, kind: usize, at_s: f64, row: Option<&Row>) -> Contact {
        let of = &self.scenario.types[kind];
        let period = ((at_s / self.period_s) as usize).min(self.periods - 1);
        let source = &mut self.sources[kind];
        // Drawn even if recorded: the next contact's draws do not depend on what is known of this one.
        let service_s = of.service.at(period).map_or(0.0, |shape| shape.draw(&mut source.service));
        let patience = of.patience.as_ref().and_then(|shapes| shapes.at(period));
        let patience_s = patience.map(|shape| shape.draw(&mut source.patience));
        let wrap_up = of.wrap_up.as_ref().and_then(|shapes| shapes.at(period));
        Contact {
            at_ms: ms(at_s),
            kind,
            route: source.route.clone(),
            patience_ms: row.and_then(|row| row.patience_s).or(patience_s).map(ms),
            connect_ms: of.connect.as_ref().map_or(0, |shape| ms(shape.draw(&mut source.connect))),
            talk_ms: ms(row.and_then(|row| row.service_s).unwrap_or(service_s)),
            wrap_up_ms: wrap_up.map_or(0, |shape| ms(shape.draw(&mut source.wrap_up))),
            taken: None,
            attempts_before: 0,
            chance: source.chance.random(),
        }
    }
}

/// One draw for the whole day, by which all rates are multiplied.
fn busyness(day: &Day, seed: u64, run: u32) -> f64 {
    let mut rng = stream(seed, run, Purpose::Busyness, 0);
    let gamma = day.busyness_shape.and_then(|shape| Gamma::new(shape, 1.0 / shape).ok());
    gamma.map_or(1.0, |gamma| gamma.sample(&mut rng))
}

impl Arrivals {
    /// To the next arrival; beyond all time if there is none in the day. What is left of a gap is spent at the next
    /// period's rate: the process forgets, but no draw is wasted.
    fn step(&mut self, duration_s: f64, period_s: f64) {
        let mut left: f64 = Exp1.sample(&mut self.rng);
        let mut at_s = self.next_s;
        while at_s < duration_s {
            let period = ((at_s / period_s) as usize).min(self.rates.len() - 1);
            let ends_s = if period + 1 == self.rates.len() { duration_s } else { (period + 1) as f64 * period_s };
            let rate = self.rates[period];
            let gap_s = left / rate;
            if rate > 0.0 && at_s + gap_s < ends_s {
                self.next_s = at_s + gap_s;
                return;
            }
            left -= (ends_s - at_s).max(0.0) * rate;
            // Never stands still, whatever rounding says of a period's end.
            at_s = if ends_s > at_s { ends_s } else { at_s.next_up() };
        }
        self.next_s = f64::INFINITY;
    }
}

fn route(kind: &Type) -> Route {
    Route {
        queue: QueueId::new(&kind.queue),
        channel: Channel::new(&kind.channel),
        labels: kind.labels.iter().map(|(key, value)| (LabelKey::new(key), value.value())).collect(),
        required: kind.required.as_ref().map(super::Condition::selector),
        preferred: kind.preferred.as_ref().map(super::Condition::selector),
        priority: kind.priority,
        submitted: None,
    }
}

impl Demand for Drawn<'_> {
    fn next(&mut self) -> Option<Contact> {
        let next = |(kind, source): (usize, &Source)| Some((source.arrivals.as_ref()?.next_s, kind));
        let drawn = self.sources.iter().enumerate().filter_map(next).min_by(|a, b| a.0.total_cmp(&b.0));
        let drawn = drawn.filter(|(at_s, _)| at_s.is_finite());
        match (self.recorded, drawn) {
            (Some(row), drawn) if drawn.is_none_or(|(at_s, _)| row.at_s <= at_s) => {
                self.recorded = self.trace.next();
                Some(self.contact(row.kind, row.at_s, Some(row)))
            }
            (_, Some((at_s, kind))) => {
                let (duration_s, period_s) = (self.scenario.day.duration_s, self.period_s);
                if let Some(arrivals) = &mut self.sources[kind].arrivals {
                    arrivals.step(duration_s, period_s);
                }
                Some(self.contact(kind, at_s, None))
            }
            _ => None,
        }
    }

    /// The same customer with the same matter; patience is drawn anew.
    fn again(&mut self, contact: &Contact, outcome: Outcome, at_ms: u64) -> Option<Contact> {
        let kind = &self.scenario.types[contact.kind];
        let retrial = kind.retrial.as_ref()?;
        let probability = match outcome {
            Outcome::Abandoned => retrial.after_abandoning,
            Outcome::Blocked => retrial.after_blocking,
            Outcome::Served | Outcome::Expired | Outcome::Unserved => 0.0,
        };
        let attempts = contact.attempts_before + 1;
        let mut rng = ChaCha8Rng::seed_from_u64(contact.chance);
        rng.set_stream(AGAIN_STREAM);
        if attempts >= retrial.attempts_max || !rng.random_bool(probability) {
            return None;
        }
        let at_ms = at_ms + ms(retrial.delay.draw(&mut rng));
        let period = ((at_ms as f64 / 1_000.0 / self.period_s) as usize).min(self.periods - 1);
        let patience = kind.patience.as_ref().and_then(|shapes| shapes.at(period));
        let patience_ms = patience.map(|shape: &Shape| ms(shape.draw(&mut rng)));
        Some(Contact { at_ms, patience_ms, attempts_before: attempts, chance: rng.random(), ..contact.clone() })
    }
}

#[cfg(test)]
mod tests;
