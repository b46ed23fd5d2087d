//! *Route* and *key*: from a request to the distribution, its behaviour, and the object's key.

use std::borrow::Cow;
use std::sync::Arc;

use super::receive::{Received, RequestId};
use super::refusal::Refusal;
use super::{OriginSite, Site};
use crate::policy::distribution::Distribution;
use crate::policy::key::Key;
use crate::purge::pattern::{Identity, QueryForm};
use crate::semantics::age::Instant;
use crate::semantics::target::{self, TargetError};

/// A request that goes no further, and why; boxed, because few do.
pub type Refused<'r> = Box<(Received<'r>, Refusal)>;

/// A request whose distribution is known.
#[derive(Debug)]
pub struct Routed<'r> {
    received: Received<'r>,
    distribution: Arc<Distribution>,
}

impl<'r> Received<'r> {
    /// Finds the distribution by the host, and checks the method against its behaviour.
    ///
    /// # Errors
    /// 400, 414, 431 by [`Received::check`]; 421 for an unknown host; 405 for a method that the
    /// behaviour does not allow.
    pub fn route(self) -> Result<Routed<'r>, Refused<'r>> {
        let host = match self.check() {
            Ok(host) => host,
            Err(refusal) => return Err(Box::new((self, refusal))),
        };
        let Some(distribution) = self.site.distributions.by_host(&host).map(Arc::clone) else {
            return Err(Box::new((self, Refusal::UnknownHost)));
        };
        let methods = &distribution.default_behavior.methods;
        if !methods.allows(self.method) {
            let refusal = Refusal::Method(methods.allow_header());
            return Err(Box::new((self, refusal)));
        }
        Ok(Routed {
            received: self,
            distribution,
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
    /// The canonical path of the object, the default root object put in.
    pub path: Cow<'r, str>,
    /// Its key.
    pub key: Key,
}

impl<'r> Routed<'r> {
    /// Builds the canonical path and the key.
    ///
    /// # Errors
    /// 400 for a path that no object can have; 404 for `/` without a root object.
    pub fn key(self) -> Result<Keyed<'r>, Refused<'r>> {
        let Self {
            received,
            distribution,
        } = self;
        let path = match object_path(received.uri.path(), &distribution) {
            Ok(path) => path,
            Err(refusal) => return Err(Box::new((received, refusal))),
        };
        let key = Key::of_bucket_object(&distribution.id, &path);
        let Received { at, id, site, .. } = received;
        Ok(Keyed {
            at,
            id,
            site,
            distribution,
            path,
            key,
        })
    }
}

impl Keyed<'_> {
    /// The same, on its own feet.
    #[must_use]
    pub fn into_owned(self) -> Keyed<'static> {
        Keyed {
            path: Cow::Owned(self.path.into_owned()),
            ..self
        }
    }

    /// What the object is for purging: its own path, and `/` where it is the root object.
    #[must_use]
    pub fn identity(&self) -> Identity {
        // A canonical path always decodes.
        let decoded = target::decode(&self.path).unwrap_or_default();
        let mut paths = vec![decoded.into_boxed_slice()];
        if self.path.strip_prefix('/') == self.root_object().as_deref() {
            paths.push(Box::from(&b"/"[..]));
        }
        // The query is never forwarded to a bucket, so the object answers every form of it.
        Identity {
            distribution: Arc::from(&*self.distribution.id),
            paths,
            query: QueryForm::All,
        }
    }

    /// The origin of its behaviour.
    #[must_use]
    pub fn origin(&self) -> Option<&OriginSite> {
        self.site
            .origins
            .get(&self.distribution.default_behavior.origin)
    }

    fn root_object(&self) -> Option<String> {
        self.distribution.root_object.as_deref().map(root_key)
    }
}

/// The canonical path of the object that a viewer's path names: the default root object stands in
/// for `/`, and for nothing else (CloudFront, "Specify a default root object").
fn object_path<'p>(path: &'p str, distribution: &Distribution) -> Result<Cow<'p, str>, Refusal> {
    if path == "/" {
        let root = distribution
            .root_object
            .as_deref()
            .ok_or(Refusal::NoRootObject)?;
        return Ok(Cow::Owned(format!("/{}", root_key(root))));
    }
    if path.is_empty() {
        return Err(Refusal::BadTarget(TargetError::NoSlash));
    }
    target::canonical(path).map_err(Refusal::BadTarget)
}

/// The canonical form of a root object's key. It is checked when the configuration is read.
fn root_key(root: &str) -> String {
    target::encode(root.as_bytes())
}
