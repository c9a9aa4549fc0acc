//! Reading a scenario file: first its form, by serde; then its values, by `check.rs`. Both name path and line.
use super::{
    check::check,
    fault::{Error, Fault},
    file::Scenario,
};
use std::{fs, path::Path};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Reads and checks a file.
pub fn read(file: &Path) -> Result<Scenario, Error> {
    let text =
        fs::read_to_string(file).map_err(|source| Error::Unreadable { file: file.display().to_string(), source })?;
    parse(&text)
}

/// Reads and checks a text. The trace, if one is named, is not read yet: see [`super::Row::read`].
pub fn parse(text: &str) -> Result<Scenario, Error> {
    let line = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    let syntax = |error: toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start);
        Error::Syntax { line: line(at), problem: error.message().to_string() }
    };
    let tree = DeTable::parse(text).map_err(syntax)?;
    let deserializer = toml::de::Deserializer::parse(text).map_err(syntax)?;
    let scenario: Scenario = serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { path };
        let inner = error.into_inner();
        let at = inner.span().map_or_else(|| place(&tree, &path), |span| span.start);
        let (problem, allowed) = words(inner.message());
        Error::Form(Fault { path, line: line(at), problem, allowed })
    })?;
    let faults = check(&scenario);
    if faults.is_empty() {
        return Ok(scenario);
    }
    let placed = faults.into_iter().map(|(path, problem, allowed)| {
        let line = line(place(&tree, &path));
        Fault { path, line, problem, allowed }
    });
    Err(Error::Values(placed.take(super::fault::FAULTS_MAX).collect()))
}

/// Serde's message in two: what is wrong, and what is allowed.
fn words(message: &str) -> (String, String) {
    match message.split_once(", expected ") {
        Some((problem, allowed)) => (problem.trim().to_string(), allowed.trim().to_string()),
        None => (message.trim().to_string(), String::new()),
    }
}

/// Where the value of a path begins in the text; of what is not there, where the nearest thing around it begins.
fn place(tree: &Spanned<DeTable<'_>>, path: &str) -> usize {
    let mut at = tree.span().start;
    let mut table = Some(tree.get_ref());
    let mut list = None;
    for part in path.split(['.', '[']).filter(|part| !part.is_empty()) {
        let found: Option<&Spanned<DeValue<'_>>> = match part.strip_suffix(']') {
            Some(number) => list.and_then(|list: &toml::de::DeArray<'_>| list.get(number.parse::<usize>().ok()?)),
            None => table.and_then(|table| table.get(part)),
        };
        let Some(found) = found else { break };
        at = found.span().start;
        table = found.get_ref().as_table();
        list = found.get_ref().as_array();
    }
    at
}

#[cfg(test)]
pub(super) mod tests;
