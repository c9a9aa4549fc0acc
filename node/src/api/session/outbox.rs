//! What a session has to say and its reader has no room for yet.
//!
//! The loop never waits for the reader: it renews its lease and hears its client meanwhile. It takes no further
//! tidings until everything is out, so what waits is bounded by one batch and the answers to what was under way.
use crate::api::stream::{Cut, Writer};
use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

/// A reader that leaves something waiting for so long, in all, is cut.
const PATIENCE: Duration = Duration::from_secs(10);

/// A message, and the place in the events its token stands for, if it has one.
struct Waiting<T> {
    message: T,
    place: Option<u64>,
}

/// See the module.
pub struct Outbox<T> {
    writer: Writer<T>,
    waiting: VecDeque<Waiting<T>>,
    /// Since when something has been waiting.
    stuck: Option<Instant>,
    /// Where the last token that was handed over leads.
    told_place: u64,
    patience: Duration,
}

impl<T> Outbox<T> {
    /// To this reader, who knows a place.
    pub fn new(writer: Writer<T>, told_place: u64) -> Self {
        Self { writer, waiting: VecDeque::new(), stuck: None, told_place, patience: PATIENCE }
    }

    /// The reader knows this place without being told.
    pub fn knows(&mut self, place: u64) {
        self.told_place = place;
    }

    /// Everything was handed over.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many messages wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Where the last token that was handed over leads.
    pub fn told_place(&self) -> u64 {
        self.told_place
    }

    /// Hands a message over as soon as there is room and everything before is handed over.
    pub fn push(&mut self, message: T, place: Option<u64>) {
        let message = match self.is_empty().then(|| self.writer.room()).flatten() {
            Some(room) => {
                room.send(message);
                self.told_place = place.unwrap_or(self.told_place);
                return;
            }
            None => message,
        };
        self.stuck.get_or_insert_with(Instant::now);
        self.waiting.push_back(Waiting { message, place });
    }

    /// Hands over one message that waits, once there is room; never resolves if none waits. May be dropped while it
    /// waits: nothing is lost.
    pub async fn drain(&mut self) -> Result<(), Cut> {
        let Some(since) = self.stuck else { return std::future::pending().await };
        let room = match tokio::time::timeout_at(since + self.patience, self.writer.wait_for_room()).await {
            Ok(room) => room?,
            Err(_) => return Err(Cut::Slow),
        };
        if let Some(Waiting { message, place }) = self.waiting.pop_front() {
            room.send(message);
            self.told_place = place.unwrap_or(self.told_place);
        }
        if self.waiting.is_empty() {
            self.stuck = None;
        }
        Ok(())
    }

    /// Hands over all that waits.
    pub async fn flush(&mut self) -> Result<(), Cut> {
        while !self.is_empty() {
            self.drain().await?;
        }
        Ok(())
    }

    /// The reader's end.
    pub fn writer(&self) -> &Writer<T> {
        &self.writer
    }

    /// Gives the writer back for the last word.
    pub fn into_writer(self) -> Writer<T> {
        self.writer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::stream::stream;
    use std::sync::Arc;
    use tokio::sync::Semaphore;
    use tokio_stream::StreamExt as _;

    fn place() -> tokio::sync::OwnedSemaphorePermit {
        Arc::new(Semaphore::new(1)).try_acquire_owned().expect("free")
    }

    #[tokio::test]
    async fn a_reader_that_takes_a_little_is_cut_after_its_time_in_all() {
        let (writer, mut outgoing) = stream(place());
        let mut outbox = Outbox::new(writer, 0);
        outbox.patience = Duration::from_millis(5);
        let mut pushed = 0;
        while outbox.len() < 4 {
            pushed += 1;
            outbox.push(pushed, Some(pushed));
        }
        let handed_over = pushed - 4;
        assert_eq!(outbox.told_place(), handed_over, "only what was handed over counts as told");
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert_eq!(outgoing.next().await.map(|message| message.ok()), Some(Some(1)));
        assert_eq!(outbox.drain().await, Ok(()));
        assert_eq!(outbox.told_place(), handed_over + 1);
        assert_eq!(outbox.drain().await, Err(Cut::Slow), "although it took one meanwhile");
        assert_eq!(outbox.len(), 3);
    }

    #[tokio::test]
    async fn messages_keep_their_order_and_an_empty_outbox_waits() {
        let (writer, mut outgoing) = stream(place());
        let mut outbox = Outbox::new(writer, 7);
        let mut pushed = 0;
        while outbox.len() < 3 {
            outbox.push(pushed, None);
            pushed += 1;
        }
        for number in 0..pushed {
            assert_eq!(outgoing.next().await.map(|message| message.ok()), Some(Some(number)));
            if !outbox.is_empty() {
                outbox.drain().await.expect("there is room");
            }
        }
        assert_eq!((outbox.is_empty(), outbox.told_place()), (true, 7));
        assert!(tokio::time::timeout(Duration::from_millis(5), outbox.drain()).await.is_err());
        drop(outgoing);
        outbox.writer().gone().await;
    }
}
