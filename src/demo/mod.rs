//! What makes Seawall run with nothing else at hand: an S3 store inside this process, holding one
//! private bucket, and a sample site to put into it. Beside it a MinIO, where that is at hand.
//!
//! This room is for demonstrations and tests. Nothing in the data path of an edge depends on it.

pub mod bucket;
pub mod minio;
pub mod session;
pub mod site;
