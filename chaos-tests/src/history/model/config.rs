//! Agents' fields, queues, profiles, policies, teams, customers, conversations and tenants' settings.

use std::collections::{BTreeMap, BTreeSet};

use kindred_proto::log::v1 as pb;
use kindred_proto::v1::event::Kind;

use super::lawful;
use super::offers::name;
use super::records::*;
use super::tenant::Turn;

const ITEMS_MAX: u64 = 10_000;

fn fits(etag: Option<u64>, version: u64) -> Result<(), Refusal> {
    if etag.is_none_or(|etag| etag == version) { Ok(()) } else { Err("ETAG_MISMATCH") }
}

fn is_new(exists: bool) -> Result<(), Refusal> {
    if exists { Err("ALREADY_EXISTS") } else { Ok(()) }
}

fn is_unused(used: bool) -> Result<(), Refusal> {
    if used { Err("IN_USE") } else { Ok(()) }
}

/// Teams and customers: a version is all that answers need.
macro_rules! plain {
    ($($create:ident($create_c:ty), $update:ident($update_c:ty), $map:ident;)*) => {$(
        pub fn $create(&mut self, c: &$create_c) -> Result<(), Refusal> {
            is_new(self.tenant.$map.contains_key(&c.id))?;
            self.tenant.$map.insert(c.id.clone(), 1);
            self.emit(Kind::ConfigChanged);
            Ok(())
        }
        pub fn $update(&mut self, c: &$update_c) -> Result<(), Refusal> {
            let version = self.tenant.$map.get_mut(&c.id).ok_or("NOT_FOUND")?;
            fits(c.etag, *version)?;
            *version += 1;
            self.emit(Kind::ConfigChanged);
            Ok(())
        }
    )*};
}

impl Turn<'_> {
    plain! {
        create_team(pb::CreateTeam), update_team(pb::UpdateTeam), teams;
        create_customer(pb::CreateCustomer), update_customer(pb::UpdateCustomer), customers;
    }

    pub fn delete_team(&mut self, c: &pb::DeleteTeam) -> Result<(), Refusal> {
        fits(c.etag, *self.tenant.teams.get(&c.id).ok_or("NOT_FOUND")?)?;
        is_unused(self.tenant.agents.values().any(|a| a.spec.team.as_ref() == Some(&c.id)))?;
        let shares =
            |p: &Policy| p.current().is_some_and(|(_, s)| s.groups.iter().any(|g| g.team.as_ref() == Some(&c.id)));
        is_unused(self.tenant.policies.values().any(shares))?;
        self.tenant.teams.remove(&c.id);
        self.emit(Kind::ConfigChanged);
        Ok(())
    }

    pub fn delete_customer(&mut self, c: &pb::DeleteCustomer) -> Result<(), Refusal> {
        fits(c.etag, *self.tenant.customers.get(&c.id).ok_or("NOT_FOUND")?)?;
        self.tenant.customers.remove(&c.id);
        self.emit(Kind::ConfigChanged);
        Ok(())
    }

    pub fn create_agent(&mut self, c: &pb::CreateAgent) -> Result<(), Refusal> {
        let spec = c.spec.clone().unwrap_or_default();
        is_new(self.tenant.agents.contains_key(&*c.id))?;
        self.check_references(spec.team.as_ref(), Some(&spec.profile))?;
        self.tenant.agents.insert(name(&c.id), Agent::new(spec));
        self.emit(Kind::AgentCreated);
        Ok(())
    }

    fn check_references(&self, team: Option<&String>, profile: Option<&String>) -> Result<(), Refusal> {
        let known = team.is_none_or(|team| self.tenant.teams.contains_key(team))
            && profile.is_none_or(|profile| self.tenant.profiles.contains_key(profile));
        if known { Ok(()) } else { Err("NOT_FOUND") }
    }

    fn check_update(&self, c: &pb::UpdateAgent) -> Result<(), Refusal> {
        fits(c.etag, self.tenant.agents.get(&*c.id).ok_or("NOT_FOUND")?.version)?;
        let patch = c.patch.as_ref();
        let team = patch.and_then(|p| p.team.as_ref()).and_then(|t| t.value.as_ref());
        self.check_references(team, patch.and_then(|p| p.profile.as_ref()))
    }

    pub fn update_agent(&mut self, c: &pb::UpdateAgent) -> Result<(), Refusal> {
        self.check_update(c)?;
        self.change_agent(c);
        Ok(())
    }

    pub fn update_agents(&mut self, c: &pb::BatchUpdateAgents) -> Result<(), Refusal> {
        let mut seen = std::collections::BTreeSet::new();
        for update in &c.updates {
            self.check_update(update)?;
            if !seen.insert(&update.id) {
                return Err("INVALID_FIELD");
            }
        }
        c.updates.iter().for_each(|update| self.change_agent(update));
        Ok(())
    }

    fn change_agent(&mut self, c: &pb::UpdateAgent) {
        let (id, patch) = (name(&c.id), c.patch.clone().unwrap_or_default());
        let refits = patch.profile.is_some() || patch.capacity.is_some();
        self.agent(&id, |a| {
            a.version += 1;
            if let Some(team) = patch.team {
                a.spec.team = team.value;
            }
            if let Some(profile) = patch.profile {
                a.spec.profile = profile;
            }
            if let Some(skills) = patch.skills {
                a.spec.skills = skills.values;
            }
            if let Some(labels) = patch.labels {
                a.spec.labels = labels.values;
            }
            if let Some(capacity) = patch.capacity {
                a.spec.capacity = capacity.value;
            }
        });
        self.emit(Kind::AgentUpdated);
        if refits {
            self.resume_waiting(&id);
        }
    }

    pub fn delete_agent(&mut self, c: &pb::DeleteAgent) -> Result<(), Refusal> {
        let id = name(&c.id);
        let agent = self.tenant.agents.get(&id).ok_or("NOT_FOUND")?;
        fits(c.etag, agent.version)?;
        is_unused(!agent.work.is_empty())?;
        self.leave_sessions(&[id.clone()].into());
        self.remove_agent(&id);
        self.emit(Kind::AgentDeleted);
        Ok(())
    }

    fn checked_lines(&self, lines: &[pb::ProfileEntry]) -> Result<(), Refusal> {
        let mut seen = std::collections::BTreeSet::new();
        for line in lines {
            self.tenant.queues.get(&*line.queue).ok_or("NOT_FOUND")?;
            if !seen.insert((&line.queue, &line.channel)) {
                return Err("INVALID_FIELD");
            }
        }
        Ok(())
    }

    pub fn create_profile(&mut self, c: &pb::CreateProfile) -> Result<(), Refusal> {
        is_new(self.tenant.profiles.contains_key(&c.id))?;
        self.checked_lines(&c.entries)?;
        let capacity = c.capacity.clone().unwrap_or_default();
        self.tenant.profiles.insert(c.id.clone(), Profile { entries: c.entries.clone(), capacity, version: 1 });
        self.emit(Kind::ConfigChanged);
        Ok(())
    }

    pub fn update_profile(&mut self, c: &pb::UpdateProfile) -> Result<(), Refusal> {
        fits(c.etag, self.tenant.profiles.get(&c.id).ok_or("NOT_FOUND")?.version)?;
        if let Some(entries) = &c.entries {
            self.checked_lines(&entries.values)?;
        }
        if let Some(profile) = self.tenant.profiles.get_mut(&c.id) {
            profile.version += 1;
            if let Some(entries) = &c.entries {
                profile.entries.clone_from(&entries.values);
            }
            if let Some(capacity) = &c.capacity {
                profile.capacity.clone_from(capacity);
            }
        }
        self.emit(Kind::ConfigChanged);
        if c.capacity.is_some() {
            let theirs = |a: &Agent| a.spec.profile == c.id && a.spec.capacity.is_none() && !a.work.is_empty();
            let affected = self.tenant.agents.iter().filter(|(_, a)| theirs(a));
            for id in affected.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
                self.resume_waiting(&id);
            }
        }
        Ok(())
    }

    pub fn delete_profile(&mut self, c: &pb::DeleteProfile) -> Result<(), Refusal> {
        fits(c.etag, self.tenant.profiles.get(&c.id).ok_or("NOT_FOUND")?.version)?;
        is_unused(self.tenant.agents.values().any(|a| a.spec.profile == c.id))?;
        self.tenant.profiles.remove(&c.id);
        self.emit(Kind::ConfigChanged);
        Ok(())
    }

    pub fn create_queue(&mut self, c: &pb::CreateQueue) -> Result<(), Refusal> {
        let spec = c.spec.clone().unwrap_or_default();
        is_new(self.tenant.queues.contains_key(&*c.id))?;
        let policy = self.tenant.policies.get(&spec.policy).ok_or("NOT_FOUND")?;
        self.find_schedule(spec.schedule.as_ref())?;
        valid(!rings(policy) || !answers_auto(&spec.channels))?;
        let pb::QueueSpec { policy, max_wait_ms, channels, schedule, refuse_when_closed: refuses, .. } = spec;
        self.emit(Kind::ConfigChanged);
        let queue = Queue {
            policy,
            max_wait_ms,
            channels,
            version: 1,
            schedule,
            refuses,
            hours: None,
            paused: false,
            drains: None,
        };
        self.put_queue(&name(&c.id), queue);
        Ok(())
    }

    pub fn update_queue(&mut self, c: &pb::UpdateQueue) -> Result<(), Refusal> {
        fits(c.etag, self.tenant.queues.get(&*c.id).ok_or("NOT_FOUND")?.version)?;
        let patch = c.patch.clone().unwrap_or_default();
        self.find_schedule(patch.schedule.as_ref().and_then(|schedule| schedule.value.as_ref()))?;
        let queue = &self.tenant.queues[&*c.id];
        let policy = self.tenant.policies.get(patch.policy.as_ref().unwrap_or(&queue.policy)).ok_or("NOT_FOUND")?;
        let channels = patch.channels.as_ref().map_or(&queue.channels, |channels| &channels.values);
        valid(!rings(policy) || !answers_auto(channels))?;
        self.emit(Kind::ConfigChanged);
        if let Some(mut queue) = self.tenant.queues.get(&*c.id).cloned() {
            queue.version += 1;
            queue.policy = patch.policy.unwrap_or(std::mem::take(&mut queue.policy));
            queue.max_wait_ms = patch.max_wait_ms.unwrap_or(queue.max_wait_ms);
            if let Some(channels) = patch.channels {
                queue.channels = channels.values;
            }
            if let Some(schedule) = patch.schedule {
                queue.schedule = schedule.value;
            }
            queue.refuses = patch.refuse_when_closed.unwrap_or(queue.refuses);
            self.put_queue(&name(&c.id), queue);
        }
        Ok(())
    }

    fn find_schedule(&self, id: Option<&String>) -> Result<(), Refusal> {
        let there = id.is_none_or(|id| self.tenant.schedules.contains_key(id));
        if there { Ok(()) } else { Err("NOT_FOUND") }
    }

    pub fn delete_queue(&mut self, c: &pb::DeleteQueue) -> Result<(), Refusal> {
        fits(c.etag, self.tenant.queues.get(&*c.id).ok_or("NOT_FOUND")?.version)?;
        is_unused(self.tenant.profiles.values().any(|p| p.entries.iter().any(|e| e.queue == c.id)))?;
        is_unused(self.is_overflowed_into(&c.id))?;
        is_unused(self.tenant.interactions.values().any(|i| *i.queue == *c.id))?;
        self.remove_queue(&c.id);
        self.emit(Kind::ConfigChanged);
        Ok(())
    }

    pub fn create_policy(&mut self, c: &pb::CreatePolicy) -> Result<(), Refusal> {
        is_new(self.tenant.policies.contains_key(&c.id))?;
        let spec = c.spec.clone().unwrap_or_default();
        self.check_spec(&spec)?;
        if !c.validate_only {
            self.tenant.policies.insert(c.id.clone(), Policy { version: 1, revisions: vec![(1, spec)] });
            self.emit(Kind::ConfigChanged);
        }
        Ok(())
    }

    pub fn update_policy(&mut self, c: &pb::UpdatePolicy) -> Result<(), Refusal> {
        let mut policy = self.policy(&c.id, c.etag)?;
        if let Some(spec) = &c.spec {
            self.check_spec(spec)?;
            self.check_answers(&c.id, spec)?;
            policy.revise(spec.clone());
        }
        if !c.validate_only {
            policy.version += 1;
            self.tenant.policies.insert(c.id.clone(), policy);
            self.emit(Kind::ConfigChanged);
        }
        Ok(())
    }

    pub fn rollback_policy(&mut self, c: &pb::RollbackPolicy) -> Result<(), Refusal> {
        let mut policy = self.policy(&c.id, c.etag)?;
        let kept = policy.revisions.iter().find(|(number, _)| *number == c.revision);
        let spec = kept.map(|(_, spec)| spec.clone()).ok_or("INVALID_FIELD")?;
        self.check_spec(&spec)?;
        self.check_answers(&c.id, &spec)?;
        if !c.validate_only {
            policy.version += 1;
            policy.revise(spec);
            self.tenant.policies.insert(c.id.clone(), policy);
            self.emit(Kind::ConfigChanged);
            self.emit(Kind::PolicyRolledBack);
        }
        Ok(())
    }

    /// Where a channel answers AUTO nothing may ring with several.
    fn check_answers(&self, policy: &str, spec: &pb::PolicySpec) -> Result<(), Refusal> {
        let rings = spec.mode() == pb::Mode::RingAll;
        valid(!rings || !self.tenant.queues.values().any(|q| q.policy == policy && answers_auto(&q.channels)))
    }

    /// Who shares: 2 to 16, each of its own name and with somebody in it, all percentages together 100.
    fn check_groups(&self, groups: &[pb::Group]) -> Result<(), Refusal> {
        valid((2..=16).contains(&groups.len()))?;
        let mut names = BTreeSet::new();
        for group in groups {
            valid(!group.name.is_empty() && names.insert(&group.name))?;
            valid(group.team.is_some() || group.selector.is_some())?;
            valid((1..=100).contains(&group.percent))?;
            if let Some(team) = &group.team {
                self.tenant.teams.get(team).ok_or("NOT_FOUND")?;
            }
        }
        valid(groups.iter().map(|group| group.percent).sum::<u32>() == 100)
    }

    fn check_spec(&self, spec: &pb::PolicySpec) -> Result<(), Refusal> {
        use pb::Mode::{Affinity, BestMatch, PercentSplit, RingAll, Unspecified};
        if matches!(spec.mode(), Unspecified | Affinity) {
            return Err("UNSUPPORTED_MODE");
        }
        let weights = [spec.skill_weight, spec.channel_weight, spec.preferred_weight];
        let pointless = spec.mode() == BestMatch && weights == [0, 0, 0];
        if pointless || weights.iter().any(|weight| *weight > 100) {
            return Err("INVALID_FIELD");
        }
        let ring = if spec.mode() == RingAll { 1..=32 } else { 0..=0 };
        valid(ring.contains(&spec.ring_max))?;
        if spec.mode() == PercentSplit { self.check_groups(&spec.groups) } else { valid(spec.groups.is_empty()) }
    }

    fn policy(&self, id: &str, etag: Option<u64>) -> Result<Policy, Refusal> {
        let policy = self.tenant.policies.get(id).ok_or("NOT_FOUND")?;
        fits(etag, policy.version)?;
        Ok(policy.clone())
    }

    pub fn delete_policy(&mut self, c: &pb::DeletePolicy) -> Result<(), Refusal> {
        self.policy(&c.id, c.etag)?;
        is_unused(self.tenant.queues.values().any(|q| q.policy == c.id))?;
        if !c.validate_only {
            self.tenant.policies.remove(&c.id);
            self.emit(Kind::ConfigChanged);
        }
        Ok(())
    }

    pub fn append(&mut self, c: &pb::AppendConversation) -> Result<(), Refusal> {
        let id = name(&c.id);
        let known = self.tenant.conversations.get(&id);
        if let Some((ours, given)) = known.and_then(|k| k.customer.as_ref()).zip(c.customer.as_ref())
            && ours != given
        {
            return Err("INVALID_FIELD");
        }
        let count = c.items.len() as u64;
        if known.map_or(0, |k| k.items) + count > ITEMS_MAX {
            return Err("LIMIT_REACHED");
        }
        let (is_new, now_ms) = (known.is_none(), self.now_ms);
        self.conversation(&id, |k| {
            k.items += count;
            k.customer = k.customer.take().or_else(|| c.customer.clone());
            k.active_ms = now_ms;
        });
        if is_new {
            self.emit(Kind::ConversationCreated);
        }
        if count > 0 {
            self.emit(Kind::ConversationAppended);
        }
        Ok(())
    }

    pub fn update_tenant(&mut self, c: &pb::UpdateTenant) -> Result<(), Refusal> {
        fits(c.etag, self.tenant.version)?;
        self.tenant.version += 1;
        self.tenant.closed_kept_ms = c.closed_retention_ms.unwrap_or(self.tenant.closed_kept_ms);
        self.tenant.closed_kept_bytes = c.closed_retention_bytes.unwrap_or(self.tenant.closed_kept_bytes);
        self.emit(Kind::ConfigChanged);
        Ok(())
    }

    pub fn delete_tenant(&mut self, c: &pb::DeleteTenant) -> Result<(), Refusal> {
        fits(c.etag, self.tenant.version)?;
        is_unused(!self.tenant.interactions.is_empty())?;
        self.emit(Kind::ConfigChanged);
        self.call_off();
        self.tenant.deleted = true;
        Ok(())
    }

    /// Does the agent's room allow one more piece on the channel.
    pub fn has_room(&self, id: &Name, channel: &Name) -> bool {
        let Some(agent) = self.tenant.agents.get(id) else { return false };
        let capacity = lawful::capacity(self.tenant, agent);
        capacity.is_some_and(|c| lawful::room(c, agent.work.iter(), std::slice::from_ref(channel)))
    }
}

fn valid(is: bool) -> Result<(), Refusal> {
    if is { Ok(()) } else { Err("INVALID_FIELD") }
}

fn rings(policy: &Policy) -> bool {
    policy.current().is_some_and(|(_, spec)| spec.mode() == pb::Mode::RingAll)
}

fn answers_auto(channels: &BTreeMap<String, pb::ChannelRules>) -> bool {
    channels.values().any(|rules| rules.answer_mode() == pb::AnswerMode::Auto)
}
