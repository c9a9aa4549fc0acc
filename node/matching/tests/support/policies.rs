//! Policies that go, come back as others, and queues that follow them.
use super::*;

impl Floor {
    /// The policy is gone; no queue uses it.
    pub fn remove_policy(&mut self, id: &str) {
        self.policies.remove(id);
        let key = RecordKey::Policy(self.tenant.clone(), id.into());
        self.matchmaker.remove_record(&key);
    }

    /// The groups of its one revision are others: half and half, the first of them as before or the last.
    pub fn replace_groups(&mut self, id: &str, first: usize) {
        let mut policy = (*self.policies[id]).clone();
        let groups = &mut policy.revisions.last_mut().unwrap().groups;
        *groups = groups.split_off(first);
        groups.truncate(2);
        groups.iter_mut().for_each(|group| group.percent = 50);
        let policy = Arc::new(policy);
        self.policies.insert(id.into(), policy.clone());
        self.matchmaker.apply_record(Record::Policy(policy));
    }

    /// The queue follows another policy; what was counted under the one before goes.
    pub fn follow(&mut self, queue: &str, policy: &str) {
        self.edit_queue(queue, |queue| {
            queue.policy = policy.into();
            queue.split = None;
        });
    }
}
