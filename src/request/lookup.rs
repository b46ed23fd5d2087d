//! *Look-up*: what is known about a request's object, and the facts for the verdict.

use std::cell::RefCell;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, Method, header};

use crate::object::id::ObjectId;
use crate::policy::cache_policy::ViewerCacheControl;
use crate::policy::key::KeyHash;
use crate::purge::ledger::Liveness;
use crate::semantics::age::Instant;
use crate::semantics::conditional;
use crate::semantics::directives::Directives;
use crate::semantics::range;
use crate::semantics::vary::{self, RequestFields};
use crate::semantics::wishes::Wishes;
use crate::store::entry::Entry;
use crate::store::variants::Variants;
use crate::verdict::Facts;

use super::Engine;
use super::route::Keyed;

/// Ready header maps that each worker keeps: those of the entries it served last.
const READY: usize = 256;

impl Engine {
    /// The entry under the request's key, and the facts for the verdict.
    pub(super) fn look_up(
        &self,
        keyed: &Keyed<'_>,
        method: &Method,
        headers: &HeaderMap,
        now: Instant,
    ) -> (Option<Arc<Entry>>, Facts) {
        let variants = match has_no_use_for_what_is_stored(keyed, method) {
            true => None,
            false => self.memory.find(&keyed.key),
        };
        let liveness = |entry: &Entry| entry.liveness(&self.ledger);
        let looked = self.judge(keyed, method, headers, now, variants.as_ref(), liveness);
        if let (Some(variants), Some(entry)) = (&variants, &looked.0) {
            variants.touch(entry, now);
        }
        looked
    }

    /// The same of what was found under the key; it leaves no mark, unless `liveness` does.
    pub(super) fn judge(
        &self,
        keyed: &Keyed<'_>,
        method: &Method,
        headers: &HeaderMap,
        now: Instant,
        variants: Option<&Variants>,
        liveness: impl Fn(&Entry) -> Liveness,
    ) -> (Option<Arc<Entry>>, Facts) {
        let request = keyed.as_forwarded(headers);
        let alive = |entry: &Entry| liveness(entry) != Liveness::Dead;
        let entry = variants
            .and_then(|variants| variants.select(&request, alive))
            .map(Arc::clone);
        let found = entry
            .as_ref()
            .map(|entry| entry.found(liveness(entry), now));
        let only_if_cached =
            headers.contains_key(header::CACHE_CONTROL) && Directives::of(headers).only_if_cached;
        let wishes = match keyed.behavior().cache.viewer {
            ViewerCacheControl::Ignore => Wishes::default(),
            ViewerCacheControl::Honor => Wishes::of(headers),
        };
        let accepts = |entry: &Arc<Entry>| {
            wishes.accepts(entry.head.age.at(now), entry.head.freshness.lifetime)
        };
        let facts = Facts {
            found,
            head: *method == Method::HEAD,
            other_method: answers_only_the_origin(method),
            stores_nothing: !keyed.behavior().cache.stores,
            range: range::is_asked(method, headers),
            concerns_origin: conditional::concerns_origin(headers),
            only_if_cached,
            unwanted: entry.as_ref().is_some_and(|entry| !accepts(entry)),
            no_store: wishes.no_store,
            other_variants: entry.is_none() && variants.is_some(),
            unshareable: entry.is_none()
                && self
                    .fills
                    .is_unshareable(|| group(keyed, variants, &request)),
        };
        (entry, facts)
    }
}

/// Whether nothing that is stored answers such a request.
pub(super) fn has_no_use_for_what_is_stored(keyed: &Keyed<'_>, method: &Method) -> bool {
    answers_only_the_origin(method) || !keyed.behavior().cache.stores
}

/// Whether only the origin can answer such a request.
fn answers_only_the_origin(method: &Method) -> bool {
    *method != Method::GET && *method != Method::HEAD
}

/// Which requests of this key may wait for one fill: those that have the same values in all fields
/// that the answers under it are known to vary on. Where nothing is known, all wait for the first,
/// and whom its answer does not fit finds its group then.
pub(super) fn group(
    keyed: &Keyed<'_>,
    variants: Option<&Variants>,
    request: &dyn RequestFields,
) -> KeyHash {
    let mut names: Vec<&HeaderName> = variants
        .iter()
        .flat_map(|variants| variants.all())
        .flat_map(|entry| entry.selecting.names())
        .collect();
    names.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
    names.dedup();
    keyed
        .key
        .hash()
        .with(&vary::discriminator(names.into_iter(), request))
}

/// The entry's fields as a map with room for ours. The maps of the hottest entries are kept
/// ready per worker: cloning one is half the work of making one, and the compact block is what
/// all the others cost in memory.
pub(super) fn ready_fields(entry: &Entry) -> HeaderMap {
    type Slot = Option<(ObjectId, HeaderMap)>;
    thread_local! {
        static MAPS: RefCell<Vec<Slot>> = RefCell::new(vec![None; READY]);
    }
    // READY is far below u64::MAX, so the remainder is an index.
    let at = (entry.id.number() % READY as u64) as usize;
    MAPS.with_borrow_mut(|maps| {
        let slot = &mut maps[at];
        match slot {
            Some((id, map)) if *id == entry.id => map.clone(),
            _ => {
                let map = entry.head.fields.to_map(super::answer::OWN_FIELDS);
                *slot = Some((entry.id, map.clone()));
                map
            }
        }
    })
}
