//! What the edge says about itself: metrics, the access log, diagnostic events.
//!
//! Nothing here is given a secret: no credential, signature, token or `Authorization` value
//! reaches these files, so none can leave by them.

pub mod access_log;
pub mod metrics;
pub mod trace;
