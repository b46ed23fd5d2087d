//! The composition root: a resolved configuration becomes parts, and the parts a running edge.
//! The only file that knows all parts.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use http::HeaderValue;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::admin::{AdminServer, Desk};
use crate::clock::SharedClock;
use crate::config::{
    self, Addressing, Config, Credentials as Configured, HostField, Missing, Runtime, Signing,
};
use crate::fill::{Fills, Parts};
use crate::journal::follow::Follow;
use crate::journal::local::Begun;
use crate::journal::{Journal, JournalError, Local};
use crate::origin::Origin;
use crate::origin::credentials::{Credentials, Source};
use crate::origin::http::Limits;
use crate::origin::s3::{Addressing as S3Addressing, S3, S3Options};
use crate::origin::web::{Web, WebOptions};
use crate::policy::behavior::Behavior;
use crate::policy::path_pattern::PathPattern;
use crate::purge::ledger::{DEFAULT_CAPACITY, Ledger};
use crate::request::{Engine, Site};
use crate::serve::{Server, ServerOptions, Threads};
use crate::store::memory::Memory;
use crate::store::splits::Splits;
use crate::telemetry::access_log::{AccessLog, Labels, Sink, Writer};
use crate::telemetry::metrics::Metrics;

/// Why an edge could not be started, or a configuration not be put in force.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The journal could not be opened.
    #[error("the journal in {}: {source}", directory.display())]
    Journal {
        /// `edge.data`
        directory: std::path::PathBuf,
        /// What the journal said.
        source: JournalError,
    },
    /// An origin cannot be made from its configuration.
    #[error("origins.{name}: {reason}")]
    Origin {
        /// The origin's name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The access log could not be opened.
    #[error("the access log {sink}: {source}")]
    AccessLog {
        /// Where it should go.
        sink: String,
        /// What the system said.
        source: io::Error,
    },
    /// An address could not be listened on, or a thread not be started.
    #[error(transparent)]
    Serve(#[from] io::Error),
    /// The edge's name makes no header.
    #[error("edge.{key} {value:?} cannot stand in a header")]
    Header {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
    },
}

/// A running edge.
#[derive(Debug)]
pub struct Edge {
    engine: Arc<Engine>,
    desk: Desk,
    server: Server,
    admin: AdminServer,
    log: Writer,
    config: Config,
    /// What was put in force at the start, and stays.
    fixed: Vec<(&'static str, String)>,
    origins: Origins,
}

impl Edge {
    /// Starts an edge on the runtime of the caller, which must be a multi-threaded one: origin
    /// requests, the journal and the admin API live there; viewers get threads of their own.
    ///
    /// # Errors
    /// [`AppError`]; nothing keeps running then.
    pub async fn start(config: Config, clock: SharedClock) -> Result<Self, AppError> {
        // What is counted, and where requests are written down.
        let metrics = Arc::new(Metrics::new());
        let sink = sink(&config.log.access);
        let labels = Labels {
            edge: config.edge.name.clone(),
            region: config.edge.region.clone(),
        };
        let (log, writer) =
            AccessLog::open(&sink, labels, Arc::clone(&clock), Arc::clone(&metrics)).map_err(
                |source| AppError::AccessLog {
                    sink: match &config.log.access {
                        config::AccessLog::File(path) => path.display().to_string(),
                        other => format!("{other:?}"),
                    },
                    source,
                },
            )?;

        // What has been invalidated: the ledger goes on where the journal ends. Nothing is held
        // yet, so there is nothing that older records could kill.
        let directory = config.edge.data.clone();
        let (journal, epoch) = open_journal(&directory)
            .await
            .map_err(|source| AppError::Journal { directory, source })?;
        let journal = Arc::new(journal);
        let head = journal.head().last;
        let ledger = Arc::new(Ledger::new(epoch, head, DEFAULT_CAPACITY));

        // What is kept, and what is being fetched.
        let memory = Memory::new(config.edge.memory);
        let follow = Follow::new(
            Arc::clone(&journal) as Arc<dyn Journal>,
            Arc::clone(&ledger),
            memory.clone(),
            Arc::clone(&metrics),
            head,
        );
        let fills = Fills::new(Parts {
            clock: Arc::clone(&clock),
            ledger: Arc::clone(&ledger),
            memory: memory.clone(),
            splits: Arc::new(Splits::new(Arc::clone(&config.distributions))),
            metrics: Arc::clone(&metrics),
            spawner: Handle::current(),
            in_flight: config.edge.in_flight,
        });

        // Where objects come from, and who is served what.
        let mut origins = origins(&config, &Origins::new(), &clock, &metrics).await?;
        let site = site(&config, &origins)?;
        let engine = Arc::new(Engine {
            site: ArcSwap::from_pointee(site),
            clock: Arc::clone(&clock),
            ledger,
            memory,
            fills,
            metrics,
            log,
            spawner: Handle::current(),
        });

        // The listeners come last: who can connect can be served.
        let desk = Desk::new(Arc::clone(&engine), journal, follow, config.admin.clone());
        let admin = AdminServer::start(config.admin.listen, &desk).await?;
        let options = ServerOptions {
            listen: config.edge.listen.clone(),
            threads: threads(&config.edge),
            max_connections: config.edge.max_connections,
            max_connections_per_address: config.edge.max_connections_per_address,
            clock,
        };
        let server = match Server::start(options, &engine) {
            Ok(server) => server,
            Err(error) => {
                admin.shut_down().await;
                return Err(error.into());
            }
        };
        for origin in origins.values_mut() {
            origin.run();
        }
        Ok(Self {
            engine,
            desk,
            server,
            admin,
            log: writer,
            fixed: fixed(&config),
            config,
            origins,
        })
    }

    /// The addresses where viewers are served, ports filled in.
    #[must_use]
    pub fn viewer_addresses(&self) -> &[SocketAddr] {
        self.server.addresses()
    }

    /// The address of the admin listener, its port filled in.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        self.admin.address()
    }

    /// What answers requests.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Why the edge is not ready; empty when it is.
    #[must_use]
    pub fn not_ready(&self) -> Vec<String> {
        self.desk.not_ready()
    }

    /// Puts another configuration in force, and keeps what is cached. What is cached dies if any of it
    /// could come from another bucket now, or is of a distribution that is gone. The keys that are returned need a restart to change;
    /// they stay as they are.
    ///
    /// # Errors
    /// [`AppError`]; the configuration that was in force stays.
    pub async fn reload(&mut self, config: Config) -> Result<Vec<&'static str>, AppError> {
        let engine = &self.engine;
        // What has not changed goes on as it is: its connections, and what is known of it.
        let mut origins = origins(&config, &self.origins, &engine.clock, &engine.metrics).await?;
        let site = site(&config, &origins)?;
        let same_objects = keeps(&sources(&self.config), &sources(&config));
        // First the site, then the epoch: Engine::epoch_of relies on this order.
        engine.site.store(Arc::new(site));
        engine
            .fills
            .splits()
            .reload(Arc::clone(&config.distributions));
        if !same_objects {
            tracing::info!(
                "distributions read other buckets now, or are gone: what was cached is dead"
            );
            engine.ledger.raise_epoch();
        }
        self.desk.grant(config.admin.clone());
        for (name, origin) in &mut origins {
            let before = self.origins.remove(name);
            match before {
                Some(before) if Arc::ptr_eq(&before.origin, &origin.origin) => *origin = before,
                _ => origin.run(),
            }
        }
        // What is left of the old ones is dropped, and with it what they did in the background.
        self.origins = origins;
        engine.metrics.reloads.increment();
        let wanted = fixed(&config);
        let differ = self
            .fixed
            .iter()
            .zip(&wanted)
            .filter(|(ours, theirs)| ours != theirs);
        let differ = differ.map(|((key, _), _)| *key).collect();
        self.config = config;
        Ok(differ)
    }

    /// Ends in order: not ready, no new connections, what is in flight finishes within
    /// `edge.shutdown_grace`. True: nothing had to be cut.
    pub async fn shut_down(self) -> bool {
        self.desk.drain();
        let finished = self.server.shut_down(self.config.edge.shutdown_grace).await;
        self.admin.shut_down().await;
        drop(self.origins);
        let log = self.log;
        // Joining the writer blocks for as long as its last lines take.
        let _ = tokio::task::spawn_blocking(move || log.close()).await;
        finished
    }
}

fn sink(access: &config::AccessLog) -> Sink {
    match access {
        config::AccessLog::Off => Sink::Off,
        config::AccessLog::Stdout => Sink::Stdout,
        config::AccessLog::File(path) => Sink::File(path.clone()),
    }
}

fn threads(edge: &config::Edge) -> Threads {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let count = edge.workers.unwrap_or_else(cores);
    match edge.runtime {
        Runtime::PerCore => Threads::PerCore(count),
        Runtime::WorkStealing => Threads::WorkStealing(count),
    }
}

/// Opens the journal off the async threads, and says what it found. The epoch: memory begins
/// empty with each process, so any will do.
async fn open_journal(directory: &Path) -> Result<(Local, u64), JournalError> {
    let path = directory.to_owned();
    let opening = tokio::task::spawn_blocking(move || Local::open(&path));
    let opened = opening.await.map_err(|error| JournalError::Io {
        action: "open the journal in",
        path: directory.to_owned(),
        source: io::Error::other(error),
    })??;
    let report = &opened.report;
    if let Some(cut) = &report.cut {
        tracing::warn!(bytes = cut.bytes, kept_in = %cut.kept_in.display(), "the journal had a torn tail");
    }
    if let Some(Begun::Damaged { damage, moved_to }) = &report.begun {
        tracing::error!(moved_to = %moved_to.display(), ?damage, "the journal was damaged; a new one was begun");
    }
    Ok((opened.journal, 1))
}

/// The origins of a configuration, by name.
type Origins = BTreeMap<String, Running>;

/// An origin, and what it does in the background for as long as this lives.
struct Running {
    origin: Arc<dyn Origin>,
    /// Everything that it was made of; equal ones need not be made anew.
    made_of: [u8; 32],
    /// A bucket, with what it does in the background.
    bucket: Option<RunningBucket>,
    task: Option<JoinHandle<()>>,
}

#[derive(Clone)]
struct RunningBucket {
    s3: Arc<S3>,
    /// Where its credentials come from, and who that is if it goes on giving new ones.
    source: Source,
    giver: Option<Giver>,
}

impl Running {
    /// The same origin, without its task.
    fn share(&self) -> Self {
        Self {
            origin: Arc::clone(&self.origin),
            made_of: self.made_of,
            bucket: self.bucket.clone(),
            task: None,
        }
    }

    fn run(&mut self) {
        let background = self.bucket.as_ref().map(|bucket| bucket.s3.background());
        self.task = background.map(tokio::spawn);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.origin.fmt(f)
    }
}

/// Who gives credentials that may change.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Giver {
    Chain,
    Profile(String),
}

impl Giver {
    fn of(credentials: &Configured) -> Option<Self> {
        match credentials {
            Configured::Chain => Some(Self::Chain),
            Configured::Profile(name) => Some(Self::Profile(name.clone())),
            Configured::Static { .. } => None,
        }
    }
}

/// Where an origin takes the credentials that its configuration names.
pub(crate) fn source(credentials: &Configured) -> Source {
    match credentials {
        Configured::Chain => Source::chain(),
        Configured::Profile(name) => Source::profile(name),
        Configured::Static {
            access_key,
            secret_key,
            session_token,
        } => Source::fixed(Credentials::fixed(
            access_key.value.expose_secret(),
            secret_key.value.expose_secret(),
            session_token
                .as_ref()
                .map(|token| token.value.expose_secret()),
        )),
    }
}

/// The origins of a configuration; of the `kept` ones those that it describes as they are.
async fn origins(
    config: &Config,
    kept: &Origins,
    clock: &SharedClock,
    metrics: &Metrics,
) -> Result<Origins, AppError> {
    let mut origins = Origins::new();
    for (name, origin) in &config.origins {
        let before = kept.get(name);
        let made = match origin {
            config::Origin::Bucket(origin) => bucket(config, origin, before, clock, metrics).await,
            config::Origin::Web(origin) => web(config, origin, before, clock, metrics),
        };
        let made = made.map_err(|reason| AppError::Origin {
            name: name.clone(),
            reason,
        })?;
        origins.insert(name.clone(), made);
    }
    Ok(origins)
}

async fn bucket(
    config: &Config,
    origin: &config::Bucket,
    before: Option<&Running>,
    clock: &SharedClock,
    metrics: &Metrics,
) -> Result<Running, String> {
    let options = options(config, origin);
    let made_of = made_of(&options, origin);
    if let Some(same) = before.filter(|kept| kept.made_of == made_of) {
        return Ok(same.share());
    }
    let giver = Giver::of(&origin.credentials);
    // The source outlives the origin that it is for: a reload finds it filled.
    let credentials = before
        .and_then(|kept| kept.bucket.as_ref())
        .filter(|kept| giver.is_some() && kept.giver == giver)
        .map_or_else(|| source(&origin.credentials), |kept| kept.source.clone());
    // Without any, the background task goes on asking, and `/readyz` says so.
    let _ = credentials.first(clock, origin.first_byte_timeout).await;
    let s3 = S3::new(options, credentials.clone(), Arc::clone(clock), metrics)?;
    let s3 = Arc::new(s3);
    Ok(Running {
        origin: Arc::clone(&s3) as Arc<dyn Origin>,
        made_of,
        bucket: Some(RunningBucket {
            s3,
            source: credentials,
            giver,
        }),
        task: None,
    })
}

fn web(
    config: &Config,
    origin: &config::Web,
    before: Option<&Running>,
    clock: &SharedClock,
    metrics: &Metrics,
) -> Result<Running, String> {
    let options = WebOptions {
        name: origin.name.clone(),
        scheme: origin.url.scheme.clone(),
        authority: origin.url.authority.clone(),
        host: match &origin.host {
            HostField::Origin | HostField::Viewer => None,
            HostField::Literal(host) => Some(host.clone()),
        },
        edge: config.edge.name.clone(),
        ca_file: origin.ca_file.clone(),
        limits: Limits {
            connect: origin.connect_timeout,
            first_byte: origin.first_byte_timeout,
            idle: origin.idle_timeout,
        },
        max_requests: origin.max_requests,
    };
    let mut hash = Sha256::new();
    hash.update(format!("{options:?}"));
    hash.update(contents(options.ca_file.as_deref()));
    let made_of = hash.finalize().into();
    if let Some(same) = before.filter(|kept| kept.made_of == made_of) {
        return Ok(same.share());
    }
    Ok(Running {
        origin: Arc::new(Web::new(options, Arc::clone(clock), metrics)?),
        made_of,
        bucket: None,
        task: None,
    })
}

/// What a file holds now: a rotated one has the same name.
fn contents(path: Option<&Path>) -> Vec<u8> {
    path.and_then(|path| std::fs::read(path).ok())
        .unwrap_or_default()
}

/// A fingerprint of everything that an origin is made of; its secrets are in it by their hash.
fn made_of(options: &S3Options, origin: &config::Bucket) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(format!("{options:?}"));
    hash.update(contents(options.ca_file.as_deref()));
    match &origin.credentials {
        Configured::Chain => hash.update("chain"),
        Configured::Profile(name) => hash.update(format!("profile {name:?}")),
        Configured::Static {
            access_key,
            secret_key,
            session_token,
        } => {
            for secret in [Some(access_key), Some(secret_key), session_token.as_ref()] {
                let value = secret.map_or("", |secret| secret.value.expose_secret());
                hash.update((value.len() as u64).to_be_bytes());
                hash.update(value);
            }
        }
    }
    hash.finalize().into()
}

/// What a bucket's client is made of.
pub(crate) fn options(config: &Config, origin: &config::Bucket) -> S3Options {
    let roots = config
        .distributions
        .iter()
        .filter(|distribution| distribution.has_root_in(&origin.name))
        .filter_map(|distribution| distribution.root_path())
        .collect();
    S3Options {
        name: origin.name.clone(),
        bucket: origin.bucket.clone(),
        region: origin.region.clone(),
        endpoint: origin.endpoint.as_ref().map(ToString::to_string),
        addressing: match origin.addressing {
            Addressing::Auto => None,
            Addressing::Path => Some(S3Addressing::Path),
            Addressing::Virtual => Some(S3Addressing::Virtual),
        },
        prefix: origin.prefix.clone(),
        sign: origin.signing == Signing::Always,
        missing: origin.missing == Missing::Auto,
        ca_file: origin.ca_file.clone(),
        limits: Limits {
            connect: origin.connect_timeout,
            first_byte: origin.first_byte_timeout,
            idle: origin.idle_timeout,
        },
        max_requests: origin.max_requests,
        roots,
    }
}

/// What requests travel with under a configuration.
fn site(config: &Config, origins: &Origins) -> Result<Site, AppError> {
    let header = |key, value: &str| {
        HeaderValue::from_str(value).map_err(|_| AppError::Header {
            key,
            value: value.to_owned(),
        })
    };
    let edge = &config.edge;
    let shared = |(name, running): (&String, &Running)| (name.clone(), Arc::clone(&running.origin));
    Ok(Site {
        name: edge.name.clone(),
        via: header("name", &format!("1.1 {}", edge.name))?,
        pop: header("pop", &edge.pop)?,
        distributions: Arc::clone(&config.distributions),
        origins: origins.iter().map(shared).collect(),
        max_object_size: edge.max_object_size,
        clients: edge.clients.clone(),
        debug_headers: edge.debug_headers,
    })
}

/// Whether each key that may be stored is still the same object. Nothing is stored of a distribution that was not
/// there before, since none goes without all that is stored: under its id there may be another one later.
fn keeps(before: &BTreeMap<&str, Sources<'_>>, after: &BTreeMap<&str, Sources<'_>>) -> bool {
    before
        .iter()
        .all(|(id, sources)| after.get(id) == Some(sources))
}

/// Which object a distribution's path is: where this changes, the same key is another object.
fn sources(config: &Config) -> BTreeMap<&str, Sources<'_>> {
    let mut sources = BTreeMap::new();
    for distribution in config.distributions.iter() {
        let default = place(config, &distribution.default_behavior);
        let mut paths: Vec<(&PathPattern, String)> = distribution
            .behaviors
            .iter()
            .map(|listed| (&listed.path, place(config, &listed.behavior)))
            .collect();
        // Without the last ones that read the same as all other paths, each path reads the same.
        while paths.last().is_some_and(|(_, place)| *place == default) {
            paths.pop();
        }
        let root = distribution.root_object.as_deref();
        sources.insert(&*distribution.id, (root, paths, default));
    }
    sources
}

/// The root object, what the paths of each behaviour read in their order, and what all others read.
type Sources<'c> = (Option<&'c str>, Vec<(&'c PathPattern, String)>, String);

/// Where a behaviour's objects come from, and which other paths they are known under: what was stored
/// under other rules would not be found by a purge of such a path.
fn place(config: &Config, behavior: &Behavior) -> String {
    let known_as = behavior.site.as_ref();
    let known_as = known_as.map(|rules| (rules.directories, rules.clean_urls));
    let known_as = known_as.unwrap_or_default();
    format!("{} {known_as:?}", origin_of(config, behavior))
}

fn origin_of(config: &Config, behavior: &Behavior) -> String {
    let origin = config.origins.get(&behavior.origin);
    origin.map_or_else(String::new, |origin| match origin {
        config::Origin::Bucket(origin) => format!(
            "{:?} {} {} {}",
            origin.endpoint, origin.region, origin.bucket, origin.prefix
        ),
        // What it answers depends on what it is asked, too.
        config::Origin::Web(origin) => format!(
            "{} {:?} {:?}",
            origin.url, origin.host, behavior.origin_request
        ),
    })
}

/// The keys that only a start puts in force, with their values.
fn fixed(config: &Config) -> Vec<(&'static str, String)> {
    let edge = &config.edge;
    vec![
        ("edge.listen", format!("{:?}", edge.listen)),
        ("edge.data", format!("{:?}", edge.data)),
        ("edge.memory", edge.memory.to_string()),
        ("edge.in_flight", edge.in_flight.to_string()),
        ("edge.runtime", format!("{:?}", edge.runtime)),
        ("edge.workers", format!("{:?}", edge.workers)),
        ("edge.max_connections", edge.max_connections.to_string()),
        (
            "edge.max_connections_per_address",
            edge.max_connections_per_address.to_string(),
        ),
        ("edge.region", edge.region.clone()),
        ("admin.listen", config.admin.listen.to_string()),
        ("log.access", format!("{:?}", config.log.access)),
        ("journal.kind", format!("{:?}", config.journal)),
    ]
}
