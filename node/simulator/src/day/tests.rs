//! A day of three calls by hand, and a real day where the file is present.
use super::*;
use crate::trace;

fn call(line: u64, kind: &str, joined_s: u32, wait_s: u32, served_by: Option<&str>, service_s: u32) -> Call {
    Call {
        line,
        customer_id: line % 2 * 100,
        priority: if line == 3 { 2 } else { 1 },
        kind: kind.into(),
        date: 990_101,
        vru_entry_s: joined_s - 10,
        vru_exit_s: joined_s,
        queued_s: (wait_s > 0).then_some(joined_s),
        wait_s,
        outcome: if served_by.is_some() { Outcome::Agent } else { Outcome::Hang },
        service_start_s: served_by.map(|_| joined_s + wait_s),
        service_s,
        server: served_by.map(str::to_string),
    }
}

fn three_calls() -> Vec<Call> {
    vec![
        call(2, "PS", 30_000, 40, Some("ANAT"), 100),
        call(3, "NW", 30_100, 0, Some("ELI"), 50),
        call(4, "PS", 30_050, 90, None, 0),
        call(5, "PS", 31_000, 0, Some("ELI"), 70),
    ]
}

#[test]
fn arrivals_shifts_profiles_and_what_happened() {
    let day = day(&three_calls(), 990_101, 7).expect("a day");
    let demand = &day.demand;
    assert_eq!(day.begins_s, 30_000.0);
    assert_eq!(demand.arrivals.iter().map(|a| a.at_s).collect::<Vec<_>>(), [0.0, 50.0, 100.0, 1000.0]);
    assert_eq!(demand.arrivals.iter().map(|a| a.priority).collect::<Vec<_>>(), [0, 0, 1, 0]);
    assert_eq!(demand.arrivals[0].customer, None);
    assert_eq!(demand.arrivals[2].customer.as_deref(), Some("c100"));
    let left = &demand.arrivals[1];
    assert_eq!(left.patience_s, 90.0);
    assert!([100.0, 70.0].contains(&left.handle_s), "a handle time of the same type");
    assert!(demand.arrivals[0].patience_s > 40.0, "served after 40 s, so more patient than that");
    let shifts: Vec<_> = demand.agents.iter().map(|a| (a.name.as_str(), a.shift.from_s, a.shift.to_s)).collect();
    assert_eq!(shifts, [("anat", 40.0, 140.0), ("eli", 100.0, 1070.0)]);
    assert_eq!(demand.profiles[demand.agents[0].profile].name, "ps");
    assert_eq!(demand.profiles[demand.agents[1].profile].name, "nw-ps");
    assert_eq!((day.actual["PS"].served, day.actual["PS"].left, day.actual["NW"].served), (2, 1, 1));
}

#[test]
fn a_day_that_is_not_there_is_named() {
    let error = day(&three_calls(), 990_102, 7).expect_err("no calls");
    assert_eq!(error, Error::NoSuchDay { day: 990_102, first: 990_101, last: 990_101 });
}

#[test]
fn a_real_day() {
    let Some(path) = trace::tests::file() else {
        return;
    };
    let calls = trace::parse(std::fs::File::open(path).expect("readable")).expect("good rows");
    let day = day(&calls, 990_105, 1).expect("a day");
    let phantoms = calls.iter().filter(|c| c.date == 990_105 && c.outcome == Outcome::Phantom).count();
    assert_eq!(day.demand.arrivals.len() + phantoms, 1629);
    assert!(day.demand.agents.len() >= 15);
    assert!(day.demand.arrivals.is_sorted_by(|a, b| a.at_s <= b.at_s));
    assert!(day.demand.agents.iter().all(|a| a.shift.from_s < a.shift.to_s));
    // Patience outlasts what was waited, and its mean is in the range the study found (446 s over other months).
    assert!((200.0..900.0).contains(&day.patience_mean_s), "{}", day.patience_mean_s);
    assert_eq!(day, super::day(&calls, 990_105, 1).expect("again"), "the seed decides");
}
