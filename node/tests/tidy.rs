//! Holds the house's table to account: imports go downwards, modules say what they answer, functions stay short.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Rooms of this crate and which others each may use (ARCHITECTURE.md, "Rooms").
const ROOMS: &[(&str, &[&str])] = &[
    ("ops", &[]),
    ("wire", &[]),
    ("storage", &["wire"]),
    ("consensus", &["wire", "storage"]),
    ("peer", &["wire", "consensus"]),
    ("actors", &["consensus"]),
    ("api", &["wire", "consensus"]),
    ("dump", &["wire", "storage", "consensus"]),
    ("assembly", &["ops", "wire", "storage", "consensus", "peer", "actors", "api"]),
];

/// Crates of ours each room may use.
const CRATES: &[(&str, &[&str])] = &[
    ("ops", &[]),
    ("wire", &["kindred_domain", "kindred_proto", "kindred_hours"]),
    ("storage", &["kindred_domain"]),
    ("consensus", &["kindred_domain"]),
    ("peer", &["kindred_domain", "kindred_proto"]),
    ("actors", &["kindred_domain", "kindred_matching", "kindred_affinity", "kindred_hours"]),
    ("api", &["kindred_domain", "kindred_proto", "kindred_hours"]),
    ("dump", &["kindred_domain"]),
    ("assembly", &["kindred_domain", "kindred_proto"]),
];

/// Files longer than this want a new plan.
const FILE_LINES_MAX: usize = 500;
/// Functions longer than this are listed here or cut.
const FUNCTION_LINES_MAX: usize = 70;
/// Long because they are one exhaustive list: file and function.
const LONG_FUNCTIONS: &[(&str, &str)] = &[
    ("api/failure.rs", "rejected"),
    ("domain/src/apply/mod.rs", "dispatch"),
    ("tells/event.rs", "details"),
    ("bench/report.rs", "lines"),
    ("tool/agents.rs", "run"),
    ("tool/cluster.rs", "run"),
    ("tool/conversations.rs", "run"),
    ("tool/interactions.rs", "run"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn sources(under: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![under.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|kind| kind == "rs") {
                let text = fs::read_to_string(&entry).unwrap();
                found.push((entry, text));
            }
        }
    }
    found.sort();
    found
}

fn ours() -> Vec<(PathBuf, String)> {
    let crates =
        ["proto/src", "node/src", "node/domain/src", "node/affinity/src", "node/matching/src", "node/hours/src"];
    let more = ["node/simulator/src", "client/src", "chaos-tests/src"];
    let root = root();
    let folders = crates.into_iter().chain(more);
    let all = folders.map(|folder| root.join(folder)).filter(|folder| folder.exists());
    all.flat_map(|folder| sources(&folder)).collect()
}

fn room_of(path: &Path) -> Option<String> {
    let inside = path.strip_prefix(root().join("node/src")).ok()?;
    let first = inside.components().next()?.as_os_str().to_str()?;
    Some(first.trim_end_matches(".rs").to_owned())
}

/// Names of our rooms and crates that a file mentions in paths.
fn mentions(text: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for line in text.lines().map(str::trim_start).filter(|line| !line.starts_with("//")) {
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            named.extend(listed(rest).into_iter().map(|name| format!("crate::{name}")));
        }
        for (at, _) in line.match_indices("kindred_") {
            let name: String = line[at..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            named.insert(name);
        }
    }
    // `use crate::{` over several lines: every first segment at one level of indentation.
    for block in text.split("use crate::{\n").skip(1) {
        let block = block.split("\n};").next().unwrap_or_default();
        for line in block.lines().filter(|line| line.starts_with("    ") && !line.starts_with("     ")) {
            named.extend(listed(line.trim()).into_iter().map(|name| format!("crate::{name}")));
        }
    }
    named
}

/// `a::b` names a; `{a, b::c}` names a and b.
fn listed(rest: &str) -> Vec<String> {
    let word = |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    match rest.strip_prefix('{') {
        Some(list) => list.split(['}', ',']).map(word).filter(|name| !name.is_empty()).collect(),
        None => vec![word(rest)],
    }
}

#[test]
fn imports_go_downwards() {
    let rooms: BTreeMap<_, _> = ROOMS.iter().copied().collect();
    let crates: BTreeMap<_, _> = CRATES.iter().copied().collect();
    let mut wrong = Vec::new();
    for (path, text) in sources(&root().join("node/src")) {
        let Some(room) = room_of(&path).filter(|room| !["lib", "main"].contains(&room.as_str())) else { continue };
        let Some(allowed) = rooms.get(room.as_str()) else {
            wrong.push(format!("{}: room `{room}` is not in the table", path.display()));
            continue;
        };
        for name in mentions(&text) {
            let lawful = match name.strip_prefix("crate::") {
                Some(other) => other == room || !rooms.contains_key(other) || allowed.contains(&other),
                None => {
                    name == "kindred_node"
                        || !name.starts_with("kindred_")
                        || is_metric(&name)
                        || crates[room.as_str()].contains(&name.as_str())
                }
            };
            if !lawful {
                wrong.push(format!("{}: `{room}` may not use `{name}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "imports upwards:\n{}", wrong.join("\n"));
}

/// Metric names begin like crates do.
fn is_metric(name: &str) -> bool {
    let crates = ["domain", "proto", "affinity", "matching", "simulator", "client", "chaos", "hours"];
    !crates.iter().any(|part| name == format!("kindred_{part}"))
}

#[test]
fn the_domain_has_no_way_out() {
    for (path, text) in sources(&root().join("node/domain/src")) {
        for banned in ["std::", "HashMap", "HashSet", "f32", "f64", "Instant", "SystemTime", "thread_rng"] {
            let code = text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
            let found = code.filter(|line| line.contains(banned)).count();
            assert_eq!(found, 0, "{}: `{banned}`", path.display());
        }
    }
    let lib = fs::read_to_string(root().join("node/domain/src/lib.rs")).unwrap();
    assert!(lib.contains("#![no_std]"));
}

#[test]
fn only_consensus_names_a_raft_type() {
    for (path, text) in ours() {
        let inside = path.starts_with(root().join("node/src/consensus"));
        let names = text.lines().any(|line| line.contains("use raft::") || line.contains("raft::eraftpb"));
        assert!(inside || !names, "{} names a type of the raft crate", path.display());
    }
}

/// Files of the client library: what a customer's program links.
fn client_library() -> Vec<(PathBuf, String)> {
    let client = root().join("client/src");
    let files = sources(&client).into_iter();
    files.filter(|(path, _)| !path.starts_with(client.join("tool")) && *path != client.join("main.rs")).collect()
}

#[test]
fn the_client_library_uses_messages_and_nothing_of_the_tool() {
    let ours = ["kindred_proto", "kindred_client"];
    let tools = [
        "clap",
        "comfy_table",
        "crossterm",
        "hdrhistogram",
        "indicatif",
        "jiff",
        "prost_reflect",
        "ratatui",
        "rustix",
        "saphyr",
        "serde_json",
    ];
    let mut wrong = Vec::new();
    for (path, text) in client_library() {
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let named = mentions(&text).into_iter().filter(|name| name.starts_with("kindred_"));
        wrong.extend(
            named.filter(|name| !ours.contains(&name.as_str())).map(|name| format!("{}: {name}", path.display())),
        );
        let stubs = ["kindred_proto::v1", "kindred_proto::services"].into_iter();
        let tools = tools.iter().map(|tool| format!("{tool}::"));
        for banned in
            stubs.map(String::from).chain(tools).filter(|banned| code.iter().any(|line| line.contains(banned.as_str())))
        {
            wrong.push(format!("{}: {banned}", path.display()));
        }
        // Only what speaks to the network may name the transport; nothing of it is public.
        if !path.starts_with(root().join("client/src/net")) && code.iter().any(|line| line.contains("tonic")) {
            wrong.push(format!("{}: tonic", path.display()));
        }
    }
    assert!(wrong.is_empty(), "not for a library:\n{}", wrong.join("\n"));
    let net = fs::read_to_string(root().join("client/src/lib.rs")).unwrap();
    assert!(net.contains("\nmod net;"), "the transport is private");
}

#[test]
fn modules_say_what_they_answer() {
    let silent: Vec<_> =
        ours().into_iter().filter(|(_, text)| !text.starts_with("//!")).map(|(path, _)| path).collect();
    assert!(silent.is_empty(), "without `//!`: {silent:#?}");
}

#[test]
fn files_stay_short() {
    let long: Vec<_> = ours()
        .into_iter()
        .map(|(path, text)| (text.lines().count(), path))
        .filter(|(lines, _)| *lines > FILE_LINES_MAX)
        .collect();
    assert!(long.is_empty(), "over {FILE_LINES_MAX} lines: {long:#?}");
}

#[test]
fn functions_stay_short() {
    let mut long = Vec::new();
    for (path, text) in ours() {
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(name) = function_name(line) else { continue };
            let indent = line.len() - line.trim_start().len();
            // A signature without a body: a trait says what others do.
            let opens = lines[at..].iter().find(|line| line.trim_end().ends_with(['{', ';', '}']));
            if opens.is_some_and(|line| line.trim_end().ends_with(';')) {
                continue;
            }
            let end = (at..lines.len()).find(|end| {
                let closing = lines[*end];
                closing.trim_end() == format!("{}}}", " ".repeat(indent))
                    || (*end == at && closing.trim_end().ends_with('}'))
            });
            let length = end.map_or(0, |end| end - at + 1);
            let listed = LONG_FUNCTIONS.iter().any(|(file, function)| path.ends_with(file) && *function == name);
            if length > FUNCTION_LINES_MAX && !listed {
                long.push(format!("{}:{}: {name}, {length} lines", path.display(), at + 1));
            }
        }
    }
    assert!(long.is_empty(), "over {FUNCTION_LINES_MAX} lines:\n{}", long.join("\n"));
}

fn function_name(line: &str) -> Option<String> {
    let line = line.trim_start();
    let rest = line.split("fn ").nth(1)?;
    let before = line.split("fn ").next()?;
    let prefix = before.split_whitespace().all(|word| {
        word.starts_with("pub")
            || ["async", "const", "unsafe", "in", "super)", "crate)"].contains(&word)
            || word.ends_with(')')
    });
    prefix.then(|| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
}

/// Names in double quotes (in code) or backquotes (in the docs) that begin as our metrics do.
fn metrics_in(text: &str, quote: char) -> BTreeSet<String> {
    let start = format!("{quote}kindred_");
    let starts = text.match_indices(&start).map(|(at, _)| &text[at + 1..]);
    let names = starts.map(|rest| rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>());
    names.filter(|name| name.matches('_').count() > 1 || name == "kindred_sessions").collect()
}

#[test]
fn every_metric_is_documented_and_every_documented_metric_is_there() {
    let code = sources(&root().join("node/src"));
    let used: BTreeSet<String> = code.iter().flat_map(|(_, text)| metrics_in(text, '"')).collect();
    let docs = fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let told = metrics_in(docs.split("## Metrics").nth(1).unwrap(), '`');
    assert!(used.len() > 30, "{used:?}");
    let missing: Vec<_> = used.difference(&told).collect();
    let gone: Vec<_> = told.difference(&used).collect();
    assert!(missing.is_empty() && gone.is_empty(), "not documented: {missing:?}; documented only: {gone:?}");
}
