//! `[response_headers.NAME]`: what is added to answers and taken from them; and who uses which.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, header};
use toml::Spanned;

use crate::config::error::Faults;
use crate::config::keys::response_headers as keys;
use crate::config::raw;
use crate::config::rule::{List, Refusal, Rule as _};
use crate::config::section::Section;
use crate::policy::response_headers::cors::{Cors, CorsError, CorsRules, Listed};
use crate::policy::response_headers::names::{MOST_BYTES, MOST_SET};
use crate::policy::response_headers::origins::Origins;
use crate::policy::response_headers::{MOST_POLICIES, ResponseHeaders, SetField};

/// The policies of a file, by name; `None`: one with a fault of its own.
pub(super) struct Policies(BTreeMap<String, Option<Arc<ResponseHeaders>>>);

impl Policies {
    /// The policy that a distribution or a behaviour names. The outer `None` is a fault.
    pub(super) fn named(
        &self,
        section: &mut Section<'_>,
        written: &Option<Spanned<String>>,
    ) -> Option<Option<Arc<ResponseHeaders>>> {
        let name = match written {
            Some(written) if written.get_ref() != keys::NONE => written,
            _ => return Some(None),
        };
        if let Some(policy) = self.0.get(name.get_ref()) {
            return Some(policy.clone());
        }
        if let Some(preset) = ResponseHeaders::preset(name.get_ref()) {
            return Some(Some(Arc::new(preset)));
        }
        let known = self.0.keys().map(String::as_str);
        let presets = ResponseHeaders::PRESETS.iter().copied();
        let refusal = Refusal::word(name.get_ref(), known.chain(presets).chain([keys::NONE]));
        section.refuse(
            "response_headers",
            name.span(),
            refusal,
            &keys::POLICY.allowed(),
        );
        None
    }
}

/// All of them.
pub(super) fn resolve(
    raw: &BTreeMap<Spanned<String>, raw::ResponseHeaders>,
    faults: &mut Faults,
) -> Policies {
    if raw.len() > MOST_POLICIES {
        let span = raw.keys().nth(MOST_POLICIES).map_or(0..0, Spanned::span);
        let found = format!("found {} of them", raw.len());
        let allowed = Some(keys::POLICIES_ALLOWED);
        Section::new("response_headers", faults).fault("", span, &found, allowed);
    }
    let mut policies = BTreeMap::new();
    for (name, written) in raw {
        let policy = policy(name, written, faults);
        policies.insert(name.get_ref().clone(), policy.map(Arc::new));
    }
    Policies(policies)
}

fn policy(
    name: &Spanned<String>,
    raw: &raw::ResponseHeaders,
    faults: &mut Faults,
) -> Option<ResponseHeaders> {
    let (text, table) = (name.get_ref().as_str(), name.span());
    let taken = text == keys::NONE || ResponseHeaders::PRESETS.contains(&text);
    let refusal = match crate::config::keys::ORIGIN_NAME.read(name.get_ref()) {
        Ok(_) if taken => Some(Refusal::text(text, "has a meaning already")),
        Ok(_) => None,
        Err(refusal) => Some(refusal),
    };
    if let Some(refusal) = refusal {
        Section::new("response_headers", faults).refuse("", table, refusal, keys::NAME_ALLOWED);
        return None;
    }
    let path = format!("response_headers.{text}");
    let cors = match &raw.cors {
        None => Some(None),
        Some(raw) => cors(&path, raw, faults).map(Some),
    };
    let security = match &raw.security {
        None => Some(Vec::new()),
        Some(raw) => security(&path, raw, faults),
    };
    let own = set(&path, raw, security.as_deref().unwrap_or_default(), faults);
    let mut section = Section::new(path, faults);
    let remove = section.list("remove", &raw.remove, &keys::REMOVE);
    let mut set = security?;
    set.extend(own?);
    let bytes: usize = set
        .iter()
        .map(|field| field.name.as_str().len() + field.value.len())
        .sum();
    if bytes > MOST_BYTES {
        let found = format!("found names and values of {bytes} bytes in all");
        section.fault("set", table, &found, Some(keys::SET_ALLOWED));
        return None;
    }
    Some(ResponseHeaders {
        name: text.to_owned(),
        cors: cors?,
        set,
        remove: remove?,
    })
}

fn cors(path: &str, written: &Spanned<raw::Cors>, faults: &mut Faults) -> Option<Cors> {
    let (raw, table) = (written.get_ref(), written.span());
    let mut section = Section::new(format!("{path}.cors"), faults);
    let origins = section.required_list("origins", &raw.origins, &keys::ORIGINS, &table);
    let methods = listed(
        &mut section,
        ("methods", keys::METHODS_ALLOWED),
        &raw.methods,
        &keys::METHODS,
    );
    let mut fields = |key, written| {
        let key = (key, keys::FIELDS_ALLOWED);
        listed(&mut section, key, written, &keys::FIELDS)
    };
    let headers = fields("headers", &raw.headers);
    let expose = fields("expose", &raw.expose);
    let credentials = section.take("credentials", &raw.credentials, &keys::CREDENTIALS);
    let max_age = section.optional("max_age", &raw.max_age, &keys::PREFLIGHT_AGE);
    let replaces = section.take("override", &raw.overrides, &keys::OVERRIDE);
    let rules = CorsRules {
        origins: Origins::new(origins?),
        methods: methods?,
        headers: headers?,
        expose: expose?,
        credentials: credentials?,
        max_age: max_age?.as_ref().map(Duration::as_secs),
        replaces: replaces?,
    };
    let error = match Cors::new(rules) {
        Ok(cors) => return Some(cors),
        Err(error) => error,
    };
    let allowed = match error {
        CorsError::AnyWithCredentials => {
            "credentials = false, or origins by name: for pages that send cookies browsers take no `*`"
        }
        CorsError::AllExposedWithCredentials => {
            "credentials = false, or a list in expose: for pages that send cookies browsers take no `*`"
        }
    };
    let span = raw.credentials.as_ref().map_or(table, Spanned::span);
    section.fault(
        "credentials",
        span,
        &format!("found {error}"),
        Some(allowed),
    );
    None
}

fn listed<T>(
    section: &mut Section<'_>,
    (key, allowed): (&str, &str),
    written: &Option<Spanned<raw::AllOrList>>,
    rule: &List<T>,
) -> Option<Listed<T>> {
    let Some(written) = written else {
        return Some(Listed::These(rule.default()));
    };
    match written.get_ref() {
        raw::AllOrList::Word(word) if word == keys::ALL => Some(Listed::All),
        raw::AllOrList::Word(word) => {
            let refusal = Refusal::word(word, [keys::ALL]);
            section.refuse(key, written.span(), refusal, allowed);
            None
        }
        raw::AllOrList::List(items) => {
            let items = Some(Spanned::new(written.span(), items.clone()));
            section.list(key, &items, rule).map(Listed::These)
        }
    }
}

fn security(
    path: &str,
    written: &Spanned<raw::Security>,
    faults: &mut Faults,
) -> Option<Vec<SetField>> {
    let raw = written.get_ref();
    let path = format!("{path}.security");
    let transport = match &raw.strict_transport_security {
        None => Some(None),
        Some(written) => transport(&path, written, faults).map(Some),
    };
    let mut section = Section::new(path, faults);
    let sniff = section.take(
        "content_type_options",
        &raw.content_type_options,
        &keys::SWITCH,
    );
    let frame = section.optional("frame_options", &raw.frame_options, &keys::FRAME_OPTIONS);
    let referrer = section.optional(
        "referrer_policy",
        &raw.referrer_policy,
        &keys::REFERRER_POLICY,
    );
    let content = section.optional(
        "content_security_policy",
        &raw.content_security_policy,
        &keys::VALUE,
    );
    let xss = section.optional("xss_protection", &raw.xss_protection, &keys::XSS_PROTECTION);
    let overriding = match raw.overrides.as_ref().map(Spanned::get_ref) {
        None | Some(raw::TruthOrList::Truth(true)) => Some(keys::SECURITY_KEYS.to_vec()),
        Some(raw::TruthOrList::Truth(false)) => Some(Vec::new()),
        Some(raw::TruthOrList::List(names)) => {
            let span = raw.overrides.as_ref().map_or(0..0, Spanned::span);
            let names = Some(Spanned::new(span, names.clone()));
            section.list("override", &names, &keys::OVERRIDES)
        }
    };
    let nosniff = sniff?.then(|| HeaderValue::from_static("nosniff"));
    let (overriding, values) = (
        overriding?,
        [nosniff, frame?, referrer?, transport?, content?, xss?],
    );
    let named = keys::SECURITY_KEYS.iter().zip(SECURITY_NAMES).zip(values);
    Some(
        named
            .filter_map(|((key, name), value)| {
                Some(SetField {
                    name,
                    value: value?,
                    replaces: overriding.contains(key),
                })
            })
            .collect(),
    )
}

/// The fields of [`keys::SECURITY_KEYS`].
const SECURITY_NAMES: [HeaderName; 6] = [
    header::X_CONTENT_TYPE_OPTIONS,
    header::X_FRAME_OPTIONS,
    header::REFERRER_POLICY,
    header::STRICT_TRANSPORT_SECURITY,
    header::CONTENT_SECURITY_POLICY,
    header::X_XSS_PROTECTION,
];

/// RFC 6797 section 6.1; `preload` as the browsers' lists want it.
fn transport(
    path: &str,
    written: &Spanned<raw::TransportSecurity>,
    faults: &mut Faults,
) -> Option<HeaderValue> {
    let (raw, table) = (written.get_ref(), written.span());
    let mut section = Section::new(format!("{path}.strict_transport_security"), faults);
    let max_age = section.required("max_age", &raw.max_age, &keys::TRANSPORT_AGE, &table);
    let below = section.take("include_subdomains", &raw.include_subdomains, &keys::SWITCH);
    let preload = section.take("preload", &raw.preload, &keys::SWITCH);
    let (max_age, below, preload) = (max_age?, below?, preload?);
    if preload && !below {
        let span = raw.preload.as_ref().map_or(table, Spanned::span);
        let allowed = Some("true with include_subdomains = true");
        section.fault(
            "preload",
            span,
            "found true without include_subdomains",
            allowed,
        );
        return None;
    }
    let below = if below { "; includeSubDomains" } else { "" };
    let preload = if preload { "; preload" } else { "" };
    HeaderValue::from_str(&format!("max-age={}{below}{preload}", max_age.as_secs())).ok()
}

/// The fields of one's own; none of them is among those of `security`, or there twice.
fn set(
    path: &str,
    raw: &raw::ResponseHeaders,
    security: &[SetField],
    faults: &mut Faults,
) -> Option<Vec<SetField>> {
    if let Some(first) = raw.set.get(MOST_SET) {
        let found = format!("found {} of them", raw.set.len());
        let mut section = Section::new(path, faults);
        section.fault("set", first.span(), &found, Some(keys::SET_ALLOWED));
        return None;
    }
    let mut fields: Vec<SetField> = Vec::new();
    for (index, written) in raw.set.iter().enumerate() {
        let (raw, table): (_, Range<usize>) = (written.get_ref(), written.span());
        let mut section = Section::new(format!("{path}.set[{index}]"), faults);
        let name = section.required("name", &raw.name, &keys::SET_NAME, &table);
        let value = section.required("value", &raw.value, &keys::VALUE, &table);
        let replaces = section.take("override", &raw.overrides, &keys::OVERRIDE);
        let (Some(name), Some(value), Some(replaces)) = (name, value, replaces) else {
            continue;
        };
        if security
            .iter()
            .chain(&fields)
            .any(|field| field.name == name)
        {
            let span = raw.name.as_ref().map_or(table, Spanned::span);
            let found = format!("found {:?} twice", name.as_str());
            let allowed = Some("each name once, those of `security` too");
            section.fault("name", span, &found, allowed);
            continue;
        }
        fields.push(SetField {
            name,
            value,
            replaces,
        });
    }
    (fields.len() == raw.set.len()).then_some(fields)
}
