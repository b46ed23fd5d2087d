//! The command line: one file a subcommand.

mod call;
mod check;
mod config;
#[cfg(feature = "demo")]
mod demo;
mod doctor;
mod explain;
mod keys;
mod policy;
mod purge;
mod serve;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A CDN edge cache in front of a private S3-compatible bucket, and of web servers.
#[derive(Debug, Parser)]
#[command(name = "seawall", version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a private bucket with a sample site in this process, and an edge in front of it
    #[cfg(feature = "demo")]
    Demo(demo::Arguments),
    /// Run an edge from a configuration file
    Serve(serve::Arguments),
    /// Validate a configuration file without starting anything
    Check(check::Arguments),
    /// Say what a configuration may hold
    Config(config::Arguments),
    /// Print the documents to paste so that only the edge reads the bucket
    Policy(policy::Arguments),
    /// Ask the bucket whether the edge can read it, and whether anybody else can
    Doctor(doctor::Arguments),
    /// Ask an edge why a request is a hit or a miss
    Explain(explain::Arguments),
    /// Ask an edge which parts of its keys split the cache for nothing
    Keys(keys::Arguments),
    /// Make an edge forget paths
    Purge(purge::Arguments),
}

/// Runs a command. The code is 0 when it did what was asked, 1 when it could not; wrong arguments
/// end the program with 2 before this. `doctor` answers 1 if anything fails, and 2 if the
/// configuration keeps it from asking.
pub async fn run(cli: Cli) -> ExitCode {
    let result = match cli.command {
        #[cfg(feature = "demo")]
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::Check(arguments) => check::run(&arguments),
        Command::Config(arguments) => config::run(&arguments),
        Command::Policy(arguments) => policy::run(&arguments),
        Command::Doctor(arguments) => {
            return match doctor::run(arguments).await {
                Ok(true) => ExitCode::SUCCESS,
                Ok(false) => ExitCode::FAILURE,
                Err(report) => {
                    eprintln!("{}", readable(&report));
                    ExitCode::from(2)
                }
            };
        }
        Command::Explain(arguments) => explain::run(arguments).await,
        Command::Keys(arguments) => keys::run(arguments).await,
        Command::Purge(arguments) => purge::run(arguments).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(report) => {
            eprintln!("{}", readable(&report));
            ExitCode::FAILURE
        }
    }
}

/// An error for whoever reads it: a fault of the configuration with its source lines at a terminal; in a log one
/// line a fault, which quotes nothing of the file that it is about. Any other error is one line.
fn readable(report: &miette::Report) -> String {
    match report.downcast_ref::<crate::config::ConfigError>() {
        Some(_) if std::io::stderr().is_terminal() => format!("{report:?}"),
        Some(error) => error.render_plain(),
        None => {
            let mut line = "seawall".to_owned();
            for cause in report.chain().map(ToString::to_string) {
                // Many an error names its cause itself.
                if !line.ends_with(&cause) {
                    line.push_str(": ");
                    line.push_str(&cause);
                }
            }
            line
        }
    }
}

/// Prints to standard output. A reader that has gone away (`seawall … | head`) is no error.
fn print(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
