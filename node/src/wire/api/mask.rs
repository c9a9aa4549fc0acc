//! Update masks: which fields of a resource a caller means.
use super::form::{Field, Form};
use prost_types::FieldMask;

/// Paths in a mask; more cannot all be fields of a resource.
const PATHS_MAX: usize = 64;

/// Characters of a wrong path that are repeated to the caller.
const PATH_SHOWN: usize = 64;

/// The fields a caller means.
pub struct Mask {
    paths: Vec<String>,
}

impl Mask {
    /// `Some` of what `read` gives if the field is meant.
    pub fn on<T>(&self, path: &str, read: impl FnOnce() -> T) -> Option<T> {
        self.has(path).then(read)
    }

    /// Is the field meant?
    pub fn has(&self, path: &str) -> bool {
        self.paths.iter().any(|meant| meant == path)
    }
}

impl Form<'_> {
    /// A mask that must name at least one of `allowed`, and nothing else.
    pub fn mask(&mut self, field: Field<'_>, mask: Option<FieldMask>, allowed: &[&str]) -> Mask {
        let paths = mask.map(|mask| mask.paths).unwrap_or_default();
        if paths.is_empty() {
            self.fail(field, "is required: it names at least one field");
        }
        if !self.count(field, paths.len(), PATHS_MAX) {
            return Mask { paths: Vec::new() };
        }
        let wrong = |path: &&String| !allowed.contains(&path.as_str());
        for path in paths.iter().filter(wrong) {
            // The caller's path may be of any length, and must not push out what else is said.
            let shown: String = path.chars().take(PATH_SHOWN).collect();
            self.fail(field, format!("{shown:?} is not a field that can be updated"));
        }
        Mask { paths }
    }
}
