//! *Route* and *key*: from a request to the distribution, its behaviour, and the object's key.
//!
//! A bucket route asks for an object, whose one spelling is key and request alike. An HTTP route
//! forwards the viewer's path unchanged and keys on its bytes (DESIGN 3.13), and of the query and the fields
//! what the behaviour's policies say.
//!
//! Invariant: what is asked for is asked for by the behaviour that its path selects. On a bucket route
//! that is the path of the object, so one that is sent so that it selects another behaviour is refused:
//! `/private%2Fx` never gets past `/private/*`.

use std::borrow::Cow;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use super::answer::Asked;
use super::receive::{Received, RequestId};
use super::refusal::Refusal;
use super::{OriginSite, Site};
use crate::policy::behavior::Behavior;
use crate::policy::distribution::Distribution;
use crate::policy::key::Key;
use crate::policy::names::Choice;
use crate::policy::origin_request::{OriginRequest, Queries, Unkeyed};
use crate::policy::redirects::Redirect;
use crate::policy::selection::Selected;
use crate::purge::pattern::{Identity, QueryForm};
use crate::semantics::age::Instant;
use crate::semantics::target::{self, TargetError};
use crate::semantics::vary::RequestFields;

/// A request that goes no further; boxed, because few do.
pub type Refused<'r> = Box<Unserved<'r>>;

/// Why a request goes no further, and how far it got.
#[derive(Debug)]
pub struct Unserved<'r> {
    /// The request.
    pub received: Received<'r>,
    /// What is told to the viewer.
    pub ending: Ending,
    /// Its distribution and the behaviour that was selected, if it got so far.
    pub under: Option<Under>,
}

/// A distribution and which of its behaviours holds.
#[derive(Clone, Debug)]
pub struct Under {
    distribution: Arc<Distribution>,
    selected: Selected,
}

impl Under {
    /// The rules that hold.
    #[must_use]
    pub fn behavior(&self) -> &Behavior {
        self.distribution.behavior(self.selected)
    }

    /// The distribution, and which of its behaviours it is.
    #[must_use]
    pub fn selected(&self) -> (&Distribution, Selected) {
        (&self.distribution, self.selected)
    }
}

/// What a request ends with that asks for no object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ending {
    /// It is refused.
    Refused(Refusal),
    /// It is a preflight that is allowed: the policy of its behaviour is the whole answer.
    Preflight,
    /// It is `OPTIONS *`, which asks about the edge itself (RFC 9110 section 9.3.7): these are allowed.
    Options(HeaderValue),
}

/// A request whose distribution is known.
#[derive(Debug)]
pub struct Routed<'r> {
    received: Received<'r>,
    distribution: Arc<Distribution>,
    selected: Selected,
    /// The host, and its port if it is not the default one.
    authority: Option<Cow<'r, str>>,
}

impl<'r> Received<'r> {
    /// Finds the distribution by the host and the behaviour by the path, and checks the method against
    /// it.
    ///
    /// # Errors
    /// 400, 414, 431 by [`Received::check`]; 421 for an unknown host; 403 for a preflight, and 405 for a
    /// method, that the behaviour does not allow. Not an error: a preflight that it does allow, and
    /// `OPTIONS *`.
    pub fn route(self) -> Result<Routed<'r>, Refused<'r>> {
        let host = match self.check() {
            Ok(host) => host,
            Err(refusal) => return Err(self.refused(refusal, None)),
        };
        let Some(distribution) = self.site.distributions.by_host(&host).map(Arc::clone) else {
            return Err(self.refused(Refusal::UnknownHost, None));
        };
        let selected = distribution.select(self.uri.path());
        let Behavior {
            methods,
            origin_request,
            response_headers,
            ..
        } = distribution.behavior(selected);
        // Before the methods: a preflight is OPTIONS, and is about another one.
        let preflight = response_headers
            .as_ref()
            .and_then(|policy| policy.preflight(self.method, self.headers));
        if let Some(judged) = preflight {
            let ending = match judged {
                Ok(()) => Ending::Preflight,
                Err(error) => Ending::Refused(Refusal::Preflight(error)),
            };
            return Err(self.ended(
                ending,
                Some(Under {
                    distribution,
                    selected,
                }),
            ));
        }
        if !methods.allows(self.method) {
            let refusal = Refusal::Method(methods.allow_header());
            return Err(self.refused(
                refusal,
                Some(Under {
                    distribution,
                    selected,
                }),
            ));
        }
        if *self.method == Method::OPTIONS && self.uri.path() == "*" {
            let ending = Ending::Options(methods.allow_header());
            let under = Under {
                distribution,
                selected,
            };
            return Err(self.ended(ending, Some(under)));
        }
        let authority = origin_request.forwards_host().then(|| self.authority(host));
        Ok(Routed {
            received: self,
            distribution,
            selected,
            authority,
        })
    }

    fn refused(self, refusal: Refusal, under: Option<Under>) -> Refused<'r> {
        self.ended(Ending::Refused(refusal), under)
    }

    fn ended(self, ending: Ending, under: Option<Under>) -> Refused<'r> {
        Box::new(Unserved {
            received: self,
            ending,
            under,
        })
    }
}

/// A request whose object is known.
#[derive(Clone, Debug)]
pub struct Keyed<'r> {
    /// When it arrived.
    pub at: Instant,
    /// Our id of it.
    pub id: RequestId,
    /// The configuration it travels with.
    pub site: Arc<Site>,
    /// Whose it is.
    pub distribution: Arc<Distribution>,
    /// Which of its behaviours holds.
    selected: Selected,
    /// The path, the default root object put in: the canonical one of an object of a bucket, the
    /// viewer's byte for byte to an HTTP origin.
    pub path: Cow<'r, str>,
    /// The query as it is forwarded and as it is keyed; none goes to a bucket.
    pub queries: Queries<'r>,
    /// The viewer's host, and its port if it is not the default one, where they are forwarded.
    pub authority: Option<Cow<'r, str>>,
    /// Its key.
    pub key: Key,
}

impl<'r> Routed<'r> {
    /// Where the distribution's rules send it. They hold for what is read, as with static hosts: what
    /// another method would do is the business of its behaviour.
    pub(super) fn redirect(&self) -> Option<Redirect> {
        let rules = self.distribution.redirects.as_ref()?;
        let Received { method, uri, .. } = &self.received;
        if !matches!(**method, Method::GET | Method::HEAD) {
            return None;
        }
        rules.find(uri.path(), uri.query())
    }

    /// The request itself, and what holds for it.
    pub(super) fn into_parts(self) -> (Received<'r>, Under) {
        let under = Under {
            distribution: self.distribution,
            selected: self.selected,
        };
        (self.received, under)
    }

    /// Builds the path and the key.
    ///
    /// # Errors
    /// 400 for a path that no object can have, that no route forwards, or whose object is another
    /// behaviour's; 404 for `/` of a bucket without a root object.
    pub fn key(self) -> Result<Keyed<'r>, Refused<'r>> {
        let Self {
            received,
            distribution,
            selected,
            authority,
        } = self;
        let policy = &distribution.behavior(selected).origin_request;
        let bucket = policy.is_bucket();
        let path =
            match bucket {
                true => object_path(received.uri.path(), &distribution).and_then(|path| {
                    match distribution.holds_for_object(selected, &path) {
                        true => Ok(path),
                        false => Err(Refusal::OtherBehavior),
                    }
                }),
                false => target_path(received.uri.path(), received.uri.query(), &distribution),
            };
        let path = match path {
            Ok(path) => path,
            Err(refusal) => {
                return Err(received.refused(
                    refusal,
                    Some(Under {
                        distribution,
                        selected,
                    }),
                ));
            }
        };
        let queries = policy.queries(received.uri.query().filter(|_| !bucket));
        let id = &*distribution.id;
        let key = match (bucket, authority.as_deref(), queries.keyed.as_deref()) {
            (true, ..) => Key::of_bucket_object(id, &path),
            (false, host, query) => policy.target_key(id, host, &path, query, received.headers),
        };
        let Received { at, id, site, .. } = received;
        Ok(Keyed {
            at,
            id,
            site,
            distribution,
            selected,
            path,
            queries,
            authority,
            key,
        })
    }
}

/// A viewer's fields as they reach the origin.
#[derive(Clone, Copy, Debug)]
pub struct AsForwarded<'h> {
    policy: &'h OriginRequest,
    viewer: &'h HeaderMap,
}

impl RequestFields for AsForwarded<'_> {
    fn each(&self, name: &HeaderName, line: &mut dyn FnMut(&[u8])) {
        self.policy.each(self.viewer, name, line);
    }
}

impl Keyed<'static> {
    /// Another path of the same site, as if this had been asked for; `None`: that would be refused.
    pub(super) fn elsewhere(
        asked: &Asked<'_>,
        method: &Method,
        path: &str,
        query: Option<&str>,
    ) -> Option<Self> {
        let target = match query {
            Some(query) => Cow::Owned(format!("{path}?{query}")),
            None => Cow::Borrowed(path),
        };
        let mut parts = asked.uri.clone().into_parts();
        parts.path_and_query = Some(target.parse().ok()?);
        let uri = Uri::from_parts(parts).ok()?;
        let received = Received {
            at: asked.at,
            id: *asked.id,
            site: Arc::clone(asked.site),
            client: asked.client,
            method,
            uri: &uri,
            version: asked.version,
            headers: asked.headers,
        };
        let keyed = received.route().and_then(Routed::key).ok()?;
        Some(keyed.into_owned())
    }
}

impl Keyed<'_> {
    /// The same, on its own feet.
    #[must_use]
    pub fn into_owned(self) -> Keyed<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Keyed {
            path: owned(self.path),
            queries: Queries {
                forwarded: self.queries.forwarded.map(owned),
                keyed: self.queries.keyed.map(owned),
            },
            authority: self.authority.map(owned),
            ..self
        }
    }

    /// What the object is for purging: its own path, those that it stands in for, and `/` where it is the
    /// root object. An object of a bucket is also what its path is where several slashes count as one, as
    /// they do with some stores: else a purge of `/a` would leave a copy under `//a`.
    #[must_use]
    pub fn identity(&self) -> Identity {
        // A path that was checked always decodes.
        let decoded = target::decode(&self.path).unwrap_or_default();
        let Behavior {
            origin_request,
            site,
            ..
        } = self.behavior();
        let mut spellings = vec![decoded];
        if origin_request.is_bucket() {
            fewer_slashes(&mut spellings);
        }
        let root = self.distribution.root_path();
        let root = root.and_then(|root| target::decode(&root).ok());
        let mut paths = Vec::with_capacity(spellings.len());
        for path in spellings {
            if let Some(rules) = site {
                paths.extend(rules.aliases(&path));
            }
            if Some(&path) == root.as_ref() {
                paths.push(Box::from(&b"/"[..]));
            }
            paths.push(path.into_boxed_slice());
        }
        Identity {
            distribution: Arc::from(&*self.distribution.id),
            paths,
            query: query_form(origin_request, self.queries.keyed.as_deref()),
        }
    }

    /// Whether its object is the root object.
    #[must_use]
    pub fn is_root(&self) -> bool {
        Some(&*self.path) == self.distribution.root_path().as_deref()
    }

    /// Whether the same behaviour holds for that request.
    #[must_use]
    pub fn has_the_behavior_of(&self, other: &Keyed<'_>) -> bool {
        Arc::ptr_eq(&self.distribution, &other.distribution) && self.selected == other.selected
    }

    /// Which of its distribution's behaviours holds for it.
    #[must_use]
    pub const fn selected(&self) -> Selected {
        self.selected
    }

    /// The rules that hold for it.
    #[must_use]
    pub fn behavior(&self) -> &Behavior {
        self.distribution.behavior(self.selected)
    }

    /// The viewer's fields as they reach the origin.
    #[must_use]
    pub fn as_forwarded<'h>(&'h self, viewer: &'h HeaderMap) -> AsForwarded<'h> {
        let policy = &self.behavior().origin_request;
        AsForwarded { policy, viewer }
    }

    /// What of such a request is forwarded without being in its key.
    #[must_use]
    pub fn unkeyed(&self, method: &Method, viewer: &HeaderMap) -> Unkeyed {
        let Behavior {
            origin_request,
            cache,
            ..
        } = self.behavior();
        match cache.stores {
            true => origin_request.unkeyed(method, viewer, &self.queries),
            // No answer is another viewer's.
            false => Unkeyed::default(),
        }
    }

    /// Key and identity of another target of the same host, as this viewer would ask for it. `None` where
    /// another behaviour holds for it.
    #[must_use]
    pub fn beside(
        &self,
        path: &str,
        query: Option<&str>,
        viewer: &HeaderMap,
    ) -> Option<(Key, Identity)> {
        let distribution = &self.distribution;
        let holds = distribution.behavior(distribution.select(path));
        if !std::ptr::eq(holds, self.behavior()) {
            return None;
        }
        let policy = &holds.origin_request;
        let query = policy.queries(query).keyed;
        let (query, host) = (query.as_deref(), self.authority.as_deref());
        let identity = Identity {
            distribution: Arc::from(&*distribution.id),
            paths: target::decode(path).into_iter().map(Into::into).collect(),
            query: query_form(policy, query),
        };
        let key = policy.target_key(&distribution.id, host, path, query, viewer);
        Some((key, identity))
    }

    /// The origin of its behaviour.
    #[must_use]
    pub fn origin(&self) -> Option<&OriginSite> {
        self.site.origins.get(&self.behavior().origin)
    }
}

/// Adds what a path is to stores that take several slashes for one: at its beginning (MinIO), or anywhere
/// (those on a file system).
fn fewer_slashes(spellings: &mut Vec<Vec<u8>>) {
    let Some(path) = spellings.first() else {
        return;
    };
    let leading = path.iter().take_while(|byte| **byte == b'/').count();
    let at_the_start = path[leading.saturating_sub(1)..].to_vec();
    let mut anywhere = at_the_start.clone();
    anywhere.dedup_by(|next, last| *next == b'/' && *last == b'/');
    for fewer in [at_the_start, anywhere] {
        if !spellings.contains(&fewer) {
            spellings.push(fewer);
        }
    }
}

/// The query of an object for purging. Where none is in the key the object answers every form of it.
fn query_form(policy: &OriginRequest, keyed: Option<&str>) -> QueryForm {
    match policy.keyed().query {
        Choice::None => QueryForm::All,
        _ => QueryForm::Exact(keyed.unwrap_or_default().as_bytes().into()),
    }
}

/// The canonical path of the object that a viewer's path names: the default root object stands in
/// for `/`, and for nothing else (CloudFront, "Specify a default root object").
fn object_path<'p>(path: &'p str, distribution: &Distribution) -> Result<Cow<'p, str>, Refusal> {
    if path == "/" {
        let root = distribution.root_path().ok_or(Refusal::NoRootObject)?;
        return Ok(Cow::Owned(root));
    }
    if path.is_empty() {
        return Err(Refusal::BadTarget(TargetError::NoSlash));
    }
    target::canonical(path).map_err(Refusal::BadTarget)
}

/// The path that an HTTP origin is asked for: the viewer's, unchanged, or the root object's for `/`,
/// as CloudFront does it to custom origins too.
fn target_path<'p>(
    path: &'p str,
    query: Option<&str>,
    distribution: &Distribution,
) -> Result<Cow<'p, str>, Refusal> {
    target::check(path)
        .and_then(|()| target::check_query(query.unwrap_or_default()))
        .map_err(Refusal::BadTarget)?;
    let root = match path {
        "/" => distribution.root_path(),
        _ => None,
    };
    Ok(root.map_or(Cow::Borrowed(path), Cow::Owned))
}
