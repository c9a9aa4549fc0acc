//! A message of the public API with every field that a caller may set, made from its descriptor: a real request.
//!
//! Everything of the tenant `acme` is called `x1`; numbers, times and texts are lawful ones.
use super::schema::schema;
use prost::encoding::{WireType, encode_key, encode_varint};
use prost_types::{
    DescriptorProto, FieldDescriptorProto,
    field_descriptor_proto::{Label, Type},
};

/// The tenant of all samples.
pub const TENANT: &str = "acme";
/// The one offer and assignment, and every request.
pub const UID: &str = "01890000-0000-7000-8000-000000000001";
/// Output-only fields of resources have numbers from here on.
const TOLD_ONLY_FROM: i32 = 30;
/// Selectors nest; a sample's do not for ever.
const DEPTH_MAX: usize = 8;

/// What an update may change, by resource.
const MASKS: &[(&str, &[&str])] = &[
    ("Interaction", &["labels", "required_selector", "preferred_selector", "priority", "customer", "context"]),
    (
        "Agent",
        &[
            "kind",
            "display_name",
            "routing_profile",
            "skills",
            "channel_proficiency",
            "labels",
            "capacity_override",
            "endpoint",
        ],
    ),
    (
        "Queue",
        &["display_name", "policy", "priority", "age_weight_per_second", "service_level", "max_wait", "channels"],
    ),
    ("RoutingProfile", &["display_name", "entries", "capacity"]),
    ("Policy", &["display_name", "distribution"]),
    ("Customer", &["display_name", "identities", "features", "preferred_agents"]),
    ("Team", &["display_name"]),
    ("Tenant", &["display_name", "closed_retention", "event_retention_bytes"]),
    ("Schedule", &["display_name", "time_zone", "weekly", "holidays", "special_days"]),
];

/// Collections of names, by the word that the request's name has in it.
const COLLECTIONS: &[(&str, &str)] = &[
    ("Presence", "agents"),
    ("Agent", "agents"),
    ("Queue", "queues"),
    ("Team", "teams"),
    ("RoutingProfile", "routingProfiles"),
    ("Policy", "policies"),
    ("Connector", "connectors"),
    ("Customer", "customers"),
    ("Conversation", "conversations"),
    ("Schedule", "schedules"),
    ("Adjustment", "adjustments"),
];

/// Requests whose `name` is that of an assignment.
const OF_ASSIGNMENTS: &[&str] = &[
    "ReportConnectedRequest",
    "ReportConnectFailedRequest",
    "HoldAssignmentRequest",
    "RetrieveAssignmentRequest",
    "AddChannelRequest",
    "TransferInteractionRequest",
    "EndAssignmentRequest",
    "CompleteWrapUpRequest",
];

/// The bytes of a sample of `message` (of `kindred.v1`). Where it offers a choice, `choice` counts through it.
pub fn sample(message: &str, choice: usize) -> Vec<u8> {
    Filling { root: message, choice }.message(schema().public(message), message, 0)
}

/// How many different samples of a message there are: as many as its first choice has ways.
pub fn choices(message: &str) -> usize {
    let of_first = |field: &&FieldDescriptorProto| field.oneof_index == Some(0);
    schema().public(message).field.iter().filter(of_first).count().max(1)
}

/// A sample being made.
struct Filling<'a> {
    root: &'a str,
    choice: usize,
}

impl Filling<'_> {
    fn message(&self, message: &DescriptorProto, name: &str, depth: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for field in message.field.iter().filter(|field| self.is_set(message, name, field, depth)) {
            self.field(field, name, depth, &mut bytes);
        }
        bytes
    }

    fn is_set(&self, message: &DescriptorProto, name: &str, field: &FieldDescriptorProto, depth: usize) -> bool {
        if depth > 0 && field.number() >= TOLD_ONLY_FROM || depth > DEPTH_MAX {
            return false;
        }
        let Some(choice) = field.oneof_index else { return true };
        let of_it = message.field.iter().filter(|other| other.oneof_index == Some(choice));
        let ways: Vec<&str> = of_it.map(|other| other.name()).collect();
        let way = match name {
            // Selectors: a list, in it the opposite of a comparison.
            "Selector" => [0, 2, 3][depth.saturating_sub(2).min(4) / 2],
            _ => self.choice % ways.len(),
        };
        ways[way] == field.name()
    }

    fn field(&self, field: &FieldDescriptorProto, within: &str, depth: usize, bytes: &mut Vec<u8>) {
        let number = field.number() as u32;
        let mut varint = |value: u64| {
            if value > 0 {
                encode_key(number, WireType::Varint, bytes);
                encode_varint(value, bytes);
            }
        };
        let content = match field.r#type() {
            Type::Bool => return,
            Type::Enum => return varint(self.number_of_enum(field, within)),
            Type::Int32 | Type::Uint32 | Type::Int64 | Type::Uint64 => return varint(number_in(field.name())),
            Type::Double => {
                encode_key(number, WireType::SixtyFourBit, bytes);
                return bytes.extend_from_slice(&0.5_f64.to_le_bytes());
            }
            Type::Bytes => b"opaque".to_vec(),
            Type::String => self.text(field, within).into_bytes(),
            Type::Message => self.nested(field, within, depth),
            other => panic!("{other:?} is not used in the public API"),
        };
        if !content.is_empty() || field.r#type() == Type::Message {
            encode_key(number, WireType::LengthDelimited, bytes);
            encode_varint(content.len() as u64, bytes);
            bytes.extend_from_slice(&content);
        }
    }

    fn number_of_enum(&self, field: &FieldDescriptorProto, within: &str) -> u64 {
        match (within, field.name()) {
            ("CancelInteractionRequest", "reason") => 3,
            // A sample of a policy that is carried out, and of a read that a replica answers.
            (_, "states" | "kinds" | "presences") if field.label() == Label::Repeated => 2,
            _ => 1,
        }
    }

    fn nested(&self, field: &FieldDescriptorProto, within: &str, depth: usize) -> Vec<u8> {
        let whole = field.type_name();
        match whole {
            // Who is new serves at once.
            ".google.protobuf.Duration" if field.name() == "delay" => Vec::new(),
            ".google.protobuf.Duration" => {
                prost::Message::encode_to_vec(&prost_types::Duration { seconds: 60, nanos: 0 })
            }
            ".google.protobuf.Timestamp" => {
                prost::Message::encode_to_vec(&prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 })
            }
            ".google.protobuf.FieldMask" => {
                let of = |(resource, _): &&(&str, _)| {
                    within == format!("Update{resource}Request") || within == format!("{resource}Update")
                };
                let paths = MASKS.iter().find(of).map(|(_, paths)| *paths).unwrap_or_default();
                let paths = paths.iter().map(|path| path.to_string()).collect();
                prost::Message::encode_to_vec(&prost_types::FieldMask { paths })
            }
            _ => {
                let name = whole.rsplit('.').next().unwrap_or(whole);
                // The key of a map's entry depends on whose map it is.
                let name = if name.ends_with("Entry") { &format!("{name} of {within}.{}", field.name()) } else { name };
                self.message(schema().message(whole), name, depth + 1)
            }
        }
    }

    fn text(&self, field: &FieldDescriptorProto, within: &str) -> String {
        let below = |collection: &str| format!("tenants/{TENANT}/{collection}/x1");
        let assignment = || format!("{}/assignments/{UID}", below("interactions"));
        match field.name() {
            "parent" => format!("tenants/{TENANT}"),
            "request_id" | "offer_id" => UID.into(),
            "name" | "names" => match within {
                within if OF_ASSIGNMENTS.contains(&within) => assignment(),
                "Tenant" | "UpdateTenantRequest" | "DeleteTenantRequest" => format!("tenants/{TENANT}"),
                _ => {
                    let of = |(word, _): &&(&str, _)| within.contains(word);
                    below(COLLECTIONS.iter().find(of).map_or("interactions", |(_, collection)| collection))
                }
            },
            "interaction" | "interactions" | "alive_interactions" => below("interactions"),
            "agent" | "agents" | "preferred_agents" => below("agents"),
            "queue" | "queues" | "overflow_queue" => below("queues"),
            "team" => String::new(),
            "routing_profile" => below("routingProfiles"),
            "policy" => below("policies"),
            "connector" => below("connectors"),
            "customer" => below("customers"),
            "conversation" => below("conversations"),
            "assignment" => assignment(),
            "channel" | "channels" | "interrupter" | "interrupted" => "voice".into(),
            "tenant_id" => TENANT.into(),
            "time_zone" => "Europe/Madrid".into(),
            "etag" | "resume_token" | "page_token" => String::new(),
            "key" if within.to_lowercase().contains("channel") => "voice".into(),
            "key" | "label" | "skill" => "french".into(),
            id if id.ends_with("_id") && self.root.ends_with("Request") => "x1".into(),
            _ => "text".into(),
        }
    }
}

/// Numbers that fit where they stand.
fn number_in(field: &str) -> u64 {
    match field {
        "total_units" => 100,
        "max_interactions" | "tier" | "revision" => 1,
        "cost_units" => 10,
        "year" => 2026,
        "month" | "day" | "hours" => 1,
        "closed_retention_bytes" | "event_retention_bytes" => 1 << 20,
        _ => 50,
    }
}
