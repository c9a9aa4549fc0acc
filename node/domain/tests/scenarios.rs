//! Every rule of the state machine as a readable text file: `tests/scenarios/*.txt`, one rule each; and the examples of the
//! operator's pages, `docs/rules/*.md`: whatever is fenced as `scenario`.
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

/// What a page fences as `scenario`, each with so many empty lines before it that its lines have the page's numbers.
fn examples(page: &str) -> Vec<String> {
    let (mut examples, mut example) = (Vec::new(), None::<String>);
    for (at, line) in page.lines().enumerate() {
        match &mut example {
            None if line == "```scenario" => example = Some("\n".repeat(at + 1)),
            None => {}
            Some(_) if line == "```" => examples.extend(example.take()),
            Some(text) => *text = format!("{text}{line}\n"),
        }
    }
    examples
}

/// What the docs show an operator is run like any scenario.
#[test]
fn examples_of_the_pages_for_operators_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules");
    let pages = fs::read_dir(folder).expect("the folder of rules").map(|page| page.expect("a readable folder").path());
    let (mut run, mut failures) = (0, Vec::new());
    for path in pages {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let page = fs::read_to_string(&path).expect("a readable page");
        for example in examples(&page) {
            run += 1;
            failures.extend(scenario::run(&format!("../../../../docs/rules/{name}"), &example).err());
        }
    }
    assert!(run > 0, "no page has an example");
    assert!(failures.is_empty(), "{} of {run} fail:\n{}", failures.len(), failures.join("\n"));
}
