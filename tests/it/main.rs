//! The integration tests: one binary, one scenario a file.
#![allow(clippy::unwrap_used)]

mod browser;
mod layering;
mod licences;
