//! Arrivals that were recorded: a CSV file with a header and the columns `at_s,type` and, where known, `service_s` and
//! `patience_s`, in order of time.
use super::{fault::Error, file::Scenario};
use std::{fs, path::Path};

/// Rows of a trace at most.
pub const ROWS_MAX: usize = 2_000_000;

/// One recorded arrival.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Seconds from the beginning.
    pub at_s: f64,
    /// Index into the scenario's types.
    pub kind: usize,
    /// How long they talked, where known.
    pub service_s: Option<f64>,
    /// How long the customer would have waited, where known.
    pub patience_s: Option<f64>,
}

impl Row {
    /// Reads the scenario's trace, if it names one; `folder` is where the scenario is.
    pub fn read(scenario: &Scenario, folder: &Path) -> Result<Vec<Row>, Error> {
        let Some(trace) = &scenario.trace else { return Ok(Vec::new()) };
        let path = folder.join(&trace.file);
        let file = path.display().to_string();
        let text = fs::read_to_string(&path).map_err(|source| Error::Unreadable { file: file.clone(), source })?;
        rows(scenario, &file, &text)
    }
}

fn rows(scenario: &Scenario, file: &str, text: &str) -> Result<Vec<Row>, Error> {
    let mut lines = text.lines().zip(1u64..);
    let header: Vec<&str> = lines.next().map_or_else(Vec::new, |(line, _)| line.split(',').map(str::trim).collect());
    let column = |name: &str| header.iter().position(|found| *found == name);
    let fault = |line, column, value: &str, allowed: String| Error::Trace {
        file: file.to_string(),
        line,
        column,
        value: value.to_string(),
        allowed,
    };
    let needed = |name| column(name).ok_or_else(|| fault(1, name, "", format!("a header with `{name}`")));
    let (at, kind, service, patience) = (needed("at_s")?, needed("type")?, column("service_s"), column("patience_s"));
    let mut rows: Vec<Row> = Vec::new();
    for (text, line) in lines.filter(|(text, _)| !text.trim().is_empty()) {
        let fields: Vec<&str> = text.split(',').map(str::trim).collect();
        let field = |column: usize| fields.get(column).copied().unwrap_or_default();
        let seconds = |name, value: &str| match value.parse::<f64>() {
            Ok(seconds) if seconds >= 0.0 && seconds.is_finite() => Ok(seconds),
            _ => Err(fault(line, name, value, "seconds, 0 or more".into())),
        };
        let known = |name, column: Option<usize>| match column.map(field).filter(|value| !value.is_empty()) {
            Some(value) => seconds(name, value).map(Some),
            None => Ok(None),
        };
        let at_s = seconds("at_s", field(at))?;
        if rows.last().is_some_and(|last| last.at_s > at_s) {
            return Err(fault(line, "at_s", field(at), "not before the row above".into()));
        }
        if at_s >= scenario.day.duration_s {
            return Err(fault(line, "at_s", field(at), format!("before the day ends, {}", scenario.day.duration_s)));
        }
        if rows.len() == ROWS_MAX {
            return Err(fault(line, "at_s", field(at), format!("{ROWS_MAX} rows at most")));
        }
        let names = || scenario.types.iter().map(|kind| kind.name.as_str()).collect::<Vec<_>>().join(", ");
        let kind = scenario.types.iter().position(|of| of.name == field(kind));
        let kind = kind.ok_or_else(|| fault(line, "type", field(column("type").unwrap_or(0)), names()))?;
        let (service_s, patience_s) = (known("service_s", service)?, known("patience_s", patience)?);
        rows.push(Row { at_s, kind, service_s, patience_s });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse;

    fn told(text: &str) -> Result<Vec<Row>, String> {
        let scenario = parse(crate::scenario::read::tests::SMALL).expect("fits");
        rows(&scenario, "t.csv", text).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_known_is_read_and_the_rest_left_open() {
        let read = told("at_s,type,patience_s\n0,calls,\n1.5,calls,30\n").expect("fits");
        assert_eq!((read[0].patience_s, read[1].patience_s), (None, Some(30.0)));
        assert_eq!((read[1].at_s, read[1].kind, read[1].service_s), (1.5, 0, None));
    }

    #[test]
    fn a_fault_names_line_column_and_what_is_allowed() {
        let all = [
            ("at_s,kind\n", "t.csv, line 1: `type` is ``; allowed: a header with `type`"),
            ("at_s,type\n0,mail\n", "t.csv, line 2: `type` is `mail`; allowed: calls"),
            ("at_s,type\nsoon,calls\n", "t.csv, line 2: `at_s` is `soon`; allowed: seconds, 0 or more"),
            ("at_s,type\n2,calls\n1,calls\n", "t.csv, line 3: `at_s` is `1`; allowed: not before the row above"),
        ];
        for (text, fault) in all {
            assert_eq!(told(text), Err(fault.to_string()));
        }
    }
}
