//! A short, true story of two agents and a few calls, told step by step; lies are planted into it.
use std::collections::BTreeMap;

use kindred_chaos::history::{Archived, Call, Report, Shown, Told, Violation, check, examine};
use kindred_domain::{
    Body, Command,
    command::*,
    ids::{InteractionId, Uid},
    record::{Direction, PresenceStatus},
};
use kindred_proto::log::v1 as pb;
use prost::Message;

use crate::chance::{commands, opening::opening};
use crate::day::{Day, SHARD};

pub struct Story {
    pub day: Day,
    offers: u128,
}

impl Story {
    /// Two agents are there.
    pub fn new() -> Self {
        let mut day = Day::new(1);
        day.plain = true;
        for command in opening() {
            day.entry(vec![command]);
        }
        let mut story = Self { day, offers: 0 };
        story.leader_changes();
        story.ask(SetPresence {
            agents: vec!["a0".into(), "a1".into()],
            status: PresenceStatus::Available,
            reason: String::new(),
            channels: Default::default(),
            after_contact: false,
            expires_after_ms: None,
        });
        story
    }

    pub fn leader_changes(&mut self) {
        self.day.term += 1;
        self.day.empty();
        let started = LeaderStarted { raft_id: 1, term: self.day.term };
        self.day.entry(vec![commands::to_shard(started)]);
    }

    /// Time passes under a leader.
    pub fn wait(&mut self, ms: u64) {
        let until_ms = self.day.now_ms + ms;
        while self.day.now_ms < until_ms {
            self.day.now_ms = (self.day.now_ms + 5_000).min(until_ms);
            self.day.entry(vec![commands::to_shard(Advance {})]);
        }
    }

    /// Asks for it under a new request; the call's number.
    pub fn ask(&mut self, body: impl Into<Body>) -> usize {
        let now_ms = u128::from(self.day.now_ms);
        let id = Uid(now_ms << 80 | 7 << 76 | self.day.history.calls.len() as u128);
        self.ask_as(Request { id, payload_hash: 1 }, body)
    }

    pub fn ask_as(&mut self, request: Request, body: impl Into<Body>) -> usize {
        self.day.now_ms += 10;
        self.day.entry(vec![Command { request: Some(request), ..commands::to_tenant(body) }]);
        self.day.history.calls.len() - 1
    }

    pub fn request_of(&self, call: usize) -> Request {
        let kindred_chaos::history::Asked::Write { request, .. } = &self.day.history.calls[call].asked else {
            panic!("a read has no request")
        };
        Request { id: Uid(*request), payload_hash: 1 }
    }

    pub fn submit(&mut self, id: &str) -> usize {
        self.ask(CreateInteraction {
            id: id.into(),
            conversation: None,
            channel: "voice".into(),
            direction: Direction::Inbound,
            customer: None,
            identity: None,
            external_thread_id: None,
            connector: None,
            queue: "q0".into(),
            labels: BTreeMap::new(),
            required: None,
            preferred: None,
            priority: 0,
            human_requested_at_ms: None,
            connect_by_ms: None,
            context: None,
        })
    }

    /// The Matchmaker offers it; nobody asked.
    pub fn offer(&mut self, id: &str, agent: &str) -> Uid {
        self.offers += 1;
        let offer = Uid(0xfee0 + self.offers);
        self.offer_as(offer, id, agent);
        offer
    }

    pub fn offer_as(&mut self, offer: Uid, id: &str, agent: &str) {
        self.offers_as(&[(offer, agent)], id);
    }

    /// The Matchmaker has both of them ring.
    pub fn ring(&mut self, id: &str) -> [Uid; 2] {
        self.offers += 2;
        let offers = [Uid(0xfee0 + self.offers - 1), Uid(0xfee0 + self.offers)];
        self.offers_as(&[(offers[0], "a0"), (offers[1], "a1")], id);
        offers
    }

    fn offers_as(&mut self, offers: &[(Uid, &str)], id: &str) {
        self.day.now_ms += 10;
        let plan = |(offer, agent): &(Uid, &str)| OfferPlan {
            offer: *offer,
            interaction: id.into(),
            agent: (*agent).into(),
            score_micros: 0,
            policy_revision: 1,
            draw: None,
            free_groups: None,
        };
        let offers = offers.iter().map(plan).collect();
        self.day.entry(vec![commands::to_tenant(MakeOffers { offers, deferrals: Vec::new() })]);
    }

    pub fn accept(&mut self, id: &str, offer: Uid) -> usize {
        self.ask(AcceptOffer { interaction: InteractionId::new(id), offer })
    }

    /// Submitted, offered to a0 and accepted: the call that accepted it.
    pub fn served(&mut self, id: &str) -> usize {
        self.submit(id);
        let offer = self.offer(id, "a0");
        self.accept(id, offer)
    }

    pub fn read(&mut self, id: &str) -> usize {
        self.day.read(&"t".into(), "interactions", id);
        self.day.history.calls.len() - 1
    }

    pub fn call(&mut self, number: usize) -> &mut Call {
        &mut self.day.history.calls[number]
    }

    pub fn archive(&mut self) -> &mut Vec<Archived> {
        self.day.archive.get_mut(&SHARD).expect("the shard")
    }

    /// Rewrites the entry of a call.
    pub fn rewrite(&mut self, call: usize, change: impl FnOnce(&mut pb::Entry)) {
        let index = self.place_of(call).index;
        let at = self.archive().iter_mut().find(|e| e.index == index).expect("the entry");
        let mut entry = pb::Entry::decode(&*at.bytes).expect("an entry");
        change(&mut entry);
        at.bytes = entry.encode_to_vec();
    }

    pub fn place_of(&self, call: usize) -> kindred_chaos::history::Place {
        match &self.day.history.calls[call].told {
            Some(Told::Done { at, .. } | Told::Refused { at: Some(at), .. }) => *at,
            other => panic!("no place: {other:?}"),
        }
    }

    /// What a call was shown.
    pub fn shown(&mut self, call: usize) -> &mut Vec<Shown> {
        match &mut self.call(call).told {
            Some(Told::Done { shown, .. }) => shown,
            other => panic!("nothing shown: {other:?}"),
        }
    }

    pub fn report(&self) -> Report {
        examine(&self.day.archive, &self.day.history)
    }

    pub fn found(&self) -> Vec<Violation> {
        check(&self.day.archive, &self.day.history)
    }

    /// Nothing is wrong so far.
    pub fn is_true(&self) {
        assert_eq!(self.found(), [], "the story itself is true");
    }

    /// Tells the story to its end, plants the lie, and expects it to be found by this letter first, in these words.
    pub fn lie(mut self, letter: char, words: &str, lie: impl FnOnce(&mut Self)) {
        self.day.end();
        self.is_true();
        lie(&mut self);
        let found = self.found();
        let first = found.first().unwrap_or_else(|| panic!("nothing found; expected {letter}: {words}"));
        assert_eq!(first.invariant, letter, "{found:#?}");
        assert!(found.iter().any(|v| v.invariant == letter && v.what.contains(words)), "no `{words}`: {found:#?}");
    }
}
