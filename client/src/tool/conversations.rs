//! `kindred conversations`: all contacts about one matter, and what happened around them.
use super::{Context, LISTED, missing, output::*, pages};
use kindred_client::v1;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Lists conversations.
    List {
        /// Of this customer.
        #[arg(long)]
        customer: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = LISTED)]
        limit: usize,
    },
    /// Prints one conversation whole.
    Get {
        /// Id or name.
        conversation: String,
    },
    /// Lists what was written.
    Items {
        /// Id or name.
        conversation: String,
        /// At most so many.
        #[arg(long, default_value_t = LISTED)]
        limit: usize,
    },
    /// Writes a note; begins the conversation if it is new.
    Note {
        /// Id or name.
        conversation: String,
        /// What to write.
        text: String,
    },
}

impl Row for v1::Conversation {
    const MESSAGE: &'static str = "Conversation";
    const TITLES: &'static [&'static str] = &["conversation", "customer", "items", "open", "begun", "last written"];
    fn cells(&self) -> Vec<String> {
        vec![
            id(&self.name),
            id(&self.customer),
            self.item_count.to_string(),
            self.open_interaction_count.to_string(),
            time(&self.create_time),
            time(&self.active_time),
        ]
    }
}

impl Row for v1::ConversationItem {
    const MESSAGE: &'static str = "ConversationItem";
    const TITLES: &'static [&'static str] = &["no.", "kind", "interaction", "channel", "written", "text"];
    fn cells(&self) -> Vec<String> {
        vec![
            self.number.to_string(),
            word(self.kind().as_str_name(), "KIND_"),
            id(&self.interaction),
            self.channel.clone(),
            time(&self.write_time),
            String::from_utf8_lossy(&self.body).into_owned(),
        ]
    }
}

pub async fn run(context: &Context, command: Command) -> anyhow::Result<()> {
    let client = &context.client;
    let name = |id: &str| context.name("conversations", id);
    match command {
        Command::List { customer, limit } => {
            let (parent, customer) = (context.parent(), context.optional_name("customers", &customer));
            let request = v1::ListConversationsRequest { parent, customer, ..Default::default() };
            let page = |page_size, page_token| {
                let request = v1::ListConversationsRequest { page_size, page_token, ..request.clone() };
                async { client.list_conversations(request).await.map(|r| (r.conversations, r.next_page_token)) }
            };
            context.out.list(&pages(limit, page).await?)
        }
        Command::Get { conversation } => {
            let request = v1::GetConversationRequest { name: name(&conversation), ..Default::default() };
            let found = client.get_conversation(request).await?.conversation;
            context.out.whole("Conversation", &found.ok_or_else(|| missing("conversation"))?)
        }
        Command::Items { conversation, limit } => {
            let name = name(&conversation);
            let page = |page_size, page_token| {
                let name = name.clone();
                let request = v1::ListConversationItemsRequest { name, page_size, page_token, ..Default::default() };
                async { client.list_conversation_items(request).await.map(|r| (r.items, r.next_page_token)) }
            };
            context.out.list(&pages(limit, page).await?)
        }
        Command::Note { conversation, text } => {
            let kind = v1::conversation_item::Kind::Note as i32;
            let item = v1::ConversationItem { kind, body: text.into_bytes().into(), ..Default::default() };
            let request =
                v1::AppendConversationRequest { name: name(&conversation), items: vec![item], ..Default::default() };
            let written = client.append_conversation(request).await?.conversation;
            context.out.one(&written.ok_or_else(|| missing("conversation"))?)
        }
    }
}
