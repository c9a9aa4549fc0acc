//! The conventions of the API that a linter does not know, read from the descriptors reflection serves.
use kindred_proto::FILE_DESCRIPTOR_SET;
use prost::Message;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    MethodDescriptorProto,
};
use std::collections::{BTreeMap, BTreeSet};

/// Numbers of descriptor.proto's fields, as they stand in the paths of comments.
mod path {
    pub const FILE_MESSAGE: i32 = 4;
    pub const FILE_ENUM: i32 = 5;
    pub const FILE_SERVICE: i32 = 6;
    pub const MESSAGE_FIELD: i32 = 2;
    pub const MESSAGE_NESTED: i32 = 3;
    pub const MESSAGE_ENUM: i32 = 4;
    pub const MESSAGE_ONEOF: i32 = 8;
    pub const ENUM_VALUE: i32 = 2;
    pub const SERVICE_METHOD: i32 = 2;
}

/// Options with the one extension we look at; prost's own types drop extensions.
mod behavior {
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Set {
        #[prost(message, repeated, tag = "1")]
        pub file: Vec<File>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct File {
        #[prost(string, tag = "2")]
        pub package: String,
        #[prost(message, repeated, tag = "4")]
        pub messages: Vec<Type>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Type {
        #[prost(string, tag = "1")]
        pub name: String,
        #[prost(message, repeated, tag = "2")]
        pub fields: Vec<Field>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Field {
        #[prost(string, tag = "1")]
        pub name: String,
        #[prost(message, optional, tag = "8")]
        pub options: Option<Options>,
        #[prost(int32, optional, tag = "9")]
        pub oneof: Option<i32>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Options {
        #[prost(int32, repeated, packed = "false", tag = "1052")]
        pub behavior: Vec<i32>,
    }
}

fn files() -> Vec<FileDescriptorProto> {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("written by our build");
    let ours = |file: &FileDescriptorProto| file.package().starts_with("kindred.");
    set.file.into_iter().filter(ours).collect()
}

/// Collects the places in a file that have no comment.
struct Bare<'a> {
    commented: BTreeSet<&'a [i32]>,
    found: Vec<String>,
}

impl Bare<'_> {
    fn check(&mut self, path: &[i32], name: &str) {
        if !self.commented.contains(path) {
            self.found.push(name.to_owned());
        }
    }

    fn check_enum(&mut self, path: &[i32], of: &str, it: &EnumDescriptorProto) {
        let name = format!("{of}.{}", it.name());
        self.check(path, &name);
        for (i, value) in it.value.iter().enumerate() {
            let path = [path, &[path::ENUM_VALUE, i as i32]].concat();
            self.check(&path, &format!("{name}.{}", value.name()));
        }
    }

    fn check_message(&mut self, path: &[i32], of: &str, it: &DescriptorProto) {
        let name = format!("{of}.{}", it.name());
        self.check(path, &name);
        let below = |kind: i32, i: usize| [path, &[kind, i as i32]].concat();
        for (i, field) in it.field.iter().enumerate() {
            self.check(&below(path::MESSAGE_FIELD, i), &format!("{name}.{}", field.name()));
        }
        // A proto3 `optional` field makes a oneof of its own, which nobody wrote.
        let synthetic: BTreeSet<i32> =
            it.field.iter().filter(|field| field.proto3_optional()).filter_map(|field| field.oneof_index).collect();
        for (i, oneof) in it.oneof_decl.iter().enumerate() {
            if !synthetic.contains(&(i as i32)) {
                self.check(&below(path::MESSAGE_ONEOF, i), &format!("{name}.{}", oneof.name()));
            }
        }
        let entry = |nested: &DescriptorProto| nested.options.as_ref().is_some_and(|o| o.map_entry());
        for (i, nested) in it.nested_type.iter().enumerate() {
            if !entry(nested) {
                self.check_message(&below(path::MESSAGE_NESTED, i), &name, nested);
            }
        }
        for (i, nested) in it.enum_type.iter().enumerate() {
            self.check_enum(&below(path::MESSAGE_ENUM, i), &name, nested);
        }
    }
}

#[test]
fn everything_has_a_comment() {
    let mut found = Vec::new();
    for file in files() {
        let info = file.source_code_info.as_ref().expect("kept by our build");
        let commented = info
            .location
            .iter()
            .filter(|location| !location.leading_comments().trim().is_empty())
            .map(|location| location.path.as_slice())
            .collect();
        let mut bare = Bare { commented, found: Vec::new() };
        for (i, message) in file.message_type.iter().enumerate() {
            bare.check_message(&[path::FILE_MESSAGE, i as i32], file.package(), message);
        }
        for (i, it) in file.enum_type.iter().enumerate() {
            bare.check_enum(&[path::FILE_ENUM, i as i32], file.package(), it);
        }
        for (i, service) in file.service.iter().enumerate() {
            let path = [path::FILE_SERVICE, i as i32];
            bare.check(&path, service.name());
            for (j, method) in service.method.iter().enumerate() {
                let path = [&path[..], &[path::SERVICE_METHOD, j as i32]].concat();
                bare.check(&path, &format!("{}.{}", service.name(), method.name()));
            }
        }
        found.append(&mut bare.found);
    }
    assert_eq!(found, Vec::<String>::new(), "without a comment");
}

fn messages_of(package: &str) -> BTreeMap<String, DescriptorProto> {
    files()
        .into_iter()
        .filter(|file| file.package() == package)
        .flat_map(|file| file.message_type)
        .map(|message| (message.name().to_owned(), message))
        .collect()
}

fn methods_of(package: &str) -> Vec<MethodDescriptorProto> {
    files()
        .into_iter()
        .filter(|file| file.package() == package)
        .flat_map(|file| file.service)
        .flat_map(|service| service.method)
        .collect()
}

fn field<'a>(message: &'a DescriptorProto, name: &str) -> Option<&'a FieldDescriptorProto> {
    message.field.iter().find(|field| field.name() == name)
}

/// RPCs that change nothing begin with one of these words.
const READS: &[&str] = &["Get", "List", "Watch", "Track", "Preview"];

#[test]
fn every_write_carries_a_request_id_and_every_response_a_header() {
    let messages = messages_of("kindred.v1");
    let methods = methods_of("kindred.v1");
    assert!(methods.len() > 60, "all services are there");
    for method in methods {
        let short = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
        let (input, output) = (short(method.input_type()), short(method.output_type()));
        assert_eq!(input, format!("{}Request", method.name()));
        assert_eq!(output, format!("{}Response", method.name()));
        let header = field(&messages[&output], "header");
        let header = header.unwrap_or_else(|| panic!("{output} has no header"));
        assert_eq!(header.number(), 1, "{output}");
        assert_eq!(header.type_name(), ".kindred.v1.ResponseHeader", "{output}");
        let reads = READS.iter().any(|word| method.name().starts_with(word));
        let request_id = field(&messages[&input], "request_id");
        assert_eq!(request_id.is_some(), !reads, "request_id of {input}");
    }
}

#[test]
fn lists_page_and_reads_say_how_fresh() {
    let messages = messages_of("kindred.v1");
    for method in methods_of("kindred.v1") {
        let request = &messages[&format!("{}Request", method.name())];
        let response = &messages[&format!("{}Response", method.name())];
        if method.name().starts_with("List") {
            assert!(!method.server_streaming(), "{} streams", method.name());
            assert!(field(request, "page_size").is_some(), "{}", method.name());
            assert!(field(request, "page_token").is_some(), "{}", method.name());
            assert!(field(response, "next_page_token").is_some());
        }
        if method.name().starts_with("List") || method.name().starts_with("Get") {
            assert!(field(request, "read_mode").is_some(), "{}", method.name());
        }
        if method.name().starts_with("Update") {
            assert!(field(request, "update_mask").is_some(), "{}", method.name());
        }
    }
}

#[test]
fn policy_and_membership_changes_can_be_checked_first() {
    let messages = messages_of("kindred.v1");
    let policies = ["CreatePolicy", "UpdatePolicy", "DeletePolicy", "RollbackPolicy"];
    let schedules = ["CreateSchedule", "UpdateSchedule", "DeleteSchedule"];
    let membership = ["AddNode", "PromoteNode", "RemoveNode"];
    for name in policies.into_iter().chain(schedules).chain(membership) {
        let request = &messages[&format!("{name}Request")];
        assert!(field(request, "validate_only").is_some(), "{name}");
    }
}

#[test]
fn every_field_of_a_request_says_how_it_behaves() {
    let set = behavior::Set::decode(FILE_DESCRIPTOR_SET).expect("written by our build");
    let ours = set.file.iter().filter(|file| file.package == "kindred.v1");
    for message in ours.flat_map(|file| &file.messages) {
        if !message.name.ends_with("Request") {
            continue;
        }
        for field in message.fields.iter().filter(|field| field.oneof.is_none()) {
            let behavior = field.options.as_ref().map_or(&[][..], |o| &o.behavior);
            assert!(!behavior.is_empty(), "{}.{}", message.name, field.name);
        }
    }
}

#[test]
fn the_service_config_names_every_service_and_only_existing_methods() {
    let config = include_str!("../service_config.json");
    let mut services = BTreeSet::new();
    for file in files() {
        if file.package() != "kindred.v1" {
            continue;
        }
        for service in &file.service {
            let name = format!("kindred.v1.{}", service.name());
            assert!(config.contains(&format!("{{ \"service\": \"{name}\" }}")), "{name}");
            services.insert(name.clone());
            for method in &service.method {
                let streams = method.client_streaming() || method.server_streaming();
                let entry = format!("\"service\": \"{name}\", \"method\": \"{}\"", method.name());
                assert_eq!(config.contains(&entry), streams, "{entry}");
            }
        }
    }
    assert_eq!(services.len(), 11);
}
