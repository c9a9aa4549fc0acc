//! Update masks: which fields of a resource a caller means.
use super::form::{Field, Form};
use prost_types::FieldMask;

/// Paths in a mask; more cannot all be fields of a resource.
const PATHS_MAX: usize = 64;

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
        for path in paths.iter().filter(|path| !allowed.contains(&path.as_str())) {
            self.fail(field, format!("{path:?} cannot be updated; these can: {}", allowed.join(", ")));
        }
        Mask { paths }
    }
}
