//! How long callers would wait before leaving, when those who were served hide it: Kaplan–Meier.
//!
//! A caller who hung up after w seconds had patience w; one who was served after w had patience of at least
//! w (censored). The product-limit estimate (Kaplan and Meier 1958) is S(t) = Π over event times tᵢ ≤ t of
//! (1 − dᵢ/nᵢ), with dᵢ events at tᵢ and nᵢ subjects at risk just before; a subject censored at tᵢ is at risk there.
//!
//! Beyond the last event the estimate says nothing. If it has not reached 0 there, the rest is given an
//! exponential tail whose rate is the overall one (events / total time at risk, the maximum-likelihood rate
//! under constant hazard). This keeps the tail proper and in scale with the data; it is a choice.
use rand::Rng;

/// One wait: how long, and whether it ended in leaving (an event) or in service (censored).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// Seconds waited, not negative.
    pub waited_s: f64,
    /// True if the caller left.
    pub left: bool,
}

/// A step of the estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Time of the events, seconds.
    pub at_s: f64,
    /// S just after.
    pub survival: f64,
    /// Greenwood's estimate of the variance of S just after.
    pub variance: f64,
}

/// The estimate of how long patience lasts.
#[derive(Clone, Debug, PartialEq)]
pub struct Survival {
    steps: Vec<Step>,
    /// Hazard beyond the last event, per second.
    tail_rate: f64,
}

impl Survival {
    /// Fits the estimate. `None` if nobody left, for then nothing is known about patience. Waits that are negative
    /// or not finite are refused the same way.
    pub fn fit(observations: &[Observation]) -> Option<Survival> {
        if observations.iter().any(|o| !o.waited_s.is_finite() || o.waited_s < 0.0) {
            return None;
        }
        let mut sorted = observations.to_vec();
        sorted.sort_by(|a, b| a.waited_s.total_cmp(&b.waited_s));
        let mut steps: Vec<Step> = Vec::new();
        let (mut at_risk, mut survival, mut greenwood) = (sorted.len(), 1.0, 0.0);
        for same_time in sorted.chunk_by(|a, b| a.waited_s == b.waited_s) {
            let events = same_time.iter().filter(|o| o.left).count();
            if events > 0 {
                let (n, d) = (at_risk as f64, events as f64);
                survival *= 1.0 - d / n;
                greenwood += if at_risk > events { d / (n * (n - d)) } else { 0.0 };
                let variance = survival * survival * greenwood;
                steps.push(Step { at_s: same_time[0].waited_s, survival, variance });
            }
            at_risk -= same_time.len();
        }
        let events = observations.iter().filter(|o| o.left).count() as f64;
        let exposure: f64 = observations.iter().map(|o| o.waited_s).sum();
        // All left at 0: patience is 0, and the tail is never reached since S is 0.
        let tail_rate = if exposure > 0.0 { events / exposure } else { 1.0 };
        (!steps.is_empty()).then_some(Survival { steps, tail_rate })
    }

    /// The estimate's steps, by time.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Probability that patience exceeds `t_s`.
    pub fn at(&self, t_s: f64) -> f64 {
        let passed = self.steps.partition_point(|step| step.at_s <= t_s);
        let survival = if passed == 0 { 1.0 } else { self.steps[passed - 1].survival };
        match self.steps.last() {
            Some(last) if t_s > last.at_s => survival * (-(t_s - last.at_s) * self.tail_rate).exp(),
            _ => survival,
        }
    }

    /// The time where the probability of still waiting falls to `survival` (or below it, at a step).
    fn time_of(&self, survival: f64) -> f64 {
        let step = self.steps.partition_point(|step| step.survival > survival);
        match (self.steps.get(step), self.steps.last()) {
            (Some(step), _) => step.at_s,
            (None, Some(last)) => last.at_s + (last.survival / survival.max(f64::MIN_POSITIVE)).ln() / self.tail_rate,
            (None, None) => 0.0,
        }
    }

    /// Draws a patience given that it exceeds `waited_s`: the inverse of S at U × S(waited).
    ///
    /// If the estimate is already 0 at `waited_s` it knows nobody so patient; the exponential tail then starts there.
    pub fn draw_beyond(&self, rng: &mut impl Rng, waited_s: f64) -> f64 {
        let still = self.at(waited_s);
        // In (0, 1]: 0 would mean waiting for ever.
        let chance = 1.0 - rng.random::<f64>();
        if still <= 0.0 {
            return waited_s - chance.ln() / self.tail_rate;
        }
        // U = 1 stands for "just beyond": never less than what was waited.
        self.time_of(chance * still).max(waited_s)
    }

    /// Mean patience up to the last event, and the tail's share: the area under S.
    pub fn mean_s(&self) -> f64 {
        let (mut area, mut from, mut survival) = (0.0, 0.0, 1.0);
        for step in &self.steps {
            area += survival * (step.at_s - from);
            (from, survival) = (step.at_s, step.survival);
        }
        area + survival / self.tail_rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn observed(left: &[f64], served: &[f64]) -> Vec<Observation> {
        let event = |left| move |w: &f64| Observation { waited_s: *w, left };
        left.iter().map(event(true)).chain(served.iter().map(event(false))).collect()
    }

    /// 6-MP arm of Freireich et al. 1963, as worked in Cox and Oakes (1984) and every textbook since.
    fn leukaemia() -> Survival {
        let left = [6.0, 6.0, 6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0];
        let censored = [6.0, 9.0, 10.0, 11.0, 17.0, 19.0, 20.0, 25.0, 32.0, 32.0, 34.0, 35.0];
        Survival::fit(&observed(&left, &censored)).expect("somebody left")
    }

    #[test]
    fn textbook_survival_and_greenwood() {
        let printed = [
            (6.0, 0.857, 0.0764),
            (7.0, 0.807, 0.0869),
            (10.0, 0.753, 0.0963),
            (13.0, 0.690, 0.1068),
            (16.0, 0.627, 0.1141),
            (22.0, 0.538, 0.1282),
            (23.0, 0.448, 0.1346),
        ];
        let fit = leukaemia();
        assert_eq!(fit.steps().len(), printed.len());
        for (step, (at, survival, deviation)) in fit.steps().iter().zip(printed) {
            assert_eq!(step.at_s, at);
            assert!((step.survival - survival).abs() < 0.0006, "S({at}) = {}", step.survival);
            assert!((step.variance.sqrt() - deviation).abs() < 0.0001, "s.e.({at}) = {}", step.variance.sqrt());
        }
    }

    #[test]
    fn the_tail_is_exponential_with_the_overall_rate() {
        let fit = leukaemia();
        let rate: f64 = 9.0 / 359.0;
        let expected = fit.at(23.0) * (-10.0 * rate).exp();
        assert!((fit.at(33.0) - expected).abs() < 1e-12);
    }

    #[test]
    fn nobody_left_means_no_fit() {
        assert_eq!(Survival::fit(&observed(&[], &[1.0, 2.0])), None);
        assert_eq!(Survival::fit(&[]), None);
        assert_eq!(Survival::fit(&observed(&[-1.0], &[])), None);
    }

    #[test]
    fn without_censoring_it_is_the_empirical_distribution() {
        let fit = Survival::fit(&observed(&[1.0, 2.0, 3.0, 4.0], &[])).expect("fit");
        for (t, s) in [(0.5, 1.0), (1.0, 0.75), (2.5, 0.5), (3.0, 0.25), (4.0, 0.0)] {
            assert!((fit.at(t) - s).abs() < 1e-12);
        }
        assert!((fit.mean_s() - 2.5).abs() < 1e-12);
    }

    #[test]
    fn draws_follow_the_conditional_law() {
        let fit = leukaemia();
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let draws: Vec<f64> = (0..50_000).map(|_| fit.draw_beyond(&mut rng, 8.0)).collect();
        assert!(draws.iter().all(|d| *d > 8.0));
        for t in [10.0, 16.0, 23.0, 40.0] {
            let share = draws.iter().filter(|d| **d > t).count() as f64 / draws.len() as f64;
            let expected = fit.at(t) / fit.at(8.0);
            assert!((share - expected).abs() < 0.01, "P(> {t}) {share}, expected {expected}");
        }
    }

    #[test]
    fn nobody_so_patient_was_seen() {
        let fit = Survival::fit(&observed(&[1.0, 2.0], &[])).expect("fit");
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        assert!(fit.draw_beyond(&mut rng, 50.0) >= 50.0);
    }

    proptest! {
        #[test]
        fn a_draw_is_finite_and_beyond_what_was_waited(
            seed in any::<u64>(),
            left in proptest::collection::vec(0.0..900.0f64, 1..40),
            served in proptest::collection::vec(0.0..900.0f64, 0..40),
            waited in 0.0..2_000.0f64,
        ) {
            let fit = Survival::fit(&observed(&left, &served)).expect("somebody left");
            prop_assert!(fit.steps().is_sorted_by(|a, b| a.at_s < b.at_s && a.survival > b.survival));
            let drawn = fit.draw_beyond(&mut ChaCha8Rng::seed_from_u64(seed), waited);
            prop_assert!(drawn.is_finite() && drawn >= waited);
        }
    }
}
