//! A server in a process of its own.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use seawall::clock::{self, SystemClock};
use tempfile::TempDir;

/// Looks at a starting server: one every 20 ms, half a minute in all.
const LOOKS: usize = 1_500;

/// An address that was free a moment ago.
pub(super) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// A server that is a process of its own, and its folder. Both end when this is dropped.
pub(super) struct Process {
    command: Command,
    child: Child,
    folder: TempDir,
}

impl Process {
    pub(super) fn new(mut command: Command, folder: TempDir) -> Self {
        let child = Self::spawn(&mut command, &folder);
        Self {
            command,
            child,
            folder,
        }
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
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

    pub(super) fn start(&mut self) {
        self.child = Self::spawn(&mut self.command, &self.folder);
    }

    pub(super) fn kill(&mut self) {
        // An error says that it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Whether it still runs; what it wrote if it does not.
    pub(super) fn alive(&mut self) -> Result<(), String> {
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
    pub(super) async fn says(&mut self, what: &str) -> Result<(), String> {
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
    pub(super) async fn answers(&mut self, address: SocketAddr) -> Result<(), String> {
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
