//! Every scenario by number and name, of both worlds: what `kindred-chaos run` and `replay` choose from.
use crate::{live::scenarios, outcome::World, scenarios::Scenario};

/// What can be simulated.
pub fn sim_scenarios() -> Vec<Scenario> {
    crate::scenarios::all()
}

/// What runs on real processes.
pub fn live_scenarios() -> Vec<scenarios::Scenario> {
    scenarios::all()
}

/// Which scenarios somebody wants, by numbers or names.
#[derive(Clone, Debug, Default)]
pub struct Wanted(Vec<String>);

impl Wanted {
    /// `1,7,a_zombie_returns`; empty for all, `none` for none.
    pub fn parse(text: &str) -> Wanted {
        Wanted(text.split(',').map(|word| word.trim().to_lowercase()).filter(|word| !word.is_empty()).collect())
    }

    pub fn takes(&self, number: u32, name: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|word| *word == number.to_string() || *word == name)
    }

    /// Words that no scenario answers to.
    pub fn unknown(&self) -> Vec<&String> {
        let live = live_scenarios().into_iter().map(|s| (s.number, s.name));
        let known: Vec<_> = live.chain(sim_scenarios().into_iter().map(|s| (s.number, s.name))).collect();
        let is_known = |word: &&String| {
            word.as_str() == "none" || known.iter().any(|(n, name)| **word == n.to_string() || word.as_str() == *name)
        };
        self.0.iter().filter(|word| !is_known(word)).collect()
    }
}

/// What a scenario counts as.
pub fn word(world: World) -> &'static str {
    match world {
        World::Sim => "sim",
        World::Live => "live",
    }
}
