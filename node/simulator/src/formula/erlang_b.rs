//! Erlang B (M/M/s/s): nobody waits. A. K. Erlang, "Solution of some problems in the theory of probabilities of
//! significance in automatic telephone exchanges", Elektrotkeknikeren 13 (1917).

/// Probability of being blocked at an offered load `a` with `servers`, by the recursion B(0) = 1,
/// B(s) = a·B(s−1) / (s + a·B(s−1)), which never overflows.
pub fn blocking(a: f64, servers: u32) -> f64 {
    (1..=servers).fold(1.0, |b, s| a * b / (f64::from(s) + a * b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Printed digits: reference-numbers.md.
    #[test]
    fn as_printed() {
        for (a, servers, printed) in [(10.0, 10, 0.214582), (10.0, 15, 0.036497), (50.0, 50, 0.104787)] {
            assert!((blocking(a, servers) - printed).abs() <= 0.5e-6, "B({a}, {servers})");
        }
        assert_eq!((blocking(3.0, 0), blocking(0.0, 2)), (1.0, 0.0));
    }
}
