//! One line: a verb, words, and `key=value` pairs.
use std::collections::BTreeMap;

/// A parsed line.
pub struct Line {
    pub verb: String,
    pub words: Vec<String>,
    pub keys: BTreeMap<String, String>,
}

impl Line {
    pub fn parse(text: &str) -> Self {
        let mut parts = text.split_whitespace().map(str::to_string);
        let verb = parts.next().unwrap_or_default();
        let (mut words, mut keys) = (Vec::new(), BTreeMap::new());
        for part in parts {
            match part.split_once('=') {
                Some((key, value)) => drop(keys.insert(key.to_string(), value.to_string())),
                None => words.push(part),
            }
        }
        Self { verb, words, keys }
    }

    pub fn word(&self, at: usize) -> Result<&str, String> {
        let word = self.words.get(at).map(String::as_str);
        word.ok_or_else(|| format!("word {} is missing", at + 1))
    }

    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|w| w == word)
    }

    pub fn key(&self, key: &str) -> Option<&str> {
        self.keys.get(key).map(String::as_str)
    }

    /// The key's value, read; `None` if the key is absent.
    pub fn read<T>(&self, key: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
        self.key(key).map(read).transpose()
    }

    /// A comma-separated list; empty if absent.
    pub fn list(&self, key: &str) -> Vec<&str> {
        let list = self.key(key).unwrap_or("");
        list.split(',').filter(|item| !item.is_empty()).collect()
    }

    pub fn duration(&self, at: usize) -> Result<u64, String> {
        super::reading::duration(self.word(at)?)
    }
}
