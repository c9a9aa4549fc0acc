//! What goes out on a stream: a bounded queue, and a status that always gets through at the end.
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio_stream::Stream;
use tonic::Status;

/// Messages waiting for a reader; then the writer waits.
const QUEUE: usize = 256;
/// A reader that takes nothing for so long is cut.
const SLOW: Duration = Duration::from_secs(10);

/// A stream's place is taken until both ends are gone: messages wait at the reader's end after the writer left.
type Place = Arc<OwnedSemaphorePermit>;

/// The reader's end: messages, then the status, if it ended with one.
pub struct Outgoing<T> {
    messages: mpsc::Receiver<T>,
    end: Option<oneshot::Receiver<Status>>,
    _place: Place,
}

/// The writer's end.
pub struct Writer<T> {
    messages: mpsc::Sender<T>,
    end: Option<oneshot::Sender<Status>>,
    patience: Duration,
    _place: Place,
}

/// Why nothing more can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The reader is gone.
    Gone,
    /// The reader does not keep up.
    Slow,
}

/// A stream that takes this place.
pub fn stream<T>(place: OwnedSemaphorePermit) -> (Writer<T>, Outgoing<T>) {
    let (sender, messages) = mpsc::channel(QUEUE);
    let (end, ended) = oneshot::channel();
    let place = Arc::new(place);
    (
        Writer { messages: sender, end: Some(end), patience: SLOW, _place: place.clone() },
        Outgoing { messages, end: Some(ended), _place: place },
    )
}

impl<T> Writer<T> {
    /// Hands a message over, once there is room.
    pub async fn send(&self, message: T) -> Result<(), Cut> {
        match self.messages.send_timeout(message, self.patience).await {
            Ok(()) => Ok(()),
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => Err(Cut::Slow),
            Err(mpsc::error::SendTimeoutError::Closed(_)) => Err(Cut::Gone),
        }
    }

    /// Room for one message, if there is any now.
    pub fn room(&self) -> Option<mpsc::Permit<'_, T>> {
        self.messages.try_reserve().ok()
    }

    /// Room for one message, once there is any.
    pub async fn wait_for_room(&self) -> Result<mpsc::Permit<'_, T>, Cut> {
        self.messages.reserve().await.map_err(|_| Cut::Gone)
    }

    /// The queue's end, to watch the reader while this writer is used.
    pub fn reader(&self) -> mpsc::Sender<T> {
        self.messages.clone()
    }

    /// Resolves when the reader is gone.
    pub async fn gone(&self) {
        self.messages.closed().await;
    }

    /// Ends the stream with a status. Dropping the writer ends it without one.
    pub fn end(mut self, status: Status) {
        if let Some(end) = self.end.take() {
            // The reader is gone: nobody to tell.
            let _ = end.send(status);
        }
    }
}

impl<T> Stream for Outgoing<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(message) = std::task::ready!(self.messages.poll_recv(context)) {
            return Poll::Ready(Some(Ok(message)));
        }
        let Some(end) = &mut self.end else { return Poll::Ready(None) };
        let ended = std::task::ready!(Pin::new(end).poll(context));
        self.end = None;
        Poll::Ready(ended.ok().map(Err))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::Semaphore;
    use tokio_stream::StreamExt as _;

    fn place() -> OwnedSemaphorePermit {
        Arc::new(Semaphore::new(1)).try_acquire_owned().expect("free")
    }

    #[tokio::test]
    async fn a_slow_reader_is_cut_and_still_hears_why() {
        let (mut writer, mut outgoing) = stream(place());
        writer.patience = Duration::from_millis(5);
        for number in 0..QUEUE {
            assert_eq!(writer.send(number).await, Ok(()));
        }
        assert_eq!(writer.send(QUEUE).await, Err(Cut::Slow));
        writer.end(Status::aborted("slow"));
        for number in 0..QUEUE {
            assert_eq!(outgoing.next().await.map(|message| message.ok()), Some(Some(number)));
        }
        let end = outgoing.next().await.map(|message| message.map_err(|status| status.code()));
        assert_eq!(end, Some(Err(tonic::Code::Aborted)));
        assert!(outgoing.next().await.is_none());
    }

    #[tokio::test]
    async fn a_place_is_free_only_when_what_was_queued_is_gone() {
        let places = Arc::new(Semaphore::new(1));
        let (writer, outgoing) = stream(places.clone().try_acquire_owned().expect("free"));
        assert_eq!(writer.send(1).await, Ok(()));
        writer.end(Status::aborted("slow"));
        assert_eq!(places.available_permits(), 0, "a message still waits in memory");
        drop(outgoing);
        assert_eq!(places.available_permits(), 1);
    }

    #[tokio::test]
    async fn a_reader_that_left_is_noticed() {
        let (writer, outgoing) = stream::<u8>(place());
        drop(outgoing);
        writer.gone().await;
        assert_eq!(writer.send(1).await, Err(Cut::Gone));
    }
}
