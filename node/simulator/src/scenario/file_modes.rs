//! What may stand in a scenario file about choosing agents: the modes, and who shares a queue.
use super::selectors::Condition;
use kindred_domain::record;
use schemars::JsonSchema;
use serde::Deserialize;

/// How agents are chosen (`Mode` of the public API).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mode {
    /// Who is idle longest.
    #[default]
    LongestIdle,
    /// Who has the least work by units.
    LeastLoaded,
    /// Who was offered longest ago.
    RoundRobin,
    /// Who handled fewest since they last came.
    FewestHandled,
    /// Lowest tier first, longest idle within.
    Tiered,
    /// By chance.
    Random,
    /// The best grade.
    BestMatch,
    /// By shares; the longest idle of the one whose turn it is.
    PercentSplit,
    /// Several at once; who accepts first has it.
    RingAll,
}

impl Mode {
    /// Every mode a scenario can name.
    pub const ALL: [Mode; 9] = [
        Mode::LongestIdle,
        Mode::LeastLoaded,
        Mode::RoundRobin,
        Mode::FewestHandled,
        Mode::Tiered,
        Mode::Random,
        Mode::BestMatch,
        Mode::PercentSplit,
        Mode::RingAll,
    ];

    /// As the domain has it.
    pub fn of_the_domain(self) -> record::Mode {
        match self {
            Self::LongestIdle => record::Mode::LongestIdle,
            Self::LeastLoaded => record::Mode::LeastLoaded,
            Self::RoundRobin => record::Mode::RoundRobin,
            Self::FewestHandled => record::Mode::FewestHandled,
            Self::Tiered => record::Mode::Tiered,
            Self::Random => record::Mode::Random,
            Self::BestMatch => record::Mode::BestMatch,
            Self::PercentSplit => record::Mode::PercentSplit,
            Self::RingAll => record::Mode::RingAll,
        }
    }
}

/// A share of a queue's offers. Agents have the first that fits them.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// For this group; for all if absent.
    pub group: Option<String>,
    /// For whom of them this holds; for all if absent. At least one of the two is there.
    pub agents: Option<Condition>,
    /// So much; all shares of a queue are 100.
    pub percent: u32,
}
