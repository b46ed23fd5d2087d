//! The viewer side: listeners, connections, and an orderly end.
//!
//! One current-thread runtime a core, each with listeners of its own (`SO_REUSEPORT`), so that a
//! hit never crosses threads; or one work-stealing runtime, by a setting.

pub mod accept;
pub mod connection;
pub mod gate;
mod http2;
pub mod limits;
mod metered;
pub mod paced;
pub mod places;
mod streams;
pub mod viewer;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::{self, SharedClock};
use crate::request::Engine;
use connection::Protocols;
use places::Places;
use viewer::Viewers;

/// How many threads serve viewers, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// That many runtimes of one thread each.
    PerCore(usize),
    /// One runtime of that many threads.
    WorkStealing(usize),
}

impl Threads {
    const fn count(self) -> usize {
        match self {
            Self::PerCore(count) | Self::WorkStealing(count) => count,
        }
    }
}

/// What a viewer server is made of.
#[derive(Debug)]
pub struct ServerOptions {
    /// Addresses to listen on; port 0 takes a free one.
    pub listen: Vec<SocketAddr>,
    /// How many threads serve, and how.
    pub threads: Threads,
    /// Connections open at the most.
    pub max_connections: usize,
    /// And of one address.
    pub max_connections_per_address: usize,
    /// The time.
    pub clock: SharedClock,
}

/// A running viewer server.
#[derive(Debug)]
pub struct Server {
    addresses: Vec<SocketAddr>,
    phase: watch::Sender<Phase>,
    places: Places,
    threads: Vec<JoinHandle<()>>,
    clock: SharedClock,
}

/// Where a server stands. It only goes forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Accepting.
    Open,
    /// Finishing what is in flight.
    Draining,
    /// Cutting what is left.
    Closed,
}

impl Server {
    /// Binds every address and starts serving.
    ///
    /// # Errors
    /// When an address cannot be bound (the error names it), or a thread cannot be started.
    pub fn start(options: ServerOptions, engine: &Arc<Engine>) -> io::Result<Self> {
        let ServerOptions {
            listen,
            threads,
            max_connections,
            max_connections_per_address,
            clock,
        } = options;
        let mut sets: Vec<Vec<TcpListener>> = (0..threads.count()).map(|_| Vec::new()).collect();
        let mut addresses = Vec::new();
        for address in listen {
            let mut listeners = accept::bind(address, sets.len()).map_err(|error| {
                io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
            })?;
            // bind gives as many listeners as were asked for, and there is at least one thread.
            if let Some(first) = listeners.first() {
                addresses.push(first.local_addr()?);
            }
            for set in &mut sets {
                set.extend(listeners.pop());
            }
        }
        let (phase, _) = watch::channel(Phase::Open);
        let places = Places::new(
            max_connections,
            max_connections_per_address,
            Arc::clone(&engine.metrics),
        );
        let protocols = Arc::new(Protocols::new(&clock, Arc::clone(&engine.metrics)));
        let viewers = Viewers::new(Arc::clone(engine));
        let worker = |set: Vec<TcpListener>| {
            accept::serve_all(
                set,
                viewers.clone(),
                Arc::clone(&protocols),
                places.clone(),
                phase.subscribe(),
            )
        };
        let mut handles = Vec::new();
        match threads {
            Threads::PerCore(_) => {
                for (at, set) in sets.into_iter().enumerate() {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .build()?;
                    let serving = worker(set);
                    let run = move || runtime.block_on(serving);
                    handles.push(
                        std::thread::Builder::new()
                            .name(format!("viewer-{at}"))
                            .spawn(run)?,
                    );
                }
            }
            Threads::WorkStealing(count) => {
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(count)
                    .thread_name("viewer")
                    .enable_all()
                    .build()?;
                let serving: Vec<_> = sets.into_iter().map(worker).collect();
                let run = move || {
                    runtime.block_on(async {
                        let tasks: Vec<_> = serving.into_iter().map(tokio::spawn).collect();
                        for task in tasks {
                            // A worker that panicked serves nobody; the others go on.
                            let _ = task.await;
                        }
                    });
                };
                handles.push(
                    std::thread::Builder::new()
                        .name("viewers".to_owned())
                        .spawn(run)?,
                );
            }
        }
        Ok(Self {
            addresses,
            phase,
            places,
            threads: handles,
            clock,
        })
    }

    /// The addresses that are listened on, ports filled in.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops accepting, lets what is in flight finish for at most `grace`, cuts the rest, and
    /// ends the threads. True: nothing had to be cut.
    pub async fn shut_down(self, grace: Duration) -> bool {
        self.phase.send_replace(Phase::Draining);
        let finished = clock::within(&*self.clock, grace, self.places.all_closed())
            .await
            .is_ok();
        self.phase.send_replace(Phase::Closed);
        let threads = self.threads;
        // Joining blocks; the threads end as soon as they see the phase.
        let joined = tokio::task::spawn_blocking(move || {
            for thread in threads {
                let _ = thread.join();
            }
        });
        let _ = joined.await;
        finished
    }
}
