//! How changes are told: in words for people, as one object for programs.
use super::{
    kinds::Kind,
    plan::{Change, Plan, Verb, name},
};
use serde_json::{Value, json};

/// For people: what becomes of which resource, and each field that differs.
pub fn words(kinds: &[Kind], plan: &Plan) -> String {
    let mut text = String::new();
    for change in &plan.changes {
        text += &format!("{} {}\n", change.verb.word(), name(kinds, change));
        change.lines.iter().for_each(|line| text += &format!("    {}\n", line.text()));
    }
    text + &sum(plan) + "\n"
}

/// How many of each.
pub fn sum(plan: &Plan) -> String {
    let count = |verb: Verb| plan.changes.iter().filter(|change| change.verb == verb).count();
    let counts = [Verb::Create, Verb::Change, Verb::Delete].map(|verb| (verb, count(verb)));
    let counts: Vec<String> =
        counts.iter().filter(|(_, n)| *n > 0).map(|(verb, n)| format!("{n} to {}", verb.word())).collect();
    let sum = if counts.is_empty() { "nothing to change".to_owned() } else { counts.join(", ") };
    match plan.kept {
        0 => sum,
        1 => format!("{sum}; 1 that stands in no file stays (--prune deletes it)"),
        kept => format!("{sum}; {kept} that stand in no file stay (--prune deletes them)"),
    }
}

/// For programs.
pub fn object(kinds: &[Kind], plan: &Plan) -> Value {
    let change = |change: &Change| {
        json!({
            "verb": change.verb.word(),
            "section": kinds[change.kind].section,
            "id": change.id,
            "fields": change.lines,
        })
    };
    json!({ "changes": plan.changes.iter().map(change).collect::<Vec<_>>(), "kept": plan.kept })
}
