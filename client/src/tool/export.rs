//! `kindred export`: a tenant's configuration as YAML, for a repository.
use super::{
    Context,
    configuration::{Configuration, files::document, tenant},
    output::line,
};
use anyhow::Context as _;
use std::{fs, path::PathBuf};

#[derive(clap::Args)]
pub struct Args {
    /// Write here instead of to standard output. Into a folder (one that exists, or a name that ends with /) goes one
    /// file for each kind of resource.
    #[arg(short, long)]
    file: Option<PathBuf>,
    /// Agents too.
    #[arg(long)]
    with_agents: bool,
}

pub async fn run(context: &Context, args: Args) -> anyhow::Result<()> {
    let Configuration { schema, kinds } = Configuration::new()?;
    let with = |at: usize| args.with_agents || !kinds[at].only_if_asked;
    let standing = tenant::read(&context.client, &context.parent(), &schema, &kinds, with).await?;
    let Some(path) = args.file else {
        let document = document(&kinds, &standing, with, false);
        let json = context.out.is_json();
        let text = if json { serde_json::to_string_pretty(&document)? } else { document.yaml().trim_end().to_owned() };
        return Ok(line(text)?);
    };
    if !(path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/")) {
        let yaml = document(&kinds, &standing, with, false).yaml();
        return fs::write(&path, yaml).with_context(|| path.display().to_string());
    }
    fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
    // Empty ones too: a file of an earlier export would bring back what is gone.
    for (at, kind) in kinds.iter().enumerate().filter(|(at, _)| with(*at)) {
        let file = path.join(format!("{}.yaml", kind.section));
        let yaml = document(&kinds, &standing, |other| other == at, true).yaml();
        fs::write(&file, yaml).with_context(|| file.display().to_string())?;
    }
    Ok(())
}
