//! Reads a request field by field and collects everything that is wrong with it.
//!
//! A reader never stops at the first fault: a faulty field reads as an empty value, and [`Form::finish`] throws
//! the whole result away. Paths of fields are `Display`s, so that a good request costs no strings for them.
use super::{FieldViolation, Malformed, malformed::VIOLATIONS_MAX};
use kindred_domain::{Rejection, ids::TenantId, ids::Uid, rejection::Kind};
use std::fmt::Display;

/// Path of a field in the request's words.
pub type Field<'a> = &'a dyn Display;

/// Why a request does not reach the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its form is wrong.
    Malformed(Malformed),
    /// It names something of another tenant: to this caller there is no such thing.
    NotFound(Rejection),
}

/// A request being read for one tenant.
pub struct Form<'t> {
    tenant: &'t TenantId,
    violations: Vec<FieldViolation>,
    foreign: Option<Rejection>,
}

impl<'t> Form<'t> {
    /// Nothing read yet.
    pub fn new(tenant: &'t TenantId) -> Self {
        Self { tenant, violations: Vec::new(), foreign: None }
    }

    /// Whose request it is.
    pub fn tenant(&self) -> &'t TenantId {
        self.tenant
    }

    /// Something is wrong with a field.
    pub fn fail(&mut self, field: Field<'_>, description: impl Into<String>) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(FieldViolation::new(field, description));
        }
    }

    /// A field names something of another tenant.
    pub(super) fn foreign(&mut self, kind: Kind, id: &str, field: Field<'_>) {
        let field = field.to_string();
        // The resource itself is named by `name`; apply says so with an empty field.
        let field = if field == "name" { String::new() } else { field };
        self.foreign.get_or_insert_with(|| Rejection::NotFound { kind, id: id.to_owned(), field });
    }

    /// The value, if nothing was wrong.
    pub fn finish<T>(self, value: T) -> Result<T, Refused> {
        if !self.violations.is_empty() {
            return Err(Refused::Malformed(Malformed { violations: self.violations }));
        }
        match self.foreign {
            Some(rejection) => Err(Refused::NotFound(rejection)),
            None => Ok(value),
        }
    }

    /// A message that must be there.
    pub fn required<T>(&mut self, field: Field<'_>, message: Option<T>) -> Option<T> {
        if message.is_none() {
            self.fail(field, "is required");
        }
        message
    }

    /// Free text of at most `max` characters.
    pub fn text(&mut self, field: Field<'_>, text: String, max: usize) -> String {
        self.check_text(field, &text, max);
        text
    }

    /// Checks free text of at most `max` characters.
    pub fn check_text(&mut self, field: Field<'_>, text: &str, max: usize) {
        // Bytes first: they are never fewer than characters, and counting is the slow part.
        if text.len() > max && text.chars().count() > max {
            self.fail(field, format!("is longer than {max} characters"));
        }
    }

    /// At most `max` of something.
    pub fn count(&mut self, field: Field<'_>, count: usize, max: usize) -> bool {
        if count > max {
            self.fail(field, format!("has {count} entries, at most {max} are allowed"));
        }
        count <= max
    }

    /// A number within bounds.
    pub fn within<N: PartialOrd + Display + Copy>(&mut self, field: Field<'_>, number: N, least: N, most: N) -> N {
        if !(number >= least && number <= most) {
            self.fail(field, format!("is {number}, not within {least}–{most}"));
        }
        number
    }

    /// A known value of an enumeration; `UNSPECIFIED` counts as known.
    pub fn known<E: TryFrom<i32> + Default>(&mut self, field: Field<'_>, number: i32) -> E {
        E::try_from(number).unwrap_or_else(|_| {
            self.fail(field, format!("{number} is not a value of this enumeration"));
            E::default()
        })
    }

    /// A UUID.
    pub fn uid(&mut self, field: Field<'_>, text: &str) -> Uid {
        if text.is_empty() {
            self.fail(field, "is required");
            return Uid::default();
        }
        match uuid::Uuid::try_parse(text) {
            Ok(uuid) => Uid(uuid.as_u128()),
            Err(_) => {
                self.fail(field, "is not a UUID");
                Uid::default()
            }
        }
    }

    /// An etag as given out by [`etag`]; `None` if there is none.
    pub fn etag(&mut self, field: Field<'_>, text: &str) -> Option<u64> {
        if text.is_empty() {
            return None;
        }
        let version = text.strip_prefix("v").and_then(|digits| digits.parse().ok());
        if version.is_none() {
            self.fail(field, "is not an etag of this server");
        }
        version
    }
}

/// The etag of a record's version.
pub fn etag(version: u64) -> String {
    format!("v{version}")
}
