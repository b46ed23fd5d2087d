//! What a forwarded HEAD tells about the stored answer of a GET (RFC 9111 section 4.3.5).

use std::sync::Arc;

use http::{HeaderName, StatusCode, header};

use super::Engine;
use super::route::Keyed;
use crate::object::head::{Exchange, Head};
use crate::origin::{Forwarded, OriginResponse};
use crate::purge::ledger::Liveness;
use crate::purge::stamp::Stamp;
use crate::semantics::fields;
use crate::semantics::storable::{Asked, storable};
use crate::semantics::validators::{Agreement, agreement};
use crate::semantics::vary::{self, Selecting};
use crate::store::entry::Entry;

impl Engine {
    /// Takes note of the answer to a HEAD that went to the origin while `entry` was stored: the same
    /// strong entity tag makes the entry fresh again, as a 304 would; another validator or length
    /// shows that it is of the past, and it goes.
    pub(super) fn note_head(
        &self,
        keyed: &Keyed<'_>,
        viewer: &Forwarded,
        entry: &Arc<Entry>,
        response: &OriginResponse,
        exchange: Exchange,
        stamp: Stamp,
    ) {
        let both_ok = response.status == StatusCode::OK && entry.head.status == StatusCode::OK;
        let foreign = stamp.position.epoch != self.epoch_of(&keyed.site);
        if !both_ok || foreign || entry.liveness(&self.ledger) == Liveness::Dead {
            return;
        }
        let stored = entry.head.fields.to_map(response.headers.len());
        match agreement(&stored, &response.headers) {
            Agreement::Unknown => return,
            Agreement::Differs => {
                self.memory.remove(entry);
                return;
            }
            Agreement::Same => {}
        }
        let mut merged = fields::merge_not_modified(&stored, &response.headers);
        // They are for whoever asked; what is stored keeps its own.
        merged.remove(header::SET_COOKIE);
        for kept in stored.get_all(header::SET_COOKIE) {
            merged.append(header::SET_COOKIE, kept.clone());
        }
        let bounds = &keyed.behavior().cache.bounds;
        let head = Head::new(entry.head.status, merged.clone(), exchange, bounds);
        // A HEAD of the object would have been answered from the same entry as a GET.
        let asked = Asked {
            get: true,
            authorization: viewer.fields.contains_key(header::AUTHORIZATION),
            unkeyed_cookie: viewer.unkeyed.cookie,
        };
        if storable(&asked, head.status, &merged, &head.freshness).is_err() {
            // What is for one viewer only says nothing about what is stored for all.
            let plain = Asked {
                get: true,
                authorization: false,
                unkeyed_cookie: false,
            };
            if storable(&plain, head.status, &merged, &head.freshness).is_err() {
                self.memory.remove(entry);
            }
            return;
        }
        let can_vary_by = |name: &HeaderName| keyed.behavior().origin_request.can_vary_by(name);
        if !vary::names(&merged).all(|name| can_vary_by(&name)) {
            self.memory.remove(entry);
            return;
        }
        let renewed = Arc::new(Entry::new(
            entry.key.clone(),
            Selecting::of(&merged, &viewer.fields),
            keyed.identity(),
            head,
            entry.body.clone(),
            stamp,
            entry.detail,
        ));
        if renewed.liveness(&self.ledger) == Liveness::Alive {
            self.memory.publish(&renewed, &viewer.fields);
        }
    }
}
