//! Tokens: places in a stream or list, opaque to callers, checked when they come back.
//!
//! A checksum over the tenant and what else the token belongs to tells a token of another tenant, of other
//! conditions, or one that was written by hand. It keeps nobody out: it catches mistakes.
use super::form::{Field, Form};
use kindred_domain::ids::TenantId;
use xxhash_rust::xxh3::xxh3_64;

/// A place in a tenant's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Everything up to this number has been looked at.
    pub looked_at: u64,
    /// The last one that matched; 0 for none.
    pub matched: u64,
}

impl Place {
    /// After an event that matched.
    pub fn after(number: u64) -> Self {
        Self { looked_at: number, matched: number }
    }

    /// As callers carry it.
    pub fn token(self, tenant: &TenantId) -> String {
        let (looked_at, matched) = (self.looked_at, self.matched);
        format!("e1-{looked_at:x}-{matched:x}-{:08x}", check(tenant, &[looked_at, matched], ""))
    }

    fn read(tenant: &TenantId, token: &str) -> Option<Self> {
        let mut parts = token.strip_prefix("e1-")?.split('-');
        let mut number = || u64::from_str_radix(parts.next()?, 16).ok();
        let (looked_at, matched, sum) = (number()?, number()?, number()?);
        let whole = parts.next().is_none() && matched <= looked_at;
        let place = Self { looked_at, matched };
        (whole && sum == u64::from(check(tenant, &[looked_at, matched], ""))).then_some(place)
    }
}

fn check(tenant: &TenantId, numbers: &[u64], text: &str) -> u32 {
    let mut bytes = Vec::with_capacity(128);
    bytes.extend_from_slice(tenant.as_bytes());
    bytes.push(0);
    for number in numbers {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.extend_from_slice(text.as_bytes());
    xxh3_64(&bytes) as u32
}

/// Pages are at most this long.
pub const PAGE_MAX: usize = 1_000;
/// A page where nothing is asked for.
pub const PAGE_DEFAULT: usize = 100;

/// What a list request asks for: how many, after which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paging {
    /// At most this many.
    pub size: usize,
    /// After this key; `None` from the beginning.
    pub after: Option<String>,
    conditions: u64,
}

impl Paging {
    /// The token of the page after `last`.
    pub fn next(&self, tenant: &TenantId, last: &str) -> String {
        let sum = check(tenant, &[self.conditions], last);
        let hex: String = last.bytes().map(|byte| format!("{byte:02x}")).collect();
        format!("p1-{sum:08x}-{hex}")
    }
}

impl Form<'_> {
    /// A place in the events; `None` if there is no token.
    pub fn place(&mut self, field: Field<'_>, token: &str) -> Option<Place> {
        if token.is_empty() {
            return None;
        }
        let place = Place::read(self.tenant(), token);
        if place.is_none() {
            self.fail(field, "is not a token of this tenant's events");
        }
        place
    }

    /// Size and token of a page; `conditions` is whatever else decides what is listed.
    pub fn paging(&mut self, size: i32, token: &str, conditions: &str) -> Paging {
        let conditions = xxh3_64(conditions.as_bytes());
        let size = match usize::try_from(size) {
            Ok(0) => PAGE_DEFAULT,
            Ok(size) => size.min(PAGE_MAX),
            Err(_) => {
                self.fail(&"page_size", "is negative");
                PAGE_DEFAULT
            }
        };
        let mut paging = Paging { size, after: None, conditions };
        if !token.is_empty() {
            paging.after = read_page(self.tenant(), conditions, token);
            if paging.after.is_none() {
                self.fail(&"page_token", "does not belong to a list with these conditions");
            }
        }
        paging
    }
}

fn read_page(tenant: &TenantId, conditions: u64, token: &str) -> Option<String> {
    let (sum, hex) = token.strip_prefix("p1-")?.split_once('-')?;
    let digits = hex.as_bytes();
    if digits.len() % 2 != 0 {
        return None;
    }
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(pair).collect();
    let last = String::from_utf8(bytes?).ok()?;
    let expected = check(tenant, &[conditions], &last);
    (u32::from_str_radix(sum, 16) == Ok(expected)).then_some(last)
}
