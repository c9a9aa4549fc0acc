//! `kindred policies`: how queues choose agents, and the way back.
use super::{Context, LISTED, missing, output::*, pages};
use kindred_client::v1;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Lists policies.
    List {
        /// At most so many.
        #[arg(long, default_value_t = LISTED)]
        limit: usize,
    },
    /// Prints one policy whole.
    Get {
        /// Id or name.
        policy: String,
    },
    /// Lists the kept revisions of a policy, newest first.
    Revisions {
        /// Id or name.
        policy: String,
        /// At most so many.
        #[arg(long, default_value_t = LISTED)]
        limit: usize,
    },
    /// Makes a new revision with the rules of a kept one.
    Rollback {
        /// Id or name.
        policy: String,
        /// The kept revision.
        revision: u64,
        /// Refused unless this is the current etag.
        #[arg(long, default_value = "")]
        etag: String,
        /// Check everything, change nothing.
        #[arg(long)]
        validate_only: bool,
    },
}

fn mode(rules: Option<&v1::Distribution>) -> String {
    word(rules.cloned().unwrap_or_default().mode().as_str_name(), "MODE_")
}

impl Row for v1::Policy {
    const MESSAGE: &'static str = "Policy";
    const TITLES: &'static [&'static str] = &["policy", "mode", "revision", "etag"];
    fn cells(&self) -> Vec<String> {
        let rules = self.rules.as_ref().map(|v1::policy::Rules::Distribution(rules)| rules);
        vec![id(&self.name), mode(rules), self.revision.to_string(), self.etag.clone()]
    }
}

impl Row for v1::PolicyRevision {
    const MESSAGE: &'static str = "PolicyRevision";
    const TITLES: &'static [&'static str] = &["revision", "mode", "rolled back to"];
    fn cells(&self) -> Vec<String> {
        let rules = self.rules.as_ref().map(|v1::policy_revision::Rules::Distribution(rules)| rules);
        let to = match self.rolled_back_to_revision {
            0 => String::new(),
            revision => revision.to_string(),
        };
        vec![self.revision.to_string(), mode(rules), to]
    }
}

pub async fn run(context: &Context, command: Command) -> anyhow::Result<()> {
    let client = &context.client;
    match command {
        Command::List { limit } => {
            let page = |page_size, page_token| {
                let parent = context.parent();
                let request = v1::ListPoliciesRequest { parent, page_size, page_token, ..Default::default() };
                async { client.list_policies(request).await.map(|r| (r.policies, r.next_page_token)) }
            };
            context.out.list(&pages(limit, page).await?)
        }
        Command::Get { policy } => {
            let request = v1::GetPolicyRequest { name: context.name("policies", &policy), ..Default::default() };
            let policy = client.get_policy(request).await?.policy.ok_or_else(|| missing("policy"))?;
            context.out.whole("Policy", &policy)
        }
        Command::Revisions { policy, limit } => {
            let page = |page_size, page_token| {
                let name = context.name("policies", &policy);
                let request = v1::ListPolicyRevisionsRequest { name, page_size, page_token, ..Default::default() };
                async { client.list_policy_revisions(request).await.map(|r| (r.revisions, r.next_page_token)) }
            };
            context.out.list(&pages(limit, page).await?)
        }
        Command::Rollback { policy, revision, etag, validate_only } => {
            let name = context.name("policies", &policy);
            let request = v1::RollbackPolicyRequest { name, etag, revision, validate_only, ..Default::default() };
            let policy = client.rollback_policy(request).await?.policy.ok_or_else(|| missing("policy"))?;
            context.out.whole("Policy", &policy)
        }
    }
}
