//! The live view: a moving picture on a terminal, a plain line a second elsewhere. Goes to standard error, so that
//! standard output is the report.
use super::{facts::Counts, platform::World};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::{io::IsTerminal, sync::Arc, time::Duration};
use tokio::task::JoinHandle;

/// How often it moves on a terminal, and how often it speaks elsewhere.
const MOVES: Duration = Duration::from_millis(150);
const SPEAKS: Duration = Duration::from_secs(2);

/// The view; cheap to clone.
#[derive(Clone)]
pub struct View {
    bars: Option<Arc<Bars>>,
}

struct Bars {
    all: MultiProgress,
    time: ProgressBar,
    contacts: ProgressBar,
}

impl View {
    /// Begins to show `world`.
    pub fn begin(world: Arc<World>) -> anyhow::Result<(View, JoinHandle<()>)> {
        let bars = if std::io::stderr().is_terminal() { Some(Arc::new(Bars::new(&world)?)) } else { None };
        let view = View { bars };
        let shown = view.clone();
        let task = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(if shown.bars.is_some() { MOVES } else { SPEAKS });
            loop {
                ticks.tick().await;
                shown.show(&world);
            }
        });
        Ok((view, task))
    }

    /// Says something that happened.
    pub fn say(&self, text: &str) {
        match &self.bars {
            // A terminal that cannot be written to shows nothing; the report will.
            Some(bars) => drop(bars.all.println(text)),
            None => eprintln!("{text}"),
        }
    }

    fn show(&self, world: &World) {
        let (counts, now_s) = (world.facts.counts(), world.clock.now_s());
        let line = line(&counts);
        match &self.bars {
            Some(bars) => {
                bars.time.set_position(now_s.clamp(0.0, world.demand.duration_s) as u64);
                bars.time.set_message(hms(now_s));
                bars.contacts.set_position((counts.handled + counts.abandoned + counts.other) as u64);
                bars.contacts.set_message(line);
            }
            None => eprintln!("{} {line}", hms(now_s)),
        }
    }
}

impl Bars {
    fn new(world: &World) -> anyhow::Result<Bars> {
        let all = MultiProgress::new();
        let time = all.add(ProgressBar::new(world.demand.duration_s as u64));
        time.set_style(ProgressStyle::with_template("   time {bar:50.cyan/black} {msg}")?);
        let contacts = all.add(ProgressBar::new(world.demand.arrivals.len() as u64));
        contacts.set_style(ProgressStyle::with_template("closed {bar:50.green/black} {pos}/{len}\n{msg}")?);
        Ok(Bars { all, time, contacts })
    }
}

/// `1:02:03` of virtual seconds.
fn hms(virtual_s: f64) -> String {
    let s = virtual_s.max(0.0) as u64;
    format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}

fn line(counts: &Counts) -> String {
    format!(
        "submitted {} · waiting {} · with agents {} · handled {} · abandoned {} · offers refused {}",
        counts.submitted, counts.waiting, counts.talking, counts.handled, counts.abandoned, counts.refused_offers
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_reads_as_a_clock() {
        assert_eq!(hms(3_723.9), "1:02:03");
        assert_eq!(hms(-1.0), "0:00:00");
    }
}
