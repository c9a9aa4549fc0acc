//! T: log time never goes back, nothing happens before its deadline, and nothing open is left lying.

use kindred_proto::log::v1::{self as pb, command::Body};

use crate::history::Told;
use crate::history::model::{Applied, Model};

use super::{Findings, Here};

/// While one leader writes entries, a deadline is noticed within this much log time: it writes `Advance` when one is due,
/// every 250 ms at least; the rest is for a leader that stood still and still led.
pub const LATE_MAX_MS: u64 = 10_000;

/// Follows log time through a shard.
#[derive(Default)]
pub struct Watch {
    term: u64,
    time_ms: u64,
}

impl Watch {
    /// `before_ms` is log time before the entry.
    pub fn entry(
        &mut self,
        here: &Here<'_>,
        before_ms: u64,
        model: &Model,
        applied: &Applied,
        findings: &mut Findings,
    ) {
        let (shard, index, time_ms) = (here.shard, here.at.index, here.entry.time_ms);
        if time_ms < self.time_ms {
            let was_ms = self.time_ms;
            findings.add('T', || format!("shard {shard} index {index}: log time goes back from {was_ms} to {time_ms}"));
        }
        let started = here.entry.commands.iter().any(|c| matches!(c.body, Some(Body::LeaderStarted(_))));
        let same_leader = self.term == here.at.term && !started;
        if self.term != 0 && self.term != here.at.term && !started {
            let term = here.at.term;
            findings.add('T', || {
                format!("shard {shard} index {index}: term {term} begins without LeaderStarted, and stretches nothing")
            });
        }
        if let Some((due_ms, due)) = &applied.passed
            && same_leader
            && model.now_ms() > due_ms + LATE_MAX_MS
            && model.now_ms() > before_ms + LATE_MAX_MS
        {
            let late_ms = model.now_ms() - due_ms;
            findings.add('T', || {
                let term = here.at.term;
                format!("shard {shard} index {index}: {due:?} was due at {due_ms} and passed {late_ms} ms later in term {term}")
            });
        }
        self.term = here.at.term;
        self.time_ms = self.time_ms.max(time_ms);
    }
}

/// Was somebody told that an offer is gone that stands, by the model.
pub fn is_broken(told: &Told, command: &pb::Command) -> bool {
    let about_offer = matches!(
        command.body,
        Some(Body::AcceptOffer(_) | Body::DeclineOffer(_) | Body::ReportConnected(_) | Body::ReportConnectFailed(_))
    );
    about_offer && matches!(told, Told::Refused { reason, .. } if reason == "OFFER_GONE")
}

/// Events that only time makes.
pub fn made_by_time(kind: &str) -> bool {
    let kinds = ["OFFER_EXPIRED", "CONNECTOR_LAPSED", "ASSIGNMENT_OVERDUE", "EXCLUSION_ENDED", "DEFERRAL_ENDED"];
    kinds.contains(&kind)
}
