//! A log that leaders hashed gives the same hashes again, and one hash that was written down wrong is found.
use super::*;
use kindred_domain::{
    Body, Command,
    command::{AdoptTenant, CompareHash, CreateTeam},
};

fn command(tenant: Option<&str>, body: impl Into<Body>) -> Command {
    Command { tenant: tenant.map(Into::into), request: None, body: body.into() }
}

fn entry(index: u64, command: Command) -> Entry {
    Entry { index, time_ms: 1_000 + index, commands: vec![command] }
}

/// A tenant, then a team an entry; the entry after each thousandth says what `told` makes of the hash there.
fn log(last: u64, told: impl Fn(u64, u64) -> u64) -> Verdict {
    let mut verifier = Verifier::new(0);
    let mut noted = None;
    for index in entries::FIRST..=last {
        let said = match (index, noted.take()) {
            (entries::FIRST, _) => command(None, AdoptTenant { id: "t".into(), display_name: String::new() }),
            (_, Some((of, hash))) => command(None, CompareHash { index: of, hash: told(of, hash) }),
            _ => {
                let id = format!("team-{}", index % 50);
                command(Some("t"), CreateTeam { id: id.as_str().into(), display_name: String::new() })
            }
        };
        verifier.entry(index, 1, Some(&entry(index, said))).expect("follows");
        noted = index.is_multiple_of(HASH_EVERY).then(|| verifier.hash());
    }
    verifier.finish()
}

#[test]
fn the_same_log_gives_the_same_hashes() {
    let verdict = log(3_500, |_, hash| hash);
    assert_eq!((verdict.entries, verdict.compared, verdict.last_index), (3_499, 3, 3_500));
    assert!(verdict.is_well(), "{verdict:?}");
    assert_eq!(verdict, log(3_500, |_, hash| hash));
}

#[test]
fn the_first_hash_that_differs_is_named() {
    let verdict = log(3_500, |index, hash| if index >= 2_000 { hash ^ 1 } else { hash });
    let deviation = verdict.deviation.clone().expect("found");
    assert_eq!((deviation.index, deviation.source), (2_000, "log"));
    assert_ne!(deviation.recorded, deviation.now);
    assert!(!verdict.is_well());
}

#[test]
fn an_entry_that_is_not_the_next_is_no_log() {
    let mut verifier = Verifier::new(0);
    let skipped = verifier.entry(5, 1, None).expect_err("2 is next");
    assert_eq!(skipped.to_string(), "entry 5 after 1");
}
