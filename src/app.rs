//! The composition root: a resolved configuration becomes parts, and the parts a running edge.
//! The only file that knows all parts.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use http::HeaderValue;
use secrecy::ExposeSecret;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::admin::{AdminServer, Desk};
use crate::clock::SharedClock;
use crate::config::{
    self, Addressing, Config, Credentials as Configured, Missing, Runtime, Signing,
};
use crate::fill::{Fills, Parts};
use crate::journal::follow::Follow;
use crate::journal::local::Begun;
use crate::journal::{Journal, JournalError, Local};
use crate::origin::Origin;
use crate::origin::credentials::{Credentials, Source};
use crate::origin::http::Limits;
use crate::origin::s3::{Addressing as S3Addressing, S3, S3Options};
use crate::purge::ledger::{DEFAULT_CAPACITY, Ledger};
use crate::request::{Engine, Site};
use crate::serve::{Server, ServerOptions, Threads};
use crate::store::memory::Memory;
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
    origins: BTreeMap<String, JoinHandle<()>>,
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
                    sink: format!("{sink:?}"),
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
            metrics: Arc::clone(&metrics),
            spawner: Handle::current(),
            in_flight: config.edge.in_flight,
        });

        // Where objects come from, and who is served what.
        let (site, origins) = site(&config, &clock, &metrics).await?;
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
            clock,
        };
        let server = Server::start(options, &engine)?;
        Ok(Self {
            engine,
            desk,
            server,
            admin,
            log: writer,
            config,
            origins: spawn(origins),
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

    /// Puts another configuration in force, and keeps what is cached. What is cached dies if it
    /// could come from another bucket now. The keys that are returned need a restart to change;
    /// they stay as they are.
    ///
    /// # Errors
    /// [`AppError`]; the configuration that was in force stays.
    pub async fn reload(&mut self, config: Config) -> Result<Vec<&'static str>, AppError> {
        let engine = &self.engine;
        let (site, origins) = site(&config, &engine.clock, &engine.metrics).await?;
        let same_objects = sources(&self.config) == sources(&config);
        // First the site, then the epoch: Engine::epoch_of relies on this order.
        engine.site.store(Arc::new(site));
        if !same_objects {
            tracing::info!("distributions read other buckets now: what was cached is dead");
            engine.ledger.raise_epoch();
        }
        self.desk.grant(config.admin.clone());
        for (_, task) in std::mem::replace(&mut self.origins, spawn(origins)) {
            task.abort();
        }
        engine.metrics.reloads.increment();
        let fixed = needs_restart(&self.config, &config);
        self.config = config;
        Ok(fixed)
    }

    /// Ends in order: not ready, no new connections, what is in flight finishes within
    /// `edge.shutdown_grace`. True: nothing had to be cut.
    pub async fn shut_down(self) -> bool {
        self.desk.drain();
        let finished = self.server.shut_down(self.config.edge.shutdown_grace).await;
        self.admin.shut_down().await;
        for task in self.origins.values() {
            task.abort();
        }
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

type Background = Vec<(String, std::pin::Pin<Box<dyn Future<Output = ()> + Send>>)>;

fn spawn(origins: Background) -> BTreeMap<String, JoinHandle<()>> {
    origins
        .into_iter()
        .map(|(name, background)| (name, tokio::spawn(background)))
        .collect()
}

/// The site of a configuration, and what its origins do in the background.
async fn site(
    config: &Config,
    clock: &SharedClock,
    metrics: &Metrics,
) -> Result<(Site, Background), AppError> {
    let mut origins: HashMap<String, Arc<dyn Origin>> = HashMap::new();
    let mut background: Background = Vec::new();
    for (name, origin) in &config.origins {
        let roots = config
            .distributions
            .iter()
            .filter(|distribution| distribution.default_behavior.origin == *name)
            .filter_map(|distribution| distribution.root_object.as_deref())
            .map(|root| format!("/{}", crate::semantics::target::encode(root.as_bytes())))
            .collect();
        let options = S3Options {
            name: name.clone(),
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
        };
        let credentials = match &origin.credentials {
            Configured::Chain => Source::chain().await,
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
        };
        let s3 = S3::new(options, credentials, Arc::clone(clock), metrics).map_err(|reason| {
            AppError::Origin {
                name: name.clone(),
                reason,
            }
        })?;
        background.push((name.clone(), Box::pin(s3.background())));
        origins.insert(name.clone(), Arc::new(s3));
    }
    let header = |key, value: &str| {
        HeaderValue::from_str(value).map_err(|_| AppError::Header {
            key,
            value: value.to_owned(),
        })
    };
    let edge = &config.edge;
    let site = Site {
        name: edge.name.clone(),
        via: header("name", &format!("1.1 {}", edge.name))?,
        pop: header("pop", &edge.pop)?,
        distributions: Arc::clone(&config.distributions),
        origins,
        max_object_size: edge.max_object_size,
        debug_headers: edge.debug_headers,
    };
    Ok((site, background))
}

/// Which object a distribution's path is: where this changes, the same key is another object.
fn sources(config: &Config) -> BTreeMap<&str, (Option<&str>, String)> {
    let mut sources = BTreeMap::new();
    for distribution in config.distributions.iter() {
        let origin = config.origins.get(&distribution.default_behavior.origin);
        let bucket = origin.map_or_else(String::new, |origin| {
            format!(
                "{:?} {} {} {}",
                origin.endpoint, origin.region, origin.bucket, origin.prefix
            )
        });
        sources.insert(
            &*distribution.id,
            (distribution.root_object.as_deref(), bucket),
        );
    }
    sources
}

fn needs_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    let (a, b) = (&old.edge, &new.edge);
    let changed = [
        ("edge.listen", a.listen != b.listen),
        ("edge.data", a.data != b.data),
        ("edge.memory", a.memory != b.memory),
        ("edge.in_flight", a.in_flight != b.in_flight),
        ("edge.runtime", a.runtime != b.runtime),
        ("edge.workers", a.workers != b.workers),
        (
            "edge.max_connections",
            a.max_connections != b.max_connections,
        ),
        ("admin.listen", old.admin.listen != new.admin.listen),
        ("edge.region", a.region != b.region),
        ("log.access", old.log.access != new.log.access),
        ("journal.kind", old.journal != new.journal),
    ];
    changed
        .into_iter()
        .filter_map(|(key, changed)| changed.then_some(key))
        .collect()
}
