//! Real S3 stores, each started for one test and killed with it: the embedded bucket, versitygw
//! and moto. Each has one private bucket and three identities: the edge (may read objects of this
//! bucket, may not list), the publisher (may read and write), and a foreign one (known to the
//! store, without rights on this bucket).
//!
//! MinIO is not among them: the Go module proxy refuses the module (403), and `mc`, which its
//! users and policies need, is not in the checksum database.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use seawall::clock::{self, SystemClock};
use seawall::demo::bucket::{Bucket, BucketOptions, Identity};
use seawall::demo::site;
use tempfile::TempDir;

use super::store::{BUCKET, REGION};
use super::tools::{self, or_skip};
use super::{Client as Http, EdgeOptions};

/// How often a start is tried when another process takes the port first.
const TRIES: usize = 5;
/// Looks at a starting server: one every 20 ms, half a minute in all.
const LOOKS: usize = 1_500;

/// Which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Embedded,
    Versitygw,
    Moto,
}

/// Where stores really differ. What is not in here is the same on all of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manners {
    /// A missing key answers 403 to who may not list, as on AWS; else 404.
    pub(crate) hides_missing: bool,
}

impl Kind {
    pub(crate) const fn manners(self) -> Manners {
        match self {
            Self::Embedded => Manners {
                hides_missing: true,
            },
            Self::Versitygw => Manners {
                hides_missing: false,
            },
            Self::Moto => Manners {
                hides_missing: false,
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
                    moto(&or_skip("moto", found)?).await
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
            Server::Versitygw(_, root) => put_policy(root, allowed).await.unwrap(),
            Server::Moto(_) => {
                let moto = MotoAdmin(self.address);
                moto.enforce(false).await.unwrap();
                moto.policy(
                    "edge",
                    if allowed {
                        "s3:GetObject"
                    } else {
                        "s3:Nothing"
                    },
                )
                .await
                .unwrap();
                moto.enforce(true).await.unwrap();
            }
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

    /// Temporary credentials with the edge's rights, and their session token. moto alone has any.
    pub(crate) async fn temporary(&self) -> (Identity, String) {
        let Server::Moto(_) = &self.server else {
            panic!("{:?} has no temporary credentials", self.kind);
        };
        let moto = MotoAdmin(self.address);
        moto.enforce(false).await.unwrap();
        let temporary = moto.assume_role().await.unwrap();
        moto.enforce(true).await.unwrap();
        temporary
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
            _ => panic!("{:?} forgets everything with its process", self.kind),
        }
    }
}

fn identity(name: &str) -> Identity {
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
    const REGION: &str = "us-east-1";
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
        .args(["--port", &address.to_string(), "--region", REGION])
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
            .args(["--region", REGION, "create-user", "--role", "user"])
            .args(["--access", &user.access_key, "--secret", &user.secret_key]);
        tools::run(&mut admin)?;
    }
    let client = site::client(&url, REGION, &root);
    let create = client.create_bucket().bucket(BUCKET).send().await;
    create.map_err(|error| format!("{error:?}"))?;
    put_policy(&client, true).await?;
    Ok(Store {
        kind: Kind::Versitygw,
        address,
        region: REGION,
        edge: identity("edge"),
        foreign: identity("foreign"),
        publisher: site::client(&url, REGION, &identity("publisher")),
        server: Server::Versitygw(process, client),
    })
}

async fn put_policy(root: &Client, edge_reads: bool) -> Result<(), String> {
    let allow = |who: &str, actions: &[&str]| {
        serde_json::json!({
            "Effect": "Allow",
            "Principal": { "AWS": [who] },
            "Action": actions,
            "Resource": format!("arn:aws:s3:::{BUCKET}/*"),
        })
    };
    let mut statements = vec![allow(
        "publisher",
        &["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
    )];
    if edge_reads {
        statements.push(allow("edge", &["s3:GetObject"]));
    }
    let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": statements });
    let put = root.put_bucket_policy().bucket(BUCKET);
    let put = put.policy(policy.to_string()).send().await;
    put.map_err(|error| format!("{error:?}")).map(drop)
}

async fn moto(folder: &Path) -> Result<Store, String> {
    const REGION: &str = "us-east-1";
    let address = free_address();
    let mut command = Command::new("python3");
    command
        .args(["-m", "moto.server", "-H", "127.0.0.1", "-p"])
        .arg(address.port().to_string())
        .env("PYTHONPATH", folder);
    let mut process = Process::new(command, tempfile::tempdir().unwrap());
    // It takes seconds to come to its port, which another process may have taken by then. It says
    // this when it has it, and ends when it cannot have it.
    process.says("Running on").await?;
    process.answers(address).await?;
    let admin = MotoAdmin(address);
    let edge = admin.user("edge", "s3:GetObject").await?;
    let publisher = admin.user("publisher", "s3:*").await?;
    // moto takes no notice of a policy's resource, so that "only another bucket" means nothing.
    let foreign = admin.user("foreign", "sqs:SendMessage").await?;
    let url = format!("http://{address}");
    let client = site::client(&url, REGION, &publisher);
    let create = client.create_bucket().bucket(BUCKET).send().await;
    create.map_err(|error| format!("{error:?}"))?;
    admin.enforce(true).await?;
    process.alive()?;
    Ok(Store {
        kind: Kind::Moto,
        address,
        region: REGION,
        edge,
        foreign,
        publisher: client,
        server: Server::Moto(process),
    })
}

/// The administrative side of a moto server.
struct MotoAdmin(SocketAddr);

impl MotoAdmin {
    /// From now on every action needs a signature and a policy; or none does.
    async fn enforce(&self, on: bool) -> Result<(), String> {
        let after = if on { "0" } else { "1000000" };
        self.post("/moto-api/reset-auth", &[], after)
            .await
            .map(drop)
    }

    async fn user(&self, name: &str, action: &str) -> Result<Identity, String> {
        self.iam(&format!("Action=CreateUser&UserName={name}"))
            .await?;
        self.policy(name, action).await?;
        let key = self
            .iam(&format!("Action=CreateAccessKey&UserName={name}"))
            .await?;
        credentials(&key)
    }

    async fn assume_role(&self) -> Result<(Identity, String), String> {
        let trust = r#"{"Version":"2012-10-17","Statement":[]}"#;
        self.iam(&format!(
            "Action=CreateRole&RoleName=edge&AssumeRolePolicyDocument={trust}"
        ))
        .await?;
        let document = policy("s3:GetObject");
        self.iam(&format!(
            "Action=PutRolePolicy&RoleName=edge&PolicyName=only&PolicyDocument={document}"
        ))
        .await?;
        let role = "arn:aws:iam::123456789012:role/edge";
        let parameters =
            format!("Version=2011-06-15&Action=AssumeRole&RoleSessionName=edge-1&RoleArn={role}");
        let session = self.form("sts", &parameters).await?;
        let token = element(&session, "SessionToken")?;
        Ok((credentials(&session)?, token))
    }

    /// Sets the only policy of a user.
    async fn policy(&self, user: &str, action: &str) -> Result<(), String> {
        let document = policy(action);
        self.iam(&format!(
            "Action=PutUserPolicy&UserName={user}&PolicyName=only&PolicyDocument={document}"
        ))
        .await
        .map(drop)
    }

    async fn iam(&self, parameters: &str) -> Result<String, String> {
        self.form("iam", &format!("Version=2010-05-08&{parameters}"))
            .await
    }

    async fn form(&self, service: &str, body: &str) -> Result<String, String> {
        // Before it enforces anything moto reads of this the service alone.
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=root/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
        );
        let fields = [
            ("authorization", scope.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        self.post("/", &fields, body).await
    }

    async fn post(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Result<String, String> {
        let mut client = Http::connect(self.0).await;
        let answer = client.request("POST", path, fields, body).await;
        if answer.status == 200 {
            Ok(answer.text())
        } else {
            Err(format!("{path}: {} {}", answer.status, answer.text()))
        }
    }
}

/// A policy that allows one action. None of its characters need quoting in a form that moto reads.
fn policy(action: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"arn:aws:s3:::{BUCKET}/*"}}]}}"#
    )
}

fn credentials(document: &str) -> Result<Identity, String> {
    Ok(Identity {
        access_key: element(document, "AccessKeyId")?,
        secret_key: element(document, "SecretAccessKey")?,
    })
}

fn element(document: &str, name: &str) -> Result<String, String> {
    let found = seawall::origin::judge::element(document, name);
    found
        .map(str::to_owned)
        .ok_or_else(|| format!("no {name} in {document}"))
}

/// An address that was free a moment ago.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// A server that is a process of its own, and its folder. Both end when this is dropped.
struct Process {
    command: Command,
    child: Child,
    folder: TempDir,
}

impl Process {
    fn new(mut command: Command, folder: TempDir) -> Self {
        let child = Self::spawn(&mut command, &folder);
        Self {
            command,
            child,
            folder,
        }
    }

    fn spawn(command: &mut Command, folder: &TempDir) -> Child {
        let log = File::options()
            .create(true)
            .append(true)
            .open(folder.path().join("log"))
            .unwrap();
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }

    fn start(&mut self) {
        self.child = Self::spawn(&mut self.command, &self.folder);
    }

    fn kill(&mut self) {
        // An error says that it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Whether it still runs; what it wrote if it does not.
    fn alive(&mut self) -> Result<(), String> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            ended => Err(format!("{ended:?}: {}", self.log())),
        }
    }

    /// What it has written so far.
    fn log(&self) -> String {
        let log = std::fs::read(self.folder.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Waits until it has written this.
    async fn says(&mut self, what: &str) -> Result<(), String> {
        let time = SystemClock::new();
        for _ in 0..LOOKS {
            if self.log().contains(what) {
                return Ok(());
            }
            self.alive()?;
            clock::sleep(&time, Duration::from_millis(20)).await;
        }
        Err(format!("no {what:?} in half a minute: {}", self.log()))
    }

    /// Waits until it takes connections.
    async fn answers(&mut self, address: SocketAddr) -> Result<(), String> {
        let time = SystemClock::new();
        for _ in 0..LOOKS {
            if tokio::net::TcpStream::connect(address).await.is_ok() {
                return self.alive();
            }
            self.alive()?;
            clock::sleep(&time, Duration::from_millis(20)).await;
        }
        Err(format!("{address} took no connection in half a minute"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
