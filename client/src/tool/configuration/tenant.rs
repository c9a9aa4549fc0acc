//! What stands in a tenant.
use super::{kinds::Kind, schema::Schema, tree::Tree, write};
use kindred_client::{Client, Error};
use prost_reflect::{DynamicMessage, Value};

/// Resources asked for at once.
const PAGE: i32 = 500;

/// A resource as it stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Which of the kinds.
    pub kind: usize,
    pub id: String,
    /// Version that was read: a change made meanwhile is refused instead of overwritten.
    pub etag: String,
    pub message: DynamicMessage,
    pub tree: Tree,
}

/// Every resource of some kinds, by kind and id.
pub async fn read(
    client: &Client,
    parent: &str,
    schema: &Schema,
    kinds: &[Kind],
    which: impl Fn(usize) -> bool,
) -> Result<Vec<Standing>, Error> {
    let mut all = Vec::new();
    for (at, kind) in kinds.iter().enumerate().filter(|(at, _)| which(*at)) {
        let mut token = String::new();
        loop {
            let mut request = kind.list.request();
            request.set_field_by_name("parent", Value::String(parent.to_owned()));
            request.set_field_by_name("page_size", Value::I32(PAGE));
            request.set_field_by_name("page_token", Value::String(token));
            let answer = kind.list.call(client, &request).await?;
            let page = answer.get_field_by_name(&kind.section);
            let page = page.as_deref().and_then(Value::as_list).unwrap_or_default();
            all.extend(page.iter().filter_map(Value::as_message).map(|message| standing(schema, at, message)));
            token = text(&answer, "next_page_token");
            if token.is_empty() {
                break;
            }
        }
    }
    all.sort_by(|one, other| (one.kind, &one.id).cmp(&(other.kind, &other.id)));
    Ok(all)
}

/// One resource as the server told it.
pub fn standing(schema: &Schema, kind: usize, message: &DynamicMessage) -> Standing {
    Standing {
        kind,
        id: text(message, "name").rsplit('/').next().unwrap_or_default().to_owned(),
        etag: text(message, "etag"),
        tree: write::resource(schema, message, ""),
        message: message.clone(),
    }
}

/// A text field; empty if there is none.
pub fn text(message: &DynamicMessage, field: &str) -> String {
    let value = message.get_field_by_name(field);
    value.as_deref().and_then(Value::as_str).unwrap_or_default().to_owned()
}
