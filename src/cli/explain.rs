//! `seawall explain URL`: asks an edge why a request is answered as it is.

use miette::{WrapErr, miette};
use serde_json::json;

use super::call::Connection;
use crate::request::explain::explanation::Explanation;
use crate::request::explain::text;

/// Arguments of `seawall explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The URL as a viewer would ask for it: `http://www.example.com/index.html`
    url: String,
    /// A header of the request, as curl takes it; may be given several times
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// The method of the request
    #[arg(long, default_value = "GET")]
    method: String,
    /// Send the request too, as a viewer would, and say what became of it
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    connection: Connection,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments) -> miette::Result<()> {
    let mut headers = Vec::with_capacity(arguments.headers.len());
    for header in &arguments.headers {
        // Not repeated: it may be an Authorization.
        let (name, value) = header.split_once(':').ok_or_else(|| {
            miette!("a header (not shown here) has no colon; write it as 'Name: value'")
        })?;
        headers.push((name.trim(), value.trim()));
    }
    let body = json!({
        "url": arguments.url,
        "method": arguments.method,
        "headers": headers,
        "live": arguments.live,
    });
    let answer = arguments.connection.post("/v1/explain", &body).await?;
    if arguments.json {
        super::print(&format!("{answer:#}\n"));
        return Ok(());
    }
    let explanation: Explanation = serde_json::from_value(answer)
        .map_err(|error| miette!("{error}"))
        .wrap_err("the edge is of another version; --json shows what it says")?;
    super::print(&text::of(&explanation));
    Ok(())
}
