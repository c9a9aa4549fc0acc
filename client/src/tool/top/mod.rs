//! `kindred top`: a live wallboard in the terminal.

mod board;
mod cluster;
mod feed;
mod keys;
mod rows;
mod screen;
mod staff;
mod tally;
#[cfg(test)]
mod tests;
mod view;

use super::{Context, output::line};
use board::{Board, time_ms};
use futures::{StreamExt as _, stream::FuturesUnordered};
use kindred_client::{Error, Watch, Watched, v1};
use screen::Heading;
use std::{
    io::IsTerminal as _,
    time::{Duration, Instant},
};
use tokio::signal::unix::{SignalKind, signal};
use view::{Asked, View};

#[derive(clap::Args)]
pub struct Args {
    /// Print one frame as plain text and end; so it does, too, where standard output is no terminal.
    #[arg(long)]
    once: bool,
}

/// Changed records that are read at once.
const READS_MAX: usize = 8;
/// How often the screen is drawn.
const FRAME: Duration = Duration::from_millis(250);
/// The server says where it is after this much silence: so old figures are at most, unless the connection is gone.
const PROGRESS: prost_types::Duration = prost_types::Duration { seconds: 1, nanos: 0 };

/// Log time and age of what was heard last.
struct Heard {
    began: Instant,
    last: Instant,
    log_ms: u64,
    shard: u32,
}

impl Heard {
    fn nothing() -> Heard {
        let now = Instant::now();
        Heard { began: now, last: now, log_ms: 0, shard: 0 }
    }

    fn message(&mut self, header: &Option<v1::ResponseHeader>) {
        self.last = Instant::now();
        if let Some(header) = header {
            self.shard = header.shard;
            self.log_ms = header.log_time.as_ref().map_or(self.log_ms, time_ms);
        }
    }

    fn silent_ms(&self) -> u64 {
        u64::try_from(self.last.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Log time by now.
    fn now_ms(&self) -> u64 {
        self.log_ms + self.silent_ms()
    }
}

pub async fn run(context: &Context, args: Args) -> anyhow::Result<()> {
    let (mut board, mut heard) = (Board::default(), Heard::nothing());
    let mut watch = begin(context, &mut board, &mut heard).await?;
    if args.once || !std::io::stdout().is_terminal() {
        let status = cluster::ask(&context.operator).await;
        let heading = heading(context, &heard, cluster::line(&status, heard.shard));
        return Ok(line(screen::plain(&board, &heading, heard.now_ms())?.trim_end())?);
    }
    let status = cluster::follow(context.operator.clone());
    let mut terminal = ratatui::try_init()?;
    let shown = show(context, &mut terminal, &mut board, &mut heard, &mut watch, &status).await;
    ratatui::try_restore()?;
    shown
}

/// Opens the stream, then reads the records: what happens between is told by the stream.
async fn begin(context: &Context, board: &mut Board, heard: &mut Heard) -> Result<Watch, Error> {
    let request =
        v1::WatchRequest { parent: context.parent(), progress_interval: Some(PROGRESS), ..Default::default() };
    let mut watch = context.client.watch(request);
    let first = tokio::time::timeout(context.client.timeout(), watch.next()).await;
    let late = |_| Error::local(kindred_client::Kind::Unavailable, "NO_ANSWER", "no node streams events");
    told(first.map_err(late)??, board, heard);
    feed::read_all(context, board).await?;
    Ok(watch)
}

fn told(watched: Watched, board: &mut Board, heard: &mut Heard) {
    match watched {
        Watched::Event(header, event) => {
            heard.message(&header);
            board.event(&event);
        }
        Watched::Progress(header) => heard.message(&header),
    }
}

type Status = tokio::sync::watch::Receiver<Result<v1::ClusterStatus, String>>;

async fn show(
    context: &Context,
    terminal: &mut ratatui::DefaultTerminal,
    board: &mut Board,
    heard: &mut Heard,
    watch: &mut Watch,
    status: &Status,
) -> anyhow::Result<()> {
    let (mut view, mut pressed, mut frames) = (View::default(), keys::follow(), tokio::time::interval(FRAME));
    // A frame that came too late is not made up for.
    frames.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // A signal ends it as q does: what it did to the terminal is undone.
    let (mut reads, mut terminated) = (FuturesUnordered::new(), signal(SignalKind::terminate())?);
    let mut has_missed = false;
    loop {
        while reads.len() < READS_MAX
            && let Some(name) = board.stale.pop_first()
        {
            reads.push(async move { (feed::read(context, &name).await, name) });
        }
        tokio::select! {
            watched = watch.next(), if !has_missed => match watched {
                Ok(watched) => told(watched, board, heard),
                // Something was missed, or the token is too old.
                Err(error) if error.is("EVENT_GAP") || error.is("RESUME_TOKEN_EXPIRED") => has_missed = true,
                Err(error) => return Err(error.into()),
            },
            key = pressed.recv() => match key {
                Some(key) if view.press(key) == Asked::Nothing => draw(context, terminal, board, heard, &view, status)?,
                _ => return Ok(()),
            },
            Some((read, name)) = reads.next() => match read {
                Ok(record) => record.put(board),
                // The client has tried for as long as it may; it stays stale. What is refused will be again.
                Err(error) if error.result_unknown() => _ = board.stale.insert(name),
                Err(error) => tracing::debug!(%error, name, "not read"),
            },
            _ = terminated.recv() => return Ok(()),
            _ = frames.tick() => {
                if has_missed {
                    has_missed = !anew(context, board, heard, watch).await?;
                }
                draw(context, terminal, board, heard, &view, status)?;
            }
        }
    }
}

/// What stands is read anew, what was counted stays. False if nobody answers: the cluster may be away for a while, and the
/// wallboard says so and goes on.
async fn anew(context: &Context, board: &mut Board, heard: &mut Heard, watch: &mut Watch) -> Result<bool, Error> {
    board.forget_records();
    match begin(context, board, heard).await {
        Ok(begun) => {
            *watch = begun;
            Ok(true)
        }
        Err(error) if error.result_unknown() => Ok(false),
        Err(error) => Err(error),
    }
}

fn draw(
    context: &Context,
    terminal: &mut ratatui::DefaultTerminal,
    board: &Board,
    heard: &Heard,
    view: &View,
    status: &Status,
) -> anyhow::Result<()> {
    let heading = heading(context, heard, cluster::line(&status.borrow(), heard.shard));
    terminal.draw(|frame| screen::draw(frame, board, view, &heading, heard.now_ms()))?;
    Ok(())
}

fn heading(context: &Context, heard: &Heard, cluster: String) -> Heading {
    let watched_ms = u64::try_from(heard.began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Heading { tenant: context.tenant.clone(), cluster, watched_ms, silent_ms: heard.silent_ms() }
}
