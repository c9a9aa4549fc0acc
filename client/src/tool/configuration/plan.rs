//! From what stands to what is wanted: the changes as a person reads them, and the steps that make them.
use super::{
    compare::{Line, compare, spread},
    files::{Files, Wanted, refuse},
    kinds::Kind,
    order::{Need, order},
    schema::{Named, Schema},
    tenant::Standing,
    tree::Tree,
};
use anyhow::bail;
use prost_reflect::ReflectMessage as _;
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Create,
    Change,
    Delete,
}

impl Verb {
    pub fn word(self) -> &'static str {
        match self {
            Verb::Create => "create",
            Verb::Change => "change",
            Verb::Delete => "delete",
        }
    }
}

/// A resource that is not as it is wanted.
#[derive(Clone, Debug)]
pub struct Change {
    pub verb: Verb,
    pub kind: usize,
    pub id: String,
    pub lines: Vec<Line>,
    /// As wanted; nothing if it goes.
    pub wanted: Option<Wanted>,
    /// As it stands; nothing if it is new.
    pub standing: Option<Standing>,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Creates, without fields that name what comes later.
    Create {
        change: usize,
        without: Vec<String>,
    },
    /// Writes fields.
    Update {
        change: usize,
        fields: Vec<String>,
    },
    Delete {
        change: usize,
    },
}

impl Step {
    pub fn change(&self) -> usize {
        match self {
            Step::Create { change, .. } | Step::Update { change, .. } | Step::Delete { change } => *change,
        }
    }
}

/// What is to be done.
pub struct Plan {
    /// By kind and id; what goes comes last.
    pub changes: Vec<Change>,
    /// In the order of doing.
    pub steps: Vec<Step>,
    /// Changes that name another of them, or are named by one, before or after.
    pub related: BTreeSet<usize>,
    /// Resources that no file has and that stay.
    pub kept: usize,
}

/// Compares. `standing` holds at least the kinds that the files have, and what they may name.
pub fn plan(
    schema: &Schema,
    kinds: &[Kind],
    files: &Files,
    standing: &[Standing],
    prune: bool,
) -> anyhow::Result<Plan> {
    let by_key: BTreeMap<(usize, &str), &Standing> = standing.iter().map(|one| ((one.kind, &*one.id), one)).collect();
    let wanted: BTreeSet<(usize, &str)> = files.wanted.iter().map(|one| (one.kind, &*one.id)).collect();
    let extra = |one: &&Standing| files.sections.contains(&one.kind) && !wanted.contains(&(one.kind, &*one.id));
    let extras: Vec<&Standing> = standing.iter().filter(extra).collect();
    let mut changes: Vec<Change> =
        files.wanted.iter().filter_map(|one| wish(one, by_key.get(&(one.kind, &*one.id)).copied())).collect();
    if prune {
        changes.extend(extras.iter().map(|one| Change {
            verb: Verb::Delete,
            kind: one.kind,
            id: one.id.clone(),
            lines: spread(&one.tree, false),
            wanted: None,
            standing: Some((*one).clone()),
        }));
    }
    let there = |kind: usize, id: &str| {
        wanted.contains(&(kind, id)) || by_key.get(&(kind, id)).is_some_and(|one| !(prune && extra(one)))
    };
    everything_named_is_there(schema, kinds, files, there)?;
    let gone = |kind: usize, id: &str| by_key.contains_key(&(kind, id)) && !there(kind, id);
    nothing_that_stays_names_what_goes(schema, kinds, standing, &wanted, gone)?;
    let (steps, related) = (steps(schema, kinds, &changes)?, related(schema, kinds, &changes));
    Ok(Plan { changes, steps, related, kept: if prune { 0 } else { extras.len() } })
}

fn wish(wanted: &Wanted, standing: Option<&Standing>) -> Option<Change> {
    let (verb, lines) = match standing {
        None => (Verb::Create, spread(&wanted.tree, true)),
        Some(standing) if standing.tree == wanted.tree => return None,
        Some(standing) => (Verb::Change, compare(&standing.tree, &wanted.tree)),
    };
    let (kind, id, standing) = (wanted.kind, wanted.id.clone(), standing.cloned());
    Some(Change { verb, kind, id, lines, wanted: Some(wanted.clone()), standing })
}

/// Whatever a file names must stand there or come with the files.
fn everything_named_is_there(
    schema: &Schema,
    kinds: &[Kind],
    files: &Files,
    there: impl Fn(usize, &str) -> bool,
) -> anyhow::Result<()> {
    let mut told = Vec::new();
    for one in &files.wanted {
        for named in schema.named(&one.message) {
            // What is named but never configured here is for the server to say.
            let Some(kind) = kind_of(kinds, &named) else { continue };
            if !there(kind, &named.id) {
                let (file, section, id) = (&one.file, &kinds[one.kind].section, &one.id);
                let line = one.line_of(&format!("{}.{}", kinds[one.kind].singular, named.path));
                let word = kinds[kind].word();
                told.push(format!(
                    "{file}:{line}: {section}.{id}.{}: there is no {word} `{}`, neither in the files nor in the tenant",
                    named.path, named.id
                ));
            }
        }
    }
    refuse(&told)
}

/// What is in no file and stays may not name what goes.
fn nothing_that_stays_names_what_goes(
    schema: &Schema,
    kinds: &[Kind],
    standing: &[Standing],
    wanted: &BTreeSet<(usize, &str)>,
    gone: impl Fn(usize, &str) -> bool,
) -> anyhow::Result<()> {
    let mut told = Vec::new();
    let stays = |one: &&Standing| !wanted.contains(&(one.kind, &*one.id)) && !gone(one.kind, &one.id);
    for one in standing.iter().filter(stays) {
        for named in schema.named(&one.message) {
            if let Some(kind) = kind_of(kinds, &named).filter(|kind| gone(*kind, &named.id)) {
                let (word, id) = (kinds[kind].word(), &named.id);
                let (by, path) = (kinds[one.kind].word(), &named.path);
                told.push(format!("{word} `{id}` cannot be deleted: {by} `{}` stays and names it ({path})", one.id));
            }
        }
    }
    refuse(&told)
}

/// Which changes have to do with another.
fn related(schema: &Schema, kinds: &[Kind], changes: &[Change]) -> BTreeSet<usize> {
    let places: BTreeMap<(usize, &str), usize> =
        changes.iter().enumerate().map(|(at, change)| ((change.kind, &*change.id), at)).collect();
    let mut related = BTreeSet::new();
    for (at, change) in changes.iter().enumerate() {
        let messages =
            [change.wanted.as_ref().map(|one| &one.message), change.standing.as_ref().map(|one| &one.message)];
        for named in messages.into_iter().flatten().flat_map(|message| schema.named(message)) {
            let other = kind_of(kinds, &named).and_then(|kind| places.get(&(kind, named.id.as_str())));
            if let Some(other) = other.filter(|other| **other != at) {
                related.extend([at, *other]);
            }
        }
    }
    related
}

fn kind_of(kinds: &[Kind], named: &Named) -> Option<usize> {
    kinds.iter().position(|kind| kind.collection == named.collection)
}

/// Creates before those who name them, then changes, then what goes: first those who name others.
fn steps(schema: &Schema, kinds: &[Kind], changes: &[Change]) -> anyhow::Result<Vec<Step>> {
    let which = |verb: Verb| (0..changes.len()).filter(|at| changes[*at].verb == verb).collect::<Vec<_>>();
    let (mut steps, mut later) = (Vec::new(), Vec::new());
    let created = which(Verb::Create);
    let ordered = order(&needs(schema, kinds, changes, &created)).map_err(|circle| {
        let names: Vec<String> = circle.iter().map(|at| name(kinds, &changes[created[*at]])).collect();
        anyhow::anyhow!("these name each other in a circle, and each must be there first: {}", names.join(", "))
    })?;
    for (at, without) in ordered {
        let change = created[at];
        if !without.is_empty() {
            later.push(Step::Update { change, fields: without.clone() });
        }
        steps.push(Step::Create { change, without });
    }
    steps.extend(later);
    for change in which(Verb::Change) {
        steps.push(Step::Update { change, fields: fields(&changes[change])? });
    }
    let deleted = which(Verb::Delete);
    let named_by = needs(schema, kinds, changes, &deleted);
    let mut names = vec![Vec::new(); deleted.len()];
    for (at, named) in named_by.iter().enumerate() {
        named.iter().for_each(|need| names[need.on].push(Need { on: at, can_wait: need.can_wait.clone() }));
    }
    // Of those that name each other in a circle any goes first, and the server says whether that can be.
    let ordered = order(&names).unwrap_or_else(|_| (0..deleted.len()).map(|at| (at, Vec::new())).collect());
    steps.extend(ordered.into_iter().map(|(at, _)| Step::Delete { change: deleted[at] }));
    Ok(steps)
}

/// What each of some changes names of the others.
fn needs(schema: &Schema, kinds: &[Kind], changes: &[Change], among: &[usize]) -> Vec<Vec<Need>> {
    let places: BTreeMap<(usize, &str), usize> =
        among.iter().enumerate().map(|(at, change)| ((changes[*change].kind, &*changes[*change].id), at)).collect();
    let needs = among.iter().map(|at| {
        let change = &changes[*at];
        let wanted = change.wanted.as_ref().map(|one| &one.message);
        let Some(message) = wanted.or(change.standing.as_ref().map(|one| &one.message)) else { return Vec::new() };
        let named = schema.named(message).into_iter().filter_map(|named| {
            let on = *places.get(&(kind_of(kinds, &named)?, named.id.as_str()))?;
            let field = message.descriptor().get_field_by_name(&named.top)?;
            Some(Need { on, can_wait: (!schema.is_required(&field)).then_some(named.top) })
        });
        named.collect()
    });
    needs.collect()
}

/// The resource's own fields that differ. Of those that exclude each other, only the one that is wanted.
fn fields(change: &Change) -> anyhow::Result<Vec<String>> {
    let (Some(wanted), Some(standing)) = (&change.wanted, &change.standing) else { bail!("nothing to compare") };
    let keys = |tree: &Tree| match tree {
        Tree::Map(entries) => entries.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>(),
        Tree::Leaf(_) | Tree::List(_) => Vec::new(),
    };
    let all: BTreeSet<String> = keys(&wanted.tree).into_iter().chain(keys(&standing.tree)).collect();
    let message = wanted.message.descriptor();
    let is_replaced = |key: &str| {
        let field = message.get_field_by_name(key);
        let rivals = field.as_ref().and_then(|field| field.containing_oneof());
        rivals
            .is_some_and(|rivals| rivals.fields().any(|rival| rival.name() != key && wanted.message.has_field(&rival)))
    };
    let differs = |key: &String| wanted.tree.get(key) != standing.tree.get(key) && !is_replaced(key);
    Ok(all.into_iter().filter(differs).collect())
}

/// `queue support`.
pub fn name(kinds: &[Kind], change: &Change) -> String {
    format!("{} {}", kinds[change.kind].word(), change.id)
}
