//! Names of things: `tenants/{tenant}/queues/{queue}` and its kin, taken apart and put together.
use super::form::{Field, Form};
use kindred_domain::{ids::*, limits::NAME_MAX, rejection::Kind};
use std::ops::Deref;

/// A kind of named thing below a tenant.
pub trait Named: for<'a> From<&'a str> {
    /// Plural in names.
    const COLLECTION: &'static str;
    /// Placeholder in messages.
    const SINGULAR: &'static str;
    /// What a rejection calls it.
    const KIND: Kind;
}

macro_rules! named {
    ($($id:ty, $collection:literal, $singular:literal, $kind:ident;)*) => {$(
        impl Named for $id {
            const COLLECTION: &'static str = $collection;
            const SINGULAR: &'static str = $singular;
            const KIND: Kind = Kind::$kind;
        }
    )*};
}

named! {
    InteractionId, "interactions", "interaction", Interaction;
    AgentId, "agents", "agent", Agent;
    QueueId, "queues", "queue", Queue;
    TeamId, "teams", "team", Team;
    ProfileId, "routingProfiles", "routing_profile", Profile;
    PolicyId, "policies", "policy", Policy;
    ConnectorId, "connectors", "connector", Connector;
    CustomerId, "customers", "customer", Customer;
    ConversationId, "conversations", "conversation", Conversation;
    ScheduleId, "schedules", "schedule", Schedule;
    AdjustmentId, "adjustments", "adjustment", Adjustment;
}

/// What is wrong with an identifier, if anything.
pub(super) fn id_fault(id: &str) -> Option<String> {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    if id.is_empty() {
        return Some("is empty".to_owned());
    }
    if id.len() > NAME_MAX {
        return Some(format!("is longer than {NAME_MAX} characters"));
    }
    if !id.bytes().all(allowed) {
        return Some("has other characters than a–z, 0–9, `-`, `_` and `.`".to_owned());
    }
    None
}

/// Splits `{collection}/{id}` off the front; what is left is empty only where nothing follows, not even a slash.
fn segment<'a>(text: &'a str, collection: &str) -> Option<(&'a str, &'a str)> {
    let rest = text.strip_prefix(collection)?.strip_prefix('/')?;
    match rest.split_once('/') {
        Some((_, "")) => None,
        Some(parts) => Some(parts),
        None => Some((rest, "")),
    }
}

impl Form<'_> {
    /// An identifier the caller chose; `None` if there is none.
    pub fn chosen<T: for<'a> From<&'a str>>(&mut self, field: Field<'_>, id: &str) -> Option<T> {
        if id.is_empty() {
            return None;
        }
        self.id(field, id)
    }

    /// An identifier that must be there: the last segment of a name, a channel, a key.
    pub fn id<T: for<'a> From<&'a str>>(&mut self, field: Field<'_>, id: &str) -> Option<T> {
        if id.is_empty() {
            self.fail(field, "is required");
            return None;
        }
        if let Some(fault) = id_fault(id) {
            self.fail(field, fault);
            return None;
        }
        Some(T::from(id))
    }

    /// A channel that must be there.
    pub fn channel(&mut self, field: Field<'_>, channel: &str) -> Channel {
        self.id(field, channel).unwrap_or_else(|| Channel::from(""))
    }

    /// `tenants/{tenant}`: the caller's own.
    pub fn parent(&mut self, field: Field<'_>, name: &str) {
        if name.is_empty() {
            return self.fail(field, "is required");
        }
        match segment(name, "tenants") {
            Some((tenant, "")) => {
                self.own(field, tenant, Kind::Tenant, tenant);
            }
            _ => self.fail(field, "is not of the form tenants/{tenant}"),
        }
    }

    /// A name that must be there. Faulty ones read as the empty identifier.
    pub fn name<T: Named>(&mut self, field: Field<'_>, name: &str) -> T {
        if name.is_empty() {
            self.fail(field, "is required");
            return T::from("");
        }
        let parts = segment(name, "tenants").and_then(|(tenant, rest)| Some((tenant, segment(rest, T::COLLECTION)?)));
        let Some((tenant, (id, ""))) = parts else {
            let form = format!("is not of the form tenants/{{tenant}}/{}/{{{}}}", T::COLLECTION, T::SINGULAR);
            self.fail(field, form);
            return T::from("");
        };
        self.own(field, tenant, T::KIND, id);
        self.id(field, id).unwrap_or_else(|| T::from(""))
    }

    /// A name that may be missing.
    pub fn optional_name<T: Named>(&mut self, field: Field<'_>, name: &str) -> Option<T> {
        (!name.is_empty()).then(|| self.name(field, name))
    }

    /// Names, at most `max`.
    pub fn names<T: Named>(&mut self, field: Field<'_>, names: &[String], max: usize) -> Vec<T> {
        if !self.count(field, names.len(), max) {
            return Vec::new();
        }
        let read = names.iter().enumerate();
        read.map(|(at, name)| self.name(&format_args!("{field}[{at}]"), name)).collect()
    }

    /// `tenants/{tenant}/interactions/{interaction}/assignments/{assignment}`.
    pub fn assignment(&mut self, field: Field<'_>, name: &str) -> (InteractionId, AssignmentId) {
        let nobody = || (InteractionId::from(""), Uid::default());
        if name.is_empty() {
            self.fail(field, "is required");
            return nobody();
        }
        let parts = segment(name, "tenants").and_then(|(tenant, rest)| {
            let (interaction, rest) = segment(rest, InteractionId::COLLECTION)?;
            Some((tenant, interaction, segment(rest, "assignments")?))
        });
        let Some((tenant, interaction, (assignment, ""))) = parts else {
            let form = "is not of the form tenants/{tenant}/interactions/{interaction}/assignments/{assignment}";
            self.fail(field, form);
            return nobody();
        };
        self.own(field, tenant, Kind::Assignment, assignment);
        let assignment = match uuid::Uuid::try_parse(assignment) {
            Ok(uuid) => Uid(uuid.as_u128()),
            Err(_) => {
                self.fail(field, "does not end with a UUID");
                Uid::default()
            }
        };
        let interaction = self.id(field, interaction).unwrap_or_else(|| InteractionId::from(""));
        (interaction, assignment)
    }

    /// Is it the caller's tenant? Another one's is no fault of form: there just is no such thing.
    fn own(&mut self, field: Field<'_>, tenant: &str, kind: Kind, id: &str) {
        if tenant == self.tenant().as_str() {
            return;
        }
        match id_fault(tenant) {
            Some(fault) => self.fail(field, format!("the tenant {fault}")),
            None => self.foreign(kind, id, field),
        }
    }
}

/// `tenants/{tenant}`.
pub fn tenant_name(tenant: &str) -> String {
    ["tenants/", tenant].concat()
}

/// The name of something below a tenant.
pub fn name_of(tenant: &str, collection: &str, id: &str) -> String {
    ["tenants/", tenant, "/", collection, "/", id].concat()
}

/// The name of an agent, queue or the like.
pub fn full_name<T: Named + Deref<Target = str>>(tenant: &TenantId, id: &T) -> String {
    name_of(tenant, T::COLLECTION, id)
}

/// The name of an assignment.
pub fn assignment_name(tenant: &TenantId, interaction: &str, assignment: AssignmentId) -> String {
    let mut id = [0; 36];
    let id = uuid::Uuid::from_u128(assignment.0).hyphenated().encode_lower(&mut id);
    ["tenants/", tenant, "/interactions/", interaction, "/assignments/", id].concat()
}

/// `nodes/{node}`.
pub fn node_name(node: &str) -> String {
    ["nodes/", node].concat()
}

/// The node in `nodes/{node}`.
pub fn read_node_name(name: &str) -> Option<NodeId> {
    let id = name.strip_prefix("nodes/")?;
    id_fault(id).is_none().then(|| NodeId::from(id))
}

/// The collection of a kind of thing; `None` for those that are not below a tenant.
pub fn collection(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Agent => Some(AgentId::COLLECTION),
        Kind::Team => Some(TeamId::COLLECTION),
        Kind::Profile => Some(ProfileId::COLLECTION),
        Kind::Queue => Some(QueueId::COLLECTION),
        Kind::Policy => Some(PolicyId::COLLECTION),
        Kind::Connector => Some(ConnectorId::COLLECTION),
        Kind::Session => Some("sessions"),
        Kind::Customer => Some(CustomerId::COLLECTION),
        Kind::Conversation => Some(ConversationId::COLLECTION),
        Kind::Interaction => Some(InteractionId::COLLECTION),
        Kind::Offer => Some("offers"),
        Kind::Assignment => Some("assignments"),
        Kind::Schedule => Some(ScheduleId::COLLECTION),
        Kind::Adjustment => Some(AdjustmentId::COLLECTION),
        Kind::Tenant | Kind::Node => None,
    }
}
