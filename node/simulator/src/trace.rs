//! The call file of an anonymous bank, January 1999: what each row says, and where one cannot be read.
//!
//! Tab separated, CRLF or LF, a header row; the columns are found by their names. A bad row is an error with its
//! line number and field: nothing is guessed and nothing skipped silently. One known wound of the file is read as what
//! it is: 24 rows have a customer id that a spreadsheet rounded (`6.02E+11`). The identity is lost, so it is 0.
use std::io::{BufRead, BufReader, Read};

/// Seconds of a day; a time before the one it must follow belongs to the next day.
pub const DAY_S: u32 = 86_400;
/// Rows of a file are never more than this.
pub const ROWS_MAX: usize = 2_000_000;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Served.
    Agent,
    /// Hung up.
    Hang,
    /// Neither: to be ignored.
    Phantom,
}

/// One row. Times are seconds since that day's midnight and may exceed a day where a call ran past it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Line of the file, the header being 1.
    pub line: u64,
    /// 0 where the caller was not identified, or the identity is lost.
    pub customer_id: u64,
    /// 0 or 1 ordinary, 2 high.
    pub priority: u8,
    /// `PS`, `PE`, `NE`, `NW`, `IN`, `TT`, or another.
    pub kind: String,
    /// YYMMDD.
    pub date: u32,
    /// Entered the voice menu.
    pub vru_entry_s: u32,
    /// Left the voice menu.
    pub vru_exit_s: u32,
    /// Joined the queue; `None` if the call did not wait.
    pub queued_s: Option<u32>,
    /// Waited, seconds.
    pub wait_s: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// Service began; `None` if the caller was not served.
    pub service_start_s: Option<u32>,
    /// Time with the agent, seconds.
    pub service_s: u32,
    /// The agent, where known.
    pub server: Option<String>,
}

/// A row or file that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The header lacks a column.
    #[error("the header has no column `{column}`")]
    MissingColumn {
        /// Its name.
        column: &'static str,
    },
    /// A field says nothing we understand.
    #[error("line {line}: `{column}` is `{value}`, {expected} expected")]
    BadField {
        /// Line of the file, the header being 1.
        line: u64,
        /// The column's name.
        column: &'static str,
        /// What stands there.
        value: String,
        /// What should.
        expected: &'static str,
    },
    /// Not as many tab separated fields as the header.
    #[error("line {line} has {fields} fields, the header {expected}")]
    WrongWidth {
        /// Line of the file, the header being 1.
        line: u64,
        /// Fields it has.
        fields: usize,
        /// Fields of the header.
        expected: usize,
    },
    /// Not readable, or not UTF-8.
    #[error("line {line}: {source}")]
    Unreadable {
        /// Line of the file, the header being 1.
        line: u64,
        /// Why.
        source: std::io::Error,
    },
    /// More rows than [`ROWS_MAX`].
    #[error("more than {ROWS_MAX} rows")]
    TooLong,
}

/// The columns that are read, in the order of `Row::columns`.
const COLUMNS: [&str; 14] = [
    "customer_id",
    "priority",
    "type",
    "date",
    "vru_entry",
    "vru_exit",
    "q_start",
    "q_exit",
    "q_time",
    "outcome",
    "ser_start",
    "ser_exit",
    "ser_time",
    "server",
];

/// Reads a call file. Fields are never quoted in it, so a line is a row.
pub fn parse(input: impl Read) -> Result<Vec<Call>, Error> {
    let mut calls = Vec::new();
    let mut header = None;
    for (text, line) in BufReader::new(input).lines().zip(1u64..) {
        let text = text.map_err(|source| Error::Unreadable { line, source })?;
        let fields: Vec<&str> = text.split('\t').map(str::trim).collect();
        let Some((width, columns)) = &header else {
            header = Some((fields.len(), find_columns(&fields)?));
            continue;
        };
        if fields.len() != *width {
            return Err(Error::WrongWidth { line, fields: fields.len(), expected: *width });
        }
        if calls.len() == ROWS_MAX {
            return Err(Error::TooLong);
        }
        calls.push(Row { line, fields: &fields, columns }.call()?);
    }
    Ok(calls)
}

fn find_columns(header: &[&str]) -> Result<[usize; COLUMNS.len()], Error> {
    let mut columns = [0; COLUMNS.len()];
    for (place, column) in columns.iter_mut().zip(COLUMNS) {
        *place = header.iter().position(|name| *name == column).ok_or(Error::MissingColumn { column })?;
    }
    Ok(columns)
}

/// One row while it is read.
struct Row<'a> {
    line: u64,
    fields: &'a [&'a str],
    columns: &'a [usize; COLUMNS.len()],
}

impl Row<'_> {
    fn text(&self, column: &'static str) -> &str {
        let place = COLUMNS.iter().position(|c| *c == column).unwrap_or_default();
        self.fields.get(self.columns[place]).copied().unwrap_or_default()
    }

    fn bad(&self, column: &'static str, expected: &'static str) -> Error {
        Error::BadField { line: self.line, column, value: self.text(column).to_string(), expected }
    }

    fn number<T: std::str::FromStr>(&self, column: &'static str, expected: &'static str) -> Result<T, Error> {
        self.text(column).parse().map_err(|_| self.bad(column, expected))
    }

    fn customer(&self) -> Result<u64, Error> {
        let text = self.text("customer_id");
        let rounded = text.contains("E+") && text.parse::<f64>().is_ok_and(|id| id > 0.0);
        if rounded { Ok(0) } else { self.number("customer_id", "a number") }
    }

    /// `H:MM:SS` as seconds.
    fn clock(&self, column: &'static str) -> Result<u32, Error> {
        let expected = "a time H:MM:SS";
        let mut parts = self.text(column).split(':').map(str::parse::<u32>);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Ok(h)), Some(Ok(m)), Some(Ok(s)), None) if h < 24 && m < 60 && s < 60 => Ok(h * 3600 + m * 60 + s),
            _ => Err(self.bad(column, expected)),
        }
    }

    fn call(&self) -> Result<Call, Error> {
        let outcome = match self.text("outcome") {
            "AGENT" => Outcome::Agent,
            "HANG" => Outcome::Hang,
            "PHANTOM" => Outcome::Phantom,
            _ => return Err(self.bad("outcome", "AGENT, HANG or PHANTOM")),
        };
        let priority = self.number("priority", "0, 1 or 2")?;
        if priority > 2 {
            return Err(self.bad("priority", "0, 1 or 2"));
        }
        if self.text("type").is_empty() {
            return Err(self.bad("type", "a call type"));
        }
        let vru_entry_s = self.clock("vru_entry")?;
        let vru_exit_s = following(self.clock("vru_exit")?, vru_entry_s);
        let wait_s = self.number("q_time", "seconds")?;
        let queue_start = self.clock("q_start")?;
        self.clock("q_exit")?;
        self.clock("ser_exit")?;
        let service_start = self.clock("ser_start")?;
        let server = self.text("server");
        Ok(Call {
            line: self.line,
            customer_id: self.customer()?,
            priority,
            kind: self.text("type").to_string(),
            date: self.number("date", "YYMMDD")?,
            vru_entry_s,
            vru_exit_s,
            queued_s: (wait_s > 0).then(|| following(queue_start, vru_entry_s)),
            wait_s,
            outcome,
            service_start_s: (outcome == Outcome::Agent).then(|| following(service_start, vru_entry_s)),
            service_s: self.number("ser_time", "seconds")?,
            server: (!server.is_empty() && server != "NO_SERVER").then(|| server.to_string()),
        })
    }
}

/// A clock time that must not lie before another: past midnight if it seems to, by more than half a day. (Clocks of
/// menu and desk differ by a second or two; that is no midnight.)
fn following(time_s: u32, earlier_s: u32) -> u32 {
    if time_s + DAY_S / 2 < earlier_s { time_s + DAY_S } else { time_s }
}

#[cfg(test)]
pub(crate) mod tests;
