//! How the tool prints: tables for people, JSON (the canonical mapping of the messages) for programs.
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;
use std::io::Write as _;

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs: an array, or one object; streams print one object a line.
    Json,
}

/// A message that can stand in a table.
pub trait Row: Message {
    /// Its name within `kindred.v1`.
    const MESSAGE: &'static str;
    /// Column titles.
    const TITLES: &'static [&'static str];
    /// As many cells.
    fn cells(&self) -> Vec<String>;
}

/// A line of a result. Whoever reads may have read enough (`| head`): an error like any other, not a panic.
pub fn line(text: impl std::fmt::Display) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}")
}

/// Prints in one format.
pub struct Output {
    format: Format,
    pool: DescriptorPool,
}

impl Output {
    pub fn new(format: Format) -> Output {
        // The descriptors were made by the build beside the code; were they damaged, JSON would say so below.
        let pool = DescriptorPool::decode(kindred_proto::FILE_DESCRIPTOR_SET).unwrap_or_default();
        Output { format, pool }
    }

    /// True where programs read.
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// The canonical JSON of a message of `kindred.v1`.
    pub fn json(&self, message: &str, value: &impl Message) -> anyhow::Result<Value> {
        let name = format!("kindred.v1.{message}");
        let descriptor = self.pool.get_message_by_name(&name);
        let descriptor = descriptor.ok_or_else(|| anyhow::anyhow!("`{name}` is not described"))?;
        let dynamic = DynamicMessage::decode(descriptor, value.encode_to_vec().as_slice())?;
        Ok(dynamic.serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new())?)
    }

    /// Prints a list.
    pub fn list<R: Row>(&self, rows: &[R]) -> anyhow::Result<()> {
        match self.format {
            Format::Json => {
                let values: Vec<Value> = rows.iter().map(|row| self.json(R::MESSAGE, row)).collect::<Result<_, _>>()?;
                line(serde_json::to_string_pretty(&values)?)?;
            }
            Format::Table => line(table(R::TITLES, rows.iter().map(Row::cells)))?,
        }
        Ok(())
    }

    /// Prints one thing whole: JSON in either format, for a table would hide most of it.
    pub fn whole(&self, message: &str, value: &impl Message) -> anyhow::Result<()> {
        Ok(line(serde_json::to_string_pretty(&self.json(message, value)?)?)?)
    }

    /// Prints one thing after a change: a table of one row, or its JSON.
    pub fn one<R: Row>(&self, row: &R) -> anyhow::Result<()> {
        match self.format {
            Format::Json => self.whole(R::MESSAGE, row),
            Format::Table => self.list(std::slice::from_ref(row)),
        }
    }

    /// Says what was done, for people only.
    pub fn say(&self, text: &str) {
        if !self.is_json() {
            println!("{text}");
        }
    }
}

/// A table as text.
pub fn table(titles: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(titles.to_vec());
    table.add_rows(rows);
    table
}

/// The last segment of a resource's name.
pub fn id(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_string()
}

/// `STATE_NOT_RESPONDING` without its prefix; nothing for the unspecified.
pub fn word(name: &str, prefix: &str) -> String {
    let word = name.strip_prefix(prefix).unwrap_or(name);
    if word == "UNSPECIFIED" { String::new() } else { word.to_string() }
}

/// A time of day and date in UTC, to the millisecond; empty if unset.
pub fn time(stamp: &Option<prost_types::Timestamp>) -> String {
    let instant = stamp.as_ref().and_then(|t| jiff::Timestamp::new(t.seconds, t.nanos).ok());
    instant.map_or_else(String::new, |t| format!("{t:.3}"))
}

/// How long ago, by this machine's clock, in whole seconds; empty if unset.
pub fn ago(stamp: &Option<prost_types::Timestamp>) -> String {
    let now = jiff::Timestamp::now().as_second();
    stamp.as_ref().map_or_else(String::new, |t| format!("{} s", (now - t.seconds).max(0)))
}

/// Seconds of a duration; empty if unset.
pub fn seconds(duration: &Option<prost_types::Duration>) -> String {
    duration.as_ref().map_or_else(String::new, |d| format!("{} s", d.seconds as f64 + f64::from(d.nanos) / 1e9))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kindred_client::v1;

    #[test]
    fn a_message_prints_as_canonical_json() {
        let interaction = v1::Interaction {
            name: "tenants/t/interactions/i".into(),
            state: v1::interaction::State::Queued as i32,
            create_time: Some(prost_types::Timestamp { seconds: 1, nanos: 500_000_000 }),
            ..Default::default()
        };
        let value = Output::new(Format::Json).json("Interaction", &interaction).expect("described");
        assert_eq!(value["state"], "STATE_QUEUED");
        assert_eq!(value["createTime"], "1970-01-01T00:00:01.500Z");
    }

    #[test]
    fn small_words() {
        assert_eq!(id("tenants/t/agents/ann"), "ann");
        assert_eq!(word("STATE_IDLE", "STATE_"), "IDLE");
        assert_eq!(word("STATE_UNSPECIFIED", "STATE_"), "");
        assert_eq!(time(&Some(prost_types::Timestamp { seconds: 0, nanos: 0 })), "1970-01-01T00:00:00.000Z");
        assert_eq!(seconds(&Some(prost_types::Duration { seconds: 2, nanos: 500_000_000 })), "2.5 s");
    }
}
