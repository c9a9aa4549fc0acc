//! An estimate over independent runs, with a two-sided interval by Student's t.
//!
//! A figure of a run is a pair: a sum and what it is divided by (calls answered in time, calls offered). Over n runs the
//! estimate is the ratio of means R = ΣN/ΣD, and its variance by the delta method Σ(Nᵢ − R·Dᵢ)² / (n(n−1)·D̄²) with n − 1
//! degrees of freedom (A. M. Law, "Simulation Modeling and Analysis", 5th ed. (2015), section 9.5.3). With all Dᵢ = 1 this
//! is the textbook interval of a mean.
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// A run's figure: a sum, and what it is divided by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pair {
    /// The sum.
    pub of: f64,
    /// What it is divided by; 0 where the run says nothing.
    pub by: f64,
}

impl Pair {
    /// Divided by one: a count, a mean, a quantile.
    pub fn plain(value: f64) -> Self {
        Self { of: value, by: 1.0 }
    }

    /// A share.
    pub fn share(of: f64, by: f64) -> Self {
        Self { of, by }
    }

    /// A value that some runs do not have.
    pub fn known(value: Option<f64>) -> Self {
        value.map_or_else(Self::default, Self::plain)
    }
}

/// An estimate and its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The ratio of means; `None` where no run says anything.
    pub mean: Option<f64>,
    /// Lower end of the interval; `None` of fewer than two runs.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Standard error.
    #[serde(skip)]
    pub error: Option<f64>,
    /// Runs that say something.
    #[serde(skip)]
    pub runs: usize,
}

/// The estimate of these runs' figures, with an interval of this level (0.95).
pub fn estimate(pairs: impl Iterator<Item = Pair>, level: f64) -> Estimate {
    let pairs: Vec<Pair> = pairs.filter(|pair| pair.by > 0.0).collect();
    let runs = pairs.len();
    let (of, by) = pairs.iter().fold((0.0, 0.0), |(of, by), pair| (of + pair.of, by + pair.by));
    if runs == 0 {
        return Estimate { mean: None, low: None, high: None, error: None, runs };
    }
    let mean = of / by;
    if runs == 1 {
        return Estimate { mean: Some(mean), low: None, high: None, error: None, runs };
    }
    let n = runs as f64;
    let squares: f64 = pairs.iter().map(|pair| (pair.of - mean * pair.by).powi(2)).sum();
    let error = (squares / (n * (n - 1.0))).sqrt() / (by / n);
    let half = quantile_t(level, runs) * error;
    Estimate { mean: Some(mean), low: Some(mean - half), high: Some(mean + half), error: Some(error), runs }
}

/// How much the second of two figures is above the first, both of the same runs (common random numbers): the difference of
/// the two ratios of means. Its error takes each run's two residuals together, so that what both figures owe to the same
/// customers cancels out. Runs in which either says nothing are left out.
pub fn difference(pairs: impl Iterator<Item = (Pair, Pair)>, level: f64) -> Estimate {
    let pairs: Vec<(Pair, Pair)> = pairs.filter(|(a, b)| a.by > 0.0 && b.by > 0.0).collect();
    let runs = pairs.len();
    let sums = |side: fn(&(Pair, Pair)) -> Pair| {
        pairs.iter().map(side).fold((0.0, 0.0), |(of, by), pair| (of + pair.of, by + pair.by))
    };
    let ((of_a, by_a), (of_b, by_b)) = (sums(|pair| pair.0), sums(|pair| pair.1));
    if runs == 0 {
        return Estimate { mean: None, low: None, high: None, error: None, runs };
    }
    let (mean_a, mean_b) = (of_a / by_a, of_b / by_b);
    let mean = mean_b - mean_a;
    if runs == 1 {
        return Estimate { mean: Some(mean), low: None, high: None, error: None, runs };
    }
    let n = runs as f64;
    let residual = |(a, b): &(Pair, Pair)| n * ((b.of - mean_b * b.by) / by_b - (a.of - mean_a * a.by) / by_a);
    let squares: f64 = pairs.iter().map(|pair| residual(pair).powi(2)).sum();
    let error = (squares / (n * (n - 1.0))).sqrt();
    let half = quantile_t(level, runs) * error;
    Estimate { mean: Some(mean), low: Some(mean - half), high: Some(mean + half), error: Some(error), runs }
}

/// How many standard errors an interval of this level reaches to either side, of so many runs (two at least).
pub fn quantile_t(level: f64, runs: usize) -> f64 {
    let freedom = runs.max(2) as f64 - 1.0;
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |t| t.inverse_cdf(0.5 + level / 2.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Student (1908), as every table has it: 2.776 for 4 degrees of freedom at 95 %.
    #[test]
    fn a_mean_has_the_textbook_interval() {
        let found = estimate([1.0, 2.0, 3.0, 4.0, 5.0].into_iter().map(Pair::plain), 0.95);
        assert_eq!(found.mean, Some(3.0));
        let half = 2.776_445 * (2.5_f64 / 5.0).sqrt();
        assert!((found.high.unwrap_or(0.0) - 3.0 - half).abs() < 1e-4, "{found:?}");
        assert!((quantile_t(0.95, 31) - 2.042_272).abs() < 1e-4);
    }

    #[test]
    fn a_ratio_weighs_runs_by_their_size() {
        let pairs = [Pair::share(1.0, 10.0), Pair::share(9.0, 10.0), Pair::share(0.0, 0.0), Pair::share(50.0, 100.0)];
        let found = estimate(pairs.into_iter(), 0.95);
        assert_eq!((found.mean, found.runs), (Some(0.5), 3));
    }

    /// Of plain values it is the paired interval of every textbook; what both sides share cancels out.
    #[test]
    fn a_difference_is_of_pairs() {
        let pairs = [(10.0, 11.0), (20.0, 22.0), (30.0, 33.0), (40.0, 44.0)];
        let plain = pairs.map(|(a, b)| (Pair::plain(a), Pair::plain(b)));
        let found = difference(plain.into_iter(), 0.95);
        let textbook = estimate([1.0, 2.0, 3.0, 4.0].into_iter().map(Pair::plain), 0.95);
        assert_eq!(found.mean, textbook.mean);
        assert!((found.error.unwrap_or(0.0) - textbook.error.unwrap_or(1.0)).abs() < 1e-12);
        let same = plain.map(|(a, _)| (a, a));
        let none = difference(same.into_iter(), 0.95);
        assert_eq!((none.mean, none.low, none.high), (Some(0.0), Some(0.0), Some(0.0)));
        // Shares: 10 of 100 and 30 of 300 against 20 of 100 and 60 of 300.
        let shares = [(100.0, 10.0, 20.0), (300.0, 30.0, 60.0)];
        let shares = shares.map(|(all, a, b)| (Pair::share(a, all), Pair::share(b, all)));
        assert!((difference(shares.into_iter(), 0.95).mean.unwrap_or(0.0) - 0.1).abs() < 1e-12);
    }

    #[test]
    fn of_one_run_nothing_is_known_but_its_value() {
        let found = estimate([Pair::plain(7.0)].into_iter(), 0.95);
        assert_eq!((found.mean, found.low, found.high), (Some(7.0), None, None));
        assert_eq!(estimate([Pair::known(None)].into_iter(), 0.95).mean, None);
    }

    /// Of a hundred intervals of a known mean about five miss it: 2 to 12 with a probability beyond 98 %.
    #[test]
    fn intervals_cover_as_often_as_they_say() {
        use rand::{Rng, SeedableRng};
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let mut missed = 0;
        for _ in 0..1_000 {
            let found = estimate((0..10).map(|_| Pair::plain(rng.random::<f64>())), 0.95);
            let covers = found.low.is_some_and(|low| low <= 0.5) && found.high.is_some_and(|high| high >= 0.5);
            missed += usize::from(!covers);
        }
        assert!((30..=72).contains(&missed), "{missed} of 1000");
    }
}
