//! What the edge says about itself: metrics, the access log, diagnostic events.
//!
//! Nothing here is given a secret of the edge's: no credential, signature, token or `Authorization`
//! value reaches these files, so none can leave by them. What a viewer puts into its target is taken
//! out before it is written (`redact`).

pub mod access_log;
pub mod metrics;
pub(crate) mod redact;
pub mod trace;
