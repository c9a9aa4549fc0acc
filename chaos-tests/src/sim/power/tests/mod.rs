//! The store against a disk that fails: after whatever happened it answers a moment of its past, and not one before
//! the last sync; or it says that it cannot.

mod session;

use std::collections::BTreeMap;

use kindred_node::storage::{DiskOp, Error, Store, Who};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use session::{Past, Session, is_behind, read};

const SEEDS: u64 = 40;

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn disk(seed: u64) -> anyhow::Result<SimDisk> {
    let who = Who { cluster_id: "c1".into(), node_id: format!("n{seed}") };
    Ok(SimDisk::new(who, true, rng(seed))?)
}

/// Lives for some steps, until the first error or to the end; then the process is dead.
fn live(disk: &mut SimDisk, past: Option<Past>, steps: u32, rng: &mut ChaCha8Rng) -> anyhow::Result<Past> {
    let mut session = Session::start(disk, past.map(|past| past.applied).unwrap_or_default())?;
    for _ in 0..steps {
        session.step(rng)?;
    }
    disk.kill();
    Ok(session.into())
}

/// Starts again, and judges what is there: nothing synced may be missing. Answers which moment it is.
fn judge(disk: &mut SimDisk, past: Past, at_least: usize, about: &str) -> anyhow::Result<(Past, usize)> {
    let (store, moment) = {
        let store = disk.open()?;
        let found = read(&store)?;
        let moment = past.moment(&found).unwrap_or_else(|| panic!("{about}: no moment of the past: {found:#?}"));
        assert!(moment >= at_least, "{about}: moment {moment}, {at_least} was promised");
        for (shard, model) in &found {
            assert!(model.applied.index <= model.last.index, "{about}: the state is ahead of the log");
            assert_eq!(store.side_check(*shard)?, kindred_node::storage::SideCheck::Ok, "{about}, shard {shard}");
        }
        (store, moment)
    };
    disk.kill();
    drop(store);
    disk.crash()?;
    let mut session = Session::start(disk, past.applied)?;
    session.cut = past.cut;
    session.check_archive(disk)?;
    disk.kill();
    let past = Past::from(session);
    disk.crash()?;
    Ok((past, moment))
}

#[test]
fn a_power_cut_takes_nothing_that_was_synced() -> anyhow::Result<()> {
    let (mut lost, mut torn, mut blocks, mut kept_aside) = (0, 0, 0, 0);
    for seed in 0..SEEDS {
        let (mut disk, mut rng) = (disk(seed)?, rng(seed));
        let mut past = None;
        for round in 0..4 {
            let lived = live(&mut disk, past, 15, &mut rng)?;
            let loss = disk.power_cut(&mut rng)?;
            let durable = lived.durable;
            let (next, moment) = judge(&mut disk, lived, durable, &format!("seed {seed}, round {round}, {loss:?}"))?;
            lost += u32::from(moment > durable || loss.log_bytes > 0);
            torn += u32::from(loss.torn);
            blocks += loss.side_blocks;
            past = Some(next);
        }
        kept_aside += u32::from(disk.data().join("torn").is_dir());
    }
    println!("lost {lost}, torn {torn}, side blocks {blocks}, disks with torn tails kept aside {kept_aside}");
    assert!(lost > 20 && torn > 10 && blocks > 10 && kept_aside > 5);
    Ok(())
}

#[test]
fn a_crash_takes_nothing_that_was_written() -> anyhow::Result<()> {
    for seed in 0..SEEDS / 2 {
        let (mut disk, mut rng) = (disk(seed)?, rng(seed));
        let past = live(&mut disk, None, 25, &mut rng)?;
        disk.crash()?;
        let done = past.done;
        judge(&mut disk, past, done, &format!("seed {seed}"))?;
    }
    Ok(())
}

/// A scripted life, which an armed fault may end. Answers the past, if the store was founded, and the error.
fn script(disk: &mut SimDisk) -> (Option<Past>, Option<Error>) {
    let mut session = match Session::start(disk, BTreeMap::new()) {
        Ok(session) => session,
        Err(error) => {
            disk.kill();
            return (None, Some(error));
        }
    };
    let outcome = session.all(&mut rng(1));
    disk.kill();
    (Some(session.into()), outcome.err())
}

/// Every operation of the script, one by one, fails or is the last one of the process.
#[test]
fn every_crash_point_leaves_a_moment_of_the_past() -> anyhow::Result<()> {
    let counts: Vec<(DiskOp, u64)> = {
        let mut disk = disk(0)?;
        assert!(script(&mut disk).1.is_none());
        DiskOp::ALL.into_iter().map(|op| (op, disk.count(op))).collect()
    };
    let missing: Vec<_> = counts.iter().filter(|(_, count)| *count == 0).map(|(op, _)| *op).collect();
    assert_eq!(missing, [DiskOp::CutSync, DiskOp::CutFiles, DiskOp::MarkWrite, DiskOp::MarkSync]);
    let points = counts.into_iter().flat_map(|(op, count)| (1..=count).map(move |nth| (op, nth)));
    let mut runs = 0;
    for (op, nth) in points {
        for fault in Fault::ALL {
            runs += 1;
            crash_at(op, nth, fault, runs)?;
        }
    }
    println!("{runs} crash points");
    Ok(())
}

fn crash_at(op: DiskOp, nth: u64, fault: Fault, run: u64) -> anyhow::Result<()> {
    let about = format!("{op:?} {nth} {fault:?}");
    let (mut disk, mut rng) = (disk(run)?, rng(run));
    disk.arm(op, nth, fault);
    let (past, error) = script(&mut disk);
    match error {
        Some(error) => assert!(error.is_fatal(), "{about}: {error}"),
        // Giving a snapshot up cannot fail loudly.
        None => assert_eq!(op, DiskOp::ImportClear, "{about}"),
    }
    let crashes = matches!(fault, Fault::CrashBefore | Fault::CrashAfter);
    assert_eq!(disk.died(), crashes.then_some((op, fault)), "{about}");
    let power = rng.random::<bool>();
    match power {
        true => drop(disk.power_cut(&mut rng)?),
        false => disk.crash()?,
    }
    let Some(past) = past else {
        // Founding was cut off: it is done again.
        live(&mut disk, None, 5, &mut rng)?;
        return Ok(());
    };
    let at_least = if power { past.durable } else { past.done };
    judge(&mut disk, past, at_least, &format!("{about}, power cut: {power}"))?;
    Ok(())
}

#[test]
fn what_is_cut_below_the_acknowledged_is_noticed() -> anyhow::Result<()> {
    let mut cuts = 0;
    for seed in 0..SEEDS {
        let (mut disk, mut rng) = (disk(seed)?, rng(seed));
        let past = live(&mut disk, None, 20, &mut rng)?;
        cuts += u32::from(disk.cut_below_acknowledged(&mut rng)? > 0);
        noticed(&mut disk, &past, &format!("seed {seed}"))?;
    }
    assert!(cuts > SEEDS as u32 / 2);
    Ok(())
}

/// Whatever the store has now is a moment of the past, and what is missing in it is admitted.
fn noticed(disk: &mut SimDisk, past: &Past, about: &str) -> anyhow::Result<Option<Error>> {
    let store = match disk.open() {
        Ok(store) => store,
        Err(error) => return Ok(Some(error)),
    };
    let found = match read(&store) {
        Ok(found) => found,
        Err(error) => return Ok(Some(error)),
    };
    assert!(past.moment(&found).is_some(), "{about}: no moment of the past: {found:#?}");
    for shard in 0..session::SHARDS {
        assert_eq!(is_behind(&store, shard), !past.is_reached(shard, &found), "{about}, shard {shard}");
    }
    disk.kill();
    Ok(None)
}

#[test]
fn a_flipped_bit_is_never_an_answer() -> anyhow::Result<()> {
    let (mut flips, mut errors) = (0, 0);
    for seed in 0..2 * SEEDS {
        let (mut disk, mut rng) = (disk(seed)?, rng(seed));
        let mut past = live(&mut disk, None, 25, &mut rng)?;
        let target = if seed % 2 == 0 { Target::Log } else { Target::Table };
        if target == Target::Table {
            // At the next start what was in the log becomes table files.
            past = live(&mut disk, Some(past), 0, &mut rng)?;
        }
        let Some(flip) = disk.flip_bit(&mut rng, target)? else { continue };
        flips += 1;
        let about = format!("seed {seed}, {flip:?}");
        if let Some(error) = noticed(&mut disk, &past, &about)? {
            assert!(error.is_fatal(), "{about}: {error}");
            errors += 1;
        }
    }
    println!("{flips} flips, {errors} found by an error");
    assert!(flips > SEEDS as u32 && errors > 5);
    Ok(())
}

#[test]
fn a_full_disk_stops_the_store_and_loses_nothing() -> anyhow::Result<()> {
    let (mut disk, mut rng) = (disk(1)?, rng(1));
    let mut session = Session::start(&mut disk, BTreeMap::new())?;
    for _ in 0..10 {
        session.step(&mut rng)?;
    }
    disk.full(true);
    assert_eq!(session.store.free_space()?.free_percent(), 0);
    let error = (0..50).find_map(|_| session.step(&mut rng).err());
    assert!(error.is_some_and(|error| error.is_fatal()));
    disk.kill();
    let past = Past::from(session);
    disk.full(false);
    disk.crash()?;
    let done = past.done;
    judge(&mut disk, past, done, "space again")?;
    Ok(())
}

#[test]
fn a_wiped_disk_is_another_one() -> anyhow::Result<()> {
    let mut disk = disk(1)?;
    let past = live(&mut disk, None, 10, &mut rng(1))?;
    assert!(!past.history.is_empty());
    let (before, store) = (disk.storage, disk.open()?);
    assert_eq!(store.identity().storage, before);
    assert!(disk.wipe().is_err(), "the store is open");
    disk.kill();
    drop(store);
    disk.wipe()?;
    let store = disk.open()?;
    assert!(store.shards().is_empty() && store.identity().raft_id == 0);
    assert_ne!(store.identity().storage, before);
    Ok(())
}

#[test]
fn a_seed_gives_the_same_answers_again() -> anyhow::Result<()> {
    let run = |seed| -> anyhow::Result<String> {
        let (mut disk, mut rng) = (disk(seed)?, rng(seed));
        let (mut told, mut past) = (String::new(), None);
        for _ in 0..4 {
            let lived = live(&mut disk, past, 15, &mut rng)?;
            let loss = disk.power_cut(&mut rng)?;
            let store = disk.open()?;
            told += &format!("{loss:?} {:?} {:?}\n", store.identity(), read(&store)?);
            disk.kill();
            drop(store);
            past = Some(lived);
        }
        Ok(told)
    };
    for seed in 0..10 {
        assert_eq!(run(seed)?, run(seed)?, "seed {seed}");
    }
    Ok(())
}

#[test]
fn a_process_that_was_not_killed_cannot_lose_power() -> anyhow::Result<()> {
    let mut disk = disk(1)?;
    drop(disk.open()?);
    assert!(disk.power_cut(&mut rng(1)).is_err());
    disk.kill();
    disk.power_cut(&mut rng(1))?;
    Ok(())
}

/// Prints what a start and an end cost.
#[test]
fn starts_are_cheap() -> anyhow::Result<()> {
    drop(disk(0)?);
    let (mut made, mut first, mut again, mut closed) = (0, 0, 0, 0);
    const TIMES: u64 = 20;
    for seed in 0..TIMES {
        let mut clock = std::time::Instant::now();
        let mut lap = || std::mem::replace(&mut clock, std::time::Instant::now()).elapsed().as_micros();
        let mut disk = disk(seed)?;
        made += lap();
        let store: Arc<Store> = disk.open()?;
        first += lap();
        disk.kill();
        drop(store);
        closed += lap();
        let store = disk.open()?;
        again += lap();
        disk.kill();
        drop(store);
    }
    let [made, first, again, closed] = [made, first, again, closed].map(|sum| sum / u128::from(TIMES));
    println!("µs: disk made {made}, opened first {first}, again {again}, closed {closed}");
    Ok(())
}
