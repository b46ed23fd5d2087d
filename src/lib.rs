//! Seawall: a CDN edge cache in front of a **private** S3-compatible bucket, and of web servers beside
//! it.
//!
//! Browsers talk to the edge; only the edge's identity may read the bucket. The edge signs what it
//! asks of the bucket, keeps what it got, and forgets on command.
//!
//! # The map
//!
//! A room uses only what stands left of it; `tests/it/layering.rs` holds that.
//!
//! ```text
//!  semantics · policy · object · purge · verdict      ring 0: pure; no I/O, no async, no clock
//!      → clock · telemetry · origin · store · journal ring 1: one trait each, then its impls
//!      → fill → request                               ring 2: behaviour
//!      → config → serve · admin                       ring 3: rim
//!      → app → demo · cli → main                      root
//! ```
//!
//! | room | duty |
//! |---|---|
//! | [`semantics`] | HTTP caching as functions of fields and instants |
//! | [`policy`] | what the operator decided: distributions, behaviours, lifetimes, the key, pages, response headers |
//! | [`object`] | a stored representation |
//! | [`purge`] | invalidation as data: patterns, stamps, the ledger |
//! | [`verdict`] | serve, serve stale, validate, fetch, pass or refuse |
//! | [`clock`] | time, behind a trait |
//! | [`telemetry`] | metrics, the access log, events |
//! | [`origin`] | where objects come from: a bucket, signed for, or any web server |
//! | [`store`] | what is kept |
//! | [`journal`] | invalidations, durable and in order; the follower that applies them |
//! | [`fill`] | one origin request for all who wait |
//! | [`request`] | the path of a request |
//! | [`config`] | TOML: as written, as meant |
//! | [`serve`] | listeners and connections of viewers, and the gate before the parser |
//! | [`admin`] | the administrative listener |
//! | [`app`] | puts the parts together |
//! | `demo` | the embedded private bucket, a MinIO to start, the sample site (feature `demo`) |
//! | [`cli`] | one file a subcommand |
//!
//! # The path of a request
//!
//! ```text
//!  viewer ─▶ gate ─▶ receive ─▶ route ──▶ key ─▶ look up ─▶ verdict ─┬─ serve ─────────────────▶ found
//!            framing limits     host      SHA-256 variant  decide    ├─ serve-stale ─(refresh)─▶ found
//!                    snapshot   path              ledger             ├─ validate ┐
//!                               method                               ├─ fetch ───┴▶ flights ─▶ task ─▶ origin
//!                               redirects                            │    (one fill, many followers) ─▶ store
//!                                                                    ├─ pass ───────────────────────▶ origin
//!                                                                    │    (an unsafe method: store, drop)
//!                                                                    └─ refuse
//!
//!  found ─▶ walk ─┬─ the next attempt of its chain: another key (an index, a page for navigations, an error page)
//!                 └─ answer (conditions, range, response headers policy) ─▶ viewer
//!
//!  explain ─▶ the same, up to the verdict, and nothing comes of it
//!
//!  purge ─▶ admin ─▶ journal (durable, position n) ─▶ follow ─▶ ledger ─▶ store (drop)
//! ```
//!
//! Each step consumes the last value and returns a richer one; one configuration is taken at
//! *receive* and travels along. A stored answer bears its *stamp*, the ledger's position when its
//! origin request was handed to the connection; an invalidation later than that makes it dead, for
//! whoever asks, in memory and in flight.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod admin;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod fill;
pub mod journal;
pub mod object;
pub mod origin;
pub mod policy;
pub mod purge;
pub mod request;
pub mod semantics;
pub mod serve;
pub mod store;
pub mod telemetry;
pub mod verdict;
