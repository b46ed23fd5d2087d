//! The program itself, in a process of its own.

use std::path::Path;
use std::process::{ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use super::{bounded, until};

/// A running `seawall`; it is killed when this is dropped.
pub(crate) struct Program {
    child: Child,
    stdout: Lines,
    stderr: Lines,
}

/// What has been written so far, line by line; how many lines, and whether more can come.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<(Vec<String>, bool)>>);

/// A command of the program with no variable but these, in the folder of the package.
pub(crate) fn command(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seawall"));
    command
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Runs the program to its end.
pub(crate) async fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let mut command = command(arguments, variables);
    let Output {
        status,
        stdout,
        stderr,
    } = bounded("the program ends", command.output()).await.unwrap();
    Run {
        code: status.code(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

/// How a run of the program ended.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// What it said on stderr, without the line breaks and frames of a terminal.
    pub(crate) fn words(&self) -> String {
        words(&self.stderr)
    }
}

/// A report's text in one line.
pub(crate) fn words(report: &str) -> String {
    let plain = report.replace(['│', '├', '╰', '─', '▶', '×', '╭'], " ");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Program {
    pub(crate) fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child = command(arguments, variables)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = Lines::of(child.stdout.take().unwrap());
        let stderr = Lines::of(child.stderr.take().unwrap());
        Self {
            child,
            stdout,
            stderr,
        }
    }

    /// Waits for a line on stdout that `wanted` makes something of.
    pub(crate) async fn stdout<T>(&self, what: &str, wanted: impl Fn(&str) -> Option<T>) -> T {
        self.line(&self.stdout, what, wanted).await
    }

    /// Waits for a line on stderr that `wanted` makes something of.
    pub(crate) async fn stderr<T>(&self, what: &str, wanted: impl Fn(&str) -> Option<T>) -> T {
        self.line(&self.stderr, what, wanted).await
    }

    /// Waits for a line on stderr that holds `part`.
    pub(crate) async fn says(&self, part: &str) {
        self.stderr(part, |line| line.contains(part).then_some(()))
            .await;
    }

    async fn line<T>(&self, of: &Lines, what: &str, wanted: impl Fn(&str) -> Option<T>) -> T {
        let mut found = None;
        until(what, || {
            let (lines, ended) = of.read();
            found = lines.iter().find_map(|line| wanted(line));
            assert!(
                found.is_some() || !ended,
                "{what}: it ended before\n{}",
                self.output()
            );
            found.is_some()
        })
        .await;
        found.unwrap()
    }

    /// Everything on stdout so far.
    pub(crate) fn printed(&self) -> String {
        self.stdout.read().0.join("\n")
    }

    /// Everything it has written so far.
    pub(crate) fn output(&self) -> String {
        let (out, err) = (self.stdout.read().0, self.stderr.read().0);
        format!("{}\n{}", out.join("\n"), err.join("\n"))
    }

    /// Sends `HUP`, `TERM` or `INT`.
    pub(crate) async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it runs");
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} {id}")])
            .status()
            .await
            .unwrap();
        assert!(sent.success());
    }

    /// Waits until it has ended and all that it wrote has been read.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let status = bounded("the program ends", self.child.wait())
            .await
            .unwrap();
        until("its output ends", || {
            self.stdout.read().1 && self.stderr.read().1
        })
        .await;
        status
    }
}

impl Lines {
    fn of(pipe: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let lines = Self::default();
        let theirs = lines.clone();
        tokio::spawn(async move {
            let mut reader = BufReader::new(pipe).lines();
            while let Ok(Some(line)) = reader.next_line().await {
                theirs.lock().0.push(line);
            }
            theirs.lock().1 = true;
        });
        lines
    }

    fn read(&self) -> (Vec<String>, bool) {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (Vec<String>, bool)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
