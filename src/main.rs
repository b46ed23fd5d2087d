//! The `seawall` program: arguments → runtime → command.

use std::process::ExitCode;

use clap::Parser;
use seawall::cli::{self, Cli};

/// Small, frequent allocations of many threads are what an edge does all day.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // The runtime of everything but viewers: those have threads of their own.
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .thread_name("seawall")
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("seawall: the threads cannot be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(cli::run(cli));
    // What still runs here is waited for by nobody.
    runtime.shutdown_background();
    code
}
