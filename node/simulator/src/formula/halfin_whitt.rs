//! The quality-and-efficiency-driven limit: with s = a + β√a servers the probability of waiting tends to a constant as
//! the load grows. S. Halfin, W. Whitt, "Heavy-Traffic Limits for Queues with Many Exponential Servers", Operations
//! Research 29:3 (1981), proposition 1.
use statrs::distribution::{Continuous, ContinuousCDF, Normal};

/// Limit of P(W > 0) for β > 0: 1 / (1 + β·Φ(β)/φ(β)).
pub fn delayed(beta: f64) -> f64 {
    let normal = Normal::standard();
    1.0 / (1.0 + beta * normal.cdf(beta) / normal.pdf(beta))
}

/// Servers for a load and a β: a + β√a, rounded up.
pub fn servers(a: f64, beta: f64) -> u32 {
    (a + beta * a.sqrt()).ceil().max(0.0) as u32
}

#[cfg(test)]
mod tests {
    use super::{super::erlang_c, *};

    /// Printed digits: reference-numbers.md.
    #[test]
    fn as_printed() {
        for (beta, printed) in [(0.25, 0.7209), (0.5, 0.5045), (1.0, 0.2234), (1.5, 0.0847), (2.0, 0.0269)] {
            assert!((delayed(beta) - printed).abs() <= 0.5e-4, "β {beta}: {}", delayed(beta));
        }
    }

    #[test]
    fn erlang_c_tends_to_it() {
        let far = |a: f64| (erlang_c::delayed(a, servers(a, 1.0)) - delayed(1.0)).abs();
        assert!(far(1e6) < 1e-3 && far(1e6) < far(100.0));
    }
}
