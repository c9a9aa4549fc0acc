//! Reading one record, and pages of many, without holding the apply thread for long.
use super::{
    desk::{Call, read_mode},
    failure::Failure,
};
use crate::{
    consensus::gateway::{At, ReadMode},
    wire::api::{name::Named, token::Paging},
};
use kindred_domain::{Rejection, ids::TenantId, state::Tenant};
use kindred_proto::v1;
use prost::Message;
use std::{ops::Deref, sync::Arc};
use tonic::Status;

/// Records looked at for one page; a page may be shorter than asked although more follow.
pub const EXAMINED_MAX: usize = 1_000;

/// Records of a page, and the key to go on after.
#[derive(Debug, PartialEq, Eq)]
pub struct Examined<R> {
    /// Those that match, in key order.
    pub found: Vec<Arc<R>>,
    /// The last one looked at, if there are more.
    pub last: Option<Arc<R>>,
}

/// Takes a page from records in key order: at most `size` for which `keep` holds, looking at a bounded number.
pub fn examine<'a, R: 'a>(
    records: impl Iterator<Item = &'a Arc<R>>,
    size: usize,
    mut keep: impl FnMut(&R) -> bool,
) -> Examined<R> {
    let mut page = Examined { found: Vec::new(), last: None };
    let mut last: Option<&Arc<R>> = None;
    for (at, record) in records.enumerate() {
        if page.found.len() == size || at == EXAMINED_MAX {
            page.last = last.cloned();
            break;
        }
        last = Some(record);
        if keep(record) {
            page.found.push(record.clone());
        }
    }
    page
}

/// Bytes of the records of one page: libraries accept responses of 4 MiB.
const PAGE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// As many as fit into one response, from the front; at least one.
pub fn fit<M: Message>(told: impl Iterator<Item = M>) -> Vec<M> {
    let mut fitting = Vec::new();
    let mut bytes = 0;
    for message in told {
        bytes += message.encoded_len();
        if bytes > PAGE_BYTES_MAX && !fitting.is_empty() {
            break;
        }
        fitting.push(message);
    }
    fitting
}

/// A page and where it comes from.
pub struct Listed<R> {
    /// Where in the log.
    pub at: At,
    found: Vec<Arc<R>>,
    last: Option<Arc<R>>,
    paging: Paging,
    tenant: TenantId,
    id: fn(&R) -> &str,
}

impl<R> Listed<R> {
    /// The records as callers see them, as many as fit, and the token of the next page: empty after the last.
    pub fn tell<M: Message>(self, tell: impl Fn(&R) -> M) -> (Vec<M>, String) {
        let told = fit(self.found.iter().map(|record| tell(record)));
        let cut = told.len().checked_sub(1).filter(|last| last + 1 < self.found.len());
        let last = cut.map(|last| self.found[last].clone()).or(self.last);
        let next = last.map(|last| self.paging.next(&self.tenant, (self.id)(&last)));
        (told, next.unwrap_or_default())
    }
}

/// The common part of list requests.
pub struct List<'a> {
    /// `tenants/{tenant}`.
    pub parent: &'a str,
    /// As asked.
    pub page_size: i32,
    /// As asked.
    pub page_token: &'a str,
    /// As asked.
    pub read_mode: i32,
    /// Everything else that decides what is listed.
    pub conditions: &'a str,
}

impl Call {
    /// One record by its name.
    pub async fn get<K, R>(
        &self,
        name: &str,
        mode: i32,
        find: impl FnOnce(&Tenant, &K) -> Option<R> + Send + 'static,
    ) -> Result<(At, R), Status>
    where
        K: Named + Deref<Target = str> + Clone + Send + 'static,
        R: Send + 'static,
    {
        let (key, mode): (K, ReadMode) = self.form(|form| (form.name(&"name", name), read_mode(form, mode)))?;
        let wanted = key.clone();
        let looked = self.look(mode, move |tenant, _| find(tenant, &wanted)).await;
        let (at, found) = looked.map_err(|failure| self.fail(failure))?;
        let missing = || Rejection::NotFound { kind: K::KIND, id: key.to_string(), field: String::new() };
        Ok((at, found.ok_or_else(|| self.fail(missing()))?))
    }

    /// Reads the common part of a list request.
    pub fn paging(&self, list: &List<'_>) -> Result<(Paging, ReadMode), Status> {
        self.form(|form| {
            form.parent(&"parent", list.parent);
            let paging = form.paging(list.page_size, list.page_token, list.conditions);
            (paging, read_mode(form, list.read_mode))
        })
    }

    /// A page of records.
    pub async fn list<R: Send + Sync + 'static>(
        &self,
        list: List<'_>,
        id: fn(&R) -> &str,
        examine: impl FnOnce(&Tenant, Option<&str>, usize) -> Examined<R> + Send + 'static,
    ) -> Result<Listed<R>, Status> {
        let (paging, mode) = self.paging(&list)?;
        let (after, size) = (paging.after.clone(), paging.size);
        let looked = self.look(mode, move |tenant, _| examine(tenant, after.as_deref(), size)).await;
        let (at, page) = looked.map_err(|failure: Failure| self.fail(failure))?;
        Ok(Listed { at, found: page.found, last: page.last, paging, tenant: self.tenant.clone(), id })
    }

    /// The header of a read.
    pub fn read_header(&self, at: At) -> Option<v1::ResponseHeader> {
        self.header(at, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::api::Form;

    #[test]
    fn pages_are_bounded_by_size_and_by_what_is_looked_at() {
        let all: Vec<Arc<usize>> = (0..2_500).map(Arc::new).collect();
        let page = examine(all.iter(), 3, |_| true);
        assert_eq!((page.found.len(), page.last.as_deref()), (3, Some(&2)));
        let page = examine(all.iter(), 10, |n| *n > 2_000);
        assert_eq!((page.found.len(), page.last.as_deref()), (0, Some(&(EXAMINED_MAX - 1))));
        let page = examine(all[2_490..].iter(), 10, |_| true);
        assert_eq!((page.found.len(), page.last), (10, None));
        let page = examine(all[..0].iter(), 10, |_| true);
        assert_eq!((page.found.len(), page.last), (0, None));
    }

    #[test]
    fn pages_are_bounded_by_bytes_and_go_on_after_what_fitted() {
        let team = |size: usize| v1::Team { display_name: "x".repeat(size), ..Default::default() };
        assert_eq!(fit([team(PAGE_BYTES_MAX + 1), team(1)].into_iter()).len(), 1, "one always");
        let listed = |found: Vec<Arc<String>>, last: Option<&str>| Listed {
            at: At::default(),
            found,
            last: last.map(|last| Arc::new(last.to_owned())),
            paging: Form::new(&"acme".into()).paging(0, "", ""),
            tenant: "acme".into(),
            id: |name: &String| name.as_str(),
        };
        let names = || ["a", "b", "c"].map(|name| Arc::new(name.to_owned())).to_vec();
        let token = |last: &str| Form::new(&"acme".into()).paging(0, "", "").next(&"acme".into(), last);
        let (told, next) = listed(names(), Some("z")).tell(|_| team(PAGE_BYTES_MAX / 2 - 64));
        assert_eq!((told.len(), next), (2, token("b")));
        let (told, next) = listed(names(), Some("z")).tell(|_| team(1));
        assert_eq!((told.len(), next), (3, token("z")), "further than what matched: others were looked at");
        let (told, next) = listed(names(), None).tell(|_| team(1));
        assert_eq!((told.len(), next), (3, String::new()));
    }
}
