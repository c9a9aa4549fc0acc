//! The hour is what its plan says.
use super::*;
use std::collections::BTreeSet;

#[test]
fn the_same_seed_gives_the_same_hour_and_another_seed_another() {
    let plan = BusyHour::default();
    assert_eq!(busy_hour(&plan), busy_hour(&plan));
    assert_ne!(busy_hour(&plan).arrivals, busy_hour(&BusyHour { seed: 2, ..plan }).arrivals);
}

#[test]
fn volumes_and_handle_times_are_those_of_the_streams() {
    let plan = BusyHour { duration_s: 100.0 * 3600.0, ..BusyHour::default() };
    let hours = busy_hour(&plan);
    for stream in &STREAMS {
        let of = |a: &&Arrival| a.queue == stream.queue && a.channel == stream.channel;
        let count = hours.arrivals.iter().filter(of).count() as f64;
        let expected = stream.per_hour * 100.0 * SHAPE.iter().sum::<f64>() / 12.0;
        assert!((count - expected).abs() < 4.0 * expected.sqrt(), "{} {}: {count}", stream.queue, stream.channel);
        let handle = hours.arrivals.iter().filter(of).map(|a| a.handle_s).sum::<f64>() / count;
        assert!((handle / stream.handle_mean_s - 1.0).abs() < 0.09, "{} {}: {handle} s", stream.queue, stream.channel);
    }
}

#[test]
fn customers_return_as_often_as_planned() {
    let hour = busy_hour(&BusyHour::default());
    let customers: BTreeSet<_> = hour.arrivals.iter().map(|a| a.customer.clone()).collect();
    let returning = 1.0 - customers.len() as f64 / hour.arrivals.len() as f64;
    assert!((returning - 0.35).abs() < 0.05, "{returning}");
}

#[test]
fn arrivals_are_numbered_in_order_of_time() {
    let hour = busy_hour(&BusyHour::default());
    assert!(hour.arrivals.is_sorted_by(|a, b| a.at_s <= b.at_s && a.number + 1 == b.number));
    assert!(hour.arrivals.iter().all(|a| a.at_s < hour.duration_s && a.handle_s > 0.0 && a.patience_s >= 0.0));
}

#[test]
fn every_stream_is_served_by_somebody_and_names_are_unique() {
    for agents in [5, 37, 100, 1000] {
        let hour = busy_hour(&BusyHour { agents, ..BusyHour::default() });
        assert_eq!(hour.agents.len(), agents);
        let names: BTreeSet<_> = hour.agents.iter().map(|a| &a.name).collect();
        assert_eq!(names.len(), agents);
        for stream in &STREAMS {
            let serves = |agent: &Agent| {
                hour.profiles[agent.profile].serves.iter().any(|(q, c, _)| q == stream.queue && c == stream.channel)
            };
            assert!(hour.agents.iter().any(serves), "{agents} agents, {} {}", stream.queue, stream.channel);
        }
    }
}

#[test]
fn habits_are_drawn_as_often_as_planned() {
    let habits = Habits { declines: 0.03, silent: 0.02, answer_mean_s: 2.5 };
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let drawn: Vec<Reaction> = (0..100_000).map(|_| habits.react(&mut rng)).collect();
    let share = |which: fn(&Reaction) -> bool| drawn.iter().filter(|r| which(r)).count() as f64 / drawn.len() as f64;
    assert!((share(|r| matches!(r, Reaction::Decline(_))) - 0.03).abs() < 0.003);
    assert!((share(|r| matches!(r, Reaction::Silent)) - 0.02).abs() < 0.003);
}
