//! What a run prints: one row for each scenario, what was wrong with it, and a last line for programs.
use crate::{
    live::story::{DRAIN_MAX_MS, KILL_MAX_MS},
    outcome::{Outcome, Unended, World},
    registry::word,
};
use comfy_table::{Cell, CellAlignment, Table, presets::UTF8_HORIZONTAL_ONLY};
use serde_json::{Value, json};

/// Violations of one scenario that are printed.
const PRINTED_MAX: usize = 10;

/// One row.
pub struct Row {
    pub number: u32,
    pub name: String,
    pub world: World,
    /// How it ended, or why it did not.
    pub ended: Result<Outcome, Unended>,
}

impl Row {
    fn outcome(&self) -> Option<&Outcome> {
        self.ended.as_ref().ok()
    }

    /// Why it could not run here, if so.
    pub fn cannot_run(&self) -> Option<String> {
        match &self.ended {
            Err(Unended::CannotRun(cannot)) => Some(cannot.to_string()),
            _ => None,
        }
    }

    /// What is wrong with it, in words.
    pub fn problems(&self) -> Vec<String> {
        let outcome = match &self.ended {
            Ok(outcome) => outcome,
            Err(Unended::Failed(error)) => return vec![format!("did not end: {error}")],
            Err(Unended::CannotRun(_)) => return Vec::new(),
        };
        let told = outcome.violations.iter().take(PRINTED_MAX);
        let mut problems: Vec<String> = told.map(|v| format!("{}: {}", v.invariant, v.what)).collect();
        if outcome.violations.len() > PRINTED_MAX {
            problems.push(format!("and {} more", outcome.violations.len() - PRINTED_MAX));
        }
        if outcome.witness.1 == 0 {
            problems.push(format!("vacuous: no {}", outcome.witness.0));
        }
        let over = |what: &str, all: &[u64], most: u64| {
            let worst = all.iter().copied().max().unwrap_or(0);
            (worst > most).then(|| format!("B: {what} took {worst} ms, more than {most}"))
        };
        problems.extend(over("a kill", &outcome.kills_ms, KILL_MAX_MS));
        problems.extend(over("a drain", &outcome.drains_ms, DRAIN_MAX_MS));
        problems
    }

    /// How many promises were broken: every violation, a run that proves nothing, a limit that was not kept, and a run that
    /// did not end.
    pub fn broken(&self) -> u64 {
        let Ok(outcome) = &self.ended else { return self.problems().len() as u64 };
        let untold = outcome.violations.len().saturating_sub(PRINTED_MAX) as u64;
        // Beyond what is printed one line stands for the rest.
        let listed = self.problems().len() as u64 - u64::from(untold > 0);
        listed + untold + outcome.untold
    }

    fn cells(&self) -> Vec<Cell> {
        let number = |n: u64| Cell::new(n).set_alignment(CellAlignment::Right);
        let head = [
            Cell::new(self.number).set_alignment(CellAlignment::Right),
            Cell::new(&self.name),
            Cell::new(word(self.world)),
        ];
        let Some(outcome) = self.outcome() else {
            let said = self.cannot_run().unwrap_or_else(|| "did not end".to_owned());
            return head.into_iter().chain([Cell::new(said)]).collect();
        };
        let longest = outcome.longest_interruption_ms.map_or_else(|| "–".to_owned(), |ms| format!("{ms} ms"));
        let rest = [
            number(outcome.runs),
            number(outcome.faults),
            Cell::new(format!("{} {}", outcome.witness.1, outcome.witness.0)),
            number(outcome.acknowledged),
            number(self.broken()),
            Cell::new(longest).set_alignment(CellAlignment::Right),
            Cell::new(&outcome.remark),
        ];
        head.into_iter().chain(rest).collect()
    }
}

/// The table.
pub fn table<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Table {
    let mut table = Table::new();
    let columns = [
        "#",
        "scenario",
        "world",
        "runs",
        "faults",
        "witness",
        "acknowledged",
        "violations",
        "longest interruption",
        "remark",
    ];
    table.load_preset(UTF8_HORIZONTAL_ONLY).set_header(columns);
    table.add_rows(rows.into_iter().map(Row::cells));
    table
}

/// The sum, for programs: `runs seeds faults acknowledged violations kill_max_ms drain_max_ms`. What did not end, or was
/// vacuous, or over a limit, counts as a violation; what could not run here (`cannot_run`) neither as that nor as passed.
pub fn sum(rows: &[Row]) -> Value {
    let outcomes = || rows.iter().filter_map(Row::outcome);
    let worst = |of: fn(&Outcome) -> &Vec<u64>| outcomes().flat_map(|o| of(o).iter().copied()).max();
    json!({
        "runs": outcomes().map(|o| o.runs).sum::<u64>(),
        "seeds": outcomes().map(|o| o.seeds).sum::<u64>(),
        "faults": outcomes().map(|o| o.faults).sum::<u64>(),
        "acknowledged": outcomes().map(|o| o.acknowledged).sum::<u64>(),
        "violations": rows.iter().map(Row::broken).sum::<u64>(),
        "kill_max_ms": worst(|o| &o.kills_ms),
        "drain_max_ms": worst(|o| &o.drains_ms),
        "cannot_run": rows.iter().filter(|row| row.cannot_run().is_some()).count(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{history::Violation, outcome::CannotRun};

    fn row(outcome: Outcome) -> Row {
        Row { number: 1, name: "x".into(), world: World::Live, ended: Ok(outcome) }
    }

    fn well() -> Outcome {
        Outcome { runs: 1, faults: 2, witness: ("kills", 2), acknowledged: 10, ..Outcome::default() }
    }

    #[test]
    fn vacuous_late_or_broken_is_a_problem() {
        assert!(row(well()).problems().is_empty());
        let vacuous = Outcome { witness: ("kills", 0), ..well() };
        let late = Outcome { kills_ms: vec![200, KILL_MAX_MS + 1], ..well() };
        let slow = Outcome { drains_ms: vec![DRAIN_MAX_MS + 1], ..well() };
        let broken = Outcome { violations: vec![Violation { invariant: 'U', what: "two".into() }], ..well() };
        for outcome in [vacuous, late, slow, broken] {
            assert_eq!(row(outcome.clone()).problems().len(), 1, "{outcome:?}");
        }
        let failed = Row { ended: Err(Unended::Failed("no leader".into())), ..row(well()) };
        assert_eq!(failed.problems().len(), 1);
    }

    #[test]
    fn what_cannot_run_here_is_no_violation_and_says_why() {
        let error = anyhow::Error::new(CannotRun("no cc".into())).context("scenario 5");
        let lacking = Row { ended: Err(error.into()), ..row(well()) };
        assert!(lacking.problems().is_empty() && table([&lacking]).to_string().contains("cannot run here: no cc"));
        let sum = sum(&[lacking, row(well())]);
        assert_eq!((&sum["cannot_run"], &sum["violations"], &sum["runs"]), (&json!(1), &json!(0), &json!(1)));
    }

    #[test]
    fn the_sum_is_over_all_rows() {
        let rows = [row(Outcome { kills_ms: vec![700, 900], ..well() }), row(well())];
        let sum = sum(&rows);
        assert_eq!((&sum["runs"], &sum["acknowledged"], &sum["violations"]), (&json!(2), &json!(20), &json!(0)));
        assert_eq!((&sum["kill_max_ms"], &sum["drain_max_ms"]), (&json!(900), &Value::Null));
        assert!(table(&rows).to_string().contains("2 kills"));
    }
}
