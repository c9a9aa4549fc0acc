//! `tests/matrix.txt`: every pair of rules has a scenario or a test in which both act, or a reason why they cannot meet.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// How a cell begins that says why two rules cannot meet.
const NEVER: &str = "never: ";
/// Letters of the shortest reason that says anything.
const REASON_MIN: usize = 20;

/// What the file says.
#[derive(Default)]
struct Matrix {
    /// The marks of each rule, by its name.
    rules: BTreeMap<String, Vec<String>>,
    /// Names of two rules, what stands in their cell, and in which line.
    cells: Vec<(String, String, String, usize)>,
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(path)
}

fn read(text: &str, wrong: &mut Vec<String>) -> Matrix {
    let mut matrix = Matrix::default();
    for (line, at) in text.lines().zip(1..) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((head, said)) = line.split_once(':') else {
            wrong.push(format!("line {at}: no `:`"));
            continue;
        };
        if let Some(rule) = head.strip_prefix("rule ") {
            let marks = said.rsplit_once('|').map_or("", |(_, marks)| marks);
            let marks: Vec<String> = marks.split_whitespace().map(str::to_owned).collect();
            if marks.is_empty() || matrix.rules.insert(rule.to_owned(), marks).is_some() {
                wrong.push(format!("line {at}: {rule} has no marks, or stands here twice"));
            }
        } else if let Some((one, other)) = head.split_once(" + ") {
            matrix.cells.push((one.to_owned(), other.to_owned(), said.trim().to_owned(), at));
        } else {
            wrong.push(format!("line {at}: neither a rule nor a pair of rules"));
        }
    }
    matrix
}

/// What a cell names is there; a scenario is about both rules.
fn check(name: &str, marks: [&Vec<String>; 2]) -> Result<(), String> {
    if let Some((file, test)) = name.strip_prefix("matching/").and_then(|name| name.split_once("::")) {
        let path = here("../../matching/tests").join(format!("{file}.rs"));
        let text = fs::read_to_string(&path).map_err(|_| format!("there is no {}", path.display()))?;
        let is_there = text.contains(&format!("#[test]\nfn {test}() {{"));
        return if is_there { Ok(()) } else { Err(format!("{file}.rs has no test {test}")) };
    }
    let path = here("scenarios").join(format!("{name}.txt"));
    let text = fs::read_to_string(path).map_err(|_| format!("there is no scenario {name}"))?;
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    for marks in marks {
        if !lines.iter().any(|line| marks.iter().any(|mark| line.contains(mark.as_str()))) {
            return Err(format!("{name} has none of {}", marks.join(", ")));
        }
    }
    Ok(())
}

fn check_cell(said: &str, marks: [&Vec<String>; 2]) -> Vec<String> {
    match said.strip_prefix(NEVER) {
        Some(reason) if reason.len() < REASON_MIN => vec!["gives no reason".into()],
        Some(_) => Vec::new(),
        None if said.is_empty() => vec!["is empty".into()],
        None => said.split(", ").filter_map(|name| check(name, marks).err()).collect(),
    }
}

/// What is wrong with a matrix.
fn faults(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let Matrix { rules, cells } = read(text, &mut wrong);
    let mut seen = BTreeSet::new();
    for (one, other, said, at) in &cells {
        let (Some(marks), Some(others)) = (rules.get(one), rules.get(other)) else {
            wrong.push(format!("line {at}: {one} or {other} is no rule"));
            continue;
        };
        if one == other || !seen.insert([one.min(other), one.max(other)]) {
            wrong.push(format!("line {at}: {one} + {other} stands here twice, or is no pair"));
        }
        wrong.extend(
            check_cell(said, [marks, others]).iter().map(|fault| format!("line {at}: {one} + {other}: {fault}")),
        );
    }
    for one in rules.keys() {
        for other in rules.keys().filter(|other| one < *other && !seen.contains(&[one, *other])) {
            wrong.push(format!("{one} + {other} has no cell"));
        }
    }
    wrong
}

#[test]
fn every_pair_of_rules_is_tested_or_cannot_meet() {
    let text = fs::read_to_string(here("matrix.txt")).expect("the matrix");
    let faults = faults(&text);
    assert!(faults.is_empty(), "tests/matrix.txt:\n{}", faults.join("\n"));
    assert!(text.lines().filter(|line| line.starts_with("rule ")).count() > 1, "it has rules");
}

#[test]
fn a_matrix_with_holes_is_found_out() {
    let rules = "rule ring: rings | RING_ALL\nrule hours: opens | schedule\nrule split: shares | PERCENT_SPLIT\n";
    let cells =
        "ring + hours: ring_unanswered\nhours + split: never: no\nsplit + ring:\nring + split: nothing_like_it\n";
    let told = faults(&format!("{rules}{cells}ring + other: ring_unanswered\n"));
    let expected = [
        "line 4: ring + hours: ring_unanswered has none of schedule",
        "line 5: hours + split: gives no reason",
        "line 6: split + ring: is empty",
        "line 7: ring + split stands here twice, or is no pair",
        "line 7: ring + split: there is no scenario nothing_like_it",
        "line 8: ring or other is no rule",
    ];
    assert_eq!(told, expected);
    assert_eq!(faults(rules), ["hours + ring has no cell", "hours + split has no cell", "ring + split has no cell"]);
}
