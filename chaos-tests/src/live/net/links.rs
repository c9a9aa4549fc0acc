//! A proxy in each link: what one node sends another arrives later, or not before the link heals. A cut holds bytes
//! instead of losing them, as TCP does in the end.
use super::{Spot, loopback::Owners, namespaces::Namespaces};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, sleep_until},
};

/// Pieces on their way through one direction of one connection; a full way reads no more, as a full window does.
const PIECES_MAX: usize = 256;
const PIECE_BYTES: usize = 16 * 1024;

/// How late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    pub by: Duration,
    /// More or less by up to this.
    pub jitter: Duration,
}

#[derive(Clone, Copy, Default)]
struct Weather {
    lag: Lag,
    cut: bool,
    /// Goes up when connections end, and with them all that is on its way.
    ends: u64,
}

/// One direction between two nodes.
struct Link {
    weather: watch::Sender<Weather>,
    held: AtomicU64,
    late: AtomicU64,
}

type Table = Arc<BTreeMap<(usize, usize), Link>>;

/// All of them, and their proxies; dropping it ends these.
pub(super) struct Links {
    table: Table,
    _proxies: JoinSet<()>,
}

fn table(spots: usize) -> Table {
    let pairs = (0..spots).flat_map(|from| (0..spots).map(move |to| (from, to)));
    let link = || Link { weather: watch::Sender::default(), held: AtomicU64::new(0), late: AtomicU64::new(0) };
    Arc::new(pairs.map(|pair| (pair, link())).collect())
}

impl Links {
    /// One proxy for each pair on the bridge; each namespace sends what is for a peer to its own.
    pub async fn through_bridge(namespaces: &Namespaces, spots: &[Spot]) -> anyhow::Result<Links> {
        let (table, mut proxies) = (table(spots.len()), JoinSet::new());
        for from in 0..spots.len() {
            for to in (0..spots.len()).filter(|to| *to != from) {
                let listener = TcpListener::bind((namespaces.bridge(), 0)).await?;
                namespaces.redirect(from, to, listener.local_addr()?)?;
                proxies.spawn(accept(listener, table.clone(), to, spots[to].peer, move |_| Some(from)));
            }
        }
        Ok(Links { table, _proxies: proxies })
    }

    /// One proxy in front of each node, which looks who calls.
    pub fn in_front(spots: &[Spot], listeners: Vec<TcpListener>, owners: Owners) -> Links {
        let (table, mut proxies) = (table(spots.len()), JoinSet::new());
        for (to, listener) in listeners.into_iter().enumerate() {
            let owners = owners.clone();
            let who = move |caller| owners.of(caller);
            proxies.spawn(accept(listener, table.clone(), to, spots[to].peer, who));
        }
        Links { table, _proxies: proxies }
    }

    pub fn set_cut(&self, from: usize, to: usize, cut: bool) {
        self.table[&(from, to)].weather.send_modify(|weather| weather.cut = cut);
    }

    pub fn set_lag(&self, from: usize, to: usize, lag: Lag) {
        self.table[&(from, to)].weather.send_modify(|weather| weather.lag = lag);
    }

    /// Connections end; what is held or on its way is lost.
    pub fn end(&self, from: usize, to: usize) {
        self.table[&(from, to)].weather.send_modify(|weather| weather.ends += 1);
    }

    pub fn heal(&self) {
        let fair = |weather: &mut Weather| *weather = Weather { ends: weather.ends, ..Weather::default() };
        self.table.values().for_each(|link| link.weather.send_modify(fair));
    }

    pub fn held(&self) -> u64 {
        self.table.values().map(|link| link.held.load(Ordering::Relaxed)).sum()
    }

    pub fn late(&self) -> u64 {
        self.table.values().map(|link| link.late.load(Ordering::Relaxed)).sum()
    }
}

async fn accept(
    listener: TcpListener,
    table: Table,
    to: usize,
    target: SocketAddr,
    who: impl Fn(SocketAddr) -> Option<usize>,
) {
    let mut pairs = JoinSet::new();
    loop {
        let Ok((caller, address)) = listener.accept().await else { return };
        while pairs.try_join_next().is_some() {}
        // Somebody else's connection, or one that has ended by now: there is nothing to carry.
        let Some(from) = who(address) else { continue };
        pairs.spawn(carry(table.clone(), from, to, caller, target));
    }
}

async fn carry(table: Table, from: usize, to: usize, caller: TcpStream, target: SocketAddr) {
    let Ok(called) = TcpStream::connect(target).await else { return };
    // Small messages must not wait for each other: the proxy is to add what it is told to, and nothing else.
    let _ = caller.set_nodelay(true);
    let _ = called.set_nodelay(true);
    let (caller_reads, caller_writes) = caller.into_split();
    let (called_reads, called_writes) = called.into_split();
    let (there, back) = (&table[&(from, to)], &table[&(to, from)]);
    // Either end closes: so does the other.
    tokio::select! {
        () = ended(there) => {}
        () = ended(back) => {}
        () = pump(there, caller_reads, called_writes) => {}
        () = pump(back, called_reads, caller_writes) => {}
    }
}

/// Waits until the connections of a link that are there now are to end.
async fn ended(link: &Link) {
    let mut weather = link.weather.subscribe();
    let before = weather.borrow().ends;
    // An error: the network is gone.
    let _ = weather.wait_for(|weather| weather.ends != before).await;
}

async fn pump(link: &Link, from: impl AsyncRead + Unpin, to: impl AsyncWrite + Unpin) {
    let (pieces, due) = mpsc::channel(PIECES_MAX);
    tokio::join!(take(link, from, pieces), give(link, to, due));
}

async fn take(link: &Link, mut from: impl AsyncRead + Unpin, pieces: mpsc::Sender<(Instant, Vec<u8>)>) {
    loop {
        let mut piece = vec![0; PIECE_BYTES];
        let Ok(bytes @ 1..) = from.read(&mut piece).await else { return };
        piece.truncate(bytes);
        let lag = link.weather.borrow().lag;
        let by = (lag.by + lag.jitter.mul_f64(2.0 * rand::random::<f64>())).saturating_sub(lag.jitter);
        link.late.fetch_add(u64::from(!by.is_zero()), Ordering::Relaxed);
        if pieces.send((Instant::now() + by, piece)).await.is_err() {
            return;
        }
    }
}

async fn give(link: &Link, mut to: impl AsyncWrite + Unpin, mut due: mpsc::Receiver<(Instant, Vec<u8>)>) {
    let mut weather = link.weather.subscribe();
    while let Some((at, piece)) = due.recv().await {
        sleep_until(at).await;
        link.held.fetch_add(u64::from(weather.borrow().cut), Ordering::Relaxed);
        // An error: the network is gone.
        if weather.wait_for(|weather| !weather.cut).await.is_err() || to.write_all(&piece).await.is_err() {
            return;
        }
    }
}
