//! Foreign programs that tests need: found on the PATH, or built once into a cache folder outside
//! the clone, at one version each, by the ordinary clients of their registries.
//!
//! The cache is `$XDG_CACHE_HOME/seawall-tools`, else `~/.cache/seawall-tools`; a folder in it is
//! named by tool and version, and appears whole or not at all. Test processes that want the same
//! tool at once wait for each other at a file lock.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

const VERSITYGW: &str = "v1.7.0";
/// RELEASE.2025-09-07T16-13-09Z.
const MINIO: &str = "v0.0.0-20250907161309-07c3a429bfed";
const MC: &str = "v0.0.0-20250313080218-cf909e1063a9";
const MOTO: &str = "5.2.5";

/// The program `versitygw`, or why there is none.
pub(crate) fn versitygw() -> Result<PathBuf, String> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let module = "github.com/versity/versitygw/cmd/versitygw";
    FOUND
        .get_or_init(|| of_go("versitygw", module, VERSITYGW))
        .clone()
}

/// The program `minio`, or why there is none.
pub(crate) fn minio() -> Result<PathBuf, String> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    FOUND
        .get_or_init(|| of_go("minio", "github.com/minio/minio", MINIO))
        .clone()
}

/// MinIO's `mc`, or why there is none.
pub(crate) fn mc() -> Result<PathBuf, String> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    FOUND
        .get_or_init(|| of_go("mc", "github.com/minio/mc", MC))
        .clone()
}

/// The folder that `PYTHONPATH` must name for `python3 -m moto.server`, or why there is none.
pub(crate) fn moto() -> Result<PathBuf, String> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let find = || {
        // Some of what moto needs is compiled for one version of Python.
        let mut python = Command::new("python3");
        python.args([
            "-c",
            "import sys; print('%d.%d' % sys.version_info[:2], end='')",
        ]);
        let version = run(&mut python)?;
        cached(&format!("moto-{MOTO}-py{version}"), |folder| {
            let mut pip = Command::new("python3");
            pip.args(["-m", "pip", "install", "--quiet", "--target"])
                .arg(folder)
                .arg(format!("moto[server]=={MOTO}"));
            run(&mut pip)
        })
    };
    FOUND.get_or_init(find).clone()
}

/// What was found. If it was not: says so on the terminal whatever the test runner captures, and
/// fails where `CI=true`, because there a skipped test is a hole that nobody sees.
pub(crate) fn or_skip<T>(what: &str, found: Result<T, String>) -> Option<T> {
    static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let why = match found {
        Ok(found) => return Some(found),
        Err(why) => why,
    };
    let message = format!("SKIPPED: everything on {what}, which cannot be had here: {why}");
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "{message}"
    );
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if !said.iter().any(|before| before == what) {
        said.push(what.to_owned());
        // Not eprintln!, which the test runner captures.
        let _ = writeln!(std::io::stderr(), "\n{message}\n");
    }
    None
}

fn on_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// A program that is written in Go.
fn of_go(name: &str, module: &str, version: &str) -> Result<PathBuf, String> {
    // Another program may have the name: `mc` is a file manager on many machines.
    let is_it = |program: &PathBuf| {
        name != "mc"
            || run(Command::new(program).arg("--version")).is_ok_and(|said| said.contains("MinIO"))
    };
    if let Some(program) = on_path(name).filter(is_it) {
        return Ok(program);
    }
    let folder = cached(&format!("{name}-{version}"), |folder| {
        let install = || {
            let mut go = Command::new("go");
            go.args(["install", &format!("{module}@{version}")])
                .env("GOBIN", folder);
            run(&mut go)
        };
        // A registry may be out of breath for a moment; what has come stays in Go's own cache.
        install().or_else(|_| install()).or_else(|_| install())
    })?;
    Ok(folder.join(name))
}

/// The cache's folder `name`, filled by `build` if it is not there yet.
fn cached(
    name: &str,
    build: impl FnOnce(&Path) -> Result<String, String>,
) -> Result<PathBuf, String> {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
        .ok_or("neither XDG_CACHE_HOME nor HOME is set")?
        .join("seawall-tools");
    let failed = |error: std::io::Error| format!("{}: {error}", cache.display());
    let folder = cache.join(name);
    fs::create_dir_all(&cache).map_err(failed)?;
    let lock = File::create(cache.join(format!("{name}.lock"))).map_err(failed)?;
    lock.lock().map_err(failed)?;
    if folder.is_dir() {
        return Ok(folder);
    }
    let _ = writeln!(
        std::io::stderr(),
        "\nbuilding {} once; this takes minutes\n",
        folder.display()
    );
    let building = cache.join(format!("{name}.building"));
    if building.exists() {
        fs::remove_dir_all(&building).map_err(failed)?;
    }
    fs::create_dir(&building).map_err(failed)?;
    build(&building)?;
    fs::rename(&building, &folder).map_err(failed)?;
    Ok(folder)
}

/// What a command printed; its complaint if it failed.
pub(crate) fn run(command: &mut Command) -> Result<String, String> {
    run_with(command, Stdio::null())
}

/// The same for a command that reads something.
pub(crate) fn run_with(command: &mut Command, stdin: Stdio) -> Result<String, String> {
    let shown = format!("{command:?}");
    let output = command
        .stdin(stdin)
        .output()
        .map_err(|error| format!("{shown}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = complaint.trim().lines().rev().take(8).collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    Err(format!("{shown}: {}\n{}", output.status, last.join("\n")))
}
