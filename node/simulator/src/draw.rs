//! The few distributions of the demand, by their mean, so that a plan reads like a measurement.
use rand::Rng;
use rand_distr::{Distribution, Exp, LogNormal};

/// A lognormal draw with this mean and this coefficient of variation (standard deviation / mean).
///
/// σ² = ln(1 + cv²), μ = ln(mean) − σ²/2. Handle times of call centers are close to it (Brown et al. 2005).
/// A mean that is not positive and finite gives 0.
pub fn lognormal(rng: &mut impl Rng, mean: f64, cv: f64) -> f64 {
    let sigma2 = (1.0 + cv * cv).ln();
    match LogNormal::new(mean.ln() - sigma2 / 2.0, sigma2.sqrt()) {
        Ok(shape) if mean > 0.0 => shape.sample(rng),
        _ => 0.0,
    }
}

/// An exponential draw with this mean. A mean that is not positive and finite gives 0.
pub fn exponential(rng: &mut impl Rng, mean: f64) -> f64 {
    match Exp::new(1.0 / mean) {
        Ok(shape) if mean > 0.0 && mean.is_finite() => shape.sample(rng),
        _ => 0.0,
    }
}

/// Arrival times of a Poisson process whose rate is constant within each segment, ascending, in seconds.
///
/// `per_hour[i]` holds from `i × segment_s` to `(i + 1) × segment_s`. The process forgets, so each segment
/// starts afresh. At most `limit` arrivals.
pub fn poisson(rng: &mut impl Rng, per_hour: &[f64], segment_s: f64, limit: usize) -> Vec<f64> {
    let mut times = Vec::new();
    for (segment, rate) in per_hour.iter().enumerate() {
        let (from, to) = (segment as f64 * segment_s, (segment + 1) as f64 * segment_s);
        let mean_gap = 3600.0 / rate;
        if !(mean_gap > 0.0 && mean_gap.is_finite()) {
            continue;
        }
        let mut at = from + exponential(rng, mean_gap);
        while at < to && times.len() < limit {
            times.push(at);
            at += exponential(rng, mean_gap);
        }
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn mean_and_cv(draws: &[f64]) -> (f64, f64) {
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        (mean, variance.sqrt() / mean)
    }

    #[test]
    fn lognormal_has_the_mean_and_spread_asked_for() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let draws: Vec<f64> = (0..200_000).map(|_| lognormal(&mut rng, 200.0, 1.2)).collect();
        let (mean, cv) = mean_and_cv(&draws);
        assert!((mean - 200.0).abs() < 3.0, "mean {mean}");
        assert!((cv - 1.2).abs() < 0.1, "cv {cv}");
    }

    #[test]
    fn exponential_has_the_mean_asked_for() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let draws: Vec<f64> = (0..100_000).map(|_| exponential(&mut rng, 30.0)).collect();
        let (mean, cv) = mean_and_cv(&draws);
        assert!((mean - 30.0).abs() < 0.5 && (cv - 1.0).abs() < 0.03, "mean {mean} cv {cv}");
        assert_eq!(exponential(&mut rng, 0.0), 0.0);
    }

    #[test]
    fn poisson_counts_follow_the_rate_of_each_segment() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let times = poisson(&mut rng, &[36_000.0, 0.0, 72_000.0], 600.0, 1_000_000);
        let within = |a: f64, b: f64| times.iter().filter(|t| **t >= a && **t < b).count() as f64;
        assert!((within(0.0, 600.0) - 6_000.0).abs() < 4.0 * 6_000f64.sqrt());
        assert_eq!(within(600.0, 1200.0), 0.0);
        assert!((within(1200.0, 1800.0) - 12_000.0).abs() < 4.0 * 12_000f64.sqrt());
        assert!(times.is_sorted());
    }

    #[test]
    fn poisson_stops_at_its_limit() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        assert_eq!(poisson(&mut rng, &[36_000.0], 3600.0, 10).len(), 10);
    }
}
