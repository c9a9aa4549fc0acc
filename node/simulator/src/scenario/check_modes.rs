//! What does not fit of a queue's mode: shares that are not 100 percent, ringing where nobody is asked.
use super::{check::Check, file::*, file_modes::Mode};
use kindred_domain::limits;
use std::collections::BTreeSet;

impl Check<'_> {
    /// PERCENT_SPLIT has shares, other modes none; each says for whom, and all are 100 percent.
    pub(super) fn shares(&mut self, path: &str, queue: &Queue) {
        let path = format!("{path}.shares");
        if queue.mode != Mode::PercentSplit {
            if !queue.shares.is_empty() {
                self.fault(path, "are there", "none, or the mode PERCENT_SPLIT");
            }
            return;
        }
        let (least, most) = limits::SPLIT_GROUPS;
        if !(least..=most).contains(&queue.shares.len()) {
            self.fault(path.as_str(), format!("are {}", queue.shares.len()), format!("{least} to {most}"));
        }
        for (at, share) in queue.shares.iter().enumerate() {
            let path = format!("{path}[{at}]");
            self.range(&format!("{path}.percent"), f64::from(share.percent), 1.0, 100.0);
            if share.group.is_none() && share.agents.is_none() {
                self.fault(path.as_str(), "says not for whom", "`group`, `agents` or both");
            }
            let groups: Vec<&str> = self.scenario.groups.iter().map(|group| group.name.as_str()).collect();
            if let Some(name) = share.group.as_deref().filter(|name| !groups.contains(name)) {
                self.fault(format!("{path}.group"), format!("is `{name}`, which is no group"), groups.join(", "));
            }
            self.condition(&format!("{path}.agents"), share.agents.as_ref());
        }
        let all: u64 = queue.shares.iter().map(|share| u64::from(share.percent)).sum();
        if all != 100 {
            self.fault(path, format!("have {all} percent in all"), "100");
        }
    }

    /// RING_ALL asks agents on every channel, so that the first who answers has it.
    pub(super) fn ring(&mut self, path: &str, queue: &Queue) {
        if queue.mode != Mode::RingAll {
            if queue.ring_max.is_some() {
                self.fault(format!("{path}.ring_max"), "is there", "nothing, or the mode RING_ALL");
            }
            return;
        }
        let ring_max = queue.ring_max.unwrap_or(limits::RING_DEFAULT);
        self.range(&format!("{path}.ring_max"), f64::from(ring_max), 1.0, limits::RING_MAX as f64);
        let theirs = self.scenario.types.iter().filter(|kind| kind.queue == queue.name);
        let used: BTreeSet<&str> = theirs.map(|kind| kind.channel.as_str()).collect();
        let channels = used.into_iter().chain(queue.channels.keys().map(String::as_str));
        for channel in channels.collect::<BTreeSet<_>>() {
            let rules = queue.channels.get(channel);
            if rules.is_none_or(|rules| rules.answer_mode == AnswerMode::Auto) {
                let path = format!("{path}.channels.{channel}.answer_mode");
                self.fault(path, "is AUTO in a queue of mode RING_ALL", "AGENT_ACCEPTS, RING_IS_OFFER");
            }
        }
    }
}
