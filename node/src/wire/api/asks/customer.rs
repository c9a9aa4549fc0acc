//! Customers' profiles, and what is written into conversations.
use super::{Ask, asks, drawn};
use crate::wire::api::{
    form::{Field, Form},
    value::seal,
};
use kindred_domain::{
    Body,
    command::{AppendConversation, CreateCustomer, CustomerSpec, DeleteCustomer, NewItem, UpdateCustomer},
    limits::{
        FEATURES_MAX, IDENTITIES_MAX, ITEM_MAX_BYTES, ITEMS_PER_APPEND, NAME_MAX, PREFERRED_AGENTS_MAX, TEXT_MAX,
    },
    record::{CustomerIdentity, ItemKind},
};
use kindred_proto::v1::{self, conversation_item};

asks! {
    CreateCustomerRequest => create;
    UpdateCustomerRequest => update;
    DeleteCustomerRequest => delete;
    AppendConversationRequest => append;
}

/// Items in one request.
const ITEMS_MAX: usize = ITEMS_PER_APPEND;
/// Bytes of all bodies in one request: what one command can hold.
const BODIES_MAX_BYTES: usize = 96 * 1024;

const _: () = assert!(FEATURES_MAX == kindred_domain::limits::LABELS_MAX, "features are read as labels");

fn create(request: v1::CreateCustomerRequest, form: &mut Form<'_>) -> Body {
    form.parent(&"parent", &request.parent);
    let id = form.chosen(&"customer_id", &request.customer_id).unwrap_or_else(drawn);
    let asked = form.required(&"customer", request.customer).unwrap_or_default();
    let spec = CustomerSpec {
        display_name: seal(form.text(&"customer.display_name", asked.display_name, TEXT_MAX)),
        identities: identities(form, asked.identities),
        features: form.labels(&"customer.features", asked.features),
        preferred_agents: form.names(&"customer.preferred_agents", &asked.preferred_agents, PREFERRED_AGENTS_MAX),
    };
    CreateCustomer { id, spec }.into()
}

fn identities(form: &mut Form<'_>, identities: Vec<v1::CustomerIdentity>) -> Vec<CustomerIdentity> {
    if !form.count(&"customer.identities", identities.len(), IDENTITIES_MAX) {
        return Vec::new();
    }
    let mut read = Vec::with_capacity(identities.len());
    for (at, identity) in identities.into_iter().enumerate() {
        let at = format_args!("customer.identities[{at}]");
        let kind = filled(form, &format_args!("{at}.kind"), identity.kind, NAME_MAX);
        let value = filled(form, &format_args!("{at}.value"), identity.value, TEXT_MAX);
        read.push(CustomerIdentity { kind, value: seal(value) });
    }
    read
}

fn filled(form: &mut Form<'_>, field: Field<'_>, text: String, max: usize) -> String {
    if text.is_empty() {
        form.fail(field, "is required");
    }
    form.text(field, text, max)
}

fn update(request: v1::UpdateCustomerRequest, form: &mut Form<'_>) -> Body {
    let asked = form.required(&"customer", request.customer).unwrap_or_default();
    let allowed = &["display_name", "identities", "features", "preferred_agents"];
    let mask = form.mask(&"update_mask", request.update_mask, allowed);
    UpdateCustomer {
        id: form.name(&"customer.name", &asked.name),
        etag: form.etag(&"customer.etag", &asked.etag),
        display_name: mask
            .on("display_name", || seal(form.text(&"customer.display_name", asked.display_name, TEXT_MAX))),
        identities: mask.on("identities", || identities(form, asked.identities)),
        features: mask.on("features", || form.labels(&"customer.features", asked.features)),
        preferred_agents: mask.on("preferred_agents", || {
            form.names(&"customer.preferred_agents", &asked.preferred_agents, PREFERRED_AGENTS_MAX)
        }),
    }
    .into()
}

fn delete(request: v1::DeleteCustomerRequest, form: &mut Form<'_>) -> Body {
    DeleteCustomer { id: form.name(&"name", &request.name), etag: form.etag(&"etag", &request.etag) }.into()
}

fn append(request: v1::AppendConversationRequest, form: &mut Form<'_>) -> Body {
    let id = form.name(&"name", &request.name);
    let customer = form.optional_name(&"customer", &request.customer);
    if request.items.is_empty() {
        form.fail(&"items", "is required");
    }
    let bytes: usize = request.items.iter().map(|item| item.body.len()).sum();
    if bytes > BODIES_MAX_BYTES {
        form.fail(&"items", format!("have {bytes} bytes of bodies together, at most {BODIES_MAX_BYTES} are allowed"));
    }
    let mut items = Vec::new();
    if form.count(&"items", request.items.len(), ITEMS_MAX) {
        for (at, asked) in request.items.into_iter().enumerate() {
            items.push(item(form, &format_args!("items[{at}]"), asked));
        }
    }
    AppendConversation { id, customer, items }.into()
}

fn item(form: &mut Form<'_>, at: Field<'_>, asked: v1::ConversationItem) -> NewItem {
    use conversation_item::Kind as Public;
    let kind = match form.known(&format_args!("{at}.kind"), asked.kind) {
        Public::Unspecified => {
            form.fail(&format_args!("{at}.kind"), "is required");
            ItemKind::External
        }
        Public::Page => ItemKind::Page,
        Public::MenuTurn => ItemKind::MenuTurn,
        Public::BotTurn => ItemKind::BotTurn,
        Public::Note => ItemKind::Note,
        Public::TranscriptReference => ItemKind::TranscriptReference,
        Public::External => ItemKind::External,
    };
    let body = format_args!("{at}.body");
    match asked.body.len() {
        0 => form.fail(&body, "is required"),
        length if length > ITEM_MAX_BYTES => {
            form.fail(&body, format!("is {length} bytes long, at most {ITEM_MAX_BYTES} are allowed"));
        }
        _ => {}
    }
    NewItem {
        kind,
        interaction: form.optional_name(&format_args!("{at}.interaction"), &asked.interaction),
        channel: form.chosen(&format_args!("{at}.channel"), &asked.channel),
        happened_ms: form.time(&format_args!("{at}.happen_time"), asked.happen_time),
        body: seal(asked.body),
    }
}
