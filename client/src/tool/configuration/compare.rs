//! What differs between two trees, field by field.
use super::tree::Tree;
use serde::Serialize;

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// Where, `channels.voice.offer_timeout`.
    pub path: String,
    /// What stands; nothing where the default holds.
    pub from: Option<Tree>,
    /// What is wanted; nothing where the default is.
    pub to: Option<Tree>,
}

/// All fields that differ.
pub fn compare(from: &Tree, to: &Tree) -> Vec<Line> {
    let mut lines = Vec::new();
    walk("", Some(from), Some(to), &mut lines);
    lines
}

/// A new or gone thing: each of its fields.
pub fn spread(tree: &Tree, is_new: bool) -> Vec<Line> {
    let empty = Tree::Map(Vec::new());
    if is_new { compare(&empty, tree) } else { compare(tree, &empty) }
}

fn walk(path: &str, from: Option<&Tree>, to: Option<&Tree>, lines: &mut Vec<Line>) {
    if from == to {
        return;
    }
    match (from, to) {
        (Some(Tree::Map(old)), Some(Tree::Map(new))) => {
            for (key, value) in old {
                walk(&join(path, key), Some(value), to.and_then(|to| to.get(key)), lines);
            }
            for (key, value) in new.iter().filter(|(key, _)| from.and_then(|from| from.get(key)).is_none()) {
                walk(&join(path, key), None, Some(value), lines);
            }
        }
        // A map that comes or goes, told by its fields.
        (None, Some(Tree::Map(new))) if !new.is_empty() => {
            new.iter().for_each(|(key, value)| walk(&join(path, key), None, Some(value), lines));
        }
        (Some(Tree::Map(old)), None) if !old.is_empty() => {
            old.iter().for_each(|(key, value)| walk(&join(path, key), Some(value), None, lines));
        }
        (Some(Tree::List(old)), Some(Tree::List(new))) => list(path, old, new, lines),
        _ => lines.push(Line { path: path.to_owned(), from: from.cloned(), to: to.cloned() }),
    }
}

/// What both lists begin and end with is left out; of the rest, items change in place if as many stand on both sides.
fn list(path: &str, old: &[Tree], new: &[Tree], lines: &mut Vec<Line>) {
    let same_head = old.iter().zip(new).take_while(|(one, other)| one == other).count();
    let (old, new) = (&old[same_head..], &new[same_head..]);
    let same_tail = old.iter().rev().zip(new.iter().rev()).take_while(|(one, other)| one == other).count();
    let (old, new) = (&old[..old.len() - same_tail], &new[..new.len() - same_tail]);
    let at = |n: usize| format!("{path}[{}]", same_head + n);
    if old.len() == new.len() {
        let pairs = old.iter().zip(new).enumerate();
        pairs.for_each(|(n, (one, other))| walk(&at(n), Some(one), Some(other), lines));
        return;
    }
    let gone = old.iter().enumerate().map(|(n, item)| Line { path: at(n), from: Some(item.clone()), to: None });
    lines.extend(gone);
    let came = new.iter().enumerate().map(|(n, item)| Line { path: at(n), from: None, to: Some(item.clone()) });
    lines.extend(came);
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

impl Line {
    /// For people.
    pub fn text(&self) -> String {
        let path = &self.path;
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => format!("{path}: {} → {}", from.line(), to.line()),
            (None, Some(to)) => format!("{path}: + {}", to.line()),
            (Some(from), None) => format!("{path}: - {}", from.line()),
            (None, None) => path.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(from: &Tree, to: &Tree) -> Vec<String> {
        compare(from, to).iter().map(Line::text).collect()
    }

    fn map(entries: &[(&str, Tree)]) -> Tree {
        Tree::Map(entries.iter().map(|(key, value)| (key.to_string(), value.clone())).collect())
    }

    #[test]
    fn fields_that_come_change_and_go() {
        let voice = |timeout: &str| map(&[("voice", map(&[("offer_timeout", Tree::text(timeout))]))]);
        let old = map(&[("max_wait", Tree::text("1h")), ("channels", voice("15s"))]);
        let new = map(&[("policy", Tree::text("best")), ("channels", voice("25s"))]);
        assert_eq!(texts(&old, &new), ["max_wait: - 1h", "channels.voice.offer_timeout: 15s → 25s", "policy: + best"]);
        assert_eq!(texts(&map(&[]), &map(&[("chat", map(&[]))])), ["chat: + {}"]);
    }

    #[test]
    fn items_that_come_and_go_leave_their_neighbours_alone() {
        let list = |items: &[&str]| Tree::List(items.iter().map(|item| Tree::text(*item)).collect());
        assert_eq!(texts(&list(&["a", "b", "c"]), &list(&["a", "c"])), ["[1]: - b"]);
        assert_eq!(texts(&list(&["a", "b", "c"]), &list(&["a", "x", "c"])), ["[1]: b → x"]);
        assert_eq!(texts(&list(&[]), &list(&["a"])), ["[0]: + a"]);
    }
}
