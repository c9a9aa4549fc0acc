//! What is too much for one entry goes on with the next, and nothing falls between.
mod scenario;

use kindred_domain::{ids::*, limits, record::PresenceStatus, reply::Answer, reply::Reply};
use scenario::world::World;

/// Runs a line that must be accepted; the whole is checked after every entry.
fn run(world: &mut World, text: &str) {
    if let Err(problem) = scenario::step(world, text, true) {
        panic!("`{text}`: {problem}");
    }
}

/// `submit call-0000 …` and so on, many in one entry.
fn submit(world: &mut World, count: usize, keys: &str) {
    let lines: Vec<String> = (0..count).map(|n| format!("submit call-{n:04} {keys}")).collect();
    for lines in lines.chunks(250) {
        run(world, &lines.join(" ; "));
    }
}

fn unconfirmed(world: &World) -> usize {
    let open = world.tenant().interactions();
    open.filter(|i| i.unconfirmed_since_ms.is_some()).count()
}

fn is_unconfirmed(world: &World, id: &str) -> bool {
    let found = world.tenant().interaction(&InteractionId::new(id));
    found.expect("open").unconfirmed_since_ms.is_some()
}

fn restored(world: &World) {
    world.restore_and_compare().expect("as one that never stopped");
}

#[test]
fn a_lapse_marks_so_many_per_entry() {
    let count = 2 * limits::EXPIRED_PER_ENTRY + 100;
    let mut world = World::new();
    run(&mut world, "connector phone lease=15s");
    submit(&mut world, count, "connector=phone");
    world.now_ms += 15_000;
    run(&mut world, "team one");
    assert_eq!(unconfirmed(&world), limits::EXPIRED_PER_ENTRY);
    restored(&world);
    // The connector is back before the lapse is through: what reconciling confirms in the meantime stays confirmed, what
    // is younger was never silent.
    run(&mut world, "heartbeat phone ; submit call-9999 connector=phone");
    run(&mut world, "reconcile phone alive=call-0000,call-2050 partial");
    assert!(!is_unconfirmed(&world, "call-0000"));
    world.now_ms += 1;
    run(&mut world, "team two");
    world.now_ms += 1;
    run(&mut world, "team three");
    assert_eq!(unconfirmed(&world), count - 2);
    assert!(!is_unconfirmed(&world, "call-2050"));
    assert!(!is_unconfirmed(&world, "call-9999"));
    restored(&world);
    // Nothing is left to do until the lease lapses.
    let due_ms = world.state.next_due_ms().expect("the lease");
    assert!(due_ms > world.now_ms + 10_000);
}

/// Deadlines of one moment share an entry's room, whatever each of them means.
#[test]
fn lapses_of_one_moment_share_the_entry() {
    let mut world = World::new();
    for at in 0..3 {
        run(&mut world, &format!("connector phone-{at} lease=15s"));
        let lines: Vec<String> = (0..400).map(|n| format!("submit call-{at}-{n} connector=phone-{at}")).collect();
        lines.chunks(250).for_each(|lines| run(&mut world, &lines.join(" ; ")));
    }
    world.now_ms += 15_000;
    run(&mut world, "team one");
    assert_eq!(unconfirmed(&world), limits::EXPIRED_PER_ENTRY);
    restored(&world);
    run(&mut world, "wait 1ms");
    assert_eq!(unconfirmed(&world), 1_200);
}

/// As many as fit, and a stream as a whole.
#[test]
fn streams_lost_at_one_moment_share_the_entry() {
    let mut world = World::new();
    run(&mut world, "profile people");
    for desk in ["desk-0", "desk-1", "desk-2"] {
        let names: Vec<String> = (0..600).map(|n| format!("{desk}-{n}")).collect();
        let lines: Vec<String> = names.iter().map(|name| format!("agent {name} profile=people offline")).collect();
        lines.chunks(250).for_each(|lines| run(&mut world, &lines.join(" ; ")));
        run(&mut world, &format!("attach {desk} {}", names.join(",")));
    }
    let with_stream = |world: &World| world.tenant().agents().filter(|a| a.session.is_some()).count();
    world.now_ms += 15_000;
    run(&mut world, "team one");
    assert_eq!(with_stream(&world), 600);
    run(&mut world, "team two");
    assert_eq!(with_stream(&world), 0);
    restored(&world);
}

#[test]
fn reconciliations_of_one_entry_close_so_many_together() {
    let mut world = World::new();
    for connector in ["phone", "web"] {
        run(&mut world, &format!("connector {connector} lease=5m"));
        let submit = |n| format!("submit {connector}-{n} connector={connector}");
        let lines: Vec<String> = (0..600).map(submit).collect();
        lines.chunks(250).for_each(|lines| run(&mut world, &lines.join(" ; ")));
    }
    run(&mut world, "reconcile phone ; reconcile web");
    match &world.applied.answers[1] {
        Answer::Fresh(Ok(Reply::Reconciled { lost, remaining, .. })) => {
            assert_eq!((lost.len(), *remaining), (400, 200))
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(world.tenant().interactions().len(), 200);
    run(&mut world, "reconcile web");
    assert_eq!(world.tenant().interactions().len(), 0);
    restored(&world);
}

#[test]
fn reconciling_closes_so_many_at_once_and_says_how_many_remain() {
    let count = limits::LOST_PER_ENTRY + 7;
    let mut world = World::new();
    run(&mut world, "connector phone lease=5m");
    submit(&mut world, count, "connector=phone");
    for (expected, left) in [(7, 7), (0, 0), (0, 0)] {
        run(&mut world, "reconcile phone");
        match &world.applied.answers[0] {
            Answer::Fresh(Ok(Reply::Reconciled { remaining, .. })) => {
                assert_eq!(*remaining, expected);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(world.tenant().interactions().len(), left);
    }
    restored(&world);
}

#[test]
fn retention_sweeps_so_many_per_entry() {
    let count = limits::SWEPT_PER_ENTRY + 50;
    let mut world = World::new();
    run(&mut world, "set-tenant closed=1h");
    submit(&mut world, count, "context=hello");
    let cancels: Vec<String> = (0..count).map(|n| format!("cancel call-{n:04}")).collect();
    for lines in cancels.chunks(250) {
        run(&mut world, &lines.join(" ; "));
    }
    world.now_ms += 3_600_001;
    run(&mut world, "team one");
    assert_eq!(world.tenant().closed().len(), 50);
    assert_eq!(world.applied.blobs_removed.len(), limits::SWEPT_PER_ENTRY);
    restored(&world);
    run(&mut world, "team two");
    assert_eq!(world.tenant().closed().len(), 0);
    restored(&world);
}

#[test]
fn a_lost_stream_of_many_agents_is_one_step() {
    let mut world = World::new();
    run(&mut world, "profile people");
    let names: Vec<String> = (0..200).map(|n| format!("agent-{n:03}")).collect();
    for name in &names {
        run(&mut world, &format!("agent {name} profile=people"));
    }
    run(&mut world, &format!("attach desk {}", names.join(",")));
    run(&mut world, "wait 15s");
    let lost = world.tenant().agents().filter(|a| a.stream_lost_ms.is_some());
    assert_eq!(lost.count(), 200);
    run(&mut world, "wait 30s");
    let offline = world.tenant().agents().filter(|a| a.presence.status == PresenceStatus::Offline);
    assert_eq!(offline.count(), 200);
    restored(&world);
}
