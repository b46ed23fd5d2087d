//! The configuration as it is meant: every default filled in, every reference resolved, every secret read.
//!
//! Plain data; whoever holds a [`Config`](super::Config) need not check it again. Secrets are [`SecretString`]s, which
//! do not print themselves.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::uri::{Authority, Scheme};
use secrecy::SecretString;

use crate::policy::clients::Clients;

/// The edge itself: who it is, where it listens, what it may use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edge {
    /// Name in Cache-Status: 1 to 64 of `A-Z a-z 0-9 . _ -`.
    pub name: String,
    /// Point of presence, in X-Edge-Pop; the same alphabet.
    pub pop: String,
    /// Region in logs; the same alphabet.
    pub region: String,
    /// Where viewers are served: 1 to 16 addresses, none twice unless the port is 0.
    pub listen: Vec<SocketAddr>,
    /// Directory for what must outlive the process.
    pub data: PathBuf,
    /// Bytes for stored objects: 1 MiB to 1 TiB.
    pub memory: u64,
    /// Bytes for bodies on their way from an origin; at least `max_object_size`.
    pub in_flight: u64,
    /// Largest body in bytes that is stored: 1 B to 1 GiB. Larger ones stream through uncached.
    pub max_object_size: u64,
    /// How viewer connections are spread over cores.
    pub runtime: Runtime,
    /// Viewer threads, 1 to 512; `None`: as many as there are cores.
    pub workers: Option<usize>,
    /// Whether answers tell key and detail in Cache-Status to everybody.
    pub debug_headers: bool,
    /// How long requests may go on after a signal to stop: at most an hour.
    pub shutdown_grace: Duration,
    /// Viewer connections at a time: 1 to 1 000 000.
    pub max_connections: usize,
    /// Of these of one address, or of one IPv6 network of 64 bits: 1 to 1 000 000.
    pub max_connections_per_address: usize,
    /// Whose word about clients counts, and what origins are told of them.
    pub clients: Clients,
}

/// How viewer connections are spread over cores.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Runtime {
    /// One single-threaded runtime a core, each with its own listening socket.
    PerCore,
    /// One runtime whose threads take work from each other.
    WorkStealing,
}

/// The administrative interface.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Where it listens; not an address of [`Edge::listen`].
    pub listen: SocketAddr,
    /// Host names, besides its own address, that it answers to: lower-case, no port.
    pub hosts: Vec<String>,
    /// Who may use it; names are unique.
    pub tokens: Vec<Token>,
}

/// A bearer token and what it opens.
#[derive(Clone, Debug)]
pub struct Token {
    /// Name in the audit log.
    pub name: String,
    /// The token: at least 16 visible ASCII characters.
    pub secret: Secret,
    /// What it opens; never empty.
    pub scopes: Vec<Scope>,
}

/// What a token opens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Everything that changes nothing.
    Read,
    /// Purges of paths that begin with `prefix`.
    Purge {
        /// Only those that name this distribution; `None`: in any, and in all at once.
        distribution: Option<String>,
        /// Begins with `/`; compared as text, so `/img` covers `/images` too.
        prefix: String,
    },
}

/// A secret from the environment.
#[derive(Clone, Debug)]
pub struct Secret {
    /// The variable that it was read from.
    pub variable: String,
    /// Its value; never empty.
    pub value: SecretString,
}

/// What is logged, and how.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Log {
    /// Where the access log goes.
    pub access: AccessLog,
    /// The form of a record.
    pub format: LogFormat,
}

/// Where the access log goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AccessLog {
    /// Standard output.
    Stdout,
    /// Nowhere.
    Off,
    /// A file, appended to.
    File(PathBuf),
}

/// The form of an access record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
}

/// Where invalidations are written down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Journal {
    /// A file in [`Edge::data`]: one edge, no further service.
    Local,
}

/// Where objects come from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A bucket behind the S3 protocol.
    Bucket(Bucket),
    /// A web server or a balancer.
    Web(Web),
}

impl Origin {
    /// The bucket, if it is one.
    #[must_use]
    pub const fn bucket(&self) -> Option<&Bucket> {
        match self {
            Self::Bucket(bucket) => Some(bucket),
            Self::Web(_) => None,
        }
    }
}

/// A web server or a balancer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Web {
    /// Its name in this configuration.
    pub name: String,
    /// Where it is.
    pub url: Endpoint,
    /// What it gets as Host.
    pub host: HostField,
    /// PEM file with further certificate authorities; a relative path is taken from the working directory.
    pub ca_file: Option<PathBuf>,
    /// Limit for connecting, TLS included: 1 ms to 10 min.
    pub connect_timeout: Duration,
    /// Limit for the wait from the request to the head of the answer: 1 ms to 10 min.
    pub first_byte_timeout: Duration,
    /// Limit for the wait between two pieces of a body: 1 ms to 10 min.
    pub idle_timeout: Duration,
    /// Requests at a time: 1 to 100 000.
    pub max_requests: usize,
}

/// What an HTTP origin gets as Host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HostField {
    /// The host (and port) of its URL.
    Origin,
    /// The viewer's, which is then part of the key.
    Viewer,
    /// This one.
    Literal(Authority),
}

/// A bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Its name in this configuration.
    pub name: String,
    /// The bucket.
    pub bucket: String,
    /// The region that requests are signed for.
    pub region: String,
    /// The store; `None`: the AWS endpoint of the region.
    pub endpoint: Option<Endpoint>,
    /// Where the bucket's name stands in a request.
    pub addressing: Addressing,
    /// Put before every object key, byte for byte: empty, or ends with `/`.
    pub prefix: String,
    /// Whether requests are signed.
    pub signing: Signing,
    /// What they are signed with.
    pub credentials: Credentials,
    /// How a 403 for an object is understood.
    pub missing: Missing,
    /// PEM file with further certificate authorities; a relative path is taken from the working directory.
    pub ca_file: Option<PathBuf>,
    /// Limit for connecting, TLS included: 1 ms to 10 min.
    pub connect_timeout: Duration,
    /// Limit for the wait from the request to the head of the answer: 1 ms to 10 min.
    pub first_byte_timeout: Duration,
    /// Limit for the wait between two pieces of a body: 1 ms to 10 min.
    pub idle_timeout: Duration,
    /// Requests at a time: 1 to 100 000.
    pub max_requests: usize,
}

/// The address of a store. Displays as a URL without a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// `http` or `https`.
    pub scheme: Scheme,
    /// Host and perhaps port; never user information.
    pub authority: Authority,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

/// Where the bucket's name stands in a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Addressing {
    /// Left to the origin client, which knows endpoint and bucket.
    Auto,
    /// First segment of the path.
    Path,
    /// First label of the host.
    Virtual,
}

/// Whether requests to an origin are signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signing {
    /// Every request.
    Always,
    /// None: the bucket is readable without an identity.
    Never,
}

/// What requests to an origin are signed with.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// The usual sources in their usual order: environment, profile, process, web identity, instance.
    Chain,
    /// This profile of the AWS files, whatever the environment says.
    Profile(String),
    /// Fixed values from the environment.
    Static {
        /// Access key id.
        access_key: Secret,
        /// Secret access key.
        secret_key: Secret,
        /// Session token, of temporary credentials.
        session_token: Option<Secret>,
    },
}

/// How a 403 for an object is understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    /// A store that may not list says 403 for what is missing: shown as 404 where that is what it means.
    Auto,
    /// As it comes.
    Off,
}
