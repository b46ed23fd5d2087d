//! What the operator decided, as plain data that a request can be held against.
//!
//! - [`clients`]: who a request comes from, and what the origin is told about it;
//! - [`distribution`]: which host belongs to which distribution;
//! - [`behavior`]: which methods and which origin a distribution allows;
//! - [`cache_policy`]: how long answers live, and what of a request tells them apart;
//! - [`key`]: what makes two requests the same object;
//! - [`key_parts`]: what of a request is in the key, besides its target;
//! - [`chain`]: what a request may be answered with, one attempt after the other;
//! - [`navigation`]: which requests are a person's who goes to a page;
//! - [`lean`]: a key without parts of it, and the lines that say so;
//! - [`origin_request`]: what of a viewer's request reaches the origin;
//! - [`names`], [`query`], [`cookies`], `codings`: what lists take of queries, cookies and codings;
//! - [`tracking`]: parameters that say where a visitor came from;
//! - [`path_pattern`]: which paths a behaviour is for;
//! - [`redirects`]: which paths lead somewhere else;
//! - [`response_headers`]: what is added to answers and taken from them on their way to a viewer;
//! - [`selection`]: which behaviour of its distribution holds for a path;
//! - [`site`]: what stands in for what is no object, and what is answered where nothing is.
//!
//! Nothing here reads a file or knows a key of the configuration: `config` builds these values, the request path
//! only asks them.

pub mod behavior;
pub mod cache_policy;
pub mod chain;
pub mod clients;
mod codings;
pub mod cookies;
pub mod distribution;
pub mod key;
pub mod key_parts;
pub mod lean;
pub mod names;
pub mod navigation;
pub mod origin_request;
pub mod path_pattern;
pub mod query;
pub mod redirects;
pub mod response_headers;
pub mod selection;
pub mod site;
pub mod tracking;
