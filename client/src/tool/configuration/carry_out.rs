//! Makes the changes of a plan, one call after the other, and stops where one is refused.
//!
//! Some changes fit only once another was made, in an order no reference tells: a queue must stop answering AUTO before its
//! policy may become RING_ALL, and the other way round. What is refused for the sake of others is therefore tried again
//! after them, as long as that gets anything done.
use super::{
    kinds::{Kind, Method},
    plan::{Change, Plan, Step, Verb, name},
    tenant::{Standing, text},
};
use anyhow::Context as _;
use kindred_client::{Client, Error, new_request_id};
use prost_reflect::{DynamicMessage, Kind as FieldKind, ReflectMessage as _, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Where the changes are made.
pub struct Target<'a> {
    pub client: &'a Client,
    /// `tenants/{tenant}`.
    pub parent: String,
    pub kinds: &'a [Kind],
}

/// What a validation found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validated {
    pub good: usize,
    /// Steps whose calls cannot check without changing, or whose refusal another change may lift.
    pub unknown: usize,
}

impl Target<'_> {
    /// Takes the steps; `done` hears of each.
    pub async fn carry_out(
        &self,
        plan: &Plan,
        mut done: impl FnMut(&str) -> std::io::Result<()>,
    ) -> anyhow::Result<()> {
        let (mut made, mut etags) = (BTreeSet::new(), BTreeMap::new());
        let mut left: Vec<&Step> = plan.steps.iter().collect();
        while !left.is_empty() {
            let (mut aside, mut first): (Vec<&Step>, _) = (Vec::new(), None);
            for step in &left {
                let change = &plan.changes[step.change()];
                let waits = aside.iter().any(|other| other.change() == step.change());
                // What goes, goes once all else is as it is wanted.
                if waits || matches!(step, Step::Delete { .. }) && !aside.is_empty() {
                    aside.push(step);
                    continue;
                }
                let (method, request) = self.request(step, change, etags.get(&step.change()), false)?;
                match method.call(self.client, &request).await {
                    Ok(answer) => {
                        etags.extend(self.etag(change, &answer).map(|etag| (step.change(), etag)));
                        made.insert(step.change());
                        done(&self.did(step, change))?;
                    }
                    Err(error) if may_fit_later(&error) => {
                        aside.push(step);
                        first.get_or_insert((change, error));
                    }
                    Err(error) => return Err(self.refused(plan, change, &error, &made)),
                }
            }
            if let Some((change, error)) = first
                && aside.len() == left.len()
            {
                return Err(self.refused(plan, change, &error, &made));
            }
            left = aside;
        }
        Ok(())
    }

    /// The version that was written.
    fn etag(&self, change: &Change, answer: &DynamicMessage) -> Option<String> {
        let written = answer.get_field_by_name(&self.kinds[change.kind].singular)?;
        written.as_message().map(|message| text(message, "etag"))
    }

    /// Asks for each step whether it would be refused, where that can be asked.
    pub async fn validate(&self, plan: &Plan) -> anyhow::Result<Validated> {
        let mut found = Validated::default();
        for step in &plan.steps {
            let change = &plan.changes[step.change()];
            let (method, request) = self.request(step, change, None, true)?;
            let is_there = change.verb != Verb::Create || matches!(step, Step::Create { .. });
            if !method.can_validate() || !is_there {
                found.unknown += 1;
                continue;
            }
            match method.call(self.client, &request).await {
                Ok(_) => found.good += 1,
                Err(error) if may_fit_later(&error) && plan.related.contains(&step.change()) => found.unknown += 1,
                Err(error) => anyhow::bail!("{}; nothing was changed", self.place(change, &error)),
            }
        }
        Ok(found)
    }

    /// `etag` is the version after an earlier step of the same change; otherwise that which was read counts.
    fn request(
        &self,
        step: &Step,
        change: &Change,
        etag: Option<&String>,
        validate_only: bool,
    ) -> anyhow::Result<(&Method, DynamicMessage)> {
        let kind = &self.kinds[change.kind];
        let read = change.standing.as_ref().map(|one: &Standing| &one.etag);
        let etag = etag.or(read).cloned().unwrap_or_default();
        let full_name = format!("{}/{}/{}", self.parent, kind.collection, change.id);
        let message = || change.wanted.as_ref().map(|one| one.message.clone()).context("a change wants something");
        let (method, mut request) = match step {
            Step::Create { without, .. } => {
                let mut request = kind.create.request();
                let mut message = message()?;
                without.iter().for_each(|field| message.clear_field_by_name(field));
                set(&mut request, "parent", Value::String(self.parent.clone()))?;
                set(&mut request, &format!("{}_id", kind.singular), Value::String(change.id.clone()))?;
                set(&mut request, &kind.singular, Value::Message(message))?;
                (&kind.create, request)
            }
            Step::Update { fields, .. } => {
                let mut request = kind.update.request();
                let mut message = message()?;
                set(&mut message, "name", Value::String(full_name))?;
                set(&mut message, "etag", Value::String(etag))?;
                set(&mut request, &kind.singular, Value::Message(message))?;
                let mask = mask(&request, fields)?;
                set(&mut request, "update_mask", mask)?;
                (&kind.update, request)
            }
            Step::Delete { .. } => {
                let mut request = kind.delete.request();
                set(&mut request, "name", Value::String(full_name))?;
                set(&mut request, "etag", Value::String(etag))?;
                (&kind.delete, request)
            }
        };
        // Every attempt of this step carries it: a retry is not a second change.
        set(&mut request, "request_id", Value::String(new_request_id()))?;
        if validate_only && method.can_validate() {
            set(&mut request, "validate_only", Value::Bool(true))?;
        }
        Ok((method, request))
    }

    fn did(&self, step: &Step, change: &Change) -> String {
        let verb = match step {
            Step::Create { .. } => "created",
            Step::Update { .. } => "changed",
            Step::Delete { .. } => "deleted",
        };
        format!("{verb} {}", name(self.kinds, change))
    }

    fn refused(&self, plan: &Plan, change: &Change, error: &Error, made: &BTreeSet<usize>) -> anyhow::Error {
        let what = self.place(change, error);
        let done = match (made.len(), plan.changes.len()) {
            (0, _) => "Nothing was changed before".to_owned(),
            (made, all) => format!("Before that {made} of {all} changes were made"),
        };
        let unknown = if error.result_unknown() { "; whether this one was, nobody could say" } else { "" };
        let next = match error.reason.as_str() {
            "ETAG_MISMATCH" | "ALREADY_EXISTS" => "somebody else changed it meanwhile: look at `kindred diff` again",
            _ => "the same command goes on from there",
        };
        anyhow::anyhow!("{what}\n{done}{unknown}; {next}")
    }

    /// A refusal with the place in the files it is about.
    fn place(&self, change: &Change, error: &Error) -> String {
        let Some(wanted) = &change.wanted else { return format!("{}: {error}", name(self.kinds, change)) };
        let field = error.violations.first().map(|violation| &violation.field).or_else(|| error.metadata.get("field"));
        let field = field.map(String::as_str).unwrap_or_default();
        let line = wanted.line_of(field);
        let kind = &self.kinds[change.kind];
        let inner = field.strip_prefix(kind.singular.as_str()).unwrap_or_default();
        format!("{}:{line}: {}.{}{inner}: {error}", wanted.file, kind.section, change.id)
    }
}

/// Is it refused for what others are, and not for what it is? Then it may be taken once they have changed.
fn may_fit_later(error: &Error) -> bool {
    match error.reason.as_str() {
        "INVALID_FIELD" | "IN_USE" => true,
        // A thing it names; without a field it is the thing itself that is gone.
        "NOT_FOUND" => error.metadata.get("field").is_some_and(|field| !field.is_empty()),
        _ => false,
    }
}

fn set(message: &mut DynamicMessage, field: &str, value: Value) -> anyhow::Result<()> {
    let name = message.descriptor().name().to_owned();
    message.try_set_field_by_name(field, value).with_context(|| format!("{name}.{field} is not as expected"))
}

fn mask(request: &DynamicMessage, fields: &[String]) -> anyhow::Result<Value> {
    let field = request.descriptor().get_field_by_name("update_mask").context("an update has a mask")?;
    let FieldKind::Message(message) = field.kind() else { anyhow::bail!("a mask is a message") };
    let mut mask = DynamicMessage::new(message);
    set(&mut mask, "paths", Value::List(fields.iter().cloned().map(Value::String).collect()))?;
    Ok(Value::Message(mask))
}
