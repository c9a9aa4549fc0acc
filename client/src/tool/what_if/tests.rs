//! Flags, and what they ask for.
use super::*;
use clap::Parser;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

fn args(words: &[&str]) -> Result<Args, clap::Error> {
    Line::try_parse_from(std::iter::once("what-if").chain(words.iter().copied())).map(|line| line.args)
}

#[test]
fn an_archive_and_a_policy_are_needed() {
    let plain = args(&["--from", "a", "--policy", "p.toml"]).expect("fits");
    assert_eq!((plain.runs, plain.seed, plain.as_it_came, plain.from.len()), (50, 1, false, 1));
    let more = args(&["--from", "a", "--from", "b", "--policy", "p.toml", "--runs", "7", "--seed", "3", "--json"]);
    let more = more.expect("fits");
    assert_eq!((more.runs, more.seed, more.json, more.from.len()), (7, 3, true, 2));
    for wrong in [&["--from", "a"][..], &["--policy", "p"], &["--from", "a", "--policy", "p", "--runs", "1"]] {
        assert!(args(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_window_has_a_beginning_before_its_end() {
    let of = |words: &[&str]| window(&args(&[&["--from", "a", "--policy", "p"], words].concat()).expect("fits"));
    assert_eq!(of(&[]).expect("all"), Window::default());
    let day = of(&["--since", "2026-01-05T00:00:00Z", "--until", "2026-01-06T00:00:00Z"]).expect("a day");
    assert_eq!(day.until_ms - day.since_ms, 24 * 3_600_000);
    assert!(of(&["--since", "2026-01-06T00:00:00Z", "--until", "2026-01-05T00:00:00Z"]).is_err());
}

#[test]
fn queues_go_with_one_policy() {
    let two = args(&["--from", "a", "--policy", "p", "--policy", "o", "--queue", "q"]).expect("fits");
    assert!(changes(&"t".into(), &two).expect_err("which").to_string().contains("--queue"));
    let missing = args(&["--from", "a", "--policy", "/nowhere/p.toml"]).expect("fits");
    let told = format!("{:#}", changes(&"t".into(), &missing).expect_err("no file"));
    assert!(told.starts_with("`/nowhere/p.toml` is no policy: it cannot be read"), "{told}");
}
