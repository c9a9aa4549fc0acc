//! From a message to what would be written: short names, no defaults, always in the same order.
use super::{
    scalar::{self, Single},
    schema::Schema,
    tree::Tree,
};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage as _, Value};

/// A resource, or a message within one. `under` is the key of the map it stands in.
pub fn resource(schema: &Schema, message: &DynamicMessage, under: &str) -> Tree {
    let mut entries = Vec::new();
    for field in schema.fields(&message.descriptor()) {
        let (is_there, must) = (message.has_field(&field), schema.is_required(&field));
        let is_many = field.is_list() || field.is_map();
        // What must be written is, even if it is nothing; but a message that is not there is not made up.
        if !is_there && (!must || (field.kind().as_message().is_some() && !is_many)) {
            continue;
        }
        let tree = written(schema, &field, &message.get_field(&field), under);
        let is_empty = is_many && (tree == Tree::List(Vec::new()) || tree == Tree::Map(Vec::new()));
        if (must || !is_empty) && !schema.is_default(&field, under, &tree) {
            entries.push((field.name().to_owned(), tree));
        }
    }
    Tree::Map(entries)
}

/// A field's value.
pub fn written(schema: &Schema, field: &FieldDescriptor, value: &Value, under: &str) -> Tree {
    match value {
        Value::List(items) => {
            let tree = |item: &Value| written(schema, field, item, under);
            if !schema.is_set(field) {
                return Tree::List(items.iter().map(tree).collect());
            }
            let mut items: Vec<_> = items.iter().map(|item| (words(item), tree(item))).collect();
            items.sort_by_cached_key(|(words, tree)| (words.clone(), tree.line()));
            items.dedup();
            Tree::List(items.into_iter().map(|(_, tree)| tree).collect())
        }
        Value::Map(entries) => {
            let Kind::Message(pair) = field.kind() else { return Tree::Map(Vec::new()) };
            let values = pair.map_entry_value_field();
            let mut entries: Vec<(String, Tree)> = entries
                .iter()
                .map(|(key, value)| (scalar::key(key), value))
                .map(|(key, value)| {
                    let tree = written(schema, &values, value, &key);
                    (key, tree)
                })
                .collect();
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            Tree::Map(entries)
        }
        Value::Message(message) => match Single::of(&message.descriptor()) {
            Some(single) => scalar::single_tree(single, message),
            None => resource(schema, message, under),
        },
        Value::String(name) if schema.reference(field).is_some() => {
            Tree::text(name.rsplit('/').next().unwrap_or_default())
        }
        single => scalar::tree(&field.kind(), single),
    }
}

/// Its words of enumerations, by number: Monday comes before Friday.
fn words(value: &Value) -> Vec<i32> {
    let Value::Message(message) = value else { return Vec::new() };
    message.fields().filter_map(|(_, value)| value.as_enum_number()).collect()
}
