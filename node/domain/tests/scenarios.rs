//! Every rule of the state machine as a readable text file: `tests/scenarios/*.txt`, one rule each.
//!
//! `SCENARIO=decline cargo test -p kindred-domain --test scenarios` runs those whose name contains the word. The language is
//! described in `scenario/mod.rs`.
mod scenario;

use std::{fs, path::Path};

#[test]
fn scenarios_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let wanted = std::env::var("SCENARIO").unwrap_or_default();
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the folder of scenarios")
        .map(|file| file.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .collect();
    files.sort();
    let (mut run, mut failures) = (0, Vec::new());
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.contains(&wanted) {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a readable file");
        run += 1;
        if let Err(failure) = scenario::run(&name, &text) {
            failures.push(failure);
        }
    }
    assert!(run > 0, "no scenario is named like {wanted:?}");
    assert!(failures.is_empty(), "{} of {run} fail:\n{}", failures.len(), failures.join("\n"));
}

/// What the docs show an operator is run like any scenario: blocks of `text` in `docs/rules/`.
#[test]
fn examples_of_the_docs_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules");
    let (mut run, mut failures) = (0, Vec::new());
    for file in fs::read_dir(&folder).expect("the folder of rules") {
        let path = file.expect("a readable folder").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a readable file");
        let blocks = text.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next());
        for block in blocks {
            run += 1;
            failures.extend(scenario::run(&name, block).err());
        }
    }
    assert!(run > 0, "no example in {}", folder.display());
    assert!(failures.is_empty(), "{} of {run} fail:\n{}", failures.len(), failures.join("\n"));
}
