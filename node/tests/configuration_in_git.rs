//! Files and tenant kept alike with the tool: the example of docs/configuration-in-git.md, everything left unset, refusals,
//! somebody else who is faster; and the wallboard's plain frame.
mod cluster;

use cluster::{Cluster, OPERATOR, TENANT, TOKEN};
use std::{
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

const SECOND: &str = "second";
const SECOND_TOKEN: &str = "second-token";

/// The tool stands beside the node: `cargo build --workspace` or `make test` has put it there.
fn tool() -> PathBuf {
    let tool = Path::new(env!("CARGO_BIN_EXE_kindred-node")).with_file_name("kindred");
    assert!(tool.exists(), "{} is missing: cargo build --workspace", tool.display());
    tool
}

/// One node, two tenants, a folder for files.
struct Desk {
    nodes: Cluster,
    dir: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let second = format!("[[tenants]]\nid = \"{SECOND}\"\ntoken = \"{SECOND_TOKEN}\"\n");
        Self { nodes: Cluster::start(1, 1, &second), dir: tempfile::tempdir().unwrap() }
    }

    fn options(&self, tenant: &str) -> Vec<String> {
        let token = if tenant == SECOND { SECOND_TOKEN } else { TOKEN };
        let endpoint = self.nodes.nodes[0].client.to_string();
        let options = ["--endpoints", &endpoint, "--tenant", tenant, "--token", token, "--operator-token", OPERATOR];
        options.map(String::from).to_vec()
    }

    fn run(&self, tenant: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(tool());
        command.args(arguments).args(self.options(tenant)).current_dir(self.dir.path()).stdin(Stdio::null());
        command.output().unwrap()
    }

    /// What it printed; it must have ended so.
    fn told(&self, code: i32, tenant: &str, arguments: &[&str]) -> String {
        let output = self.run(tenant, arguments);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {out}{err}");
        format!("{out}{err}")
    }

    /// As a person has it, at a terminal of a usual size.
    fn at_a_terminal(&self, arguments: &str) -> Child {
        let words: Vec<String> = [tool().display().to_string()].into_iter().chain(self.options(TENANT)).collect();
        let line = format!("stty rows 24 cols 120; {} {arguments}", words.join(" "));
        let mut script = Command::new("script");
        script.args(["-qec", &line, "/dev/null"]).current_dir(self.dir.path()).env("TERM", "xterm");
        script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
    }

    fn file(&self, name: &str, text: &str) {
        fs::write(self.dir.path().join(name), text).unwrap();
    }
}

/// The example of the operator's page.
fn example() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs/configuration-in-git.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once("```yaml\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

#[test]
fn a_configuration_travels_through_files_unchanged() {
    let desk = Desk::new();
    desk.file("example.yaml", &example());
    let created = desk.told(0, TENANT, &["apply", "--yes", "-f", "example.yaml"]);
    assert!(created.contains("9 to create") && created.contains("created routing profile cards-first"), "{created}");
    assert_eq!(desk.told(0, TENANT, &["export"]), example());
    assert_eq!(desk.told(0, TENANT, &["diff", "-f", "example.yaml"]), "nothing to change\n");

    // Through a folder into an empty tenant.
    desk.told(0, TENANT, &["export", "-f", "exported/"]);
    assert_eq!(fs::read_dir(desk.dir.path().join("exported")).unwrap().count(), 5);
    desk.told(0, SECOND, &["apply", "--yes", "-f", "exported"]);
    assert_eq!(desk.told(0, SECOND, &["export"]), example());

    // Field by field, and only what the files have.
    let changed = example()
        .replace("service_level: 20s", "service_level: 15s")
        .replace("        answer_mode: RING_IS_OFFER\n", "");
    desk.file("changed.yaml", &changed.replace("  in-turn:", "  south: {}\n  in-turn:"));
    let told = desk.told(1, TENANT, &["diff", "-f", "changed.yaml"]);
    assert_eq!(
        told,
        "create policy south\nchange queue cards\n    service_level: 20s → 15s\n    channels.voice.answer_mode: - RING_IS_OFFER\n\
         1 to create, 1 to change\n"
    );
    desk.file("teams.yaml", "teams:\n  south:\n    display_name: Team South\n");
    let told = desk.told(0, TENANT, &["apply", "--dry-run", "-f", "teams.yaml"]);
    assert!(told.contains("1 to create; 1 that stands in no file stays (--prune deletes it)"), "{told}");
    assert_eq!(desk.told(0, TENANT, &["export"]), example(), "a dry run changes nothing");
    let told = desk.told(1, TENANT, &["apply", "-f", "teams.yaml"]);
    assert!(told.contains("say --yes"), "{told}");

    // Nothing goes that something else names, and nobody has to try.
    desk.file("policies.yaml", "policies:\n  in-turn: {}\n");
    let told = desk.told(1, SECOND, &["apply", "--yes", "--prune", "-f", "policies.yaml"]);
    assert!(told.contains("policy `by-skill` cannot be deleted: queue `cards` stays and names it (policy)"), "{told}");
    assert_eq!(desk.told(0, SECOND, &["export"]), example());

    // All that stands goes, in an order that works.
    desk.file("nothing.yaml", "teams:\nschedules:\npolicies:\nqueues:\nrouting_profiles:\n");
    let told = desk.told(0, SECOND, &["apply", "--yes", "--prune", "-f", "nothing.yaml"]);
    assert!(told.contains("9 to delete"), "{told}");
    assert_eq!(desk.told(0, SECOND, &["export"]), "{}\n");
}

#[test]
fn what_is_left_unset_is_exported_as_unset() {
    let desk = Desk::new();
    let least = "teams:\n  t: {}\npolicies:\n  p: {}\nqueues:\n  q:\n    policy: p\n    channels:\n      chat: {}\n      voice: {}\n\
                 routing_profiles:\n  r:\n    entries:\n      - queue: q\n        channel: chat\nagents:\n  a:\n    \
                 routing_profile: r\n";
    desk.file("least.yaml", least);
    desk.told(0, TENANT, &["apply", "--yes", "-f", "least.yaml"]);
    assert_eq!(desk.told(0, TENANT, &["export", "--with-agents"]), least);
    // Set and unset again.
    let most = least
        .replace("  t: {}\np", "  t:\n    display_name: \"yes\"\np")
        .replace("policy: p\n", "policy: p\n    max_wait: 1h\n");
    let most = most
        .replace("      chat: {}", "      chat:\n        offer_timeout: 5s")
        .replace("p: {}", "p:\n    distribution:\n      mode: TIERED");
    desk.file("most.yaml", &most);
    desk.told(0, TENANT, &["apply", "--yes", "-f", "most.yaml"]);
    assert_eq!(desk.told(0, TENANT, &["export", "--with-agents"]), most);
    desk.told(0, TENANT, &["apply", "--yes", "-f", "least.yaml"]);
    assert_eq!(desk.told(0, TENANT, &["export", "--with-agents"]), least);
}

#[test]
fn a_refusal_names_its_place_and_the_rest_follows_once_it_is_settled() {
    let desk = Desk::new();
    let good = "teams:\n  north: {}\npolicies:\n  learned:\n    distribution:\n      mode: LEAST_LOADED\nqueues:\n  q:\n    policy: learned\n";
    desk.file("c.yaml", &good.replace("LEAST_LOADED", "AFFINITY"));
    let told = desk.told(1, TENANT, &["apply", "--validate", "-f", "c.yaml"]);
    assert!(
        told.contains("c.yaml:4: policies.learned: UNSUPPORTED_MODE") && told.contains("nothing was changed"),
        "{told}"
    );
    // What can be checked is checked before the first change.
    let told = desk.told(1, TENANT, &["apply", "--yes", "-f", "c.yaml"]);
    assert!(told.contains("UNSUPPORTED_MODE") && told.contains("nothing was changed"), "{told}");
    assert_eq!(desk.told(0, TENANT, &["export"]), "{}\n");
    // What the server checks only when it is asked to do it stops there, in its line.
    desk.file("c.yaml", &format!("{good}    max_wait: 1ms\n"));
    let told = desk.told(1, TENANT, &["apply", "--yes", "-f", "c.yaml"]);
    assert!(told.contains("created team north\n") && told.contains("created policy learned\n"), "{told}");
    assert!(told.contains("c.yaml:10: queues.q.max_wait: MALFORMED"), "{told}");
    assert!(told.contains("Before that 2 of 3 changes were made"), "{told}");
    desk.file("c.yaml", good);
    let told = desk.told(0, TENANT, &["apply", "--yes", "-f", "c.yaml"]);
    assert!(told.contains("1 to create") && told.ends_with("created queue q\n"), "{told}");
    // What the tool refuses never gets there.
    desk.file("c.yaml", &good.replace("policy: learned", "policy: other"));
    let told = desk.told(2, TENANT, &["diff", "-f", "c.yaml"]);
    assert!(told.contains("c.yaml:9: queues.q.policy: there is no policy `other`"), "{told}");
    desk.file(
        "c.yaml",
        "schedules:\n  s:\n    time_zone: Mars/Olympus\n    weekly: [{weekday: MONDAY, intervals: [\"9-5\"]}]\n",
    );
    let told = desk.told(2, TENANT, &["diff", "-f", "c.yaml"]);
    assert!(told.contains("c.yaml:4: schedules.s.weekly[0].intervals[0]: wants hours like 09:00-17:00"), "{told}");
    desk.file("c.yaml", "schedules:\n  s:\n    time_zone: Mars/Olympus\n");
    let told = desk.told(1, TENANT, &["apply", "--yes", "-f", "c.yaml"]);
    assert!(told.contains("c.yaml:3: schedules.s.time_zone: MALFORMED"), "{told}");
}

/// A ring and an automatic answer exclude each other: which of both must change first depends on the way.
#[test]
fn changes_that_fit_only_in_one_order_find_it() {
    let desk = Desk::new();
    let file = |mode: &str, answer: &str| {
        format!(
            "policies:\n  p:\n    distribution:\n      mode: {mode}\nqueues:\n  q:\n    policy: p\n    channels:\n      \
             voice:\n        answer_mode: {answer}\n"
        )
    };
    for (mode, answer) in [("TIERED", "AUTO"), ("RING_ALL", "RING_IS_OFFER"), ("TIERED", "AUTO")] {
        desk.file("c.yaml", &file(mode, answer));
        desk.told(0, TENANT, &["apply", "--yes", "-f", "c.yaml"]);
        assert_eq!(desk.told(0, TENANT, &["export"]), file(mode, answer));
    }
    desk.file("c.yaml", &file("RING_ALL", "AUTO"));
    let told = desk.told(1, TENANT, &["apply", "--yes", "-f", "c.yaml"]);
    assert!(told.contains("c.yaml:4: policies.p.distribution.mode: INVALID_FIELD"), "{told}");
}

/// Reads until this was printed.
fn read_until(from: &mut impl std::io::Read, text: &str) -> String {
    let (mut seen, mut byte) = (Vec::new(), [0]);
    while !String::from_utf8_lossy(&seen).contains(text) {
        assert_eq!(from.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&seen));
        seen.push(byte[0]);
    }
    String::from_utf8_lossy(&seen).into_owned()
}

#[test]
fn who_was_slower_overwrites_nothing() {
    let desk = Desk::new();
    let queue = |wait: &str| format!("policies:\n  p: {{}}\nqueues:\n  q:\n    policy: p\n    max_wait: {wait}\n");
    for (file, wait) in [("first.yaml", "1h"), ("slow.yaml", "2h"), ("fast.yaml", "3h")] {
        desk.file(file, &queue(wait));
    }
    desk.told(0, TENANT, &["apply", "--yes", "-f", "first.yaml"]);
    // At a terminal it shows its plan and asks; meanwhile somebody else is done.
    let mut slow = desk.at_a_terminal("apply -f slow.yaml");
    let mut said = slow.stdout.take().unwrap();
    read_until(&mut said, "[y/N]");
    desk.told(0, TENANT, &["apply", "--yes", "-f", "fast.yaml"]);
    slow.stdin.take().unwrap().write_all(b"y\n").unwrap();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(slow.wait().unwrap().code(), Some(1), "{rest}");
    assert!(rest.contains("ETAG_MISMATCH") && rest.contains("Nothing was changed before"), "{rest}");
    assert_eq!(desk.told(0, TENANT, &["export"]), queue("3h"));
}

#[test]
fn the_wallboard_shows_one_frame_as_text() {
    let desk = Desk::new();
    let config = "policies:\n  p: {}\nqueues:\n  support:\n    policy: p\n    service_level: 20s\nrouting_profiles:\n  r:\n    entries:\n      \
                  - queue: support\n        channel: voice\nagents:\n  ada:\n    routing_profile: r\n";
    desk.file("c.yaml", config);
    desk.told(0, TENANT, &["apply", "--yes", "-f", "c.yaml"]);
    for channel in ["voice", "chat"] {
        desk.told(0, TENANT, &["interactions", "submit", "--queue", "support", "--channel", channel]);
    }
    // No terminal: one frame.
    let told = desk.told(0, TENANT, &["top"]);
    let row = |first: &str, second: &str| {
        let found = told.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        found.into_iter().find(|words| words.starts_with(&[first, second])).unwrap_or_else(|| panic!("{told}"))
    };
    assert_eq!(row("support", "voice")[2], "1", "{told}");
    assert_eq!(row("support", "chat")[2], "1", "{told}");
    assert_eq!(row("ada", "OFFLINE")[2], "IDLE", "{told}");
    assert!(told.contains("n0 leads, term ") && told.contains("no other replica"), "{told}");
    assert!(told.contains("agents 1: 1 offline"), "{told}");
    // A terminal: it stays until q.
    let mut board = desk.at_a_terminal("top");
    let mut shown = board.stdout.take().unwrap();
    // A word: between words the terminal is told to move, not to print spaces.
    read_until(&mut shown, "waiting");
    board.stdin.take().unwrap().write_all(b"q").unwrap();
    let mut rest = String::new();
    shown.read_to_string(&mut rest).unwrap();
    assert_eq!(board.wait().unwrap().code(), Some(0), "{rest}");
}
