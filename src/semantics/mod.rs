//! What HTTP says about caching, as functions of (fields, instants).
//!
//! Invariants: ring 0, so no I/O, no async, no clock: every instant comes in as an argument, and the
//! same arguments always give the same answer. No function here panics, whatever bytes a peer sent;
//! all sums saturate. Where a message is malformed, the reading is taken that stores and reuses less.
//!
//! What this room does not do: it knows nothing of keys, purges, tiers or the operator's names. What
//! the operator decided about lifetimes comes in as plain numbers ([`freshness::Bounds`]).
//!
//! Sources: RFC 9110 (semantics), RFC 9111 (caching), RFC 5861 (stale windows), RFC 9211
//! (Cache-Status), RFC 9213 (targeted fields). Rule numbers in the tests are those of the project's
//! specification of shared-cache semantics.
//!
//! | file | question |
//! |---|---|
//! | [`directives`] | what does Cache-Control say? |
//! | [`targeted`] | which field rules, CDN-Cache-Control or Cache-Control? |
//! | [`dates`] | what time does this field name? |
//! | [`age`] | how old is it? |
//! | [`freshness`] | how long may it be reused, and what then? |
//! | [`storable`] | may it be stored, and if not, why? |
//! | [`validators`] | are these two entity tags the same? |
//! | [`conditional`] | does the viewer hold it already? |
//! | [`range`] | which part of it is wanted? |
//! | [`multipart`] | how are several parts laid out? |
//! | [`vary`] | does it answer this request, by the fields it varies on? |
//! | [`framing`] | where does a request end, and is it well-formed? |
//! | [`fields`] | which fields travel, and what does a 304 change? |
//! | [`cache_status`] | how is the answer explained? |
//! | [`wishes`] | what does a viewer's Cache-Control ask for? |
//! | [`reason`] | why is the answer what it is? |
//! | [`target`] | which object does this path name? |
//! | [`location`] | where may a redirect lead? |

pub mod age;
pub mod cache_status;
pub mod conditional;
pub mod dates;
pub mod directives;
pub mod fields;
pub mod framing;
pub mod freshness;
pub mod location;
pub mod multipart;
pub mod range;
pub mod reason;
pub mod storable;
pub mod target;
pub mod targeted;
pub mod validators;
pub mod vary;
pub mod wishes;
