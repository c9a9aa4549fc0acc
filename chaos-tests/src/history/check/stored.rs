//! D: what the log comes to stands in a replica's state too.

use std::collections::BTreeMap;

use crate::history::model::Model;
use crate::history::{Shown, Violation};

use super::Findings;

/// A replica's stored records, of a state that has applied exactly what the model has. `whose` names it.
pub fn check(whose: &str, model: &Model, stored: &[Shown]) -> Vec<Violation> {
    let mut findings = Findings::default();
    let mut theirs: BTreeMap<&str, &Shown> = stored.iter().map(|shown| (shown.name(), shown)).collect();
    for ours in model.all() {
        match theirs.remove(ours.name()) {
            Some(shown) if shown.agrees(&ours) => {}
            Some(shown) => findings.add('D', || format!("{whose} stores {shown:?}; by the log it is {ours:?}")),
            None => findings.add('D', || format!("{whose} does not store {ours:?}")),
        }
    }
    for shown in theirs.into_values().filter(|shown| model.follows(shown.name())) {
        findings.add('D', || format!("{whose} stores {shown:?}, which by the log is not there"));
    }
    findings.end()
}
