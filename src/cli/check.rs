//! `seawall check FILE`: validates a configuration without starting anything.

use std::path::PathBuf;

use crate::config;

/// Arguments of `seawall check`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration file
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> miette::Result<()> {
    let config = config::load(&arguments.file)?;
    let mut text = format!("{}: the configuration is valid\n", arguments.file.display());
    for distribution in config.distributions.iter() {
        let domains = match distribution.domains.as_slice() {
            [] => "every host that no other distribution names".to_owned(),
            domains => domains
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", "),
        };
        let behavior = &distribution.default_behavior;
        let policy = &behavior.cache;
        text.push_str(&format!(
            "  distribution {}: {domains} -> origin {} (cache policy {}, root object {})\n",
            distribution.id,
            behavior.origin,
            policy.name,
            distribution.root_object.as_deref().unwrap_or("none"),
        ));
    }
    super::print(&text);
    Ok(())
}
