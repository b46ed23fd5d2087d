//! `seawall demo`: a private bucket with a sample site, and an edge in front of it.

mod store;

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use miette::{IntoDiagnostic, WrapErr, miette};

use self::store::{Kind, Store};
use super::serve::{Signals, until_told};
use crate::app::{AppError, Edge};
use crate::clock::SystemClock;
use crate::config;
use crate::demo::site;
use crate::telemetry::trace;

/// Arguments of `seawall demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Port for viewers on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Port of the admin API on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 9080)]
    admin_port: u16,
    /// Port of the bucket on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    bucket_port: u16,
    /// Where the bucket is
    #[arg(long, value_enum, default_value_t = Kind::Embedded)]
    store: Kind,
    /// A MinIO that runs, as http://HOST:PORT, with its administrator's keys in MINIO_ROOT_USER and
    /// MINIO_ROOT_PASSWORD: the site goes into its bucket seawall-demo, and stays there
    #[arg(long, value_name = "URL")]
    store_url: Option<String>,
}

pub(super) async fn run(arguments: Arguments) -> miette::Result<()> {
    trace::init();
    let mut signals = Signals::take()?;
    for (port, flag) in [
        (arguments.port, "--port"),
        (arguments.admin_port, "--admin-port"),
        (arguments.bucket_port, "--bucket-port"),
    ] {
        free(loopback(port), flag)?;
    }

    let folder = std::env::temp_dir().join(format!("seawall-demo-{}", random()?));
    std::fs::DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .into_diagnostic()
        .wrap_err_with(|| format!("{} cannot be made", folder.display()))?;
    let result = play(&arguments, &folder, &mut signals).await;
    // Nothing in it is worth keeping: the bucket it was about is gone, or has its own.
    let _ = std::fs::remove_dir_all(&folder);
    result
}

/// The demo, from its first part that runs to the last one that has ended.
async fn play(arguments: &Arguments, folder: &Path, signals: &mut Signals) -> miette::Result<()> {
    let store = Store::start(arguments, folder).await?;
    let seeded = site::seed(&store.publisher, store.bucket)
        .await
        .into_diagnostic()?;

    // The same way as `serve`: a configuration, its secrets from (here: pretended) variables.
    let admin_token = random()?;
    let text = configuration(arguments, &store, &folder.join("edge"));
    let variable = |name: &str| match name {
        "EDGE_ACCESS_KEY" => Some(store.edge.access_key.clone()),
        "EDGE_SECRET_KEY" => Some(store.edge.secret_key.clone()),
        "EDGE_SESSION_TOKEN" => store.token.clone(),
        "SEAWALL_ADMIN_TOKEN" => Some(admin_token.clone()),
        _ => None,
    };
    let config = config::parse("the demo's configuration", &text, &variable)?;
    let edge = Edge::start(config, Arc::new(SystemClock::new()))
        .await
        .map_err(taken_meanwhile)?;
    super::print(&what_to_try(&edge, &store, &admin_token, seeded.keys.len()));
    until_told(edge, signals, None).await;
    store.stop().await;
    super::print("\nThe demo has ended.\n");
    Ok(())
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// A taken port is told apart, with the flag that changes it, before anything is started.
fn free(address: SocketAddr, flag: &str) -> miette::Result<()> {
    match crate::serve::accept::bind(address, 1) {
        Ok(_) => Ok(()),
        Err(error) => Err(miette!(
            "cannot listen on {address}: {error}\n\nAnother program may have this port. Choose another with \
             `{flag} PORT`, or `{flag} 0` for a free one."
        )),
    }
}

fn taken_meanwhile(error: AppError) -> miette::Report {
    miette!("{error}\n\n`--port`, `--admin-port` and `--bucket-port` choose other ports.")
}

/// 128 random bits in hexadecimal.
fn random() -> miette::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| miette!("the system gives no random bytes: {error}"))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

fn configuration(arguments: &Arguments, store: &Store, data: &Path) -> String {
    let Arguments {
        port, admin_port, ..
    } = arguments;
    // A path may hold what a TOML string may not, so it is written as one.
    let data = toml::Value::String(data.to_string_lossy().into_owned());
    let endpoint = toml::Value::String(store.url.clone());
    let Store { bucket, region, .. } = store;
    let session = match store.token {
        Some(_) => ", session_token_env = \"EDGE_SESSION_TOKEN\"",
        None => "",
    };
    format!(
        r#"[edge]
listen = ["127.0.0.1:{port}"]
data = {data}

[admin]
listen = "127.0.0.1:{admin_port}"
tokens = [{{ name = "demo", env = "SEAWALL_ADMIN_TOKEN", scopes = ["read", "purge:/"] }}]

[origins.site]
type = "s3"
bucket = "{bucket}"
region = "{region}"
endpoint = {endpoint}
credentials = {{ access_key_env = "EDGE_ACCESS_KEY", secret_key_env = "EDGE_SECRET_KEY"{session} }}

[[distributions]]
id = "DEMO"
origin = "site"
"#
    )
}

fn what_to_try(edge: &Edge, store: &Store, token: &str, objects: usize) -> String {
    // One viewer address is configured, so there is one.
    let port = edge.viewer_addresses().first().map_or(0, SocketAddr::port);
    let admin = edge.admin_address();
    let program = program();
    let Store {
        url,
        bucket,
        region,
        user,
        name,
        ..
    } = store;
    format!(
        "
Seawall serves a private bucket of {objects} objects, {name}.

The page
  http://localhost:{port}/
  http://seawall.localhost:{port}/     (browsers resolve every name under .localhost)

The bucket itself refuses everybody but the edge (403)
  curl -i {url}/{bucket}/index.html

A Miss, then a Hit
  curl -i http://localhost:{port}/guide/index.html
  curl -i http://localhost:{port}/guide/index.html

Publish a change; the edge goes on with what it has
  curl -X PUT --data '<h1>Changed</h1>' --aws-sigv4 aws:amz:{region}:s3 --user {user} \\
    -H 'content-type: text/html' -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' {url}/{bucket}/index.html

Make the edge forget the page; then reload it
  SEAWALL_ADMIN_TOKEN={token} {program} purge --admin http://{admin} /index.html

Health and metrics
  curl http://{admin}/readyz
  curl http://{admin}/metrics

Ctrl-C ends it. The access log follows.

"
    )
}

/// This program as one would type it here.
fn program() -> String {
    let Ok(path) = std::env::current_exe() else {
        return "seawall".to_owned();
    };
    let here = std::env::current_dir().ok();
    let relative = here
        .as_deref()
        .and_then(|here| path.strip_prefix(here).ok());
    relative.unwrap_or(&path).display().to_string()
}
