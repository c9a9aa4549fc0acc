//! Reads records for a board: all once, page by page, then those of which an event says that they have changed.
use super::{super::Context, board::Board};
use kindred_client::{Error, Kind, v1};

/// Records asked for at once.
const PAGE: i32 = 1_000;

/// The index a page was read at.
fn index(header: &Option<v1::ResponseHeader>) -> u64 {
    header.as_ref().map_or(0, |header| header.index)
}

macro_rules! every_page {
    ($context:expr, $request:ident, $list:ident, $items:ident, |$item:ident, $index:ident| $take:expr) => {{
        let mut page_token = String::new();
        loop {
            let (parent, page_size) = ($context.parent(), PAGE);
            let request = v1::$request { parent, page_size, page_token, ..Default::default() };
            let answer = $context.client.$list(request).await?;
            let $index = index(&answer.header);
            for $item in &answer.$items {
                $take;
            }
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
    }};
}

/// Reads everything. Events from before a record was read do no harm, so the stream may have begun.
pub async fn read_all(context: &Context, board: &mut Board) -> Result<(), Error> {
    every_page!(context, ListQueuesRequest, list_queues, queues, |queue, at| board.queue(queue, at));
    every_page!(context, ListRoutingProfilesRequest, list_routing_profiles, routing_profiles, |profile, _at| {
        board.profile(profile)
    });
    every_page!(context, ListAgentsRequest, list_agents, agents, |agent, at| board.agent(agent, at));
    let mut page_token = String::new();
    loop {
        let (parent, page_size) = (context.parent(), PAGE);
        let request = v1::ListInteractionsRequest { parent, page_size, page_token, ..Default::default() };
        let answer = context.client.list_interactions(request).await?;
        let at = index(&answer.header);
        answer.interactions.iter().for_each(|interaction| board.interaction(interaction, at));
        page_token = answer.next_page_token;
        if page_token.is_empty() || board.is_partial {
            return Ok(());
        }
    }
}

/// A record that was read anew, with the log index it was read at.
pub enum Record {
    Agent(Box<v1::Agent>, u64),
    Queue(Box<v1::Queue>, u64),
    Profile(v1::RoutingProfile),
    /// Its deletion is an event to come.
    Gone,
}

impl Record {
    pub fn put(self, board: &mut Board) {
        match self {
            Record::Agent(agent, at) => board.agent(&agent, at),
            Record::Queue(queue, at) => board.queue(&queue, at),
            Record::Profile(profile) => board.profile(&profile),
            Record::Gone => {}
        }
    }
}

/// Reads one record by its name.
pub async fn read(context: &Context, name: &str) -> Result<Record, Error> {
    let (client, name, collection) = (&context.client, name.to_owned(), name.split('/').nth(2));
    let read = match collection {
        Some("agents") => {
            let answer = client.get_agent(v1::GetAgentRequest { name, ..Default::default() }).await;
            answer.map(|a| a.agent.map(|agent| Record::Agent(Box::new(agent), index(&a.header))))
        }
        Some("queues") => {
            let answer = client.get_queue(v1::GetQueueRequest { name, ..Default::default() }).await;
            answer.map(|a| a.queue.map(|queue| Record::Queue(Box::new(queue), index(&a.header))))
        }
        _ => {
            let answer = client.get_routing_profile(v1::GetRoutingProfileRequest { name, ..Default::default() }).await;
            answer.map(|a| a.routing_profile.map(Record::Profile))
        }
    };
    match read {
        Ok(record) => Ok(record.unwrap_or(Record::Gone)),
        Err(error) if error.kind == Kind::NotFound => Ok(Record::Gone),
        Err(error) => Err(error),
    }
}
