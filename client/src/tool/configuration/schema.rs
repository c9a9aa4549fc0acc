//! What of the public API's messages a person writes: everything is read from the protos, nothing is listed twice.
use super::{
    defaults::{DEFAULTS, SETS},
    read::Reader,
    source,
    tree::Tree,
    write::written,
};
use anyhow::{Context as _, anyhow, bail};
use prost_reflect::{
    DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _,
    Value,
};
use std::collections::HashMap;

const PACKAGE: &str = "kindred.v1";
/// Numbers of `google.api.FieldBehavior`.
const REQUIRED: i32 = 2;
const OUTPUT_ONLY: i32 = 3;
const IDENTIFIER: i32 = 8;
/// Annotated as optional, and nothing a person writes: the version that was read.
const ETAG: &str = "etag";
/// How a comment tells that a field names something else of the tenant.
const NAME: &str = "`tenants/{tenant}/";

/// The messages of the public API, and what is known about their fields.
pub struct Schema {
    pool: DescriptorPool,
    behavior: ExtensionDescriptor,
    /// Collection that a field names something of, by the field's full name.
    references: HashMap<String, String>,
    /// By `Message.field` and the key it stands under.
    defaults: HashMap<(&'static str, &'static str), Tree>,
}

impl Schema {
    pub fn new() -> anyhow::Result<Schema> {
        let pool = DescriptorPool::decode(kindred_proto::FILE_DESCRIPTOR_SET)?;
        let behavior = pool.get_extension_by_name("google.api.field_behavior");
        let behavior = behavior.context("the protos do not describe field_behavior")?;
        let references = references(&pool);
        let mut schema = Schema { pool, behavior, references, defaults: HashMap::new() };
        for default in DEFAULTS {
            // In the table's order: what a whole message is compared with leaves out the defaults of its own fields.
            let tree = schema.default_tree(default.field, default.value)?;
            schema.defaults.insert((default.field, default.under), tree);
        }
        Ok(schema)
    }

    fn default_tree(&self, field: &str, value: &str) -> anyhow::Result<Tree> {
        let wrong = || anyhow!("the table of defaults: `{field}: {value}`");
        let (message, name) = field.split_once('.').with_context(wrong)?;
        let descriptor = self.message(message)?.get_field_by_name(name).with_context(wrong)?;
        let node = source::parse(value).map_err(|fault| wrong().context(fault.text))?;
        let mut reader = Reader::new(self, "");
        let read = reader.value(&descriptor, &node, "");
        let read = read.filter(|_| reader.faults().is_empty()).with_context(wrong)?;
        Ok(written(self, &descriptor, &read, ""))
    }

    /// A message of the public API.
    pub fn message(&self, name: &str) -> anyhow::Result<MessageDescriptor> {
        let found = self.pool.get_message_by_name(&format!("{PACKAGE}.{name}"));
        found.with_context(|| format!("`{name}` is not described"))
    }

    /// Request and response of a method, `/package.Service/Method`.
    pub fn method(&self, path: &str) -> anyhow::Result<(MessageDescriptor, MessageDescriptor)> {
        let Some((service, method)) = path.trim_start_matches('/').split_once('/') else {
            bail!("`{path}` is no method")
        };
        let service =
            self.pool.get_service_by_name(service).with_context(|| format!("`{service}` is not described"))?;
        let found = service.methods().find(|known| known.name() == method);
        found.map(|method| (method.input(), method.output())).with_context(|| format!("`{path}` is not described"))
    }

    /// The fields of a message that a person writes, by number.
    pub fn fields(&self, message: &MessageDescriptor) -> Vec<FieldDescriptor> {
        let mut fields: Vec<_> = message.fields().filter(|field| self.is_written(field)).collect();
        fields.sort_by_key(FieldDescriptor::number);
        fields
    }

    fn is_written(&self, field: &FieldDescriptor) -> bool {
        field.name() != ETAG && !self.behaves(field, OUTPUT_ONLY) && !self.behaves(field, IDENTIFIER)
    }

    /// Must it be written?
    pub fn is_required(&self, field: &FieldDescriptor) -> bool {
        self.behaves(field, REQUIRED)
    }

    fn behaves(&self, field: &FieldDescriptor, behavior: i32) -> bool {
        let options = field.options();
        let given = options.get_extension(&self.behavior);
        let given = given.as_list().unwrap_or_default();
        given.iter().any(|value| value.as_enum_number() == Some(behavior))
    }

    /// The collection a field names something of: it is written by its id alone.
    pub fn reference(&self, field: &FieldDescriptor) -> Option<&str> {
        self.references.get(field.full_name()).map(String::as_str)
    }

    /// Is this what the field is where nothing is written? `under` is the key of the map it stands in.
    pub fn is_default(&self, field: &FieldDescriptor, under: &str, tree: &Tree) -> bool {
        let name = short_name(field);
        let find = |under: &str| self.defaults.iter().find(|((field, key), _)| *field == name && *key == under);
        find(under).or_else(|| find("")).is_some_and(|(_, default)| default == tree)
    }

    /// Does the order of a list say nothing?
    pub fn is_set(&self, field: &FieldDescriptor) -> bool {
        SETS.contains(&short_name(field).as_str())
    }

    /// Everything a message names: the path, its field of the message itself, collection and id.
    pub fn named(&self, message: &DynamicMessage) -> Vec<Named> {
        let mut found = Vec::new();
        for field in self.fields(&message.descriptor()) {
            if message.has_field(&field) {
                let value = message.get_field(&field);
                self.collect(&field, &value, field.name(), field.name(), &mut found);
            }
        }
        found
    }

    fn collect(&self, field: &FieldDescriptor, value: &Value, top: &str, path: &str, found: &mut Vec<Named>) {
        match value {
            Value::String(name) => {
                if let (Some(collection), Some((_, id))) = (self.reference(field), name.rsplit_once('/')) {
                    let (collection, id) = (collection.to_owned(), id.to_owned());
                    found.push(Named { top: top.to_owned(), path: path.to_owned(), collection, id });
                }
            }
            Value::Message(message) => {
                for inner in self.fields(&message.descriptor()) {
                    if message.has_field(&inner) {
                        let path = format!("{path}.{}", inner.name());
                        self.collect(&inner, &message.get_field(&inner), top, &path, found);
                    }
                }
            }
            Value::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.collect(field, item, top, &format!("{path}[{at}]"), found);
                }
            }
            Value::Map(entries) => {
                let Kind::Message(entry) = field.kind() else { return };
                for (key, item) in entries {
                    let path = format!("{path}[{:?}]", key.as_str().unwrap_or_default());
                    self.collect(&entry.map_entry_value_field(), item, top, &path, found);
                }
            }
            _ => {}
        }
    }
}

/// Something a resource names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The resource's own field that holds it.
    pub top: String,
    /// Where in the resource.
    pub path: String,
    pub collection: String,
    pub id: String,
}

/// `Queue.policy`.
fn short_name(field: &FieldDescriptor) -> String {
    format!("{}.{}", field.parent_message().name(), field.name())
}

/// Which string fields name something of the tenant, as their comments say.
fn references(pool: &DescriptorPool) -> HashMap<String, String> {
    let mut found = HashMap::new();
    for file in pool.files().filter(|file| file.package_name() == PACKAGE) {
        let Some(info) = &file.file_descriptor_proto().source_code_info else { continue };
        let comments: HashMap<&[i32], &str> =
            info.location.iter().map(|location| (location.path.as_slice(), location.leading_comments())).collect();
        let messages = pool.all_messages().filter(|message| message.parent_file() == file);
        for field in messages.flat_map(|message| message.fields().collect::<Vec<_>>()) {
            let comment = comments.get(field.path()).copied().unwrap_or_default();
            if let (Kind::String, Some(collection)) = (field.kind(), collection(comment)) {
                found.insert(field.full_name().to_owned(), collection.to_owned());
            }
        }
    }
    found
}

fn collection(comment: &str) -> Option<&str> {
    let (_, rest) = comment.split_once(NAME)?;
    let (collection, id) = rest.split_once('/')?;
    id.starts_with('{').then_some(collection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_writes_is_read_from_the_protos() {
        let schema = Schema::new().unwrap();
        let names = |message: &str| {
            let fields = schema.fields(&schema.message(message).unwrap());
            fields.iter().map(|field| field.name().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names("Team"), ["display_name"]);
        assert!(names("Agent").contains(&"capacity_override".to_owned()));
        assert!(["presence", "state", "name", "etag"].iter().all(|name| !names("Agent").contains(&name.to_string())));
        let reference = |message: &str, field: &str| {
            let field = schema.message(message).unwrap().get_field_by_name(field).unwrap();
            (schema.reference(&field).map(str::to_owned), schema.is_required(&field))
        };
        assert_eq!(reference("Queue", "policy"), (Some("policies".into()), true));
        assert_eq!(reference("RoutingProfileEntry", "queue"), (Some("queues".into()), true));
        assert_eq!(reference("Agent", "team"), (Some("teams".into()), false));
        assert_eq!(reference("Agent", "endpoint"), (None, false));
    }
}
