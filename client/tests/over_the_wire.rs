//! The client against a server of a few lines: what goes over the wire when a leader is named, when an attempt fails, when
//! a stream breaks.
use kindred_client::{Client, Config, Watched, v1};
use kindred_proto::services::v1::{
    conversation_service_server::{ConversationService, ConversationServiceServer},
    event_service_server::{EventService, EventServiceServer},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, transport::Server};

type Told = Result<v1::WatchResponse, Status>;

/// What a node answers, in turn; and what it was asked.
#[derive(Clone, Default)]
struct Node {
    name: &'static str,
    appends: Arc<Mutex<VecDeque<Result<(), Status>>>>,
    watches: Arc<Mutex<VecDeque<Vec<Told>>>>,
    asked: Arc<Mutex<Vec<(&'static str, String)>>>,
}

impl Node {
    fn note(&self, what: &str) {
        self.asked.lock().unwrap().push((self.name, what.to_string()));
    }
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl ConversationService for Node {
    async fn append_conversation(
        &self,
        request: Request<v1::AppendConversationRequest>,
    ) -> Answer<v1::AppendConversationResponse> {
        self.note(&request.into_inner().request_id);
        let next = self.appends.lock().unwrap().pop_front().unwrap_or(Ok(()));
        next.map(|()| Response::new(v1::AppendConversationResponse::default()))
    }
    async fn get_conversation(&self, _: Request<v1::GetConversationRequest>) -> Answer<v1::GetConversationResponse> {
        Err(Status::unimplemented(""))
    }
    async fn list_conversations(
        &self,
        _: Request<v1::ListConversationsRequest>,
    ) -> Answer<v1::ListConversationsResponse> {
        Err(Status::unimplemented(""))
    }
    async fn list_conversation_items(
        &self,
        _: Request<v1::ListConversationItemsRequest>,
    ) -> Answer<v1::ListConversationItemsResponse> {
        Err(Status::unimplemented(""))
    }
}

#[tonic::async_trait]
impl EventService for Node {
    type WatchStream = tokio_stream::Iter<std::vec::IntoIter<Told>>;

    async fn watch(&self, request: Request<v1::WatchRequest>) -> Answer<Self::WatchStream> {
        self.note(&request.into_inner().resume_token);
        let told = self.watches.lock().unwrap().pop_front();
        told.map(|told| Response::new(tokio_stream::iter(told))).ok_or_else(|| Status::not_found("no more"))
    }
    async fn list_events(&self, _: Request<v1::ListEventsRequest>) -> Answer<v1::ListEventsResponse> {
        Err(Status::unimplemented(""))
    }
}

/// Serves it on a free port; says where.
async fn serve(node: Node) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = Server::builder()
        .add_service(ConversationServiceServer::new(node.clone()))
        .add_service(EventServiceServer::new(node));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    address
}

fn client(endpoints: &[&String]) -> Client {
    let mut config = Config::new(endpoints.iter().map(|address| address.as_str()));
    config.timeout = Duration::from_secs(20);
    Client::new(&config).unwrap()
}

#[tokio::test]
async fn a_named_leader_is_asked_under_the_same_request_id() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    // A leader that cannot say yet, then can.
    let leader = Node { name: "leader", asked: asked.clone(), ..Node::default() };
    leader.appends.lock().unwrap().push_back(Err(Status::unavailable("electing")));
    let leader_at = serve(leader).await;
    let mut not_leader = Status::unavailable("ask the leader");
    not_leader.metadata_mut().insert("kindred-leader", leader_at.parse().unwrap());
    let follower = Node { name: "follower", asked: asked.clone(), ..Node::default() };
    follower.appends.lock().unwrap().extend(std::iter::repeat_n(Err(not_leader), 50));
    let follower_at = serve(follower).await;
    // Only the follower is configured: the leader is learned from its trailer.
    let client = client(&[&follower_at]);
    client.append_conversation(v1::AppendConversationRequest::default()).await.unwrap();
    let first = asked.lock().unwrap().clone();
    let id = &first[0].1;
    assert!(!id.is_empty() && first.iter().all(|(_, other)| other == id), "{first:?}");
    assert_eq!((first[0].0, first[1].0, first.last().unwrap().0), ("follower", "leader", "leader"), "{first:?}");
    assert_eq!(client.leader(), Some(leader_at));
    // The next call knows where to go, and is another request.
    client.append_conversation(v1::AppendConversationRequest::default()).await.unwrap();
    let last = asked.lock().unwrap().last().cloned().unwrap();
    assert!(last.0 == "leader" && last.1 != *id, "{last:?}");
}

fn event(number: u64, previous: &str) -> Told {
    let event =
        v1::Event { number, token: format!("t{number}"), previous_token: previous.into(), ..Default::default() };
    Ok(v1::WatchResponse { header: None, message: Some(v1::watch_response::Message::Event(event)) })
}

fn progress(token: &str, previous: &str) -> Told {
    let progress = v1::WatchProgress { resume_token: token.into(), previous_token: previous.into() };
    Ok(v1::WatchResponse { header: None, message: Some(v1::watch_response::Message::Progress(progress)) })
}

#[tokio::test]
async fn a_broken_stream_resumes_where_it_was_and_misses_nothing_unseen() {
    let node = Node { name: "node", ..Node::default() };
    node.watches.lock().unwrap().extend([
        vec![progress("p4", ""), event(5, ""), progress("p8", "t5"), Err(Status::unavailable("stopping"))],
        vec![progress("p8", "t5"), event(9, "t5"), event(12, "t11")],
    ]);
    let asked = node.asked.clone();
    let address = serve(node).await;
    let request = v1::WatchRequest { resume_token: "p4".into(), ..Default::default() };
    let mut watch = client(&[&address]).watch(request);
    let mut told = Vec::new();
    let gap = loop {
        match watch.next().await {
            Ok(Watched::Event(_, event)) => told.push(event.number),
            Ok(Watched::Progress(_)) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(told, [5, 9]);
    assert!(gap.is("EVENT_GAP"), "{gap}");
    let tokens: Vec<String> = asked.lock().unwrap().iter().map(|(_, token)| token.clone()).collect();
    assert_eq!(tokens[..2], ["p4", "p8"]);
}
