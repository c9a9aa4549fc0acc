//! The public API as its descriptors tell it: which fields a message has.
use std::{collections::BTreeMap, sync::LazyLock};

use prost::Message as _;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorSet};

/// All messages and enumerations, by full name with a leading dot.
pub struct Schema {
    messages: BTreeMap<String, DescriptorProto>,
    enums: BTreeMap<String, EnumDescriptorProto>,
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::read);

/// The schema.
pub fn schema() -> &'static Schema {
    &SCHEMA
}

impl Schema {
    fn read() -> Self {
        let set = FileDescriptorSet::decode(kindred_proto::FILE_DESCRIPTOR_SET).expect("our own descriptors");
        let mut schema = Self { messages: BTreeMap::new(), enums: BTreeMap::new() };
        for file in set.file {
            let package = format!(".{}", file.package());
            file.enum_type.into_iter().for_each(|kind| schema.add_enum(&package, kind));
            file.message_type.into_iter().for_each(|message| schema.add(&package, message));
        }
        schema
    }

    fn add(&mut self, within: &str, message: DescriptorProto) {
        let name = format!("{within}.{}", message.name());
        message.enum_type.iter().cloned().for_each(|kind| self.add_enum(&name, kind));
        message.nested_type.iter().cloned().for_each(|nested| self.add(&name, nested));
        self.messages.insert(name, message);
    }

    fn add_enum(&mut self, within: &str, kind: EnumDescriptorProto) {
        self.enums.insert(format!("{within}.{}", kind.name()), kind);
    }

    /// A message of `kindred.v1`.
    pub fn public(&self, name: &str) -> &DescriptorProto {
        self.message(&format!(".kindred.v1.{name}"))
    }

    /// Any message, by full name with a leading dot.
    pub fn message(&self, name: &str) -> &DescriptorProto {
        self.messages.get(name).unwrap_or_else(|| panic!("no message {name}"))
    }

    #[cfg(test)]
    /// Names of the messages of `kindred.v1` that are a request with a `request_id`.
    pub fn writes(&self) -> std::collections::BTreeSet<&str> {
        let public =
            self.messages.iter().filter_map(|(name, message)| Some((name.strip_prefix(".kindred.v1.")?, message)));
        let writes = public.filter(|(_, message)| message.field.iter().any(|field| field.name() == "request_id"));
        writes.map(|(name, _)| name).filter(|name| name.ends_with("Request")).collect()
    }

    /// Whether a path of a violation begins with a field of the message, or with a choice between fields.
    pub fn has(&self, message: &str, path: &str) -> bool {
        let first = path.split(['.', '[']).next().unwrap_or_default();
        let message = self.public(message);
        message.field.iter().any(|field| field.name() == first)
            || message.oneof_decl.iter().any(|choice| choice.name() == first)
    }
}
