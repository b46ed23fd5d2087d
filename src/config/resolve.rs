//! From the file as written to the file as meant: defaults, references between keys, secrets.
//!
//! Each function reads all keys of its table before it gives up, so that one run shows all faults. `None`
//! means that a fault was added.

mod distributions;
mod origins;
mod policies;
mod redirects;
mod response_headers;

use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;

use secrecy::SecretString;
use toml::Spanned;

use super::error::Faults;
use super::rule::Refusal;
use super::section::Section;
use super::settings::{Admin, Edge, Log, Scope, Secret, Token};
use super::{Config, keys, raw, texts};
use crate::policy::clients::Clients;

type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Where the paths in a file begin.
type Base<'a> = &'a Path;

/// The whole file.
pub(super) fn config(
    raw: raw::Raw,
    env: Env<'_>,
    base: Base<'_>,
    faults: &mut Faults,
) -> Option<Config> {
    let edge = edge(&raw.edge, faults);
    let admin = admin(&raw.admin, env, faults);
    if let (Some(edge), Some(admin)) = (&edge, &admin) {
        distinct_listeners(&raw, edge, admin, faults);
    }
    let log = log(&raw.log, faults);
    let journal = Section::new("journal", faults).take("kind", &raw.journal.kind, &keys::JOURNAL);
    let origins = origins::resolve(&raw.origins, env, faults);
    let policies = policies::Policies::resolve(&raw, faults);
    let distributions = distributions::resolve(&raw, &policies, base, faults);
    if !known_distributions(&raw, faults) {
        return None;
    }
    Some(Config {
        edge: edge?,
        admin: admin?,
        log: log?,
        journal: journal?,
        origins: origins?,
        cache_policies: names(raw.cache_policies.keys()),
        origin_requests: names(raw.origin_requests.keys()),
        distributions: distributions?,
    })
}

fn names<'a>(names: impl Iterator<Item = &'a Spanned<String>>) -> Vec<String> {
    names.map(|name| name.get_ref().clone()).collect()
}

fn edge(raw: &raw::Edge, faults: &mut Faults) -> Option<Edge> {
    let mut section = Section::new("edge", faults);
    let name = section.take("name", &raw.name, &keys::EDGE_NAME);
    let pop = section.take("pop", &raw.pop, &keys::EDGE_POP);
    let region = section.take("region", &raw.region, &keys::EDGE_REGION);
    let listen = section.list("listen", &raw.listen, &keys::LISTEN);
    let data = section.take("data", &raw.data, &keys::DATA);
    let memory = section.take("memory", &raw.memory, &keys::MEMORY);
    let in_flight = section.take("in_flight", &raw.in_flight, &keys::IN_FLIGHT);
    let max_object_size = section.take(
        "max_object_size",
        &raw.max_object_size,
        &keys::MAX_OBJECT_SIZE,
    );
    let runtime = section.take("runtime", &raw.runtime, &keys::RUNTIME);
    let workers = section.optional("workers", &raw.workers, &keys::WORKERS);
    let debug_headers = section.take("debug_headers", &raw.debug_headers, &keys::DEBUG_HEADERS);
    let shutdown_grace = section.take("shutdown_grace", &raw.shutdown_grace, &keys::SHUTDOWN_GRACE);
    let max_connections = section.take(
        "max_connections",
        &raw.max_connections,
        &keys::MAX_CONNECTIONS,
    );
    let max_connections_per_address = section.take(
        "max_connections_per_address",
        &raw.max_connections_per_address,
        &keys::MAX_CONNECTIONS_PER_ADDRESS,
    );
    let trusted_proxies = section.list(
        "trusted_proxies",
        &raw.trusted_proxies,
        &keys::TRUSTED_PROXIES,
    );
    let forwarded_for = section.take("forwarded_for", &raw.forwarded_for, &keys::FORWARDED_FOR);
    if let (Some(in_flight), Some(largest)) = (in_flight, max_object_size)
        && in_flight < largest
    {
        // An absent key has its default, so at least one of the two is written: the defaults fit.
        let (key, written) = match &raw.in_flight {
            Some(written) => ("in_flight", Some(written)),
            None => ("max_object_size", raw.max_object_size.as_ref()),
        };
        let found = format!(
            "found in_flight {} and max_object_size {}",
            super::units::format_size(in_flight),
            super::units::format_size(largest)
        );
        let span = written.map_or(0..0, Spanned::span);
        section.fault(
            key,
            span,
            &found,
            Some("in_flight not less than max_object_size"),
        );
    }
    Some(Edge {
        name: name?,
        pop: pop?,
        region: region?,
        listen: listen?,
        data: data?,
        memory: memory?,
        in_flight: in_flight?,
        max_object_size: max_object_size?,
        runtime: runtime?,
        workers: workers?,
        debug_headers: debug_headers?,
        shutdown_grace: shutdown_grace?,
        max_connections: max_connections?,
        max_connections_per_address: max_connections_per_address?,
        clients: Clients {
            trusted_proxies: trusted_proxies?,
            forwarded_for: forwarded_for?,
        },
    })
}

fn admin(raw: &raw::Admin, env: Env<'_>, faults: &mut Faults) -> Option<Admin> {
    let mut section = Section::new("admin", faults);
    let listen = section.take("listen", &raw.listen, &keys::ADMIN_LISTEN);
    let hosts = section.list("hosts", &raw.hosts, &keys::ADMIN_HOSTS);
    let mut tokens: Vec<Token> = Vec::new();
    for (index, written) in raw.tokens.iter().enumerate() {
        let path = format!("admin.tokens[{index}]");
        let Some(token) = token(written, &path, env, faults) else {
            continue;
        };
        if tokens.iter().any(|earlier| earlier.name == token.name) {
            let span = written
                .get_ref()
                .name
                .as_ref()
                .map_or_else(|| written.span(), Spanned::span);
            let found = format!("found the name {:?} twice", token.name);
            Section::new(path, faults).fault("name", span, &found, Some("each name once"));
        } else {
            tokens.push(token);
        }
    }
    Some(Admin {
        listen: listen?,
        hosts: hosts?,
        tokens,
    })
}

/// A scope for a distribution that is not there opens nothing, and was meant to.
fn known_distributions(raw: &raw::Raw, faults: &mut Faults) -> bool {
    let ids = || {
        let written = raw.distributions.iter();
        written.filter_map(|it| it.get_ref().id.as_ref().map(|id| id.get_ref().as_str()))
    };
    let mut known = true;
    for (index, token) in raw.admin.tokens.iter().enumerate() {
        let scopes = token.get_ref().scopes.iter().flat_map(Spanned::get_ref);
        for (place, scope) in scopes.enumerate() {
            // What is no scope was refused already.
            let Ok(Scope::Purge {
                distribution: Some(id),
                ..
            }) = texts::scope(scope.get_ref())
            else {
                continue;
            };
            if !ids().any(|it| it == id) {
                known = false;
                let mut section = Section::new(format!("admin.tokens[{index}]"), faults);
                let key = format!("scopes[{place}]");
                let refusal = Refusal::word(&id, ids());
                section.refuse(&key, scope.span(), refusal, "the id of a distribution");
            }
        }
    }
    known
}

fn token(
    written: &Spanned<raw::Token>,
    path: &str,
    env: Env<'_>,
    faults: &mut Faults,
) -> Option<Token> {
    let (raw, table) = (written.get_ref(), written.span());
    let mut section = Section::new(path, faults);
    let name = section.required("name", &raw.name, &keys::TOKEN_NAME, &table);
    let variable = section.required("env", &raw.env, &keys::VARIABLE, &table);
    let scopes = section.required_list("scopes", &raw.scopes, &keys::SCOPES, &table);
    let span = raw.env.as_ref().map_or(table, Spanned::span);
    let secret = secret(&mut section, "env", variable, span, env, |value| {
        if value.len() < keys::SHORTEST_TOKEN {
            Some("that is too short")
        } else if value.bytes().all(|byte| byte.is_ascii_graphic()) {
            None
        } else {
            // It could not be sent in an Authorization field; a line end is the usual culprit.
            Some("with a blank, a line end or a character beyond ASCII")
        }
    });
    Some(Token {
        name: name?,
        secret: secret?,
        scopes: scopes?,
    })
}

/// The value of an environment variable; `flaw` says what is wrong with one, without quoting it.
fn secret(
    section: &mut Section<'_>,
    key: &str,
    variable: Option<String>,
    span: Range<usize>,
    env: Env<'_>,
    flaw: impl Fn(&str) -> Option<&'static str>,
) -> Option<Secret> {
    let variable = variable?;
    let value = env(&variable).filter(|value| !value.is_empty());
    let flaw = match &value {
        Some(value) => flaw(value).map(|flaw| {
            let found = format!("found a value {flaw} in the environment variable {variable}");
            (found, keys::TOKEN_ALLOWED)
        }),
        None => Some((
            format!("found the environment variable {variable}, which is not set or empty"),
            "a variable that is set when the edge starts",
        )),
    };
    if let Some((found, allowed)) = flaw {
        section.fault(key, span, &found, Some(allowed));
        return None;
    }
    Some(Secret {
        variable,
        value: SecretString::from(value?),
    })
}

fn distinct_listeners(raw: &raw::Raw, edge: &Edge, admin: &Admin, faults: &mut Faults) {
    let span_of = |index: usize| {
        let written = raw.edge.listen.as_ref()?;
        written.get_ref().get(index).map(Spanned::span)
    };
    // Port 0 asks for any free port, so it never collides.
    let clash = |one: &SocketAddr, other: &SocketAddr| one == other && one.port() != 0;
    for (index, address) in edge.listen.iter().enumerate() {
        if edge.listen[..index]
            .iter()
            .any(|earlier| clash(earlier, address))
        {
            Section::new("edge", faults).fault(
                &format!("listen[{index}]"),
                span_of(index).unwrap_or(0..0),
                &format!("found {address} twice"),
                Some("each address once"),
            );
        }
    }
    if let Some(index) = edge
        .listen
        .iter()
        .position(|address| clash(address, &admin.listen))
    {
        // One of the two is written, since the defaults differ.
        let written = raw.admin.listen.as_ref().map(Spanned::span);
        Section::new("admin", faults).fault(
            "listen",
            written.or_else(|| span_of(index)).unwrap_or(0..0),
            &format!(
                "found {}, which is an address of edge.listen too",
                admin.listen
            ),
            Some("an address of its own"),
        );
    }
}

fn log(raw: &raw::Log, faults: &mut Faults) -> Option<Log> {
    let mut section = Section::new("log", faults);
    let access = section.take("access", &raw.access, &keys::ACCESS);
    let format = section.take("format", &raw.format, &keys::FORMAT);
    Some(Log {
        access: access?,
        format: format?,
    })
}
