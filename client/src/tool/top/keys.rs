//! Keys from the terminal, on a thread of their own: reading them blocks.
use crossterm::event::{Event, KeyEvent, KeyEventKind, poll, read};
use std::time::Duration;
use tokio::sync::mpsc;

/// Keys that wait to be looked at.
const WAITING_MAX: usize = 64;
/// How soon the thread notices that nobody listens any more.
const TURN: Duration = Duration::from_millis(100);

/// Every key that is pressed, until the receiver is dropped.
pub fn follow() -> mpsc::Receiver<KeyEvent> {
    let (say, heard) = mpsc::channel(WAITING_MAX);
    std::thread::spawn(move || {
        while !say.is_closed() {
            let pressed = poll(TURN).and_then(|is_there| if is_there { read().map(Some) } else { Ok(None) });
            match pressed {
                Ok(Some(Event::Key(key))) if key.kind != KeyEventKind::Release => {
                    if say.blocking_send(key).is_err() {
                        return;
                    }
                }
                Ok(_) => {}
                // The terminal is gone, and with it whoever looks.
                Err(_) => return,
            }
        }
    });
    heard
}
