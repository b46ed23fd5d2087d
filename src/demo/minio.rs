//! A MinIO that is started for a while: a real S3 store, in a process and a folder of its own.
//!
//! **Duty.** Find the program, start it on a port of 127.0.0.1, wait until it takes requests, and
//! end it. It sees nothing of this process's environment and opens nothing but its API.
//!
//! **Not here.** Its folder is the caller's, who removes it. If this process is killed with
//! SIGKILL, MinIO lives on.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::bucket::Identity;
use crate::clock::{self, SystemClock};

/// How to get it; the version that the tests run.
pub const INSTALL: &str = "go install github.com/minio/minio@v0.0.0-20250907161309-07c3a429bfed";
/// Between two looks at a starting MinIO.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Looks before it is given up: half a minute.
const LOOKS: u32 = 600;
/// Starts, where the port is ours to choose and somebody may take it first.
const TRIES: u32 = 5;

/// Why there is no MinIO.
#[derive(Debug, thiserror::Error)]
pub enum MinioError {
    /// It is not on this machine.
    #[error("MinIO was not found: no `minio` on the PATH, and no {}", looked.display())]
    NotFound {
        /// Where it could have been, apart from the PATH.
        looked: PathBuf,
    },
    /// The operating system refused.
    #[error("MinIO cannot be started")]
    Io(#[from] io::Error),
    /// It ended, or took no request in half a minute.
    #[error("MinIO does not run; it wrote:\n{log}")]
    Ended {
        /// The end of what it wrote.
        log: String,
    },
}

impl MinioError {
    /// Whether another try may go better.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Ended { .. })
    }
}

/// A running MinIO. Its process is killed when this is dropped.
#[derive(Debug)]
pub struct Minio {
    child: Child,
    address: SocketAddr,
}

/// The program: the first `minio` of `path` (the value of PATH), else the last one in the folders
/// `minio-*` of `cache`.
///
/// # Errors
/// [`MinioError::NotFound`].
pub fn find(path: &str, cache: &Path) -> Result<PathBuf, MinioError> {
    let on_path = std::env::split_paths(path).map(|folder| folder.join("minio"));
    let mut built: Vec<PathBuf> = std::fs::read_dir(cache)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("minio-"))
        .map(|entry| entry.path().join("minio"))
        .collect();
    built.sort();
    on_path
        .chain(built.into_iter().rev())
        .find(|program| program.is_file())
        .ok_or_else(|| MinioError::NotFound {
            looked: cache.join("minio-*/minio"),
        })
}

impl Minio {
    /// Starts it with this administrator and with its data in `folder`, on `port` of 127.0.0.1; 0
    /// takes a free one.
    ///
    /// # Errors
    /// [`MinioError`] if it does not take requests within half a minute.
    pub async fn start(
        program: &Path,
        folder: &Path,
        port: u16,
        root: &Identity,
    ) -> Result<Self, MinioError> {
        let mut tries = 1;
        loop {
            let started = Self::try_start(program, folder, port, root).await;
            match started {
                // A chosen port that is taken stays so.
                Err(error) if port == 0 && tries < TRIES && error.is_retryable() => tries += 1,
                started => return started,
            }
        }
    }

    async fn try_start(
        program: &Path,
        folder: &Path,
        port: u16,
        root: &Identity,
    ) -> Result<Self, MinioError> {
        // MinIO knows no port 0, so one is looked for that was free a moment ago.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?.local_addr()?;
        let log = folder.join("minio.log");
        let output = File::create(&log)?;
        let child = Command::new(program)
            .args(["server", "--address", &address.to_string()])
            .arg(folder.join("minio"))
            .env_clear()
            .env("HOME", folder)
            .env("MINIO_ROOT_USER", &root.access_key)
            .env("MINIO_ROOT_PASSWORD", &root.secret_key)
            .env("MINIO_BROWSER", "off")
            .env("MINIO_UPDATE", "off")
            .env("MINIO_CALLHOME_ENABLE", "off")
            // Ctrl-C at the terminal is for the edge, which ends first.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()?;
        let mut minio = Self { child, address };
        let time = SystemClock::new();
        for _ in 0..LOOKS {
            if minio.takes_requests(&log) {
                return Ok(minio);
            }
            if minio.child.try_wait()?.is_some() {
                break;
            }
            clock::sleep(&time, LOOK_EVERY).await;
        }
        let log = std::fs::read(&log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let last: Vec<&str> = log.trim().lines().rev().take(5).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        Err(MinioError::Ended {
            log: last.join("\n"),
        })
    }

    /// It says where its API is when that takes requests, which is later than connections.
    fn takes_requests(&self, log: &Path) -> bool {
        let log = std::fs::read(log).unwrap_or_default();
        String::from_utf8_lossy(&log).contains(&format!("API: {}", self.url()))
    }

    /// The address of its API.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Minio {
    fn drop(&mut self) {
        // An error says that it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
