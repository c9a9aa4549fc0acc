//! A session over the network: a task that keeps a connection open and moves messages between it, the callers and
//! [`SessionLogic`].
use crate::{
    error::{Error, Kind},
    logic::{
        SessionLogic,
        resume::Step,
        session::{Answer, OPEN_REQUESTS_MAX, Received},
    },
    net::{Downstream, Transport, open_session},
};
use kindred_proto::messages::v1::{self, session_request::Action};
use std::{collections::HashMap, pin::Pin, sync::Arc, time::Duration};
use tokio::sync::{mpsc, oneshot};

/// Told messages the reader has not taken yet; then the stream is not read on, and the server may cut it.
const TOLD_MAX: usize = 1_024;
/// Requests between callers and the task.
const ASKED_MAX: usize = 256;
/// Requests on their way up one connection: all repeats of a reconnect fit, with `start` and a heartbeat.
const UP_MAX: usize = OPEN_REQUESTS_MAX + 16;

type Reply = oneshot::Sender<Result<Box<Answer>, Error>>;

struct Asked {
    request_id: String,
    action: Action,
    timeout: Duration,
    reply: Reply,
}

/// The asking half: cheap to clone.
#[derive(Clone)]
pub struct Session {
    asks: mpsc::Sender<Asked>,
    timeout: Duration,
}

/// The reading half: offers, revocations, assignments, how agents stand. Dropping it ends the session.
pub struct SessionReader {
    told: mpsc::Receiver<Result<Box<v1::SessionResponse>, Error>>,
}

impl Session {
    /// Asks for something and waits for its answer, through broken connections, within the client's timeout.
    pub async fn ask(&self, action: Action) -> Result<Box<Answer>, Error> {
        self.ask_as(crate::new_request_id(), action, self.timeout).await
    }

    /// The same with an id of the caller's and within this time.
    ///
    /// Errors: `REQUEST_OPEN` if a request of this id waits for its answer already.
    pub async fn ask_as(&self, request_id: String, action: Action, timeout: Duration) -> Result<Box<Answer>, Error> {
        let over = || Error::local(Kind::Unavailable, "SESSION_OVER", "the session is over");
        let (reply, answer) = oneshot::channel();
        let asked = Asked { request_id, action, timeout, reply };
        self.asks.send(asked).await.map_err(|_| over())?;
        answer.await.map_err(|_| over())?
    }
}

impl SessionReader {
    /// The next message; an error is the last one. `None` afterwards.
    ///
    /// After a broken connection the session goes on after the last token that arrived, and only the last message of
    /// what came with one entry carries one: the others of that entry may come again. Offers have ids; drop what you know.
    pub async fn next(&mut self) -> Option<Result<Box<v1::SessionResponse>, Error>> {
        self.told.recv().await
    }
}

pub(crate) fn begin(transport: Arc<Transport>, parent: String, agents: Vec<String>) -> (Session, SessionReader) {
    let (asks, asked) = mpsc::channel(ASKED_MAX);
    let (tell, told) = mpsc::channel(TOLD_MAX);
    let timeout = transport.timeout;
    let logic = SessionLogic::new(parent, agents, rand::random());
    let task = Task { transport, logic, replies: HashMap::new(), tell, connection: None, reopen_ms: 0 };
    tokio::spawn(task.run(asked));
    (Session { asks, timeout }, SessionReader { told })
}

struct Connection {
    up: mpsc::Sender<v1::SessionRequest>,
    down: Down,
}

type Opening = Pin<Box<dyn Future<Output = Result<Downstream<v1::SessionResponse>, Error>> + Send>>;

enum Down {
    /// What is asked meanwhile waits on the way up.
    Opening(Opening),
    Open(Box<Downstream<v1::SessionResponse>>),
}

struct Task {
    transport: Arc<Transport>,
    logic: SessionLogic,
    /// At most as many as the logic has open requests.
    replies: HashMap<String, Reply>,
    tell: mpsc::Sender<Result<Box<v1::SessionResponse>, Error>>,
    connection: Option<Connection>,
    reopen_ms: u64,
}

/// What woke the task.
enum Woken {
    Asked(Option<Asked>),
    Opened(Result<Box<Downstream<v1::SessionResponse>>, Error>),
    Down(Result<Option<Box<v1::SessionResponse>>, Error>),
    Due,
    Unread,
}

impl Task {
    async fn run(mut self, mut asked: mpsc::Receiver<Asked>) {
        let mut asking = true;
        loop {
            if self.connection.is_none() && self.transport.now_ms() >= self.reopen_ms {
                let opening = self.open();
                if self.check(opening).await.is_err() {
                    return;
                }
            }
            let woken = self.wait(&mut asked, asking).await;
            let step = match woken {
                Woken::Asked(Some(asked)) => self.ask(asked),
                Woken::Asked(None) => {
                    asking = false;
                    Ok(())
                }
                Woken::Opened(opened) => self.opened(opened),
                Woken::Down(Ok(Some(response))) => self.received(*response).await,
                Woken::Down(Ok(None)) => Err(None),
                Woken::Down(Err(error)) => Err(Some(error)),
                Woken::Due => self.due(),
                Woken::Unread => return,
            };
            if self.check(step).await.is_err() {
                return;
            }
        }
    }

    async fn wait(&mut self, asked: &mut mpsc::Receiver<Asked>, asking: bool) -> Woken {
        let due_ms = match &self.connection {
            Some(_) => self.logic.next_due_ms(),
            None => self.logic.next_due_ms().min(self.reopen_ms),
        };
        // The stream is read only while the reader has room: a slow reader is cut by the server, not buffered here.
        let room = self.tell.capacity() > 0;
        let down = async {
            match self.connection.as_mut().map(|connection| &mut connection.down) {
                Some(Down::Opening(opening)) => Woken::Opened(opening.await.map(Box::new)),
                Some(Down::Open(stream)) if room => Woken::Down(stream.next().await.map(|m| m.map(Box::new))),
                _ => std::future::pending().await,
            }
        };
        let tell = self.tell.clone();
        let freed = async {
            match room {
                true => std::future::pending().await,
                false => drop(tell.reserve().await),
            }
        };
        tokio::select! {
            request = asked.recv(), if asking => Woken::Asked(request),
            woken = down => woken,
            () = self.transport.sleep_until(due_ms) => Woken::Due,
            () = freed => Woken::Due,
            () = self.tell.closed() => Woken::Unread,
        }
    }

    /// A connection that broke is opened again later; `Err` when the session is over.
    async fn check(&mut self, step: Result<(), Option<Error>>) -> Result<(), ()> {
        let Err(error) = step else { return Ok(()) };
        self.connection = None;
        let now_ms = self.transport.now_ms();
        match self.transport.with_budget(|budget| self.logic.broken(now_ms, error.as_ref(), budget)) {
            Step::ReopenAt(at_ms) => {
                tracing::debug!(error = error.map(|e| e.to_string()), at_ms, "session broken, resuming");
                self.reopen_ms = at_ms;
                Ok(())
            }
            Step::Fail(error) => {
                for id in self.logic.fail_all() {
                    self.reply(&id, Err(error.clone()));
                }
                // The reader may be gone; then nobody wants to know.
                let _ = self.tell.send(Err(error)).await;
                Err(())
            }
        }
    }

    /// Begins to open a connection; deadlines pass and callers ask while that takes its time.
    fn open(&mut self) -> Result<(), Option<Error>> {
        let (up, requests) = mpsc::channel(UP_MAX);
        let now_ms = self.transport.now_ms();
        for request in self.transport.with_budget(|budget| self.logic.connect(now_ms, budget)) {
            send(&up, request)?;
        }
        let transport = self.transport.clone();
        let opening = Box::pin(async move { open_session(&transport, requests).await });
        self.connection = Some(Connection { up, down: Down::Opening(opening) });
        Ok(())
    }

    fn opened(&mut self, opened: Result<Box<Downstream<v1::SessionResponse>>, Error>) -> Result<(), Option<Error>> {
        let down = opened.map_err(Some)?;
        if let Some(connection) = &mut self.connection {
            connection.down = Down::Open(down);
        }
        Ok(())
    }

    fn ask(&mut self, asked: Asked) -> Result<(), Option<Error>> {
        let now_ms = self.transport.now_ms();
        let deadline_ms = now_ms.saturating_add(asked.timeout.as_millis() as u64);
        match self.logic.ask(now_ms, deadline_ms, asked.request_id.clone(), asked.action) {
            Ok(request) => {
                self.replies.insert(asked.request_id, asked.reply);
                request.map_or(Ok(()), |request| self.send(request))
            }
            Err(error) => {
                // A caller that does not wait any more needs no answer.
                let _ = asked.reply.send(Err(error));
                Ok(())
            }
        }
    }

    async fn received(&mut self, response: v1::SessionResponse) -> Result<(), Option<Error>> {
        let now_ms = self.transport.now_ms();
        match self.transport.with_budget(|budget| self.logic.received(now_ms, response, budget)) {
            // There is room: it was checked before the stream was read, and only this task sends.
            Received::Told(message) => drop(self.tell.send(Ok(message)).await),
            Received::Answered(id, answer) => self.reply(&id, answer),
            Received::Quiet => {}
        }
        Ok(())
    }

    fn due(&mut self) -> Result<(), Option<Error>> {
        let now_ms = self.transport.now_ms();
        for (id, error) in self.logic.overdue(now_ms) {
            self.reply(&id, Err(error));
        }
        let due = self.logic.due(now_ms);
        due.into_iter().try_for_each(|request| self.send(request))
    }

    fn reply(&mut self, id: &str, answer: Result<Box<Answer>, Error>) {
        if let Some(reply) = self.replies.remove(id) {
            let _ = reply.send(answer);
        }
    }

    fn send(&self, request: v1::SessionRequest) -> Result<(), Option<Error>> {
        self.connection.as_ref().map_or(Ok(()), |connection| send(&connection.up, request))
    }
}

/// A full way up means that the connection does not move: as good as broken.
fn send(up: &mpsc::Sender<v1::SessionRequest>, request: v1::SessionRequest) -> Result<(), Option<Error>> {
    up.try_send(request)
        .map_err(|_| Some(Error::local(Kind::Unavailable, "CONNECTION_LOST", "the connection takes nothing more")))
}
