//! The private bucket of a demo: in this process, in a MinIO that is started for it, or in a MinIO
//! that runs.
//!
//! At MinIO the edge gets the keys of a session of the administrator's whose policy is the one that
//! `seawall policy` prints: it may read the bucket's objects and nothing else, and MinIO needs no
//! further user for it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_s3::Client;
use miette::{IntoDiagnostic, WrapErr, miette};

use super::{Arguments, loopback, random};
use crate::cli::policy;
use crate::demo::bucket::{Bucket, BucketOptions, Identity};
use crate::demo::minio::{self, Minio, MinioError};
use crate::demo::session::{self, SessionError};
use crate::demo::site;

/// How long the edge's keys at MinIO last; nothing renews them.
const SESSION: Duration = Duration::from_secs(7 * 24 * 3_600);

/// Where the bucket is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(super) enum Kind {
    /// In this process
    Embedded,
    /// In a MinIO, started for the demo unless --store-url names one
    Minio,
}

/// A bucket that only the edge and the publisher may touch.
pub(super) struct Store {
    pub(super) url: String,
    pub(super) bucket: &'static str,
    pub(super) region: &'static str,
    pub(super) edge: Identity,
    /// What goes with the edge's keys.
    pub(super) token: Option<String>,
    pub(super) publisher: Client,
    /// The publisher's keys as `curl --user` takes them in a shell.
    pub(super) user: String,
    /// What it is, for a reader.
    pub(super) name: String,
    running: Running,
}

enum Running {
    Embedded(Bucket),
    /// It ends when this is dropped.
    Minio(Minio),
    /// Not ours to end.
    Elsewhere,
}

impl Store {
    pub(super) async fn start(arguments: &Arguments, folder: &Path) -> miette::Result<Self> {
        match (arguments.store, &arguments.store_url) {
            (Kind::Embedded, None) => Self::embedded(arguments.bucket_port).await,
            (Kind::Minio, None) => Self::minio(arguments.bucket_port, folder).await,
            (Kind::Minio, Some(url)) => Self::elsewhere(url).await,
            (Kind::Embedded, Some(_)) => {
                Err(miette!("--store-url is for a MinIO: add --store minio"))
            }
        }
    }

    async fn embedded(port: u16) -> miette::Result<Self> {
        const BUCKET: &str = "site";
        const REGION: &str = "local";
        let edge = Identity {
            access_key: "edge".to_owned(),
            secret_key: random()?,
        };
        let publisher = publisher()?;
        let bucket = Bucket::start(BucketOptions {
            listen: loopback(port),
            bucket: BUCKET.to_owned(),
            region: REGION.to_owned(),
            edge: edge.clone(),
            publisher: publisher.clone(),
        })
        .await
        .into_diagnostic()
        .wrap_err("the bucket cannot be started")?;
        Ok(Self {
            url: bucket.url(),
            bucket: BUCKET,
            region: REGION,
            edge,
            token: None,
            publisher: site::client(&bucket.url(), REGION, &publisher),
            user: user(&publisher),
            name: "in this process".to_owned(),
            running: Running::Embedded(bucket),
        })
    }

    async fn minio(port: u16, folder: &Path) -> miette::Result<Self> {
        let path = std::env::var("PATH").unwrap_or_default();
        let program = minio::find(&path, &tools()).map_err(explained)?;
        let publisher = publisher()?;
        let minio = Minio::start(&program, folder, port, &publisher).await;
        let minio = minio.map_err(explained)?;
        let name = format!("in MinIO ({})", program.display());
        let mut store = Self::at(&minio.url(), "site", &publisher, user(&publisher), name).await?;
        store.running = Running::Minio(minio);
        Ok(store)
    }

    async fn elsewhere(url: &str) -> miette::Result<Self> {
        let variable = |name| {
            let value = std::env::var(name).ok().filter(|value| !value.is_empty());
            value.ok_or_else(|| {
                miette!("--store-url needs the administrator's keys in MINIO_ROOT_USER and MINIO_ROOT_PASSWORD; {name} is not set")
            })
        };
        let root = Identity {
            access_key: variable("MINIO_ROOT_USER")?,
            secret_key: variable("MINIO_ROOT_PASSWORD")?,
        };
        let url = url.trim_end_matches('/');
        let user = "\"$MINIO_ROOT_USER:$MINIO_ROOT_PASSWORD\"".to_owned();
        let name = "in MinIO, where it stays".to_owned();
        Self::at(url, "seawall-demo", &root, user, name).await
    }

    /// At a MinIO that runs, with the keys of its administrator.
    async fn at(
        url: &str,
        bucket: &'static str,
        root: &Identity,
        user: String,
        name: String,
    ) -> miette::Result<Self> {
        const REGION: &str = "us-east-1";
        let policy = policy::of_minio(bucket, REGION)?;
        let session = session::session(url, REGION, root, Some(&policy), SESSION).await;
        let session = session.map_err(|error| match &error {
            SessionError::Refused { code, .. } => miette!(
                "the store at {url} does not take the administrator's keys (MINIO_ROOT_USER, MINIO_ROOT_PASSWORD): {code}"
            ),
            _ => miette::Report::from_err(error).wrap_err(format!("no MinIO answers at {url}")),
        })?;
        Ok(Self {
            url: url.to_owned(),
            bucket,
            region: REGION,
            edge: session.identity,
            token: Some(session.token.0),
            publisher: site::client(url, REGION, root),
            user,
            name,
            running: Running::Elsewhere,
        })
    }

    pub(super) async fn stop(self) {
        match self.running {
            Running::Embedded(bucket) => bucket.stop().await,
            Running::Minio(minio) => drop(minio),
            Running::Elsewhere => {}
        }
    }
}

fn publisher() -> miette::Result<Identity> {
    Ok(Identity {
        access_key: "publisher".to_owned(),
        secret_key: random()?,
    })
}

fn user(publisher: &Identity) -> String {
    format!("{}:{}", publisher.access_key, publisher.secret_key)
}

/// Where programs are built into that the tests need.
fn tools() -> PathBuf {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    set("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(set("HOME")?).join(".cache")))
        .unwrap_or_default()
        .join("seawall-tools")
}

fn explained(error: MinioError) -> miette::Report {
    match error {
        MinioError::NotFound { .. } => miette!(
            "{error}\n\n`{}` gets it (with Go 1.24 or newer, in minutes); its folder, ~/go/bin unless set, must be on \
             the PATH. Or name a MinIO that runs with --store-url. Without --store minio the demo needs neither.",
            minio::INSTALL
        ),
        MinioError::Ended { .. } | MinioError::Io(_) => miette::Report::from_err(error)
            .wrap_err("the store cannot be started; `--bucket-port` chooses another port"),
    }
}
