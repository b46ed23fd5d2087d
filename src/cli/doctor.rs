//! `seawall doctor --config FILE`: asks the bucket whether the edge can read it, and proves that
//! nobody else can.
//!
//! Every check says what was found, and what mends it. Nothing that exists is changed: what must be
//! refused is tried on a random key, and a PUT bears a wrong digest, so that a store that would let
//! it through still keeps nothing. No secret is printed, and nothing that a store says but its codes.

mod cause;
mod check;
mod privacy;
mod reading;
mod store;

use std::path::PathBuf;
use std::sync::Arc;

use http::Method;
use miette::IntoDiagnostic;
use serde_json::json;

use self::cause::{About, CLOCK_FIX, MOST_SKEW};
use self::check::Checks;
use self::store::{Answer, Store, What};
use super::policy::{is_aws, origin};
use crate::app;
use crate::clock::{self, SharedClock, SystemClock};
use crate::config::{self, Config, Signing};
use crate::origin::credentials::{Credentials, MARGIN, Source};
use crate::origin::s3::Addressing;

/// Arguments of `seawall doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Requests that it makes. As nobody: HEAD of the bucket; GET and HEAD of a default root object; a list of one key; \
PUT and DELETE of a random key that does not exist. As the edge: GET of such a key; GET and HEAD of each default \
root object; a list of one key; PUT and DELETE of a random key. With a wrong secret, and as the foreign profile: GET \
of a default root object. A PUT is empty and bears a wrong digest, so that a store that allows it keeps nothing; one \
that keeps it all the same is told to delete it, and the check says so. Where a DELETE is allowed, a bucket with \
versions may keep a delete marker of the random key.
The code is 0 if nothing fails, 1 if anything does, 2 if the configuration is not accepted.")]
pub(super) struct Arguments {
    /// The configuration file
    #[arg(long, short, env = "SEAWALL_CONFIG")]
    config: PathBuf,
    /// NAME of the [origins.NAME] to examine; needed where there are several
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
    /// Print one JSON object: the origin, and its checks with name, status, found and fix
    #[arg(long)]
    json: bool,
    /// Profile of the AWS files with another identity, which must be refused
    #[arg(long, value_name = "NAME")]
    foreign_profile: Option<String>,
}

/// A clock that is further off than this many seconds is worth a word.
const SKEW_WARNS: u64 = 60;

/// Whether nothing failed.
pub(super) async fn run(arguments: Arguments) -> miette::Result<bool> {
    let config = config::load(&arguments.config)?;
    let origin = origin(&config, arguments.origin.as_deref())?;
    let examination = Examination {
        config: &config,
        about: About {
            origin,
            file: arguments.config.display().to_string(),
            key_id: String::new(),
            aws: is_aws(origin),
        },
        clock: Arc::new(SystemClock::new()),
        checks: Checks::default(),
    };
    let checks = examination.run(arguments.foreign_profile.as_deref()).await;
    if arguments.json {
        let all = json!({ "origin": origin.name, "checks": checks.all() });
        let text = serde_json::to_string_pretty(&all).into_diagnostic()?;
        super::print(&format!("{text}\n"));
    } else {
        super::print(&format!(
            "origin {}: bucket {} in {}\n{}",
            origin.name,
            origin.bucket,
            origin.region,
            checks.lines()
        ));
    }
    Ok(checks.healthy())
}

/// One run of all checks.
struct Examination<'a> {
    config: &'a Config,
    about: About<'a>,
    clock: SharedClock,
    checks: Checks,
}

impl Examination<'_> {
    async fn run(mut self, foreign: Option<&str>) -> Checks {
        let origin = self.about.origin;
        let edge = self.credentials().await;
        let Some(mut store) = self.store().await else {
            return self.nothing_more("the store has no address", foreign);
        };
        let first = store.ask(&Method::HEAD, What::Bucket, None, &[]).await;
        let first = match first {
            Ok(answer) => answer,
            Err(error) => {
                let cause = cause::network(&error, &self.about);
                self.checks.fail("connection", cause.found, cause.fix);
                self.checks.skip(&["clock"], "the store does not answer");
                return self.nothing_more("the store does not answer", foreign);
            }
        };
        let place = store.place();
        self.checks.pass(
            "connection",
            format!("{}://{} answers", place.scheme, place.authority),
        );
        self.clock(&mut store, &first);
        let signs = origin.signing == Signing::Always;
        let readable = if signs && edge.is_none() {
            self.region(&mut store, &first, None);
            self.checks
                .skip(&["signed-request", "root-object", "missing-key"], NONE);
            self.checks.skip(&privacy::OF_THE_EDGE, NONE);
            None
        } else {
            self.reading(&mut store, &first, edge.as_ref()).await
        };
        self.privacy(&store, edge.as_ref(), readable.as_deref(), foreign)
            .await;
        self.checks
    }

    /// What is left when there is nobody to ask.
    fn nothing_more(mut self, why: &str, foreign: Option<&str>) -> Checks {
        self.checks.skip(
            &["region", "signed-request", "root-object", "missing-key"],
            why,
        );
        self.checks.skip(&privacy::OF_THE_EDGE, why);
        self.checks.skip(&privacy::OF_NOBODY, why);
        self.checks.skip(&["wrong-signature"], why);
        if foreign.is_some() {
            self.checks.skip(&["foreign-profile"], why);
        }
        self.checks
    }

    /// Who the edge is.
    async fn credentials(&mut self) -> Option<Arc<Credentials>> {
        const NAME: &str = "credentials";
        let origin = self.about.origin;
        if origin.signing == Signing::Never {
            self.checks.warn(
                NAME,
                "signing = \"never\": the edge asks as nobody, so anybody may read what it reads",
                format!(
                    "for a private bucket write signing = \"always\" into [origins.{}]",
                    origin.name
                ),
            );
            return None;
        }
        let source = app::source(&origin.credentials);
        if let Err(why) = source.first(&self.clock, origin.first_byte_timeout).await {
            let fix = format!("set {}", self.about.keys());
            self.checks.fail(NAME, format!("none: {why}"), fix);
            return None;
        }
        let Some(found) = source.current() else {
            let fix = format!("set {}", self.about.keys());
            self.checks.fail(NAME, "none", fix);
            return None;
        };
        self.about.key_id.clone_from(&found.key_id);
        let from = match &origin.credentials {
            config::Credentials::Static { access_key, .. } => {
                format!("the variable {}", access_key.variable)
            }
            config::Credentials::Profile(name) => format!("profile {name:?} ({})", found.giver),
            config::Credentials::Chain => found.giver.to_owned(),
        };
        let text = |ends: &str| format!("{from}: key id {}, {ends}", found.key_id);
        match found.expires {
            None => self.checks.pass(NAME, text("static")),
            Some(at) if at.saturating_since(self.clock.wall()) < MARGIN => self.checks.fail(
                NAME,
                text(&format!("which ends at {}", clock::rfc3339(at))),
                format!("renew {}", self.about.keys()),
            ),
            Some(at) => self
                .checks
                .pass(NAME, text(&format!("until {}", clock::rfc3339(at)))),
        }
        Some(found)
    }

    /// Where the bucket is.
    async fn store(&mut self) -> Option<Store> {
        const NAME: &str = "address";
        let origin = self.about.origin;
        let options = app::options(self.config, origin);
        let limit = options.limits.connect;
        let store = match Store::new(options, Arc::clone(&self.clock)) {
            Ok(store) => store,
            Err(why) => {
                let fix = format!("mend [origins.{}] as it says", origin.name);
                self.checks.fail(NAME, why, fix);
                self.checks
                    .skip(&["connection", "clock"], "the store has no address");
                return None;
            }
        };
        let place = store.place();
        let (style, other) = match place.addressing {
            Addressing::Path => ("path style", "virtual"),
            Addressing::Virtual => ("virtual-host style", "path"),
        };
        let chosen = match origin.addressing {
            config::Addressing::Auto => "chosen by itself",
            _ => "as configured",
        };
        let at = format!("{}, {style}, {chosen}", place.authority);
        if let Err(why) = store.look_up(limit).await {
            self.checks.fail(
                NAME,
                format!("{at}: {why}"),
                format!(
                    "write a host that has an address into [origins.{name}] endpoint, mend the name server, or write \
                     addressing = \"{other}\" if the store has no name for each bucket",
                    name = origin.name
                ),
            );
            self.checks
                .skip(&["connection", "clock"], "the store has no address");
            return None;
        }
        self.checks.pass(NAME, at);
        Some(store)
    }

    /// Whether both clocks agree.
    fn clock(&mut self, store: &mut Store, answer: &Answer) {
        const NAME: &str = "clock";
        let Some(ahead) = store.follow_clock(answer) else {
            let fix = "if signed requests fail, compare both clocks by hand";
            self.checks.warn(NAME, "the store tells no time", fix);
            return;
        };
        let off = ahead.unsigned_abs();
        let side = if ahead > 0 { "behind" } else { "ahead of" };
        let found = format!("this machine is {off} s {side} the store");
        if off >= MOST_SKEW {
            let found = format!("{found}; a store refuses from {MOST_SKEW} s on");
            self.checks.fail(NAME, found, CLOCK_FIX);
        } else if off > SKEW_WARNS {
            self.checks.warn(NAME, found, CLOCK_FIX);
        } else {
            self.checks.pass(NAME, format!("{off} s apart"));
        }
    }
}

const NONE: &str = "there are no credentials";

/// A key that no object has, without the slash.
fn random_key() -> String {
    let mut random = [0; 16];
    // Without randomness it is a key that nobody would choose all the same.
    let _ = getrandom::fill(&mut random);
    format!(".seawall-doctor-{:032x}", u128::from_be_bytes(random))
}
