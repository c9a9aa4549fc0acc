//! Who calls: static tokens, until the issue on access.
use super::failure::Failure;
use kindred_domain::ids::TenantId;
use std::collections::HashMap;
use tonic::metadata::MetadataMap;

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A tenant's platform, desktop or program.
    Tenant(TenantId),
    /// An operator of the cluster.
    Operator,
}

/// The known tokens.
#[derive(Clone, Default)]
pub struct Tokens {
    by_token: HashMap<String, Caller>,
}

impl Tokens {
    /// Tenants' tokens, and the operator's; an empty token is nobody's.
    pub fn new(tenants: impl IntoIterator<Item = (String, TenantId)>, operator: &str) -> Self {
        let tenants = tenants.into_iter().map(|(token, tenant)| (token, Caller::Tenant(tenant)));
        let operator = (operator.to_owned(), Caller::Operator);
        let mut by_token: HashMap<String, Caller> = tenants.chain([operator]).collect();
        by_token.remove("");
        Self { by_token }
    }

    /// Whose token a call carries.
    pub fn caller(&self, metadata: &MetadataMap) -> Result<&Caller, Failure> {
        let header = metadata.get("authorization").and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")));
        token.and_then(|token| self.by_token.get(token.trim())).ok_or(Failure::Unauthenticated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(value: &str) -> MetadataMap {
        let mut metadata = MetadataMap::new();
        metadata.insert("authorization", value.parse().expect("ascii"));
        metadata
    }

    #[test]
    fn a_token_says_who_calls() {
        let tokens = Tokens::new([("secret".into(), TenantId::from("acme"))], "root");
        let acme = Caller::Tenant(TenantId::from("acme"));
        assert_eq!(tokens.caller(&metadata("Bearer secret")), Ok(&acme));
        assert_eq!(tokens.caller(&metadata("bearer secret")), Ok(&acme));
        assert_eq!(tokens.caller(&metadata("Bearer root")), Ok(&Caller::Operator));
        for wrong in ["Bearer ", "Bearer other", "Basic secret", "secret", ""] {
            assert_eq!(tokens.caller(&metadata(wrong)), Err(Failure::Unauthenticated), "{wrong:?}");
        }
        assert_eq!(tokens.caller(&MetadataMap::new()), Err(Failure::Unauthenticated));
        let nobody = Tokens::new([], "");
        assert_eq!(nobody.caller(&metadata("Bearer ")), Err(Failure::Unauthenticated));
    }
}
