//! Real S3 stores, each started for one test and killed with it: the embedded bucket, versitygw,
//! moto and MinIO. Each has one private bucket and three identities: the edge (may read objects of
//! this bucket, may not list), the publisher (may read and write), and a foreign one (known to the
//! store, without rights on this bucket). What the edge may is put to the foreign stores as
//! `seawall policy` prints it.

mod minio;
mod moto;
mod process;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use seawall::demo::bucket::{Bucket, BucketOptions, Identity};
use seawall::demo::site;
use serde_json::Value;

use self::minio::Minio;
use self::process::{Process, free_address};
use super::printed::Printed;
use super::store::{BUCKET, REGION};
use super::tools::{self, or_skip};
use super::{Client as Http, EdgeOptions};

/// How often a start is tried when another process takes the port first.
const TRIES: usize = 5;
const VERSITYGW_REGION: &str = "us-east-1";

/// Which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Embedded,
    Versitygw,
    Moto,
    Minio,
}

/// Where stores really differ. What is not in here is the same on all of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manners {
    /// A missing key answers 403 to who may not list, as on AWS; else 404.
    pub(crate) hides_missing: bool,
    /// Where an object leads (`x-amz-website-redirect-location`) comes back with it.
    pub(crate) keeps_redirects: bool,
}

impl Kind {
    pub(crate) const fn manners(self) -> Manners {
        match self {
            Self::Embedded => Manners {
                hides_missing: true,
                keeps_redirects: true,
            },
            // They look at the right to read the object alone: who may read it may know that it is
            // not there. So it is on MinIO for anonymous requests too.
            Self::Versitygw | Self::Moto => Manners {
                hides_missing: false,
                keeps_redirects: true,
            },
            // It takes the field with the object and drops it.
            Self::Minio => Manners {
                hides_missing: false,
                keeps_redirects: false,
            },
        }
    }
}

/// A running store.
pub(crate) struct Store {
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    pub(crate) region: &'static str,
    pub(crate) edge: Identity,
    pub(crate) foreign: Identity,
    pub(crate) publisher: Client,
    server: Server,
}

enum Server {
    Embedded(Bucket),
    /// With its administrator.
    Versitygw(Process, Client),
    Moto(#[expect(dead_code, reason = "held: it ends when this is dropped")] Process),
    Minio(Minio),
}

impl Store {
    /// A provisioned store; `None` (loudly) if its program cannot be had.
    pub(crate) async fn start(kind: Kind) -> Option<Self> {
        let mut why = String::new();
        for _ in 0..TRIES {
            let started = match kind {
                Kind::Embedded => Ok(embedded().await),
                Kind::Versitygw => {
                    let found = tokio::task::spawn_blocking(tools::versitygw).await.unwrap();
                    versitygw(&or_skip("versitygw", found)?).await
                }
                Kind::Moto => {
                    let found = tokio::task::spawn_blocking(tools::moto).await.unwrap();
                    moto::start(&or_skip("moto", found)?).await
                }
                Kind::Minio => {
                    let found = tokio::task::spawn_blocking(minio::find).await.unwrap();
                    minio::start(&or_skip("MinIO", found)?).await
                }
            };
            match started {
                Ok(store) => return Some(store),
                Err(error) => why = error,
            }
        }
        panic!("{kind:?} did not start: {why}");
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn manners(&self) -> Manners {
        self.kind.manners()
    }

    /// An edge in front of it, on the machine's time.
    pub(crate) fn edge(&self) -> EdgeOptions {
        self.edge_on_manual_time().real_time()
    }

    /// An edge in front of it whose clock starts at the machine's time and is moved by hand.
    pub(crate) fn edge_on_manual_time(&self) -> EdgeOptions {
        EdgeOptions::new(&self.url())
            .edge("debug_headers = true\n")
            .region(self.region)
            .identity(&self.edge)
    }

    /// A client that signs as somebody else.
    pub(crate) fn client_of(&self, identity: &Identity) -> Client {
        site::client(&self.url(), self.region, identity)
    }

    /// The beginning of a put by the publisher.
    pub(crate) fn putting(&self, key: &str, body: &[u8]) -> PutObjectFluentBuilder {
        self.publisher
            .put_object()
            .bucket(BUCKET)
            .key(key)
            .content_type("text/plain")
            .body(ByteStream::from(body.to_vec()))
    }

    pub(crate) async fn put(&self, key: &str, body: &[u8]) {
        let put = self.putting(key, body).send().await;
        put.unwrap_or_else(|error| panic!("{:?}: put {key:?}: {error:?}", self.kind));
    }

    pub(crate) async fn delete(&self, key: &str) {
        let request = self.publisher.delete_object().bucket(BUCKET).key(key);
        request.send().await.unwrap();
    }

    /// A request without a signature, past the edge.
    pub(crate) async fn anonymous(&self, method: &str, key: &str) -> super::Answer {
        let host = self.address.to_string();
        let path = format!("/{BUCKET}/{key}");
        let fields = [("host", host.as_str()), ("connection", "close")];
        let mut client = Http::connect(self.address).await;
        client.request(method, &path, &fields, "").await
    }

    /// Takes the edge's right to read away, or gives it back.
    pub(crate) async fn let_edge_read(&self, allowed: bool) {
        match &self.server {
            Server::Embedded(bucket) => bucket.faults().deny_edge(!allowed),
            Server::Versitygw(_, root) => {
                put_policy(root, &self.url(), allowed).await.unwrap();
            }
            Server::Moto(_) => {
                let admin = moto::Admin(self.address);
                admin.let_edge_read(allowed).await.unwrap();
            }
            Server::Minio(minio) => minio.let_edge_read(&self.edge, allowed).unwrap(),
        }
    }

    /// Puts a policy of the bucket, as the administrator of versitygw.
    pub(crate) async fn put_bucket_policy(&self, policy: &str) {
        let Server::Versitygw(_, root) = &self.server else {
            panic!("{:?} has no administrator here", self.kind);
        };
        let put = root.put_bucket_policy().bucket(BUCKET).policy(policy);
        let put = put.send().await;
        put.unwrap_or_else(|error| panic!("{policy}: {error:?}"));
    }

    /// Temporary credentials with the edge's rights, and their session token.
    pub(crate) async fn temporary(&self) -> (Identity, String) {
        let temporary = match &self.server {
            Server::Moto(_) => moto::Admin(self.address).temporary().await,
            Server::Minio(minio) => minio.temporary(&self.edge).await,
            _ => panic!("{:?} has no temporary credentials", self.kind),
        };
        temporary.unwrap()
    }

    /// Does what `seawall policy` with these arguments says, for this identity of an edge.
    pub(crate) fn provision(&self, edge: &Identity, arguments: &[&str]) {
        self.minio().provision(edge, arguments).unwrap();
    }

    /// Removes an identity with its rights.
    pub(crate) fn remove(&self, identity: &Identity) {
        self.minio().remove(identity).unwrap();
    }

    /// The administrator.
    pub(crate) fn root(&self) -> &Identity {
        self.minio().root()
    }

    fn minio(&self) -> &Minio {
        match &self.server {
            Server::Minio(minio) => minio,
            _ => panic!("{:?} is told such things in another way", self.kind),
        }
    }

    /// Kills the store's process; its data stays. Only where data and identities are on disk.
    pub(crate) fn kill(&mut self) {
        self.process().kill();
    }

    /// Starts it again where it was.
    pub(crate) async fn start_again(&mut self) {
        let address = self.address;
        let process = self.process();
        process.start();
        process.answers(address).await.unwrap();
    }

    fn process(&mut self) -> &mut Process {
        match &mut self.server {
            Server::Versitygw(process, _) => process,
            Server::Minio(minio) => &mut minio.process,
            _ => panic!("{:?} forgets everything with its process", self.kind),
        }
    }
}

pub(crate) fn identity(name: &str) -> Identity {
    Identity {
        access_key: name.to_owned(),
        secret_key: format!("the-secret-key-of-{name}"),
    }
}

async fn embedded() -> Store {
    let publisher = identity("publisher");
    let bucket = Bucket::start(BucketOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        bucket: BUCKET.to_owned(),
        region: REGION.to_owned(),
        edge: identity("edge"),
        publisher: publisher.clone(),
    })
    .await
    .unwrap();
    let publisher = site::client(&bucket.url(), REGION, &publisher);
    let create = publisher.create_bucket().bucket(BUCKET);
    create.send().await.unwrap();
    Store {
        kind: Kind::Embedded,
        address: bucket.addr(),
        region: REGION,
        edge: identity("edge"),
        // It knows nobody else: to this one it is a stranger with a well-made signature.
        foreign: identity("foreign"),
        publisher,
        server: Server::Embedded(bucket),
    }
}

async fn versitygw(program: &Path) -> Result<Store, String> {
    let folder = tempfile::tempdir().unwrap();
    for part in ["iam", "data", "sidecar"] {
        std::fs::create_dir(folder.path().join(part)).unwrap();
    }
    let address = free_address();
    // A secret of its own, so that another gateway that took the port refuses what follows.
    let root = identity(&format!("root-{}", address.port()));
    let mut command = Command::new(program);
    command
        .args(["--access", &root.access_key, "--secret", &root.secret_key])
        .args(["--port", &address.to_string(), "--region", VERSITYGW_REGION])
        .arg("--iam-dir")
        .arg(folder.path().join("iam"))
        .args(["posix", "--sidecar"])
        .arg(folder.path().join("sidecar"))
        .arg(folder.path().join("data"));
    let mut process = Process::new(command, folder);
    process.answers(address).await?;
    let url = format!("http://{address}");
    for name in ["edge", "publisher", "foreign"] {
        let user = identity(name);
        let mut admin = Command::new(program);
        admin
            .args(["admin", "--access", &root.access_key])
            .args(["--secret", &root.secret_key, "--endpoint-url", &url])
            .args([
                "--region",
                VERSITYGW_REGION,
                "create-user",
                "--role",
                "user",
            ])
            .args(["--access", &user.access_key, "--secret", &user.secret_key]);
        tools::run(&mut admin)?;
    }
    let client = site::client(&url, VERSITYGW_REGION, &root);
    let create = client.create_bucket().bucket(BUCKET).send().await;
    create.map_err(|error| format!("{error:?}"))?;
    put_policy(&client, &url, true).await?;
    Ok(Store {
        kind: Kind::Versitygw,
        address,
        region: VERSITYGW_REGION,
        edge: identity("edge"),
        foreign: identity("foreign"),
        publisher: site::client(&url, VERSITYGW_REGION, &identity("publisher")),
        server: Server::Versitygw(process, client),
    })
}

/// The printed document, and beside it a statement for the publisher.
async fn put_policy(root: &Client, endpoint: &str, edge_reads: bool) -> Result<(), String> {
    let arguments = ["--for", "versitygw", "--access-key", "edge"];
    let printed = Printed::of(endpoint, VERSITYGW_REGION, &arguments);
    let mut policy: Value =
        serde_json::from_str(&printed.document("versitygw-bucket-policy")).unwrap();
    let statements = policy["Statement"].as_array_mut().unwrap();
    if !edge_reads {
        statements.clear();
    }
    statements.push(serde_json::json!({
        "Effect": "Allow",
        "Principal": { "AWS": ["publisher"] },
        "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
        "Resource": format!("arn:aws:s3:::{BUCKET}/*"),
    }));
    let put = root.put_bucket_policy().bucket(BUCKET);
    let put = put.policy(policy.to_string()).send().await;
    put.map_err(|error| format!("{error:?}")).map(drop)
}
