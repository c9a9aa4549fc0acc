//! PERCENT_SPLIT: after every batch each group has its share, give or take less than an offer; what spills makes no burst.
mod support;

use kindred_domain::record::*;
use support::*;

/// Shares of a hundred for 2 to 16 groups, each with enough agents for a whole batch.
fn splitting(chance: &mut Chance, per_group: u64) -> (Floor, Vec<u32>) {
    let mut floor = Floor::new();
    floor.queue("q", Mode::PercentSplit);
    let count = 2 + chance.below(15) as usize;
    let mut percents = vec![1_u32; count];
    for _ in count..100 {
        percents[chance.below(count as u64) as usize] += 1;
    }
    let group = |(at, percent): (usize, &u32)| {
        let team = Some(format!("t{at}").into());
        Group { name: format!("g{at}"), team, selector: None, percent: *percent }
    };
    let groups: Vec<Group> = percents.iter().enumerate().map(group).collect();
    floor.edit_policy("q", |revision| revision.groups = groups);
    floor.profile("p", &[("q", VOICE, 1, 0, 0)]);
    for at in 0..count {
        for n in 0..per_group {
            let id = format!("a{at}-{n}");
            floor.agent(&id, "p", chance.below(1_000), &[]);
            floor.edit_agent(&id, |agent| agent.team = Some(format!("t{at}").into()));
        }
    }
    (floor, percents)
}

fn team(floor: &Floor, agent: &str) -> usize {
    let team = floor.agents[agent].team.as_ref().unwrap();
    team[1..].parse().unwrap()
}

#[test]
fn every_batch_leaves_each_group_within_an_offer_of_its_share() {
    for seed in 0..16 {
        let mut chance = Chance(seed);
        let (mut floor, percents) = splitting(&mut chance, 12);
        let mut offers = vec![0_u64; percents.len()];
        for batch in 0..25 {
            let ids: Vec<String> = (0..1 + chance.below(10)).map(|n| format!("{batch}-{n}")).collect();
            ids.iter().for_each(|id| floor.submit(id, "q", VOICE, None));
            for plan in floor.round() {
                offers[team(&floor, &plan.agent)] += 1;
            }
            // The oracle: what the queue has counted, and what we have.
            let revision = floor.policies["q"].revisions.last().unwrap();
            let split = floor.queues["q"].split.as_ref().unwrap();
            assert_eq!((&split.shared, split.spilled.iter().sum::<u64>()), (&offers, 0), "seed {seed}");
            assert!(split.deviation_percent(&revision.groups) < 100, "seed {seed}: {split:?}");
            let all: u64 = offers.iter().sum();
            for (offers, percent) in offers.iter().zip(&percents) {
                assert!((offers * 100).abs_diff(u64::from(*percent) * all) < 100, "seed {seed}");
            }
            ids.iter().for_each(|id| floor.close(id));
        }
    }
}

#[test]
fn a_group_that_was_away_has_its_share_of_what_comes_later_and_no_more() {
    for seed in 0..8 {
        let mut chance = Chance(seed ^ 0xb);
        let (mut floor, percents) = splitting(&mut chance, 3);
        let away = chance.below(percents.len() as u64) as usize;
        let theirs: Vec<String> = (0..3).map(|n| format!("a{away}-{n}")).collect();
        let serve = |floor: &mut Floor, id: String| {
            floor.submit(&id, "q", VOICE, None);
            let offers = floor.round();
            floor.close(&id);
            team(floor, &offers[0].agent)
        };
        let say = |floor: &mut Floor, status| {
            theirs.iter().for_each(|id| floor.edit_agent(id, |agent| agent.presence.status = status));
        };
        say(&mut floor, PresenceStatus::Break);
        for n in 0..80 {
            assert_ne!(serve(&mut floor, format!("away-{n}")), away, "seed {seed}");
        }
        say(&mut floor, PresenceStatus::Available);
        let mut got = 0;
        for n in 1..=60 {
            got += u64::from(serve(&mut floor, format!("back-{n}")) == away);
            assert!((got * 100).abs_diff(u64::from(percents[away]) * n) < 100, "seed {seed}: {got} of {n}");
        }
    }
}

/// Red has 60, blue 30, experts 10; whoever is in no group waits for all of them to be busy.
#[test]
fn who_is_in_no_group_comes_last() {
    let mut floor = three(Mode::PercentSplit);
    floor.edit_agent("b", |agent| agent.team = Some("red".into()));
    floor.edit_agent("c", |agent| agent.team = Some("blue".into()));
    for name in ["1", "2", "3", "4"] {
        floor.submit(name, "q", VOICE, None);
    }
    let offers = floor.round();
    assert_eq!(pairs(&offers), ["1→b", "2→c", "3→a"]);
    let free: Vec<Option<u32>> = offers.iter().map(|plan| plan.free_groups).collect();
    assert_eq!(free, [Some(0b11), Some(0b10), Some(0)]);
    let split = floor.queues["q"].split.as_ref().unwrap();
    assert_eq!((&split.shared[..], &split.spilled[..], split.ungrouped), (&[0, 0, 0][..], &[1, 1, 0][..], 1));
}

/// What a lost batch would have counted is not counted.
#[test]
fn a_lost_batch_counts_nothing() {
    let mut chance = Chance(9);
    let (mut floor, _) = splitting(&mut chance, 8);
    let mut first = vec![];
    for _ in 0..2 {
        floor.submit("1", "q", VOICE, None);
        floor.submit("2", "q", VOICE, None);
        let batch = floor.matchmaker.next_batch(floor.now_ms, 1, &mut kindred_matching::NoBidder).unwrap();
        let offers = batch.offers.into_values().next().unwrap().offers;
        first.push(pairs(&offers));
        floor.matchmaker.batch_done(kindred_matching::Ended::Lost);
    }
    assert_eq!(first[0], first[1]);
}

/// The policy is deleted and made anew with fewer groups: who was of the third of three is of none now.
#[test]
fn a_policy_made_anew_with_fewer_groups_is_another_one() {
    let mut floor = Floor::new();
    floor.queue("q", Mode::PercentSplit);
    floor.profile("p", &[("q", VOICE, 1, 0, 0)]);
    floor.agent("a", "p", 10, &[("x", 90)]);
    floor.submit("i1", "q", VOICE, None);
    assert_eq!(pairs(&floor.round()), ["i1→a"]);
    floor.close("i1");
    for gone in [true, false] {
        floor.policy("away", Mode::LongestIdle);
        floor.follow("q", "away");
        // In one entry the record is only said to be another.
        if gone {
            floor.remove_policy("q");
        }
        floor.policies.remove("q");
        floor.policy("q", Mode::PercentSplit);
        floor.replace_groups("q", 0);
        floor.follow("q", "q");
        floor.submit("i2", "q", VOICE, None);
        assert_eq!(pairs(&floor.round()), ["i2→a"]);
        floor.close("i2");
        let split = floor.queues["q"].split.as_ref().unwrap();
        assert_eq!((split.ungrouped, &split.shared[..]), (1, &[0, 0][..]));
        floor.policies.remove("q");
        floor.policy("q", Mode::PercentSplit);
        floor.submit("i3", "q", VOICE, None);
        assert_eq!(pairs(&floor.round()), ["i3→a"]);
        floor.close("i3");
    }
}
