//! What a scenario says of its demand is what comes: rates by period, busy days, recorded rows, customers who try again.
use super::*;
use crate::scenario::parse;

fn scenario(day: &str, kind: &str) -> Scenario {
    let text = format!(
        "{day}\n[[queues]]\nname = \"q\"\n[[types]]\nname = \"calls\"\nqueue = \"q\"\n{kind}\n\
         [[groups]]\nname = \"g\"\nagents = 1\nserves = [{{ queue = \"q\" }}]\n"
    );
    parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn drawn(scenario: &Scenario, trace: &[Row], run: u32) -> Vec<Contact> {
    let mut demand = Drawn::new(scenario, trace, run);
    std::iter::from_fn(|| demand.next()).collect()
}

/// Within four standard deviations of a Poisson count.
fn about(count: usize, mean: f64) {
    assert!((count as f64 - mean).abs() < 4.0 * mean.sqrt(), "{count} instead of {mean}");
}

#[test]
fn arrivals_are_poisson_with_the_rate_of_each_period() {
    let scenario = scenario(
        "[day]\nduration_s = 9000\nperiod_s = 3600",
        "arrivals_per_min = [60, 0, 120]\nservice = [\n{ deterministic = { value_s = 1 } }, \
         { deterministic = { value_s = 2 } }, { deterministic = { value_s = 3 } }]",
    );
    let contacts = drawn(&scenario, &[], 0);
    let within = |from: u64, to: u64| contacts.iter().filter(|c| (from..to).contains(&(c.at_ms / 1_000))).count();
    about(within(0, 3_600), 3_600.0);
    assert_eq!(within(3_600, 7_200), 0);
    // The last period is cut short by the end of the day.
    about(within(7_200, 9_000), 3_600.0);
    assert!(contacts.is_sorted_by_key(|contact| contact.at_ms));
    // Service goes by the period of arrival.
    let service = |contact: &Contact| if contact.at_ms < 3_600_000 { 1_000 } else { 3_000 };
    assert!(contacts.iter().all(|contact| contact.talk_ms == service(contact)));
    // Gaps of a Poisson process vary as much as their mean.
    let gaps = contacts.windows(2).map(|pair| (pair[1].at_ms - pair[0].at_ms) as f64).take(3_000);
    let gaps: Vec<f64> = gaps.collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
    assert!((variance.sqrt() / mean - 1.0).abs() < 0.08, "cv {}", variance.sqrt() / mean);
}

/// Mean 1 and variance 1/shape: counts of days vary by both.
#[test]
fn busy_days_are_gamma() {
    let scenario = scenario(
        "[day]\nduration_s = 3600\nbusyness_shape = 4",
        "arrivals_per_min = 20\nservice = { deterministic = { value_s = 1 } }",
    );
    let counts: Vec<f64> = (0..2_000).map(|run| drawn(&scenario, &[], run).len() as f64).collect();
    let mean = counts.iter().sum::<f64>() / counts.len() as f64;
    let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / counts.len() as f64;
    // 1200 expected; variance 1200 + 1200²/4.
    assert!((mean - 1_200.0).abs() < 60.0, "{mean}");
    assert!((variance / (1_200.0 + 360_000.0) - 1.0).abs() < 0.15, "{variance}");
}

#[test]
fn what_a_trace_knows_is_so_and_the_rest_is_drawn() {
    let kind = "service = { deterministic = { value_s = 9 } }\npatience = { deterministic = { value_s = 7 } }\n";
    let mut scenario = scenario("[day]\nduration_s = 100\n[trace]\nfile = \"t.csv\"", kind);
    let row = |at_s, service_s, patience_s| Row { at_s, kind: 0, service_s, patience_s };
    let trace = [row(1.5, Some(4.0), None), row(2.0, None, Some(3.0)), row(2.0, None, None)];
    let told =
        |contacts: Vec<Contact>| contacts.iter().map(|c| (c.at_ms, c.talk_ms, c.patience_ms)).collect::<Vec<_>>();
    let expected = [(1_500, 4_000, Some(7_000)), (2_000, 9_000, Some(3_000)), (2_000, 9_000, Some(7_000))];
    assert_eq!(told(drawn(&scenario, &trace, 0)), expected);
    // Drawn arrivals come between them.
    scenario.types[0].arrivals_per_min = Some(crate::scenario::ByPeriod::Same(60.0));
    let both = told(drawn(&scenario, &trace, 0));
    assert!(both.len() > 60 && both.is_sorted_by_key(|contact| contact.0));
    assert!(expected.iter().all(|contact| both.contains(contact)));
}

#[test]
fn who_was_not_served_tries_again_as_often_as_it_says() {
    let kind = "arrivals_per_min = 600\nservice = { deterministic = { value_s = 1 } }\n\
                retrial = { after_abandoning = 0.3, after_blocking = 1.0, attempts_max = 3, \
                delay = { deterministic = { value_s = 60 } } }\n";
    let scenario = scenario("[day]\nduration_s = 600", kind);
    let contacts = drawn(&scenario, &[], 0);
    let mut demand = Drawn::new(&scenario, &[], 0);
    let again = |demand: &mut Drawn<'_>, contact: &Contact, outcome| demand.again(contact, outcome, 5_000);
    let tries = contacts.iter().filter(|contact| again(&mut demand, contact, Outcome::Abandoned).is_some()).count();
    about(tries, contacts.len() as f64 * 0.3);
    let second = again(&mut demand, &contacts[0], Outcome::Blocked).expect("always");
    assert_eq!((second.at_ms, second.attempts_before), (65_000, 1));
    let third = again(&mut demand, &second, Outcome::Blocked).expect("always");
    assert_eq!(again(&mut demand, &third, Outcome::Blocked), None);
    for done in [Outcome::Served, Outcome::Expired, Outcome::Unserved] {
        assert_eq!(again(&mut demand, &contacts[0], done), None);
    }
}
