//! `seawall purge PATH…`: asks an edge's admin API to forget paths.

use serde_json::json;

use super::call::Connection;

/// Arguments of `seawall purge`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Paths to forget: `/index.html`, `/img/*` (quote it), `/*` for everything
    #[arg(required = true)]
    paths: Vec<String>,
    #[command(flatten)]
    connection: Connection,
    /// Only in this distribution; without it in all
    #[arg(long)]
    distribution: Option<String>,
    /// Makes a repeated call harmless: the same reference with the same paths is one invalidation
    #[arg(long)]
    caller_reference: Option<String>,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments) -> miette::Result<()> {
    let mut body = json!({ "paths": arguments.paths });
    if let Some(distribution) = arguments.distribution {
        body["distribution"] = distribution.into();
    }
    if let Some(reference) = arguments.caller_reference {
        body["caller_reference"] = reference.into();
    }
    let answer = arguments
        .connection
        .post("/v1/invalidations", &body)
        .await?;
    if arguments.json {
        super::print(&format!("{answer:#}\n"));
        return Ok(());
    }
    let plural =
        |count: u64, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let id = answer["id"].as_str().unwrap_or_default();
    let position = answer["position"].as_u64().unwrap_or_default();
    let state = answer["status"].as_str().unwrap_or_default();
    let dropped = match (answer["objects"].as_u64(), answer["bytes"].as_u64()) {
        (Some(objects), Some(bytes)) => format!(
            "{} ({}) went",
            plural(objects, "object"),
            plural(bytes, "byte")
        ),
        // The same caller reference again: nothing was done a second time.
        _ => "it had been done before".to_owned(),
    };
    super::print(&format!(
        "{id}: {state} at position {position}; {dropped}\n"
    ));
    Ok(())
}
