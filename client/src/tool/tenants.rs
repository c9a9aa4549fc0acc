//! `kindred cluster tenants`: who the cluster serves.
use super::{Context, LISTED, missing, output::*, pages};
use kindred_client::v1;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Lists tenants.
    List {
        /// At most so many.
        #[arg(long, default_value_t = LISTED)]
        limit: usize,
    },
    /// Prints one tenant whole.
    Get {
        /// Id or name.
        tenant: String,
    },
    /// Adds a tenant and places it on a shard.
    Create {
        /// Its id.
        tenant: String,
        /// For people to read.
        #[arg(long, default_value = "")]
        display_name: String,
    },
    /// Removes a tenant without open interactions, and everything it holds.
    Delete {
        /// Id or name.
        tenant: String,
    },
}

impl Row for v1::Tenant {
    const MESSAGE: &'static str = "Tenant";
    const TITLES: &'static [&'static str] = &["tenant", "shard", "created", "closed kept", "events kept", "events"];
    fn cells(&self) -> Vec<String> {
        vec![
            id(&self.name),
            self.shard.to_string(),
            time(&self.create_time),
            seconds(&self.closed_retention),
            seconds(&self.event_retention),
            format!("{}–{}", self.first_event, self.next_event.saturating_sub(1)),
        ]
    }
}

pub async fn run(context: &Context, command: Command) -> anyhow::Result<()> {
    let client = &context.operator;
    let name = |tenant: &str| {
        if tenant.contains('/') { tenant.to_string() } else { format!("tenants/{tenant}") }
    };
    let found = |tenant: Option<v1::Tenant>| tenant.ok_or_else(|| missing("tenant"));
    match command {
        Command::List { limit } => {
            let page = |page_size, page_token| {
                let request = v1::ListTenantsRequest { page_size, page_token, ..Default::default() };
                async { client.list_tenants(request).await.map(|r| (r.tenants, r.next_page_token)) }
            };
            context.out.list(&pages(limit, page).await?)
        }
        Command::Get { tenant } => {
            let request = v1::GetTenantRequest { name: name(&tenant), ..Default::default() };
            context.out.whole("Tenant", &found(client.get_tenant(request).await?.tenant)?)
        }
        Command::Create { tenant, display_name } => {
            let settings = v1::Tenant { display_name, ..Default::default() };
            let request = v1::CreateTenantRequest { tenant: Some(settings), tenant_id: tenant, ..Default::default() };
            context.out.one(&found(client.create_tenant(request).await?.tenant)?)
        }
        Command::Delete { tenant } => {
            let request = v1::DeleteTenantRequest { name: name(&tenant), ..Default::default() };
            client.delete_tenant(request).await?;
            context.out.say(&format!("{tenant} is gone"));
            Ok(())
        }
    }
}
