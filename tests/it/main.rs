//! The integration tests: one binary, one scenario a file, real sockets.
#![allow(clippy::unwrap_used)]

mod admin;
mod behaviors;
mod browser;
mod caching;
mod cli;
mod config;
mod demo;
mod doctor;
mod examples;
mod explain;
mod fill;
mod front;
mod harness;
mod keys;
mod keys_report;
mod layering;
mod licences;
mod limits;
mod origin;
mod policy;
mod purge;
mod range;
mod readme;
mod response_headers;
mod rules;
mod secrets;
mod serve;
mod site;
mod stores;
mod vary;
mod web;
mod wire;
