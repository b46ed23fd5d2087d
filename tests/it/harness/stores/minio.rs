//! MinIO, provisioned by the steps that `seawall policy` prints for it, given to a shell as they
//! stand; what they do not cover (a publisher, a foreign user) by `mc` as well.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use seawall::demo::bucket::Identity;
use seawall::demo::{session, site};

use super::process::{Process, free_address};
use super::{BUCKET, Kind, Server, Store, identity};
use crate::harness::printed::Printed;
use crate::harness::tools;

/// MinIO's own, unless it is told another.
const REGION: &str = "us-east-1";
/// The name that the steps give to the edge's policy.
const EDGE_POLICY: &str = "seawall-edge";
/// Another bucket, which the foreign user may read.
const OTHER_BUCKET: &str = "other";

/// MinIO and its administrator's tool.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    pub(super) minio: std::path::PathBuf,
    pub(super) mc: std::path::PathBuf,
}

/// A running MinIO: its process, and its administrator.
pub(super) struct Minio {
    pub(super) process: Process,
    url: String,
    root: Identity,
    mc: std::path::PathBuf,
}

pub(super) fn find() -> Result<Programs, String> {
    Ok(Programs {
        minio: tools::minio()?,
        mc: tools::mc()?,
    })
}

pub(super) async fn start(programs: &Programs) -> Result<Store, String> {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    // A secret of its own, so that another MinIO that took the port refuses what follows.
    let root = identity(&format!("root-{}", address.port()));
    let mut command = Command::new(&programs.minio);
    command
        .args(["server", "--address", &address.to_string()])
        .arg(folder.path().join("data"))
        .env_clear()
        .env("HOME", folder.path())
        .env("MINIO_ROOT_USER", &root.access_key)
        .env("MINIO_ROOT_PASSWORD", &root.secret_key)
        // Nothing but the API, and not a word to anybody else.
        .env("MINIO_BROWSER", "off")
        .env("MINIO_UPDATE", "off")
        .env("MINIO_CALLHOME_ENABLE", "off");
    let mut process = Process::new(command, folder);
    // It takes connections before it takes requests.
    process.says("API: ").await?;
    process.answers(address).await?;
    let minio = Minio {
        process,
        url: format!("http://{address}"),
        root,
        mc: programs.mc.clone(),
    };
    let edge = identity("edge");
    minio.provision(&edge, &[])?;
    let publisher = identity("publisher");
    let may_all = |bucket: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::{bucket}/*"}}]}}"#
        )
    };
    minio.user(&publisher, "publisher", &may_all(BUCKET))?;
    minio.user(&identity("foreign"), "foreign", &may_all(OTHER_BUCKET))?;
    let publisher = site::client(&minio.url, REGION, &publisher);
    Ok(Store {
        kind: Kind::Minio,
        address,
        region: REGION,
        edge,
        foreign: identity("foreign"),
        publisher,
        server: Server::Minio(minio),
    })
}

impl Minio {
    pub(super) fn root(&self) -> &Identity {
        &self.root
    }

    /// Does what `seawall policy` with these arguments says, for this identity of an edge.
    pub(super) fn provision(&self, edge: &Identity, arguments: &[&str]) -> Result<(), String> {
        let printed = Printed::of(
            &self.url,
            REGION,
            &[&["--for", "minio"], arguments].concat(),
        );
        printed.save(self.process.folder());
        let mut shell = self.at_folder(Command::new("sh"));
        shell
            .args(["-euc", &printed.steps("MinIO")])
            .env("EDGE_ACCESS_KEY", &edge.access_key)
            .env("EDGE_SECRET_KEY", &edge.secret_key);
        // The first step asks for the administrator's keys.
        let Identity {
            access_key,
            secret_key,
        } = &self.root;
        let keys = self.process.folder().join("root-keys");
        std::fs::write(&keys, format!("{access_key}\n{secret_key}\n")).unwrap();
        tools::run_with(&mut shell, Stdio::from(std::fs::File::open(keys).unwrap())).map(drop)
    }

    /// Takes the right to read away from an identity of the edge, or gives it back.
    pub(super) fn let_edge_read(&self, edge: &Identity, allowed: bool) -> Result<(), String> {
        let verb = if allowed { "attach" } else { "detach" };
        let user = ["--user", &edge.access_key];
        self.admin(&[&["policy", verb, "store", EDGE_POLICY], &user[..]].concat())
    }

    /// Removes a user with its rights.
    pub(super) fn remove(&self, user: &Identity) -> Result<(), String> {
        self.admin(&["user", "remove", "store", &user.access_key])
    }

    /// A session of the edge's user: keys for an hour, and their token.
    pub(super) async fn temporary(&self, edge: &Identity) -> Result<(Identity, String), String> {
        let hour = Duration::from_secs(3_600);
        let session = session::session(&self.url, REGION, edge, None, hour).await;
        let session = session.map_err(|error| format!("{error:?}"))?;
        Ok((session.identity, session.token.0))
    }

    /// A user with this policy alone.
    fn user(&self, user: &Identity, name: &str, policy: &str) -> Result<(), String> {
        let file = self.process.folder().join(format!("{name}.json"));
        std::fs::write(&file, policy).unwrap();
        let file = file.to_str().unwrap();
        self.admin(&["user", "add", "store", &user.access_key, &user.secret_key])?;
        self.admin(&["policy", "create", "store", name, file])?;
        let attach = ["policy", "attach", "store", name];
        self.admin(&[&attach, &["--user", &user.access_key][..]].concat())
    }

    fn admin(&self, arguments: &[&str]) -> Result<(), String> {
        let mut mc = self.at_folder(Command::new(&self.mc));
        mc.arg("admin").args(arguments);
        tools::run(&mut mc).map(drop)
    }

    /// In the store's folder, where `mc` keeps what it knows, and with `mc` at hand.
    fn at_folder(&self, mut command: Command) -> Command {
        let folder = self.process.folder();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let tools = self.mc.parent().map(Path::to_owned).into_iter();
        let path = std::env::join_paths(tools.chain(std::env::split_paths(&path))).unwrap();
        command
            .current_dir(folder)
            .env("PATH", path)
            .env("MC_CONFIG_DIR", folder.join("mc"));
        command
    }
}
