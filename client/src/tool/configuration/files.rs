//! A configuration in files: one document, or a folder of them.
use super::{
    kinds::Kind,
    read::{Reader, Wrong},
    schema::Schema,
    source::{self, Content, Entry, Node},
    tenant::Standing,
    tree::Tree,
    write,
};
use anyhow::{Context as _, bail};
use prost_reflect::DynamicMessage;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    rc::Rc,
};

/// Bytes of one file; 20 000 agents take a tenth of it.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// Folders within folders.
const FOLDERS_DEEP_MAX: usize = 16;
/// Faults told at once.
const FAULTS_TOLD: usize = 50;
/// Characters of an id.
const ID_MAX: usize = 128;

/// A resource as the files want it.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which of the kinds.
    pub kind: usize,
    pub id: String,
    pub message: DynamicMessage,
    pub tree: Tree,
    pub file: Rc<str>,
    /// Line of its id.
    pub line: usize,
    /// As it was written.
    pub node: Node,
}

/// What all files say together.
pub struct Files {
    /// By kind and id.
    pub wanted: Vec<Wanted>,
    /// Kinds that have a section, even an empty one: the others are left alone.
    pub sections: BTreeSet<usize>,
}

/// Reads files and folders (`*.yaml`, `*.yml`, also in folders below); `-` is standard input.
pub fn load(schema: &Schema, kinds: &[Kind], tenant: &str, paths: &[PathBuf]) -> anyhow::Result<Files> {
    let mut texts = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let mut text = String::new();
            std::io::stdin().lock().take(FILE_BYTES_MAX).read_to_string(&mut text)?;
            texts.push(("standard input".to_owned(), text));
        } else if path.is_dir() {
            folder(path, 0, &mut texts)?;
        } else {
            texts.push(file(path)?);
        }
    }
    understand(schema, kinds, tenant, &texts)
}

fn file(path: &Path) -> anyhow::Result<(String, String)> {
    let name = path.display().to_string();
    let bytes = fs::metadata(path).with_context(|| name.clone())?.len();
    if bytes > FILE_BYTES_MAX {
        bail!("{name}: {bytes} bytes, more than {FILE_BYTES_MAX}");
    }
    Ok((name.clone(), fs::read_to_string(path).context(name)?))
}

fn folder(path: &Path, deep: usize, texts: &mut Vec<(String, String)>) -> anyhow::Result<()> {
    if deep > FOLDERS_DEEP_MAX {
        bail!("{}: too many folders within folders", path.display());
    }
    let entries = fs::read_dir(path).with_context(|| path.display().to_string())?;
    let mut entries = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            folder(&entry, deep + 1, texts)?;
        } else if entry.extension().is_some_and(|kind| kind == "yaml" || kind == "yml") {
            texts.push(file(&entry)?);
        }
    }
    Ok(())
}

/// Reads texts, each with the name of its file.
pub fn understand(schema: &Schema, kinds: &[Kind], tenant: &str, texts: &[(String, String)]) -> anyhow::Result<Files> {
    let mut gathered =
        Gathered { schema, kinds, tenant, told: Vec::new(), wanted: BTreeMap::new(), sections: BTreeSet::new() };
    for (file, text) in texts {
        match source::parse(text) {
            Ok(node) => gathered.document(&file.as_str().into(), &node),
            Err(fault) => gathered.told.push(format!("{file}:{}: {}", fault.line, fault.text)),
        }
    }
    let Gathered { told, wanted, sections, .. } = gathered;
    refuse(&told)?;
    Ok(Files { wanted: wanted.into_values().collect(), sections })
}

/// Says everything that is wrong, within reason.
pub fn refuse(told: &[String]) -> anyhow::Result<()> {
    if told.is_empty() {
        return Ok(());
    }
    let more = told.len().saturating_sub(FAULTS_TOLD);
    let more = if more > 0 { format!("\nand {more} more") } else { String::new() };
    bail!("the files are not right; nothing was changed\n{}{more}", told[..told.len().min(FAULTS_TOLD)].join("\n"))
}

/// What was read so far.
struct Gathered<'a> {
    schema: &'a Schema,
    kinds: &'a [Kind],
    tenant: &'a str,
    told: Vec<String>,
    wanted: BTreeMap<(usize, String), Wanted>,
    sections: BTreeSet<usize>,
}

impl Gathered<'_> {
    fn tell(&mut self, file: &str, wrong: &Wrong) {
        self.told.push(format!("{file}:{}: {}: {}", wrong.line, wrong.path, wrong.text));
    }

    fn document(&mut self, file: &Rc<str>, node: &Node) {
        let Some(sections) = node.entries() else {
            self.told.push(format!("{file}:{}: {} stands where sections should", node.line, node.what()));
            return;
        };
        for section in sections {
            let wrong = |text: String| Wrong { line: section.line, path: section.key.clone(), text };
            let Some(kind) = self.kinds.iter().position(|kind| kind.section == section.key) else {
                let known: Vec<&str> = self.kinds.iter().map(|kind| kind.section.as_str()).collect();
                self.tell(file, &wrong(format!("is not a section; there are {}", known.join(", "))));
                continue;
            };
            let Some(resources) = section.value.entries() else {
                self.tell(file, &wrong(format!("is {}: it wants a map from ids to resources", section.value.what())));
                continue;
            };
            self.sections.insert(kind);
            for resource in resources {
                self.resource(file, kind, resource);
            }
        }
    }

    fn resource(&mut self, file: &Rc<str>, kind: usize, entry: &Entry) {
        let path = format!("{}.{}", self.kinds[kind].section, entry.key);
        let wrong = |text: String| Wrong { line: entry.line, path: path.clone(), text };
        if let Some(why) = id_fault(&entry.key) {
            self.tell(file, &wrong(why.to_owned()));
        }
        let mut reader = Reader::new(self.schema, self.tenant);
        let message = reader.message(&self.kinds[kind].message, &entry.value, &path);
        for fault in reader.into_faults() {
            self.tell(file, &fault);
        }
        let tree = write::resource(self.schema, &message, "");
        let (file, node) = (file.clone(), entry.value.clone());
        let one = Wanted { kind, id: entry.key.clone(), message, tree, file, line: entry.line, node };
        if let Some(other) = self.wanted.get(&(kind, entry.key.clone())) {
            let text = format!("stands also in {}:{}", other.file, other.line);
            self.tell(&one.file, &wrong(text));
        } else {
            self.wanted.insert((kind, entry.key.clone()), one);
        }
    }
}

fn id_fault(id: &str) -> Option<&'static str> {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    let fits = !id.is_empty() && id.len() <= ID_MAX && id.bytes().all(allowed);
    (!fits).then_some("is no id: 1 to 128 of a–z, 0–9, `-`, `_` and `.`")
}

impl Wanted {
    /// Where a field stands that the server names by the path of its request, `queue.channels["voice"].offer_timeout`:
    /// the deepest part of it that was written.
    pub fn line_of(&self, path: &str) -> usize {
        let mut line = self.line;
        let mut node = &self.node;
        for step in steps(path).into_iter().skip(1) {
            let inner = match (&node.content, step.parse::<usize>()) {
                (Content::List(items), Ok(at)) => items.get(at).map(|item| (item.line, item)),
                _ => node.get(&step).map(|entry| (entry.line, &entry.value)),
            };
            let Some((at, value)) = inner else { break };
            (line, node) = (at, value);
        }
        line
    }
}

/// `a.b["c.d"][2]` as a, b, c.d, 2.
fn steps(path: &str) -> Vec<String> {
    let (mut steps, mut rest) = (Vec::new(), path);
    while !rest.is_empty() {
        let (step, tail) = if let Some(quoted) = rest.strip_prefix("[\"") {
            quoted.split_once("\"]").unwrap_or((quoted, ""))
        } else if let Some(index) = rest.strip_prefix('[') {
            index.split_once(']').unwrap_or((index, ""))
        } else {
            rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len()))
        };
        steps.push(step.to_owned());
        rest = tail.strip_prefix('.').unwrap_or(tail);
    }
    steps
}

/// One document: each kind's section with its resources. Kinds without resources are left out, unless `all` are wanted.
pub fn document(kinds: &[Kind], standing: &[Standing], with: impl Fn(usize) -> bool, all: bool) -> Tree {
    let sections = kinds.iter().enumerate().filter(|(at, _)| with(*at)).map(|(at, kind)| {
        let resources = standing.iter().filter(|one| one.kind == at).map(|one| (one.id.clone(), one.tree.clone()));
        (kind.section.clone(), resources.collect::<Vec<_>>())
    });
    let sections = sections.filter(|(_, resources)| all || !resources.is_empty());
    Tree::Map(sections.map(|(section, resources)| (section, Tree::Map(resources))).collect())
}

#[cfg(test)]
mod tests {
    use super::super::kinds::kinds;
    use super::*;

    fn faults(texts: &[(&str, &str)]) -> String {
        let schema = Schema::new().unwrap();
        let texts: Vec<_> = texts.iter().map(|(file, text)| (file.to_string(), text.to_string())).collect();
        let read = understand(&schema, &kinds(&schema).unwrap(), "acme", &texts);
        read.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn everything_wrong_is_told_with_file_line_and_path() {
        let text = "teams:\n  Gold: {}\nqueues:\n  support:\n    policy: best\n    colour: red\n    max_wait: soon\n    \
                    channels:\n      voice: {answer_mode: SHOUT, offer_timeout: 20}\n  empty: {}\ncolours: {}\n";
        insta::assert_snapshot!(faults(&[("a.yaml", text), ("b.yaml", "teams: [gold]\n"), ("c.yaml", "teams: {")]));
        let twice = faults(&[("a.yaml", "teams:\n  gold:\n"), ("b.yaml", "teams: {gold: {display_name: Gold}}")]);
        assert!(twice.contains("b.yaml:1: teams.gold: stands also in a.yaml:2"), "{twice}");
    }

    #[test]
    fn a_refused_field_is_found_in_its_file() {
        let schema = Schema::new().unwrap();
        let text = "queues:\n  support:\n    policy: best\n    channels:\n      voice:\n        offer_timeout: 1ms\n";
        let files = understand(&schema, &kinds(&schema).unwrap(), "acme", &[("a.yaml".into(), text.into())]).unwrap();
        let lines = ["queue.policy", "queue.channels[\"voice\"].offer_timeout", "queue.max_wait", ""];
        assert_eq!(lines.map(|path| files.wanted[0].line_of(path)), [3, 6, 2, 2]);
    }
}
