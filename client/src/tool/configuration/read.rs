//! From what was written to a message, collecting everything that is wrong with it.
use super::{
    scalar::{self, Single},
    schema::Schema,
    source::{Content, Entry, Node},
};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};
use std::collections::HashMap;

/// Levels of lists, maps and messages within a resource; the deepest of the API needs a third of them.
const DEPTH_MAX: usize = 64;

/// What is wrong, where in its file and where in the resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub line: usize,
    pub path: String,
    pub text: String,
}

/// Reads resources of a tenant.
pub struct Reader<'a> {
    schema: &'a Schema,
    tenant: &'a str,
    faults: Vec<Wrong>,
    depth: usize,
}

impl<'a> Reader<'a> {
    pub fn new(schema: &'a Schema, tenant: &'a str) -> Self {
        Self { schema, tenant, faults: Vec::new(), depth: 0 }
    }

    /// What was wrong so far.
    pub fn faults(&self) -> &[Wrong] {
        &self.faults
    }

    pub fn into_faults(self) -> Vec<Wrong> {
        self.faults
    }

    fn fail(&mut self, line: usize, path: &str, text: impl Into<String>) {
        self.faults.push(Wrong { line, path: path.to_owned(), text: text.into() });
    }

    /// Reads a message whose fields stand in a map.
    pub fn message(&mut self, message: &MessageDescriptor, node: &Node, path: &str) -> DynamicMessage {
        let mut read = DynamicMessage::new(message.clone());
        let Some(entries) = node.entries() else {
            self.fail(node.line, path, format!("is {}: its fields stand in a map", node.what()));
            return read;
        };
        let fields = self.schema.fields(message);
        for entry in entries {
            let at = join(path, &entry.key);
            let Some(field) = fields.iter().find(|field| field.name() == entry.key) else {
                self.unknown(message, entry, &fields, &at);
                continue;
            };
            if let Some(other) = other_of_kind(&read, field) {
                self.fail(entry.line, &at, format!("stands beside `{other}`: only one of them may"));
                continue;
            }
            if let Some(value) = self.value(field, &entry.value, &at) {
                read.set_field(field, value);
            }
        }
        for field in fields.iter().filter(|field| self.schema.is_required(field)) {
            if !entries.iter().any(|entry| entry.key == field.name()) {
                self.fail(node.line, &join(path, field.name()), "is required");
            }
        }
        read
    }

    fn unknown(&mut self, message: &MessageDescriptor, entry: &Entry, fields: &[FieldDescriptor], at: &str) {
        let known: Vec<&str> = fields.iter().map(FieldDescriptor::name).collect();
        let text = match message.get_field_by_name(&entry.key) {
            Some(_) => "is written by the server alone".to_owned(),
            None => format!("is not a field; there are {}", known.join(", ")),
        };
        self.fail(entry.line, at, text);
    }

    /// Reads a field's value; nothing where it is wrong, or where nothing is written.
    pub fn value(&mut self, field: &FieldDescriptor, node: &Node, path: &str) -> Option<Value> {
        self.depth += 1;
        let read = if self.depth > DEPTH_MAX {
            self.fail(node.line, path, "is too deep");
            None
        } else if field.is_map() {
            self.map(field, node, path)
        } else if field.is_list() {
            self.list(field, node, path)
        } else {
            self.item(field, node, path)
        };
        self.depth -= 1;
        read
    }

    fn map(&mut self, field: &FieldDescriptor, node: &Node, path: &str) -> Option<Value> {
        let Kind::Message(pair) = field.kind() else { return None };
        let Some(entries) = node.entries() else {
            self.fail(node.line, path, format!("is {}: it wants a map", node.what()));
            return None;
        };
        let (keys, values) = (pair.map_entry_key_field(), pair.map_entry_value_field());
        let mut read: HashMap<MapKey, Value> = HashMap::new();
        for entry in entries {
            let at = format!("{path}[{:?}]", entry.key);
            match scalar::read_key(&keys.kind(), &entry.key) {
                Ok(key) => {
                    let value = self.item(&values, &entry.value, &at);
                    read.extend(value.map(|value| (key, value)));
                }
                Err(why) => self.fail(entry.line, &at, why),
            }
        }
        Some(Value::Map(read))
    }

    fn list(&mut self, field: &FieldDescriptor, node: &Node, path: &str) -> Option<Value> {
        let Content::List(items) = &node.content else {
            if !node.is_nothing() {
                self.fail(node.line, path, format!("is {}: it wants a list", node.what()));
            }
            return None;
        };
        let items = items.iter().enumerate();
        let read = items.filter_map(|(at, item)| self.item(field, item, &format!("{path}[{at}]")));
        Some(Value::List(read.collect()))
    }

    /// One value: of a field, of a list, of a map.
    fn item(&mut self, field: &FieldDescriptor, node: &Node, path: &str) -> Option<Value> {
        let kind = field.kind();
        let read = match &kind {
            Kind::Message(message) => match Single::of(message) {
                Some(single) => scalar::read_single(single, message, &node.content),
                None => {
                    self.depth += 1;
                    let deep = self.depth > DEPTH_MAX;
                    let read = if deep { Err("is too deep".into()) } else { Ok(self.message(message, node, path)) };
                    self.depth -= 1;
                    read.map(Value::Message)
                }
            },
            kind => scalar::read(kind, &node.content),
        };
        match read.and_then(|value| self.full_name(field, value)) {
            Ok(value) => Some(value),
            Err(why) => {
                self.fail(node.line, path, why);
                None
            }
        }
    }

    /// `best` where a policy is named becomes `tenants/acme/policies/best`.
    fn full_name(&self, field: &FieldDescriptor, value: Value) -> Result<Value, String> {
        let (Some(collection), Value::String(id)) = (self.schema.reference(field), &value) else { return Ok(value) };
        match id.as_str() {
            "" => Err("names nothing".into()),
            id if id.contains('/') => Err(format!("is `{id}`: it wants the id alone")),
            id => Ok(Value::String(format!("tenants/{}/{collection}/{id}", self.tenant))),
        }
    }
}

/// Another field that excludes this one and is set already.
fn other_of_kind(message: &DynamicMessage, field: &FieldDescriptor) -> Option<String> {
    let others = field.containing_oneof()?;
    others.fields().find(|other| other != field && message.has_field(other)).map(|other| other.name().to_owned())
}

fn join(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}
