//! A tenant's configuration as text: what `kindred export`, `diff` and `apply` share.
//!
//! Which messages a person writes, which of their fields, and what these name is read from the protos. A new kind of
//! resource is a line of [`kinds::kinds`]; a new field needs none, or one of [`defaults::DEFAULTS`] where the server
//! fills it in.

mod calendar;
pub mod carry_out;
mod compare;
mod defaults;
pub mod files;
pub mod kinds;
mod order;
pub mod plan;
#[cfg(test)]
mod properties;
mod read;
pub mod say;
mod scalar;
mod schema;
mod source;
pub mod tenant;
mod tree;
mod write;

use super::Context;
use kinds::{Kind, kinds};
use plan::{Plan, plan};
use schema::Schema;
use std::path::PathBuf;

/// What is known about configurations.
pub struct Configuration {
    pub schema: Schema,
    pub kinds: Vec<Kind>,
}

/// Which files, and whether what they leave out goes.
#[derive(clap::Args)]
pub struct Wish {
    /// Files and folders (*.yaml, *.yml in them); `-` is standard input.
    #[arg(short, long = "file", required = true)]
    pub files: Vec<PathBuf>,
    /// Delete what stands in no file, of the sections that the files have.
    #[arg(long)]
    pub prune: bool,
}

impl Configuration {
    pub fn new() -> anyhow::Result<Configuration> {
        let schema = Schema::new()?;
        Ok(Configuration { kinds: kinds(&schema)?, schema })
    }

    /// Reads files and tenant, and compares.
    pub async fn plan(&self, context: &Context, wish: &Wish) -> anyhow::Result<Plan> {
        let files = files::load(&self.schema, &self.kinds, &context.tenant, &wish.files)?;
        // All kinds: what no file has may be named by one. Those that are many are read only where a file has them.
        // And where something is to go: they may name it.
        let which = |at: usize| wish.prune || files.sections.contains(&at) || !self.kinds[at].only_if_asked;
        let standing = tenant::read(&context.client, &context.parent(), &self.schema, &self.kinds, which).await?;
        plan(&self.schema, &self.kinds, &files, &standing, wish.prune)
    }
}
