//! `seawall config schema`: what a configuration may hold.

use miette::IntoDiagnostic;

use crate::config;

/// Arguments of `seawall config`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Print the JSON Schema of the configuration file
    Schema,
    /// Print the reference of all keys as Markdown
    Reference,
}

pub(super) fn run(arguments: &Arguments) -> miette::Result<()> {
    match arguments.what {
        What::Schema => {
            let text = serde_json::to_string_pretty(&config::schema()).into_diagnostic()?;
            super::print(&format!("{text}\n"));
        }
        What::Reference => super::print(&config::reference()),
    }
    Ok(())
}
