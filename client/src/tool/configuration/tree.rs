//! A configuration as a tree, in the order a person reads it; printed as YAML, as one line, or as JSON.
use super::calendar::is_hours;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::fmt::Write as _;

/// A value of a configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// Text, a number, true or false.
    Leaf(Value),
    /// Several in order.
    List(Vec<Tree>),
    /// By key, in the order they are printed.
    Map(Vec<(String, Tree)>),
}

/// Words that YAML's readers, older ones too, take for something else than text.
const RESERVED: &[&str] = &["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"];
/// Ends of what is read as a length of time: a number with one of them is text to every YAML reader.
const UNITS: &[&str] = &["ms", "s", "m", "h", "d"];

impl Tree {
    /// Text.
    pub fn text(text: impl Into<String>) -> Tree {
        Tree::Leaf(Value::String(text.into()))
    }

    /// What a map has under a key.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        match self {
            Tree::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            Tree::Leaf(_) | Tree::List(_) => None,
        }
    }

    /// As a YAML document in block style.
    pub fn yaml(&self) -> String {
        let mut out = String::new();
        match self {
            Tree::Map(entries) if !entries.is_empty() => block(&mut out, self, 0, false),
            flat => out.push_str(&format!("{}\n", flat.line())),
        }
        out
    }

    /// On one line.
    pub fn line(&self) -> String {
        let list = |items: &mut dyn Iterator<Item = String>| items.collect::<Vec<_>>().join(", ");
        match self {
            Tree::Leaf(value) => leaf(value),
            Tree::List(items) => format!("[{}]", list(&mut items.iter().map(Tree::line))),
            Tree::Map(entries) => {
                format!("{{{}}}", list(&mut entries.iter().map(|(key, v)| format!("{}: {}", quoted(key), v.line()))))
            }
        }
    }

    fn is_flat(&self) -> bool {
        match self {
            Tree::Leaf(_) => true,
            Tree::List(items) => items.is_empty(),
            Tree::Map(entries) => entries.is_empty(),
        }
    }
}

/// Writes a list or map that is not empty. The first line continues what is written already if `inline`.
fn block(out: &mut String, tree: &Tree, indent: usize, inline: bool) {
    let mut inline = inline;
    let mut start = |out: &mut String| {
        if !std::mem::take(&mut inline) {
            out.push_str(&" ".repeat(indent));
        }
    };
    match tree {
        Tree::Map(entries) => {
            for (key, value) in entries {
                start(out);
                let _ = write!(out, "{}:", quoted(key));
                match value {
                    flat if flat.is_flat() => {
                        let _ = writeln!(out, " {}", flat.line());
                    }
                    deep => {
                        out.push('\n');
                        block(out, deep, indent + 2, false);
                    }
                }
            }
        }
        Tree::List(items) => {
            for item in items {
                start(out);
                out.push_str("- ");
                match item {
                    flat if flat.is_flat() => {
                        let _ = writeln!(out, "{}", flat.line());
                    }
                    deep => block(out, deep, indent + 2, true),
                }
            }
        }
        Tree::Leaf(_) => {}
    }
}

fn leaf(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// Text as YAML, in quotes where it could be taken for something else.
fn quoted(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { escaped(text) }
}

/// In double quotes. JSON's escapes are YAML's, but YAML wants more of what cannot be seen escaped.
fn escaped(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            seen if is_visible(seen) => out.push(seen),
            hidden => {
                let _ = write!(out, "\\U{:08X}", hidden as u32);
            }
        }
    }
    out.push('"');
    out
}

fn is_visible(character: char) -> bool {
    character == ' '
        || !(character.is_control() || character.is_whitespace() || "\u{feff}\u{fffe}\u{ffff}".contains(character))
}

fn is_plain(text: &str) -> bool {
    let inner = |c: char| c.is_alphanumeric() || " _-./".contains(c);
    let is_length = UNITS.iter().any(|unit| {
        let digits = text.strip_suffix(unit).unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    let begins = text.chars().next().is_some_and(char::is_alphabetic);
    let is_word = begins && text.chars().all(inner) && !text.ends_with(' ');
    is_length || is_hours(text) || (is_word && !RESERVED.contains(&text.to_lowercase().as_str()))
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Tree::Leaf(value) => value.serialize(serializer),
            Tree::List(items) => serializer.collect_seq(items),
            Tree::Map(entries) => serializer.collect_map(entries.iter().map(|(key, value)| (key, value))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_lists_and_what_wants_quotes() {
        let entry = Tree::Map(vec![("queue".into(), Tree::text("support")), ("tier".into(), Tree::Leaf(2.into()))]);
        let tree = Tree::Map(vec![
            ("gold".into(), Tree::Map(vec![])),
            ("007".into(), Tree::text("20s")),
            ("entries".into(), Tree::List(vec![entry, Tree::text("yes")])),
            ("nested".into(), Tree::List(vec![Tree::List(vec![Tree::text("a: b")])])),
            ("on".into(), Tree::Leaf(true.into())),
        ]);
        let yaml = tree.yaml();
        assert_eq!(
            yaml,
            "gold: {}\n\"007\": 20s\nentries:\n  - queue: support\n    tier: 2\n  - \"yes\"\nnested:\n  - - \"a: b\"\n\"on\": true\n"
        );
        assert_eq!(
            tree.line(),
            "{gold: {}, \"007\": 20s, entries: [{queue: support, tier: 2}, \"yes\"], nested: [[\"a: b\"]], \"on\": true}"
        );
        assert_eq!(Tree::Map(vec![]).yaml(), "{}\n");
    }
}
