//! `seawall serve --config FILE`: runs an edge until it is told to end.
//!
//! SIGTERM and SIGINT end it in order; a second one ends it at once. SIGHUP reads the
//! configuration again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::{IntoDiagnostic, WrapErr};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::app::Edge;
use crate::clock::SystemClock;
use crate::config;
use crate::telemetry::trace;

/// Arguments of `seawall serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration file
    #[arg(long, short, env = "SEAWALL_CONFIG")]
    config: PathBuf,
}

pub(super) async fn run(arguments: Arguments) -> miette::Result<()> {
    trace::init();
    // The signals are taken over before the listeners are up: from the first request on, an
    // ending is an orderly one.
    let mut signals = Signals::take()?;
    let config = config::load(&arguments.config)?;
    let edge = Edge::start(config, Arc::new(SystemClock::new()))
        .await
        .into_diagnostic()?;
    for address in edge.viewer_addresses() {
        tracing::info!(%address, "serving viewers");
    }
    tracing::info!(address = %edge.admin_address(), "serving the admin API");
    until_told(edge, &mut signals, Some(&arguments.config)).await;
    Ok(())
}

/// The signals that steer a running edge.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Takes the signals over from their default action.
    pub(super) fn take() -> miette::Result<Self> {
        let take = |kind| {
            signal(kind)
                .into_diagnostic()
                .wrap_err("a signal cannot be listened for")
        };
        Ok(Self {
            terminate: take(SignalKind::terminate())?,
            interrupt: take(SignalKind::interrupt())?,
            hang_up: take(SignalKind::hangup())?,
        })
    }

    /// Ends when the process is told to end.
    pub(super) async fn end(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Runs until SIGTERM or SIGINT; reloads `file`, if there is one, at SIGHUP.
pub(super) async fn until_told(mut edge: Edge, signals: &mut Signals, file: Option<&Path>) {
    loop {
        tokio::select! {
            _ = signals.terminate.recv() => break,
            _ = signals.interrupt.recv() => break,
            _ = signals.hang_up.recv() => {
                if let Some(file) = file {
                    reload(&mut edge, file).await;
                }
            }
        }
    }
    tracing::info!("ending: no new connections, finishing what is in flight");
    tokio::select! {
        finished = edge.shut_down() => {
            if !finished {
                tracing::warn!("the grace is over: what was still in flight has been cut");
            }
        }
        () = signals.end() => tracing::warn!("told twice: ending at once"),
    }
}

async fn reload(edge: &mut Edge, file: &Path) {
    let rejected = |why: &str| {
        for line in why.lines() {
            tracing::error!("the configuration is rejected, the old one stays: {line}");
        }
    };
    let path = file.to_owned();
    let loaded = match tokio::task::spawn_blocking(move || config::load(&path)).await {
        Ok(loaded) => loaded,
        Err(error) => return rejected(&error.to_string()),
    };
    let outcome = match loaded {
        Ok(config) => edge.reload(config).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.render_plain()),
    };
    match outcome {
        Ok(fixed) => {
            for key in fixed {
                tracing::warn!("{key} has changed; it stays as it was until a restart");
            }
            tracing::info!(file = %file.display(), "the configuration is in force");
        }
        Err(why) => {
            edge.engine().metrics.reloads_rejected.increment();
            rejected(&why);
        }
    }
}
