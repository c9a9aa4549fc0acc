//! What is printed: a table with the reach beside each figure, and one JSON object as the last line.
use super::{
    crowd::CrowdFigures, failover::Ends, machine::Machine, million::MillionFigures, offers::OfferFigures,
    rates::Compared,
};
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use serde::Serialize;

/// What was measured; a stage that did not run is absent.
#[derive(Default)]
pub struct Results {
    pub peak: Vec<Compared>,
    pub half: Option<Compared>,
    pub offer: Option<OfferFigures>,
    pub kill: Option<Ends>,
    pub drain: Option<Ends>,
    pub load: Option<CrowdFigures>,
    pub million: Option<MillionFigures>,
    /// Stages that failed, and why; their figures are absent.
    pub failures: Vec<String>,
}

/// The last line.
#[derive(Serialize)]
struct Summary {
    commands_per_s: Option<f64>,
    etcd_puts_per_s: Option<f64>,
    submit_p99_ms: Option<f64>,
    etcd_put_p99_ms: Option<f64>,
    offer_p99_ms: Option<f64>,
    kill_max_ms: Option<f64>,
    drain_max_ms: Option<f64>,
    rss_mib_100k: Option<f64>,
    submit_p99_ratio_100k: Option<f64>,
    restart_s: Option<f64>,
}

/// How a figure is held against its reach.
struct Line {
    what: &'static str,
    reach: String,
    measured: String,
    met: bool,
}

/// Three decimals are more than the figures bear.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// All figures of several runs.
fn each(values: &[f64]) -> String {
    values.iter().map(|value| format!("{value:.2}")).collect::<Vec<_>>().join(", ")
}

impl Results {
    fn summary(&self) -> Summary {
        let most = self.peak.first();
        let half = self.half.as_ref();
        let kills = [self.kill.as_ref(), self.load.as_ref().map(|load| &load.kills)];
        let kill_max = kills.into_iter().flatten().map(Ends::max_ms).reduce(f64::max);
        let load = self.load.as_ref();
        Summary {
            commands_per_s: most.map(|p| rounded(p.ours.per_second)),
            etcd_puts_per_s: most.map(|p| rounded(p.etcd.per_second)),
            submit_p99_ms: half.map(|h| rounded(h.ours.p99_ms)),
            etcd_put_p99_ms: half.map(|h| rounded(h.etcd.p99_ms)),
            offer_p99_ms: self.offer.map(|o| rounded(o.p99_ms)),
            kill_max_ms: kill_max.map(rounded),
            drain_max_ms: self.drain.as_ref().map(|d| rounded(d.max_ms())),
            rss_mib_100k: load.map(|l| rounded(l.rss_mib)),
            submit_p99_ratio_100k: load.map(|l| rounded(l.ratio())),
            restart_s: load.map(|l| rounded(l.kills.restart_max_s())),
        }
    }

    fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut line = |what, reach: String, measured, met| lines.push(Line { what, reach, measured, met });
        if let Some(p) = self.peak.first() {
            let (ours, etcd) = (p.ours.per_second, p.etcd.per_second);
            let words = format!("{ours:.0} ({:.2} × etcd's {etcd:.0})", ours / etcd);
            line("durable commands a second, 256 callers", "≥ 2 × etcd".into(), words, ours >= 2.0 * etcd);
        }
        if let Some(h) = &self.half {
            let (ours, etcd) = (h.ours.p99_ms, h.etcd.p99_ms);
            let words = format!("{ours:.2} ms (etcd {etcd:.2} ms)");
            line("submit p99 at half of etcd's peak", "≤ etcd's".into(), words, ours <= etcd);
        }
        if let Some(o) = self.offer {
            let words = format!("{:.2} ms (p50 {:.2}, max {:.2}, {} failed)", o.p99_ms, o.p50_ms, o.max_ms, o.failed);
            line("submit → offer seen, p99 at 500/s", "≤ 10 ms".into(), words, o.p99_ms <= 10.0);
        }
        let ends = |e: &Ends| format!("{:.0} ms, maximum of {}", e.max_ms(), e.offer_ms.len());
        if let Some(k) = &self.kill {
            line("SIGKILL of the leader → next offer", "≤ 1.5 s".into(), ends(k), k.max_ms() <= 1_500.0);
        }
        if let Some(d) = &self.drain {
            line("SIGTERM of the leader → next offer", "≤ 300 ms".into(), ends(d), d.max_ms() <= 300.0);
        }
        if let Some(l) = &self.load {
            let (ratio, restart_s) = (l.ratio(), l.kills.restart_max_s());
            let words = format!("{ratio:.2} × ({} against {} ms)", each(&l.many_p99_ms), each(&l.few_p99_ms));
            line("the same with 100 000 waiting", "≤ 1.5 s".into(), ends(&l.kills), l.kills.max_ms() <= 1_500.0);
            line(
                "memory of a node, 100 000 waiting, 10 000 agents",
                "≤ 1 GiB".into(),
                format!("{:.0} MiB", l.rss_mib),
                l.rss_mib <= 1_024.0,
            );
            line("submit p99, 100 000 waiting against 1 000", "≤ 1.5 ×".into(), words, ratio <= 1.5);
            line("restart of a node with that state", "≤ 5 s".into(), format!("{restart_s:.2} s"), restart_s <= 5.0);
        }
        if let Some(m) = &self.million {
            line("a million closed interactions", "disk flat".into(), m.in_words(), m.flat);
        }
        lines
    }

    /// Prints everything; the JSON object is the last line.
    pub fn print(&self, machine: &Machine, versions: &[String], quick: bool) -> anyhow::Result<()> {
        let m = machine;
        println!("{} × {}, {} MiB, Linux {}", m.cores, m.cpu, m.memory_mib, m.kernel);
        println!(
            "disk {}, append with fsync {:.2} ms (median), load average before {}",
            m.disk, m.sync_ms, m.load_average
        );
        versions.iter().for_each(|version| println!("{version}"));
        if quick {
            println!("--quick: short windows, few repetitions, a tenth of the crowd; no figure to quote");
        }
        println!("{}", self.comparison());
        let mut table = Table::new();
        table.load_preset(UTF8_FULL_CONDENSED).set_header(["what", "reach", "measured", ""]);
        for line in self.lines() {
            table.add_row([
                line.what.into(),
                line.reach,
                line.measured,
                if line.met { "met" } else { "missed" }.to_string(),
            ]);
        }
        println!("{table}");
        self.failures.iter().for_each(|failure| println!("failed: {failure}"));
        println!("{}", serde_json::to_string(&self.summary())?);
        Ok(())
    }

    /// Both sides beside each other: the medians, and every run in its order.
    fn comparison(&self) -> Table {
        let mut table = Table::new();
        let titles = ["load", "run", "calls/s", "p50 ms", "p99 ms", "failed"];
        table.load_preset(UTF8_FULL_CONDENSED).set_header(titles);
        for row in self.peak.iter().chain(&self.half) {
            let medians = [("ours, median".to_string(), row.ours), ("etcd, median".to_string(), row.etcd)];
            let runs = row.runs.iter().enumerate();
            let runs = runs.map(|(turn, (side, figures))| (format!("{} {side:?}", turn + 1), *figures));
            for (run, figures) in medians.into_iter().chain(runs) {
                table.add_row([
                    row.load.clone(),
                    run,
                    format!("{:.0}", figures.per_second),
                    format!("{:.2}", figures.p50_ms),
                    format!("{:.2}", figures.p99_ms),
                    figures.failed.to_string(),
                ]);
            }
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::bench::rates::Figures;

    fn compared(ours: f64, etcd: f64) -> Compared {
        let of = |per_second| Figures { per_second, p50_ms: 1.0, p99_ms: 2.0, failed: 0 };
        Compared { load: "256 callers".into(), ours: of(ours), etcd: of(etcd), runs: Vec::new() }
    }

    #[test]
    fn the_last_line_has_its_ten_keys_whatever_failed() {
        let line = serde_json::to_string(&Results::default().summary()).unwrap();
        let expected = r#"{"commands_per_s":null,"etcd_puts_per_s":null,"submit_p99_ms":null,"etcd_put_p99_ms":null,"#;
        let rest = r#""offer_p99_ms":null,"kill_max_ms":null,"drain_max_ms":null,"rss_mib_100k":null,"#;
        assert_eq!(line, format!(r#"{expected}{rest}"submit_p99_ratio_100k":null,"restart_s":null}}"#));
    }

    #[test]
    fn the_last_line_takes_the_worst_of_both_kills_and_the_medians() {
        let ends = |ms: &[f64]| Ends { offer_ms: ms.to_vec(), restart_s: vec![0.5, 1.25] };
        let load = CrowdFigures {
            rss_mib: 512.0,
            few_p99_ms: vec![2.0, 4.0],
            many_p99_ms: vec![3.0, 9.0, 3.0, 3.0],
            kills: ends(&[700.0, 900.5]),
        };
        let results = Results {
            peak: vec![compared(20_000.0, 9_000.0)],
            half: Some(compared(4_500.0, 4_500.0)),
            kill: Some(ends(&[800.0])),
            drain: Some(ends(&[30.0, 40.0])),
            load: Some(load),
            ..Results::default()
        };
        let line = serde_json::to_string(&results.summary()).unwrap();
        let expected =
            r#"{"commands_per_s":20000.0,"etcd_puts_per_s":9000.0,"submit_p99_ms":2.0,"etcd_put_p99_ms":2.0,"#;
        let rest = r#""offer_p99_ms":null,"kill_max_ms":900.5,"drain_max_ms":40.0,"rss_mib_100k":512.0,"#;
        assert_eq!(line, format!(r#"{expected}{rest}"submit_p99_ratio_100k":1.0,"restart_s":1.25}}"#));
    }
}
