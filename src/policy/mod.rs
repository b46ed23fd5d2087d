//! What the operator decided, as plain data that a request can be held against.
//!
//! - [`distribution`]: which host belongs to which distribution;
//! - [`behavior`]: which methods and which origin a distribution allows;
//! - [`cache_policy`]: how long answers live;
//! - [`key`]: what makes two requests the same object;
//! - [`origin_request`]: what of a viewer's request reaches the origin;
//! - [`path_pattern`]: which paths a behaviour is for;
//! - [`response_headers`]: what is added to answers and taken from them on their way to a viewer;
//! - [`selection`]: which behaviour of its distribution holds for a path.
//!
//! Nothing here reads a file or knows a key of the configuration: `config` builds these values, the request path
//! only asks them.

pub mod behavior;
pub mod cache_policy;
pub mod distribution;
pub mod key;
pub mod origin_request;
pub mod path_pattern;
pub mod response_headers;
pub mod selection;
