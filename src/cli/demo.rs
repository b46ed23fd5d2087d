//! `seawall demo`: a private bucket with a sample site, and an edge in front of it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use miette::{IntoDiagnostic, WrapErr, miette};

use super::serve::{Signals, until_told};
use crate::app::{AppError, Edge};
use crate::clock::SystemClock;
use crate::config;
use crate::demo::bucket::{Bucket, BucketOptions, Identity};
use crate::demo::site;
use crate::telemetry::trace;

const BUCKET: &str = "site";
const REGION: &str = "local";

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
}

pub(super) async fn run(arguments: Arguments) -> miette::Result<()> {
    trace::init();
    let mut signals = Signals::take()?;
    let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    for (port, flag) in [
        (arguments.port, "--port"),
        (arguments.admin_port, "--admin-port"),
        (arguments.bucket_port, "--bucket-port"),
    ] {
        free(loopback(port), flag)?;
    }

    let edge_identity = Identity {
        access_key: "edge".to_owned(),
        secret_key: random()?,
    };
    let publisher = Identity {
        access_key: "publisher".to_owned(),
        secret_key: random()?,
    };
    let bucket = Bucket::start(BucketOptions {
        listen: loopback(arguments.bucket_port),
        bucket: BUCKET.to_owned(),
        region: REGION.to_owned(),
        edge: edge_identity.clone(),
        publisher: publisher.clone(),
    })
    .await
    .into_diagnostic()
    .wrap_err("the bucket cannot be started")?;
    let seeded = site::seed(&site::client(&bucket.url(), REGION, &publisher), BUCKET)
        .await
        .into_diagnostic()?;

    // The same way as `serve`: a configuration, its secrets from (here: pretended) variables.
    let data = std::env::temp_dir().join(format!("seawall-demo-{}", random()?));
    let token = random()?;
    let text = configuration(&arguments, &bucket.url(), &data);
    let variable = |name: &str| match name {
        "EDGE_ACCESS_KEY" => Some(edge_identity.access_key.clone()),
        "EDGE_SECRET_KEY" => Some(edge_identity.secret_key.clone()),
        "SEAWALL_ADMIN_TOKEN" => Some(token.clone()),
        _ => None,
    };
    let config = config::parse("the demo's configuration", &text, &variable)?;
    let result = Edge::start(config, Arc::new(SystemClock::new())).await;
    let edge = match result {
        Ok(edge) => edge,
        Err(error) => {
            let _ = std::fs::remove_dir_all(&data);
            return Err(taken_meanwhile(error));
        }
    };
    super::print(&what_to_try(
        &edge,
        &bucket,
        &publisher,
        &token,
        seeded.keys.len(),
    ));
    until_told(edge, &mut signals, None).await;
    bucket.stop().await;
    // Nothing in it is worth keeping: the bucket it was about is gone.
    let _ = std::fs::remove_dir_all(&data);
    super::print("\nThe demo has ended.\n");
    Ok(())
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

fn configuration(arguments: &Arguments, bucket: &str, data: &Path) -> String {
    let Arguments {
        port, admin_port, ..
    } = arguments;
    // A path may hold what a TOML string may not, so it is written as one.
    let data = toml::Value::String(data.to_string_lossy().into_owned());
    format!(
        r#"[edge]
listen = ["127.0.0.1:{port}"]
data = {data}

[admin]
listen = "127.0.0.1:{admin_port}"
tokens = [{{ name = "demo", env = "SEAWALL_ADMIN_TOKEN", scopes = ["read", "purge:/"] }}]

[origins.site]
type = "s3"
bucket = "{BUCKET}"
region = "{REGION}"
endpoint = "{bucket}"
credentials = {{ access_key_env = "EDGE_ACCESS_KEY", secret_key_env = "EDGE_SECRET_KEY" }}

[[distributions]]
id = "DEMO"
origin = "site"
"#
    )
}

fn what_to_try(
    edge: &Edge,
    bucket: &Bucket,
    publisher: &Identity,
    token: &str,
    objects: usize,
) -> String {
    // One viewer address is configured, so there is one.
    let port = edge.viewer_addresses().first().map_or(0, SocketAddr::port);
    let admin = edge.admin_address();
    let bucket = bucket.url();
    let program = program();
    let Identity {
        access_key,
        secret_key,
    } = publisher;
    format!(
        "
Seawall serves a private bucket of {objects} objects.

The page
  http://localhost:{port}/
  http://seawall.localhost:{port}/     (browsers resolve every name under .localhost)

The bucket itself refuses everybody but the edge (403)
  curl -i {bucket}/{BUCKET}/index.html

A Miss, then a Hit
  curl -i http://localhost:{port}/guide/index.html
  curl -i http://localhost:{port}/guide/index.html

Publish a change; the edge goes on with what it has
  curl -X PUT --data '<h1>Changed</h1>' --aws-sigv4 aws:amz:{REGION}:s3 --user {access_key}:{secret_key} \\
    -H 'content-type: text/html' -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' {bucket}/{BUCKET}/index.html

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
