//! PolicyService: distribution policies and their revisions.
use super::{
    Answer,
    desk::Desk,
    listing::{List, examine},
};
use crate::{consensus::lanes::Lane, wire::api::tells};
use kindred_domain::{ids::PolicyId, record::PolicyRevision, state::Tenant};
use kindred_proto::v1::{self, policy_service_server::PolicyService};
use tonic::Request;

/// See [`PolicyService`].
pub struct Policies {
    /// Where calls come in.
    pub desk: Desk,
}

#[tonic::async_trait]
impl PolicyService for Policies {
    async fn create_policy(&self, request: Request<v1::CreatePolicyRequest>) -> Answer<v1::CreatePolicyResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.policy(|header, policy| v1::CreatePolicyResponse { header, policy })
    }

    async fn get_policy(&self, request: Request<v1::GetPolicyRequest>) -> Answer<v1::GetPolicyResponse> {
        let call = self.desk.call(&request)?;
        let asked = request.into_inner();
        let (at, found) = call.get(&asked.name, asked.read_mode, |t, id: &PolicyId| t.policy(id).cloned()).await?;
        let header = call.read_header(at);
        Ok(call.respond(v1::GetPolicyResponse { header, policy: Some(tells::policy(&found)) }))
    }

    async fn list_policies(&self, request: Request<v1::ListPoliciesRequest>) -> Answer<v1::ListPoliciesResponse> {
        let call = self.desk.call(&request)?;
        let v1::ListPoliciesRequest { parent, page_size, page_token, read_mode } = request.into_inner();
        let list = List { parent: &parent, page_size, page_token: &page_token, read_mode, conditions: "policies" };
        let page = |t: &Tenant, after: Option<&str>, size| examine(t.policies_after(after), size, |_| true);
        let listed = call.list(list, |policy| &policy.id, page).await?;
        let at = listed.at;
        let (policies, next_page_token) = listed.tell(tells::policy);
        Ok(call.respond(v1::ListPoliciesResponse { header: call.read_header(at), policies, next_page_token }))
    }

    async fn update_policy(&self, request: Request<v1::UpdatePolicyRequest>) -> Answer<v1::UpdatePolicyResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.policy(|header, policy| v1::UpdatePolicyResponse { header, policy })
    }

    async fn delete_policy(&self, request: Request<v1::DeletePolicyRequest>) -> Answer<v1::DeletePolicyResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.done(|header| v1::DeletePolicyResponse { header })
    }

    async fn rollback_policy(&self, request: Request<v1::RollbackPolicyRequest>) -> Answer<v1::RollbackPolicyResponse> {
        let written = self.desk.write(request, Lane::Submit).await?;
        written.policy(|header, policy| v1::RollbackPolicyResponse { header, policy })
    }

    async fn list_policy_revisions(
        &self,
        request: Request<v1::ListPolicyRevisionsRequest>,
    ) -> Answer<v1::ListPolicyRevisionsResponse> {
        let call = self.desk.call(&request)?;
        let asked = request.into_inner();
        let paging = call.form(|form| form.paging(asked.page_size, &asked.page_token, &asked.name))?;
        let (at, found) = call.get(&asked.name, asked.read_mode, |t, id: &PolicyId| t.policy(id).cloned()).await?;
        let below = paging.after.as_ref().map(|last| last.parse::<u64>().unwrap_or(0));
        let (page, more) = newest_first(&found.revisions, below, paging.size);
        let last = page.last().filter(|_| more).map(|last| last.revision.to_string());
        Ok(call.respond(v1::ListPolicyRevisionsResponse {
            header: call.read_header(at),
            revisions: page.into_iter().map(|r| tells::policy_revision(&found.tenant, r)).collect(),
            next_page_token: last.map(|last| paging.next(&call.tenant, &last)).unwrap_or_default(),
        }))
    }
}

/// A page of revisions below a number, and whether there are more.
fn newest_first(revisions: &[PolicyRevision], below: Option<u64>, size: usize) -> (Vec<&PolicyRevision>, bool) {
    let mut older = revisions.iter().rev().filter(|revision| below.is_none_or(|below| revision.revision < below));
    let page = older.by_ref().take(size).collect();
    (page, older.next().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kindred_domain::record::Mode;

    #[test]
    fn revisions_come_newest_first_in_pages() {
        let revision = |revision| PolicyRevision {
            revision,
            mode: Mode::LongestIdle,
            skill_weight: 0,
            channel_weight: 0,
            preferred_weight: 0,
            made_ms: 1,
            rolled_back_to: None,
            groups: Vec::new(),
            ring_max: 0,
        };
        let all: Vec<_> = (3..8).map(revision).collect();
        let numbers = |below, size| {
            let (page, more) = newest_first(&all, below, size);
            (page.iter().map(|r| r.revision).collect::<Vec<_>>(), more)
        };
        assert_eq!(numbers(None, 2), (vec![7, 6], true));
        assert_eq!(numbers(Some(6), 2), (vec![5, 4], true));
        assert_eq!(numbers(Some(4), 2), (vec![3], false));
        assert_eq!(numbers(Some(3), 2), (vec![], false));
    }
}
