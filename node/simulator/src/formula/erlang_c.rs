//! Erlang C (M/M/s): everybody waits until served. Erlang 1917 (see `erlang_b.rs`); in this form R. B. Cooper,
//! "Introduction to Queueing Theory", 2nd ed. (1981), section 3.4.
use super::erlang_b;

/// Probability of waiting at an offered load `a` with `servers`: C = s·B / (s − a·(1 − B)). 1 where the load is too much
/// for the servers.
pub fn delayed(a: f64, servers: u32) -> f64 {
    let s = f64::from(servers);
    if a >= s {
        return 1.0;
    }
    let b = erlang_b::blocking(a, servers);
    s * b / (s - a * (1.0 - b))
}

/// Mean wait of all, in units of a mean service: C / (s − a). Infinite where the load is too much.
pub fn mean_wait(a: f64, servers: u32) -> f64 {
    let s = f64::from(servers);
    if a >= s { f64::INFINITY } else { delayed(a, servers) / (s - a) }
}

/// Share of all who wait at most `t` mean services: 1 − C·exp(−(s − a)·t).
pub fn within(a: f64, servers: u32, t: f64) -> f64 {
    let s = f64::from(servers);
    if a >= s { 0.0 } else { 1.0 - delayed(a, servers) * (-(s - a) * t).exp() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Printed digits, μ = 1: reference-numbers.md.
    #[test]
    fn as_printed() {
        let printed = [
            (10.0, 11, 0.682118, 0.682118),
            (10.0, 12, 0.449388, 0.224694),
            (20.0, 24, 0.298072, 0.074518),
            (50.0, 55, 0.384547, 0.076909),
        ];
        for (a, servers, waits, wait) in printed {
            assert!((delayed(a, servers) - waits).abs() <= 0.5e-6, "C({a}, {servers})");
            assert!((mean_wait(a, servers) - wait).abs() <= 0.5e-6, "W({a}, {servers})");
        }
    }

    #[test]
    fn the_share_within_agrees_with_both_ends() {
        assert!((within(10.0, 12, 0.0) - (1.0 - delayed(10.0, 12))).abs() < 1e-12);
        assert!(within(10.0, 12, 50.0) > 1.0 - 1e-12);
        assert_eq!((delayed(12.0, 12), mean_wait(12.0, 12), within(12.0, 12, 1.0)), (1.0, f64::INFINITY, 0.0));
    }
}
