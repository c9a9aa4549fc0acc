//! Erlang A (M/M/s+M): who waits loses patience after an exponential time. C. Palm, "Etude des délais d'attente",
//! Ericsson Technics 5 (1937); as used in call centers: O. Garnett, A. Mandelbaum, M. Reiman, "Designing a Call Center
//! with Impatient Customers", MSOM 4:3 (2002). Solved here as the birth-death chain it is.

/// Steady state of an Erlang A queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Queue {
    /// Probability of having to wait.
    pub delayed: f64,
    /// Probability of abandoning.
    pub abandons: f64,
    /// Mean wait of all, served or not, in the unit of time of the rates.
    pub mean_wait: f64,
    /// Mean number waiting.
    pub waiting: f64,
}

/// The chain is cut where a state is this much less likely than the likeliest.
const NEGLIGIBLE: f64 = 1e-18;
/// And at this many waiting at the latest.
const WAITING_MAX: u32 = 10_000_000;

/// λ arrivals and, of each server, μ services per unit of time; a waiting customer leaves with rate θ > 0.
/// `places` bounds how many may wait.
pub fn queue(lambda: f64, mu: f64, theta: f64, servers: u32, places: Option<u32>) -> Queue {
    let s = f64::from(servers);
    // Weights relative to all servers busy and nobody waiting: downwards by what left, upwards by what came.
    let (mut weight, mut idle) = (1.0, 0.0);
    for busy in (1..=servers).rev() {
        weight *= f64::from(busy) * mu / lambda;
        idle += weight;
        if weight < NEGLIGIBLE * idle {
            break;
        }
    }
    let (mut weight, mut busy, mut waiting, mut most) = (1.0, 1.0, 0.0, 1.0);
    for count in 1..=places.unwrap_or(WAITING_MAX) {
        weight *= lambda / (s * mu + f64::from(count) * theta);
        busy += weight;
        waiting += weight * f64::from(count);
        most = f64::max(most, weight);
        if weight < NEGLIGIBLE * most {
            break;
        }
    }
    let all = idle + busy;
    let waiting = waiting / all;
    // Abandonments per unit are θ·E[Q]; each waiting customer was one of λ (Little).
    Queue { delayed: busy / all, abandons: theta * waiting / lambda, mean_wait: waiting / lambda, waiting }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Printed digits, μ = 1: reference-numbers.md.
    #[test]
    fn as_printed() {
        let printed = [
            (10.0, 1.0, 10, 0.542070, 0.125110, 0.125110),
            (50.0, 1.0 / 3.0, 50, 0.647489, 0.041262, 0.123787),
            (100.0, 1.0, 100, 0.513299, 0.039861, 0.039861),
        ];
        for (lambda, theta, servers, delayed, abandons, wait) in printed {
            let queue = queue(lambda, 1.0, theta, servers, None);
            for (found, printed) in [(queue.delayed, delayed), (queue.abandons, abandons), (queue.mean_wait, wait)] {
                assert!((found - printed).abs() <= 0.5e-6, "λ {lambda}, θ {theta}, s {servers}: {found}, {printed}");
            }
        }
    }

    /// W. Whitt, "Engineering solution of a basic call-center model", Management Science 51:2 (2005), table 1.
    #[test]
    fn whitts_table() {
        let one = queue(102.0, 1.0, 1.0, 100, Some(200));
        assert!((1.0 - one.delayed - 0.4083).abs() <= 0.5e-4, "{one:?}");
        assert!((one.abandons - 0.0499).abs() <= 0.5e-4, "{one:?}");
        assert!((one.waiting - 5.092).abs() <= 0.5e-3, "{one:?}");
        let four = queue(102.0, 1.0, 0.25, 100, Some(200));
        assert!((1.0 - four.delayed - 0.226).abs() <= 0.5e-3, "{four:?}");
        assert!((four.abandons - 0.0364).abs() <= 0.5e-4, "{four:?}");
        assert!((four.waiting - 14.84).abs() <= 0.5e-2, "{four:?}");
    }

    /// With hardly any impatience it is Erlang C.
    #[test]
    fn patience_without_end_is_erlang_c() {
        let patient = queue(10.0, 1.0, 1e-9, 12, None);
        assert!((patient.delayed - super::super::erlang_c::delayed(10.0, 12)).abs() < 1e-6);
        assert!((patient.mean_wait - super::super::erlang_c::mean_wait(10.0, 12)).abs() < 1e-6);
    }
}
