//! What supervisors lay down: paused queues, agents who drain, what is moved.
mod support;

use support::{life::MODES, supervision::ruling, *};

/// Whatever the mode: nothing is planned, counted or drawn, nobody has work; and then all in the order in which they waited.
#[test]
fn a_paused_queue_keeps_its_order_and_offers_nothing() {
    for mode in MODES {
        let mut floor = three(mode);
        floor.set_paused("q", true);
        for name in ["1", "2", "3"] {
            floor.submit(name, "q", VOICE, None);
            floor.now_ms += 1_000;
        }
        floor.agent("d", "p", 5, &[]);
        assert_eq!(floor.round(), [], "{mode:?}");
        assert!(!floor.matchmaker.has_work(), "{mode:?}");
        let split = floor.queues["q"].split.clone();
        floor.set_open("q", false);
        floor.set_paused("q", false);
        assert_eq!(floor.round(), [], "{mode:?}: closed by its hours");
        floor.set_paused("q", true);
        floor.set_open("q", true);
        assert_eq!(floor.round(), [], "{mode:?}: still paused");
        assert_eq!(floor.queues["q"].split, split, "{mode:?}");
        floor.set_paused("q", false);
        let offers = floor.round();
        assert_eq!(&*offers[0].interaction, "1", "{mode:?}: {offers:?}");
        assert_eq!(floor.unmatched(), [], "{mode:?}");
    }
}

#[test]
fn who_drains_is_offered_nothing_and_everything_after() {
    for mode in MODES {
        let mut floor = three(mode);
        floor.edit_agent("b", |agent| agent.draining = Some(ruling()));
        floor.edit_agent("c", |agent| agent.draining = Some(ruling()));
        floor.submit("named", "q", VOICE, None);
        floor.edit_interaction("named", |i| i.target_agent = Some("b".into()));
        floor.submit("1", "q", VOICE, None);
        floor.submit("2", "q", VOICE, None);
        let offers = floor.round();
        assert!(offers.iter().all(|plan| &*plan.agent == "a"), "{mode:?}: {offers:?}");
        assert_eq!(offers.len(), 1, "{mode:?}: {offers:?}");
        floor.edit_agent("b", |agent| agent.draining = None);
        let offers = floor.round();
        assert!(offers.iter().all(|plan| &*plan.agent == "b"), "{mode:?}: {offers:?}");
        assert_eq!(offers.len(), 1, "{mode:?}: {offers:?}");
        assert_eq!(floor.unmatched(), [], "{mode:?}");
    }
}

#[test]
fn what_is_moved_waits_with_its_age_where_it_is_now() {
    let mut floor = three(kindred_domain::record::Mode::LongestIdle);
    floor.queue("other", kindred_domain::record::Mode::LongestIdle);
    floor.profile("others", &[("other", VOICE, 1, 0, 0)]);
    floor.set_paused("q", true);
    floor.submit("old", "q", VOICE, None);
    floor.now_ms += 10_000;
    floor.submit("young", "other", VOICE, None);
    assert_eq!(floor.round(), []);
    floor.edit_interaction("old", |i| i.queue = "other".into());
    assert_eq!(floor.round(), []);
    floor.agent("d", "others", 1, &[]);
    assert_eq!(pairs(&floor.round()), ["old→d"]);
    floor.edit_interaction("young", |i| i.queue = "q".into());
    floor.set_paused("q", false);
    assert_eq!(pairs(&floor.round()), ["young→a"]);
}
