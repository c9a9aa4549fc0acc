//! YAML as it was written: every value knows its line, and nothing is guessed about what a scalar means.
use saphyr::{MarkedYaml, ScalarStyle, YamlData, YamlLoader};
use saphyr_parser::Parser;
use std::collections::BTreeSet;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Line of its file, from 1.
    pub line: usize,
    pub content: Content,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A scalar's text; in quotes it can only be text.
    Scalar {
        text: String,
        in_quotes: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: String,
    /// Line of the key.
    pub line: usize,
    pub value: Node,
}

/// What is wrong, and in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub line: usize,
    pub text: String,
}

impl Node {
    /// Nothing was written: `gold:` without more.
    pub fn is_nothing(&self) -> bool {
        let Content::Scalar { text, in_quotes: false } = &self.content else { return false };
        matches!(text.as_str(), "" | "~" | "null")
    }

    /// The entries of a map; none where nothing was written.
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.content {
            Content::Map(entries) => Some(entries),
            _ if self.is_nothing() => Some(&[]),
            _ => None,
        }
    }

    /// What a map has under a key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries()?.iter().find(|entry| entry.key == key)
    }

    /// What it is, for people.
    pub fn what(&self) -> &'static str {
        match &self.content {
            Content::Scalar { .. } => "a single value",
            Content::List(_) => "a list",
            Content::Map(_) => "a map",
        }
    }
}

/// Reads a text of one document; an empty one is an empty map.
pub fn parse(text: &str) -> Result<Node, Fault> {
    let mut loader: YamlLoader<'_, MarkedYaml<'_>> = YamlLoader::default();
    // What `on` or `007` means is for the field to say that it is written in.
    loader.early_parse(false);
    let fault = |error: &saphyr::ScanError| Fault { line: error.marker().line(), text: error.info().to_owned() };
    Parser::new_from_str(text).load(&mut loader, true).map_err(|error| fault(&error))?;
    if let Some(error) = loader.error() {
        return Err(fault(error));
    }
    let documents = loader.into_documents();
    match documents.as_slice() {
        [] => Ok(Node { line: 1, content: Content::Map(Vec::new()) }),
        [document] => node(document),
        [_, second, ..] => Err(Fault { line: second.span.start.line(), text: "a second document in one file".into() }),
    }
}

fn node(yaml: &MarkedYaml<'_>) -> Result<Node, Fault> {
    let line = yaml.span.start.line();
    let fault = |text: &str| Err(Fault { line, text: text.into() });
    let content = match &yaml.data {
        YamlData::Representation(text, style, None) => {
            Content::Scalar { text: text.to_string(), in_quotes: !matches!(style, ScalarStyle::Plain) }
        }
        YamlData::Sequence(items) => Content::List(items.iter().map(node).collect::<Result<_, _>>()?),
        YamlData::Mapping(entries) => {
            let mut seen = BTreeSet::new();
            let mut read = Vec::with_capacity(entries.len());
            for (key, value) in entries {
                let at = key.span.start.line();
                let YamlData::Representation(key, _, None) = &key.data else { return fault("a key that is not text") };
                // `7` and "7" are two keys to the parser and one to us.
                if !seen.insert(key.to_string()) {
                    return Err(Fault { line: at, text: format!("`{key}` stands here twice") });
                }
                read.push(Entry { key: key.to_string(), line: at, value: node(value)? });
            }
            Content::Map(read)
        }
        YamlData::Representation(..) | YamlData::Tagged(..) => return fault("a YAML tag; none has a meaning here"),
        _ => return fault("not understood"),
    };
    Ok(Node { line, content })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_line() {
        let node = parse("# Queues of the bank.\nqueues:\n  support:\n    policy: best # the best\n").unwrap();
        let support = node.get("queues").unwrap().value.get("support").unwrap();
        let policy = support.value.get("policy").unwrap();
        assert_eq!((support.line, policy.line, policy.value.line), (3, 4, 4));
        assert_eq!(policy.value.content, Content::Scalar { text: "best".into(), in_quotes: false });
        assert!(
            parse("teams:\n  gold:\n").unwrap().get("teams").unwrap().value.get("gold").unwrap().value.is_nothing()
        );
        assert_eq!(parse("# nothing\n").unwrap().entries(), Some(&[][..]));
    }

    #[test]
    fn faults_name_their_line() {
        let line = |text: &str| parse(text).unwrap_err().line;
        assert_eq!(line("a: 1\nb: 2\na: 3\n"), 3);
        assert_eq!(line("a: 1\n\"a\": 3\n"), 2);
        assert_eq!(line("a: 1\nb: [1\n"), 3);
        assert_eq!(line("a: !!str 1\n"), 1);
        assert_eq!(line("a: 1\n---\nb: 1\n"), 3);
    }
}
