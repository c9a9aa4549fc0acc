//! How many durable commands a second, and how late at a fixed rate: ours and etcd's in turn, A B B A, each on a fresh
//! cluster with empty folders.
use super::{
    Bench,
    center::Center,
    etcd::Etcd,
    load::{self, Callee, Measured, median},
    submits::body,
};
use anyhow::ensure;
use std::{future::Future, sync::Arc, time::Duration};

/// HTTP/2 connections to the leader.
pub const CONNECTIONS: usize = 16;
/// Callers in a closed loop; the first is the one that counts.
pub const CALLERS: [usize; 3] = [256, 64, 1];
/// The queue nobody serves.
const QUEUE: &str = "calls";

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Ours,
    Etcd,
}

/// The order of runs.
const ORDER: [Side; 4] = [Side::Ours, Side::Etcd, Side::Etcd, Side::Ours];

/// One run.
#[derive(Clone, Copy)]
pub struct Figures {
    pub per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    /// Calls that failed; each counts as the longest latency.
    pub failed: u64,
}

impl Figures {
    fn of(measured: &Measured) -> Figures {
        Figures {
            per_second: measured.per_second(),
            p50_ms: measured.quantile_ms(0.5),
            p99_ms: measured.quantile_ms(0.99),
            failed: measured.failed(),
        }
    }

    fn in_words(&self, stage: &str, side: Side, load: &str) -> String {
        let Figures { per_second, p50_ms, p99_ms, failed } = self;
        format!(
            "{stage}, {side:?}, {load}: {per_second:.0} a second, p50 {p50_ms:.2} ms, p99 {p99_ms:.2} ms, {failed} failed"
        )
    }

    fn medians(runs: &[Figures]) -> Figures {
        let of = |field: fn(&Figures) -> f64| median(&runs.iter().map(field).collect::<Vec<_>>());
        Figures {
            per_second: of(|f| f.per_second),
            p50_ms: of(|f| f.p50_ms),
            p99_ms: of(|f| f.p99_ms),
            failed: runs.iter().map(|f| f.failed).sum(),
        }
    }
}

/// Medians of both sides for one kind of load.
pub struct Compared {
    /// What load, in words.
    pub load: String,
    pub ours: Figures,
    pub etcd: Figures,
    /// Every run in its order, so that it is seen how far apart they are.
    pub runs: Vec<(Side, Figures)>,
}

/// What a run does with a target.
trait Script {
    fn run<T: Callee>(&self, target: Arc<T>) -> impl Future<Output = anyhow::Result<Vec<Figures>>>;
}

/// A closed loop for each number of callers.
struct Peak {
    warm_up: Duration,
    length: Duration,
}

impl Script for Peak {
    async fn run<T: Callee>(&self, target: Arc<T>) -> anyhow::Result<Vec<Figures>> {
        let mut figures = Vec::new();
        for callers in CALLERS {
            let measured = load::closed(target.clone(), callers, self.warm_up, self.length).await?;
            figures.push(Figures::of(&measured));
        }
        Ok(figures)
    }
}

/// An open loop.
struct Fixed {
    per_second: f64,
    warm_up: Duration,
    length: Duration,
}

impl Script for Fixed {
    async fn run<T: Callee>(&self, target: Arc<T>) -> anyhow::Result<Vec<Figures>> {
        let measured = load::open(target, CALLERS[0], self.per_second, self.warm_up, self.length).await?;
        Ok(vec![Figures::of(&measured)])
    }
}

impl Bench {
    /// The most both do, by callers.
    pub async fn peak(&self) -> anyhow::Result<Vec<Compared>> {
        let script = Peak { warm_up: self.seconds(3, 1), length: self.seconds(10, 3) };
        let loads = CALLERS.map(|callers| format!("{callers} callers"));
        self.compare("peak", &script, &loads).await
    }

    /// Both at the same rate: half of what etcd does at most.
    pub async fn half(&self, etcd_peak: f64) -> anyhow::Result<Compared> {
        let per_second = (etcd_peak / 2.0).max(1.0);
        let script = Fixed { per_second, warm_up: self.seconds(3, 1), length: self.seconds(20, 5) };
        let load = format!("{per_second:.0} a second, whatever comes back");
        let mut compared = self.compare("half", &script, &[load]).await?;
        compared.pop().ok_or_else(|| anyhow::anyhow!("nothing was compared"))
    }

    async fn compare(&self, stage: &str, script: &impl Script, loads: &[String]) -> anyhow::Result<Vec<Compared>> {
        let mut runs = Vec::new();
        for (turn, side) in ORDER.iter().enumerate() {
            let name = format!("{stage}-{turn}");
            let figures = match side {
                Side::Ours => self.run_ours(&name, script).await?,
                Side::Etcd => self.run_etcd(&name, script).await?,
            };
            for (load, f) in loads.iter().zip(&figures) {
                self.say(&f.in_words(stage, *side, load));
            }
            runs.push((*side, figures));
        }
        let compared = |(number, load): (usize, &String)| {
            let runs: Vec<(Side, Figures)> = runs.iter().map(|(side, figures)| (*side, figures[number])).collect();
            let of = |wanted| {
                let of_one = runs.iter().filter(|(side, _)| *side == wanted).map(|(_, figures)| *figures);
                Figures::medians(&of_one.collect::<Vec<_>>())
            };
            Compared { load: load.clone(), ours: of(Side::Ours), etcd: of(Side::Etcd), runs }
        };
        Ok(loads.iter().enumerate().map(compared).collect())
    }

    async fn run_ours(&self, name: &str, script: &impl Script) -> anyhow::Result<Vec<Figures>> {
        let center = Center::start(&self.node_binary, self.folder(name)?, None).await?;
        center.queue(QUEUE).await?;
        let leader = center.leader().await?;
        let submits = center.submits(CONNECTIONS, QUEUE).await?;
        let figures = script.run(Arc::new(submits)).await?;
        // Connections stay with whom they were opened to: a change would measure forwarding.
        ensure!(center.leader().await? == leader, "our leader changed during {name}");
        center.stop().await?;
        Ok(figures)
    }

    async fn run_etcd(&self, name: &str, script: &impl Script) -> anyhow::Result<Vec<Figures>> {
        let folder = self.folder(name)?;
        let etcd = Etcd::start(&self.etcd_binary, &folder).await?;
        let leader = etcd.leader().await?;
        let puts = etcd.puts(CONNECTIONS, body).await?;
        let figures = script.run(Arc::new(puts)).await?;
        ensure!(etcd.leader().await? == leader, "etcd's leader changed during {name}");
        etcd.stop().await?;
        std::fs::remove_dir_all(folder)?;
        Ok(figures)
    }

    /// etcd alone, for a look at the machine or a run that does not measure the peak of both.
    pub async fn etcd_peak(&self) -> anyhow::Result<Figures> {
        let script = Peak { warm_up: self.seconds(3, 1), length: self.seconds(10, 3) };
        let figures = self.run_etcd("etcd", &script).await?;
        for (callers, f) in CALLERS.iter().zip(&figures) {
            self.say(&f.in_words("etcd", Side::Etcd, &format!("{callers} callers")));
        }
        Ok(figures[0])
    }
}
