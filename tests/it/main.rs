//! The integration tests: one binary, one scenario a file, real sockets.
#![allow(clippy::unwrap_used)]

mod browser;
mod caching;
mod config;
mod demo;
mod fill;
mod harness;
mod layering;
mod licences;
mod origin;
mod purge;
mod readme;
mod stores;
