//! What is reported of a class of contacts, by name. Service levels carry their formula in their name.
use super::estimate::Pair;
use crate::center::Outcome;

/// Quantiles of the wait of those answered that are reported.
pub const WAIT_QUANTILES: [f64; 4] = [0.5, 0.9, 0.95, 0.99];

/// One run's figures of one class: (name, figure), always the same names in the same order.
pub type Figures = Vec<(&'static str, Pair)>;

/// Counts of one class while a run is lived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub offered: u64,
    pub served: u64,
    pub abandoned: u64,
    pub blocked: u64,
    pub expired: u64,
    pub unserved: u64,
    /// Answered within the service level.
    pub answered_within: u64,
    /// Abandoned within it.
    pub abandoned_within: u64,
    /// Abandoned before they count as abandoned.
    pub short_abandons: u64,
    /// Had to wait, of those not blocked.
    pub delayed: u64,
    pub wait_ms: u64,
    pub answered_wait_ms: u64,
    pub waits_ms: Vec<u32>,
    /// Everybody's waiting within the counted time.
    pub waiting_ms: u64,
}

impl Counts {
    pub fn end(&mut self, outcome: Outcome, wait_ms: u64, (level_ms, short_ms): (u64, u64)) {
        self.offered += 1;
        if outcome == Outcome::Blocked {
            self.blocked += 1;
            return;
        }
        self.delayed += u64::from(wait_ms > 0);
        self.wait_ms += wait_ms;
        let within = u64::from(wait_ms <= level_ms);
        match outcome {
            Outcome::Served => {
                self.served += 1;
                self.answered_within += within;
                self.answered_wait_ms += wait_ms;
                self.waits_ms.push(u32::try_from(wait_ms).unwrap_or(u32::MAX));
            }
            Outcome::Abandoned => {
                self.abandoned += 1;
                self.abandoned_within += within;
                self.short_abandons += u64::from(wait_ms < short_ms);
            }
            Outcome::Expired => self.expired += 1,
            Outcome::Unserved => self.unserved += 1,
            Outcome::Blocked => {}
        }
    }

    pub fn figures(mut self, window_ms: u64) -> Figures {
        self.waits_ms.sort_unstable();
        let [p50, p90, p95, p99] = WAIT_QUANTILES.map(|q| Pair::known(quantile(&self.waits_ms, q)));
        let count = |count: u64| Pair::plain(count as f64);
        let share = |of: u64, by: u64| Pair::share(of as f64, by as f64);
        let seconds = |ms: u64, by: u64| Pair::share(ms as f64 / 1e3, by as f64);
        let answered_within = self.answered_within;
        vec![
            ("offered", count(self.offered)),
            ("served", count(self.served)),
            ("abandoned", count(self.abandoned)),
            ("blocked", count(self.blocked)),
            ("expired", count(self.expired)),
            ("unserved", count(self.unserved)),
            ("abandoned / offered", share(self.abandoned, self.offered)),
            ("blocked / offered", share(self.blocked, self.offered)),
            ("answered_within / offered", share(answered_within, self.offered)),
            (
                "answered_within / (offered - short_abandons)",
                share(answered_within, self.offered - self.short_abandons),
            ),
            ("answered_within / answered", share(answered_within, self.served)),
            (
                "(answered_within + abandoned_within) / offered",
                share(answered_within + self.abandoned_within, self.offered),
            ),
            ("answered_within / (answered + abandoned)", share(answered_within, self.served + self.abandoned)),
            ("asa_s", seconds(self.answered_wait_ms, self.served)),
            ("wait_mean_s", seconds(self.wait_ms, self.offered - self.blocked)),
            ("wait_p50_s", p50),
            ("wait_p90_s", p90),
            ("wait_p95_s", p95),
            ("wait_p99_s", p99),
            ("P(wait > 0)", share(self.delayed, self.offered - self.blocked)),
            ("queue_length", share(self.waiting_ms, window_ms)),
        ]
    }
}

/// The smallest of the sorted waits that at least a share `q` of them does not exceed, seconds.
fn quantile(sorted_ms: &[u32], q: f64) -> Option<f64> {
    let last = sorted_ms.len().checked_sub(1)?;
    let rank = (q * sorted_ms.len() as f64).ceil() as usize;
    sorted_ms.get(rank.saturating_sub(1).min(last)).map(|ms| f64::from(*ms) / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every formula on a handful of contacts, by hand. Level 20 s, short abandons before 5 s.
    #[test]
    fn formulas_by_hand() {
        let mut counts = Counts::default();
        let ends = [
            (Outcome::Served, 0),
            (Outcome::Served, 20_000),
            (Outcome::Served, 20_001),
            (Outcome::Abandoned, 4_999),
            (Outcome::Abandoned, 5_000),
            (Outcome::Abandoned, 60_000),
            (Outcome::Blocked, 0),
            (Outcome::Unserved, 1_000),
        ];
        for (outcome, wait_ms) in ends {
            counts.end(outcome, wait_ms, (20_000, 5_000));
        }
        counts.waiting_ms = 30_000;
        let figures = counts.figures(60_000);
        let value = |name: &str| {
            let pair = figures.iter().find(|(of, _)| *of == name).expect("reported").1;
            pair.of / pair.by
        };
        let expected = [
            ("offered", 8.0),
            ("served", 3.0),
            ("abandoned", 3.0),
            ("blocked / offered", 1.0 / 8.0),
            ("answered_within / offered", 2.0 / 8.0),
            ("answered_within / (offered - short_abandons)", 2.0 / 7.0),
            ("answered_within / answered", 2.0 / 3.0),
            ("(answered_within + abandoned_within) / offered", 4.0 / 8.0),
            ("answered_within / (answered + abandoned)", 2.0 / 6.0),
            ("asa_s", 40.001 / 3.0),
            ("wait_mean_s", (40.001 + 4.999 + 5.0 + 60.0 + 1.0) / 7.0),
            ("wait_p50_s", 20.0),
            ("wait_p99_s", 20.001),
            ("P(wait > 0)", 6.0 / 7.0),
            ("queue_length", 0.5),
        ];
        for (name, expected) in expected {
            assert!((value(name) - expected).abs() < 1e-12, "{name}: {} instead of {expected}", value(name));
        }
    }
}
