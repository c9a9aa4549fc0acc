//! PERCENT_SPLIT: whose turn it is among groups of agents, and what an offer counts. The Matchmaker chooses by it, apply
//! counts by it.
//!
//! While every group has somebody free the turns are those of the quota method (M. Balinski and H. P. Young, "The Quota
//! Method of Apportionment", American Mathematical Monthly 82, 1975): of the groups that would not exceed their share of
//! all offers, the next included, rounded up, the one goes first for which the next offer is due first, `(offers + 1) /
//! percent` being least. No group is ever a whole offer away from its share of what was offered then.
//!
//! When a group has nobody free its offers spill to the others. What spills is counted apart and only among those who had
//! somebody free, by the same rule: who was not there missed nothing, and nothing is made up for later.
use crate::{
    ids::{PolicyId, TeamId},
    limits,
    record::{Agent, Group, PolicyRevision, Split},
    selector::matches,
};
use alloc::vec;

/// Groups that have somebody free who may have the interaction: one bit each, the first group's the lowest.
pub type FreeGroups = u32;

/// One offer, in millionths.
const ONE: i64 = 1_000_000;

/// The group of an agent: the first that fits.
pub fn group_of(groups: &[Group], agent: &Agent) -> Option<usize> {
    groups.iter().position(|group| {
        let of_team = |team: &TeamId| agent.team.as_ref() == Some(team);
        group.team.as_ref().is_none_or(of_team) && group.selector.as_ref().is_none_or(|s| matches(s, agent))
    })
}

fn has(free: FreeGroups, group: usize) -> bool {
    free >> group & 1 == 1
}

impl Split {
    /// Nothing was offered yet under this revision.
    pub fn new(policy: &PolicyId, revision: &PolicyRevision) -> Self {
        let groups = revision.groups.len();
        Self {
            policy: policy.clone(),
            revision: revision.revision,
            shared: vec![0; groups],
            spilled: vec![0; groups],
            behind_micros: vec![0; groups],
            ungrouped: 0,
        }
    }

    /// Was it counted under this revision.
    pub fn is_of(&self, policy: &PolicyId, revision: &PolicyRevision) -> bool {
        self.policy == *policy && self.revision == revision.revision && self.shared.len() == revision.groups.len()
    }

    /// The group whose turn it is; `None` if no group has anybody free.
    pub fn next(&self, groups: &[Group], free: FreeGroups) -> Option<usize> {
        let there = || (0..groups.len()).filter(|group| has(free, *group));
        if there().count() == groups.len() {
            let next: u64 = self.shared.iter().sum::<u64>() + 1;
            let within = |group: &usize| self.shared[*group] * 100 < u64::from(groups[*group].percent) * next;
            let due = |group: &usize| (self.shared[*group] + 1, groups[*group].percent);
            return there().filter(within).min_by(|a, b| sooner(due(a), due(b)));
        }
        let percents: i64 = there().map(|group| i64::from(groups[group].percent)).sum();
        let within =
            |group: &usize| self.behind_micros[*group] * percents + i64::from(groups[*group].percent) * ONE > 0;
        let due = |group: &usize| ((ONE - self.behind_micros[*group]).max(0) as u64, groups[*group].percent);
        let among = there().filter(within).min_by(|a, b| sooner(due(a), due(b)));
        among.or_else(|| there().min_by(|a, b| sooner(due(a), due(b))))
    }

    /// Counts an offer to an agent of this group (or of none), made while these groups had somebody free.
    pub fn count(&mut self, groups: &[Group], free: FreeGroups, group: Option<usize>) {
        let Some(group) = group.filter(|group| *group < groups.len()) else {
            self.ungrouped += 1;
            return;
        };
        let free = free | 1 << group;
        let there = || (0..groups.len()).filter(|group| has(free, *group));
        if there().count() == groups.len() {
            self.shared[group] += 1;
            return;
        }
        self.spilled[group] += 1;
        let percents: i64 = there().map(|group| i64::from(groups[group].percent)).sum();
        let mut left = ONE;
        for other in there() {
            let part = i64::from(groups[other].percent) * ONE / percents;
            self.behind_micros[other] += part;
            left -= part;
        }
        // What rounding left over is its own.
        self.behind_micros[group] += left - ONE;
        for behind in &mut self.behind_micros {
            *behind = (*behind).clamp(-limits::SPILL_CARRIED_MICROS, limits::SPILL_CARRIED_MICROS);
        }
    }

    /// How far the group farthest from its share is from it, in hundredths of an offer: less than 100, as long as no
    /// planned offer was dropped.
    pub fn deviation_percent(&self, groups: &[Group]) -> u64 {
        let all: u64 = self.shared.iter().sum();
        let far = |(offers, group): (&u64, &Group)| (offers * 100).abs_diff(u64::from(group.percent) * all);
        self.shared.iter().zip(groups).map(far).max().unwrap_or(0)
    }
}

/// Which fraction is less.
fn sooner((a, of_a): (u64, u32), (b, of_b): (u64, u32)) -> core::cmp::Ordering {
    (u128::from(a) * u128::from(of_b)).cmp(&(u128::from(b) * u128::from(of_a)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec::Vec};

    /// SplitMix64.
    struct Chance(u64);

    impl Chance {
        fn below(&mut self, n: u64) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (x ^ (x >> 31)) % n
        }
    }

    /// 2 to 16 groups with any shares of 100.
    fn groups(chance: &mut Chance) -> Vec<Group> {
        let count = 2 + chance.below(15) as usize;
        let mut percents = vec![1_u32; count];
        let most = 1 + chance.below(count as u64);
        for _ in count..100 {
            percents[chance.below(most) as usize] += 1;
        }
        let group = |(at, percent)| Group { name: format!("g{at}"), team: None, selector: None, percent };
        percents.into_iter().enumerate().map(group).collect()
    }

    fn split(groups: &[Group]) -> Split {
        let (shared, spilled, behind_micros) = (vec![0; groups.len()], vec![0; groups.len()], vec![0; groups.len()]);
        Split { policy: "p".into(), revision: 1, shared, spilled, behind_micros, ungrouped: 0 }
    }

    fn turn(split: &mut Split, groups: &[Group], free: FreeGroups) -> usize {
        let group = split.next(groups, free).expect("somebody is free");
        assert!(has(free, group), "a group without anybody");
        split.count(groups, free, Some(group));
        group
    }

    #[test]
    fn nobody_is_an_offer_away_from_the_share() {
        let mut chance = Chance(1);
        for _ in 0..60 {
            let groups = groups(&mut chance);
            let (mut split, all) = (split(&groups), (1 << groups.len()) - 1);
            for _ in 0..250 {
                // What spills in between changes nothing in it.
                if chance.below(4) == 0 {
                    let some = (1 + chance.below(all as u64)) as FreeGroups;
                    turn(&mut split, &groups, some);
                }
                turn(&mut split, &groups, all);
                assert!(split.deviation_percent(&groups) < 100, "{split:?}");
            }
        }
    }

    #[test]
    fn after_a_hundred_offers_everybody_has_as_many_as_percents() {
        let mut chance = Chance(2);
        for _ in 0..50 {
            let groups = groups(&mut chance);
            let mut split = split(&groups);
            (0..100).for_each(|_| {
                turn(&mut split, &groups, (1 << groups.len()) - 1);
            });
            let percents: Vec<u64> = groups.iter().map(|group| group.percent.into()).collect();
            assert_eq!(split.shared, percents);
        }
    }

    /// One group is away for a while: the others have its offers in the proportion of their shares, and when it is back
    /// it has its share of what comes then, and no more.
    #[test]
    fn who_was_away_has_no_burst() {
        let mut chance = Chance(3);
        for _ in 0..40 {
            let groups = groups(&mut chance);
            let (mut split, all) = (split(&groups), (1 << groups.len()) - 1);
            (0..chance.below(150)).for_each(|_| {
                turn(&mut split, &groups, all);
            });
            let away = chance.below(groups.len() as u64) as usize;
            let offers = 300;
            (0..offers).for_each(|_| {
                turn(&mut split, &groups, all & !(1 << away));
            });
            let rest = 100 - u64::from(groups[away].percent);
            for (at, group) in groups.iter().enumerate() {
                let part = if at == away { 0 } else { u64::from(group.percent) * offers };
                let off = (split.spilled[at] * rest).abs_diff(part);
                assert!(off <= 2 * rest, "{group:?} of {rest}: {split:?}");
            }
            let before = split.shared[away];
            let later = 1 + chance.below(50);
            (0..later).for_each(|_| {
                turn(&mut split, &groups, all);
            });
            let (got, share) = (split.shared[away] - before, u64::from(groups[away].percent) * later);
            assert!(got * 100 < share + 200, "{got} of {later} for {:?}", groups[away]);
        }
    }

    /// Whoever comes and goes, a group that is there has what its share is of those there.
    #[test]
    fn spills_are_even_in_the_long_run() {
        let mut chance = Chance(4);
        for _ in 0..20 {
            let groups = groups(&mut chance);
            let mut split = split(&groups);
            let all: u64 = (1 << groups.len()) - 1;
            let mut due_micros = vec![0_i64; groups.len()];
            for _ in 0..1_000 {
                let free = (1 + chance.below(all)) as FreeGroups;
                if u64::from(free) == all {
                    continue;
                }
                let there = || (0..groups.len()).filter(|group| has(free, *group));
                let percents: i64 = there().map(|group| i64::from(groups[group].percent)).sum();
                there().for_each(|group| due_micros[group] += i64::from(groups[group].percent) * ONE / percents);
                turn(&mut split, &groups, free);
            }
            for (spilled, due_micros) in split.spilled.iter().zip(&due_micros) {
                let off = (*spilled as i64 * ONE - due_micros).abs();
                assert!(off < 3 * ONE, "{off} of {due_micros}: {split:?}");
            }
        }
    }
}
