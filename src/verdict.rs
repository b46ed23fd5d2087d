//! The one place where hit, stale, validate, fetch, pass and refuse are told apart.
//!
//! [`decide`] is a function of facts: no I/O, no clock, no state. The word of a verdict
//! ([`Verdict::as_str`]) is the same in metrics and logs.

use crate::purge::ledger::Liveness;
use crate::semantics::cache_status::Forward;
use crate::semantics::freshness::State;
use crate::semantics::reason::Reason;

/// What is known about a request when its key has been looked up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    /// What the store holds under the key for such a request.
    pub found: Option<Found>,
    /// Nothing of what the store holds under the key answers this request.
    pub other_variants: bool,
    /// The method is HEAD.
    pub head: bool,
    /// The method is neither GET nor HEAD: only the origin can answer it.
    pub other_method: bool,
    /// The operator lets nothing be stored.
    pub stores_nothing: bool,
    /// The request asks for one range, as `semantics::range` counts it. Several need the whole.
    pub range: bool,
    /// The request has `If-Match` or `If-Unmodified-Since`, which only the origin can answer.
    pub concerns_origin: bool,
    /// The request has `Cache-Control: only-if-cached`.
    pub only_if_cached: bool,
    /// The last answer under this key could not be shared, a short while ago.
    pub unshareable: bool,
    /// The viewer does not take the stored answer unvalidated, and is listened to
    /// (`semantics::wishes`).
    pub unwanted: bool,
    /// The viewer wants its answer not to be stored, and is listened to.
    pub no_store: bool,
}

/// What is known about a stored answer.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Whether an invalidation has hit it.
    pub liveness: Liveness,
    /// Fresh, or stale with what that allows.
    pub state: State,
    /// `no-cache`: to be validated on every use.
    pub always_validate: bool,
    /// It has a validator to ask with.
    pub validator: Option<Validator>,
    /// The origin failed a moment ago, and its next try is not due yet.
    pub origin_rests: bool,
}

/// How good a stored validator is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Validator {
    /// A strong entity tag.
    Strong,
    /// A weak entity tag.
    Weak,
}

/// What to do with a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Serve the stored answer.
    Serve,
    /// Serve the stored answer although it is stale.
    ServeStale {
        /// And refresh it in the background.
        refresh: bool,
        /// What permits that.
        reason: Reason,
    },
    /// Ask the origin whether the stored answer is still good.
    Validate {
        /// Why the origin is asked.
        why: Forward,
    },
    /// Fetch the object, for everybody who waits for it.
    Fetch {
        /// Why the origin is asked.
        why: Forward,
    },
    /// Forward this one request; its answer is not stored.
    Pass {
        /// Why the origin is asked.
        why: Forward,
        /// Why nothing is stored.
        reason: Reason,
    },
    /// Only a stored answer was wanted, and there is none: 504 (RFC 9111 section 5.2.1.7).
    Refuse,
    /// Say what a page of another origin may send. No object is asked for, so [`decide`] is not either.
    Preflight,
    /// Say which methods there are, to `OPTIONS *`. As little is decided.
    Options,
}

impl Verdict {
    /// The verdict's word in metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::ServeStale { .. } => "serve-stale",
            Self::Validate { .. } => "validate",
            Self::Fetch { .. } => "fetch",
            Self::Pass { .. } => "pass",
            Self::Refuse => "refuse",
            Self::Preflight => "preflight",
            Self::Options => "options",
        }
    }
}

/// Decides what to do with a request.
#[must_use]
pub fn decide(facts: &Facts) -> Verdict {
    let verdict = if facts.other_method {
        return pass(Forward::Method, Reason::OtherMethod);
    } else if facts.stores_nothing {
        pass(Forward::Bypass, Reason::CachingDisabled)
    } else if facts.concerns_origin {
        pass(Forward::Request, Reason::Precondition)
    } else if facts.no_store {
        pass(Forward::Request, Reason::RequestNoStore)
    } else {
        match facts.found {
            Some(found) => use_of(&found, facts),
            None if facts.other_variants => fetch_or_pass(facts, Forward::VaryMiss),
            None => fetch_or_pass(facts, Forward::UriMiss),
        }
    };
    match verdict {
        Verdict::Serve | Verdict::ServeStale { .. } => verdict,
        // The origin would have to be asked.
        _ if facts.only_if_cached => Verdict::Refuse,
        _ => verdict,
    }
}

fn use_of(found: &Found, facts: &Facts) -> Verdict {
    let ask = |why| match found.validator {
        Some(_) => Verdict::Validate { why },
        None => fetch_or_pass(facts, why),
    };
    match (found.liveness, found.state) {
        // A dead entry is as good as none.
        (Liveness::Dead, _) => fetch_or_pass(facts, Forward::UriMiss),
        // A weak validator carries nothing across a soft purge (DESIGN 3.3).
        (Liveness::Soft, _) if found.validator != Some(Validator::Strong) => {
            fetch_or_pass(facts, Forward::Stale)
        }
        (Liveness::Soft, _) => ask(Forward::Stale),
        (Liveness::Alive, _) if found.always_validate => ask(Forward::Stale),
        // While the origin rests no viewer's wish gets through to it.
        (Liveness::Alive, State::Fresh) if !facts.unwanted || found.origin_rests => Verdict::Serve,
        (Liveness::Alive, State::Fresh) => ask(Forward::Request),
        (Liveness::Alive, State::Stale { if_error: true, .. }) if found.origin_rests => {
            Verdict::ServeStale {
                refresh: false,
                reason: Reason::OriginRests,
            }
        }
        (
            Liveness::Alive,
            State::Stale {
                while_revalidate: true,
                ..
            },
        ) if !facts.unwanted => Verdict::ServeStale {
            refresh: !found.origin_rests,
            reason: Reason::StaleWhileRevalidate,
        },
        (Liveness::Alive, State::Stale { .. }) => ask(Forward::Stale),
    }
}

const fn pass(why: Forward, reason: Reason) -> Verdict {
    Verdict::Pass { why, reason }
}

fn fetch_or_pass(facts: &Facts, why: Forward) -> Verdict {
    // A HEAD fetches no body that could be stored; a range of an unknown object is asked of the
    // origin as it is; a key whose answers cannot be shared must not queue anybody.
    if facts.head {
        pass(why, Reason::Head)
    } else if facts.range {
        pass(why, Reason::Range)
    } else if facts.unshareable {
        pass(why, Reason::Unshareable)
    } else {
        Verdict::Fetch { why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(liveness: Liveness, state: State) -> Found {
        Found {
            liveness,
            state,
            always_validate: false,
            validator: Some(Validator::Strong),
            origin_rests: false,
        }
    }

    const STALE: State = State::Stale {
        while_revalidate: false,
        if_error: false,
    };
    const SWR: State = State::Stale {
        while_revalidate: true,
        if_error: true,
    };
    const SIE: State = State::Stale {
        while_revalidate: false,
        if_error: true,
    };

    const VALIDATE: Verdict = Verdict::Validate {
        why: Forward::Stale,
    };
    const SWR_REFRESH: Verdict = Verdict::ServeStale {
        refresh: true,
        reason: Reason::StaleWhileRevalidate,
    };
    const RESTS: Verdict = Verdict::ServeStale {
        refresh: false,
        reason: Reason::OriginRests,
    };

    #[test]
    fn no_other_method_is_answered_from_what_is_stored() {
        let facts = Facts {
            found: Some(found(Liveness::Alive, State::Fresh)),
            other_method: true,
            only_if_cached: true,
            ..Facts::default()
        };
        let (why, reason) = (Forward::Method, Reason::OtherMethod);
        assert_eq!(decide(&facts), Verdict::Pass { why, reason });
    }

    #[test]
    fn where_nothing_is_stored_every_request_goes_to_the_origin() {
        let (why, reason) = (Forward::Bypass, Reason::CachingDisabled);
        let facts = Facts {
            stores_nothing: true,
            range: true,
            concerns_origin: true,
            ..Facts::default()
        };
        assert_eq!(decide(&facts), Verdict::Pass { why, reason });
        let only_if_cached = Facts {
            only_if_cached: true,
            ..facts
        };
        assert_eq!(decide(&only_if_cached), Verdict::Refuse);
    }

    #[test]
    fn every_row_of_the_table() {
        use Liveness::{Alive, Dead, Soft};
        let of = |found: Found| Facts {
            found: Some(found),
            ..Facts::default()
        };
        let unwanted = |found| Facts {
            unwanted: true,
            ..of(found)
        };
        let rests = |state| Found {
            origin_rests: true,
            ..found(Alive, state)
        };
        let no_cache = Found {
            always_validate: true,
            ..found(Alive, State::Fresh)
        };
        let bare = |state| Found {
            validator: None,
            ..found(Alive, state)
        };
        let weak = |liveness| Found {
            validator: Some(Validator::Weak),
            ..found(liveness, State::Fresh)
        };
        let miss = Verdict::Fetch {
            why: Forward::UriMiss,
        };
        let stale = Verdict::Fetch {
            why: Forward::Stale,
        };
        let rows: &[(&str, Facts, Verdict)] = &[
            ("nothing stored", Facts::default(), miss),
            (
                "other variants only",
                Facts {
                    other_variants: true,
                    ..Facts::default()
                },
                Verdict::Fetch {
                    why: Forward::VaryMiss,
                },
            ),
            ("fresh", of(found(Alive, State::Fresh)), Verdict::Serve),
            (
                "fresh for HEAD",
                Facts {
                    head: true,
                    ..of(found(Alive, State::Fresh))
                },
                Verdict::Serve,
            ),
            (
                "fresh for a range",
                Facts {
                    range: true,
                    ..of(found(Alive, State::Fresh))
                },
                Verdict::Serve,
            ),
            ("fresh, but purged", of(found(Dead, State::Fresh)), miss),
            (
                "fresh, but softly purged",
                of(found(Soft, State::Fresh)),
                VALIDATE,
            ),
            ("softly purged, weak validator", of(weak(Soft)), stale),
            (
                "fresh with a weak validator",
                of(weak(Alive)),
                Verdict::Serve,
            ),
            ("no-cache", of(no_cache), VALIDATE),
            (
                "no-cache without validator",
                of(Found {
                    validator: None,
                    ..no_cache
                }),
                stale,
            ),
            ("stale", of(found(Alive, STALE)), VALIDATE),
            ("stale without validator", of(bare(STALE)), stale),
            (
                "stale within its window",
                of(found(Alive, SWR)),
                SWR_REFRESH,
            ),
            ("the same, but purged", of(found(Dead, SWR)), miss),
            (
                "the same, but softly purged",
                of(found(Soft, SWR)),
                VALIDATE,
            ),
            ("the same while the origin rests", of(rests(SWR)), RESTS),
            (
                "usable on error, no error known",
                of(found(Alive, SIE)),
                VALIDATE,
            ),
            ("usable on error, the origin rests", of(rests(SIE)), RESTS),
            (
                "not usable on error, the origin rests",
                of(rests(STALE)),
                VALIDATE,
            ),
            (
                "HEAD of nothing",
                Facts {
                    head: true,
                    ..Facts::default()
                },
                pass(Forward::UriMiss, Reason::Head),
            ),
            (
                "range of nothing",
                Facts {
                    range: true,
                    ..Facts::default()
                },
                pass(Forward::UriMiss, Reason::Range),
            ),
            (
                "unshareable",
                Facts {
                    unshareable: true,
                    ..Facts::default()
                },
                pass(Forward::UriMiss, Reason::Unshareable),
            ),
            (
                "If-Match goes to the origin even when fresh",
                Facts {
                    concerns_origin: true,
                    ..of(found(Alive, State::Fresh))
                },
                pass(Forward::Request, Reason::Precondition),
            ),
            (
                "only-if-cached and fresh",
                Facts {
                    only_if_cached: true,
                    ..of(found(Alive, State::Fresh))
                },
                Verdict::Serve,
            ),
            (
                "only-if-cached and stale",
                Facts {
                    only_if_cached: true,
                    ..of(found(Alive, STALE))
                },
                Verdict::Refuse,
            ),
            (
                "only-if-cached and nothing",
                Facts {
                    only_if_cached: true,
                    ..Facts::default()
                },
                Verdict::Refuse,
            ),
            (
                "only-if-cached and If-Match",
                Facts {
                    only_if_cached: true,
                    concerns_origin: true,
                    ..Facts::default()
                },
                Verdict::Refuse,
            ),
            (
                "an unwanted fresh one is validated",
                unwanted(found(Alive, State::Fresh)),
                Verdict::Validate {
                    why: Forward::Request,
                },
            ),
            (
                "an unwanted fresh one without validator is fetched",
                unwanted(bare(State::Fresh)),
                Verdict::Fetch {
                    why: Forward::Request,
                },
            ),
            (
                "an unwanted fresh one without validator, for HEAD",
                Facts {
                    head: true,
                    ..unwanted(bare(State::Fresh))
                },
                pass(Forward::Request, Reason::Head),
            ),
            (
                "an unwanted fresh one while the origin rests",
                unwanted(rests(State::Fresh)),
                Verdict::Serve,
            ),
            (
                "an unwanted stale one is not served within its window",
                unwanted(found(Alive, SWR)),
                VALIDATE,
            ),
            (
                "an unwanted stale one while the origin rests",
                unwanted(rests(SWR)),
                RESTS,
            ),
            (
                "an unwanted one that is dead",
                unwanted(found(Dead, SWR)),
                miss,
            ),
            (
                "unwanted and only-if-cached contradict each other",
                Facts {
                    only_if_cached: true,
                    ..unwanted(found(Alive, State::Fresh))
                },
                Verdict::Refuse,
            ),
            (
                "no-store passes by what is fresh",
                Facts {
                    no_store: true,
                    ..of(found(Alive, State::Fresh))
                },
                pass(Forward::Request, Reason::RequestNoStore),
            ),
            (
                "no-store and only-if-cached",
                Facts {
                    no_store: true,
                    only_if_cached: true,
                    ..of(found(Alive, State::Fresh))
                },
                Verdict::Refuse,
            ),
            (
                "only-if-cached within a stale window",
                Facts {
                    only_if_cached: true,
                    ..of(found(Alive, SWR))
                },
                SWR_REFRESH,
            ),
            (
                "only-if-cached and no-cache",
                Facts {
                    only_if_cached: true,
                    ..of(no_cache)
                },
                Verdict::Refuse,
            ),
            (
                "stale without validator, for a range",
                Facts {
                    range: true,
                    ..of(bare(STALE))
                },
                pass(Forward::Stale, Reason::Range),
            ),
        ];
        for (name, facts, expected) in rows {
            assert_eq!(decide(facts), *expected, "{name}");
        }
    }

    #[test]
    fn a_dead_entry_is_never_used_for_anything() {
        for state in [State::Fresh, STALE, SWR, SIE] {
            for origin_rests in [false, true] {
                for always_validate in [false, true] {
                    let dead = Found {
                        origin_rests,
                        always_validate,
                        ..found(Liveness::Dead, state)
                    };
                    let verdict = decide(&Facts {
                        found: Some(dead),
                        ..Facts::default()
                    });
                    assert_eq!(
                        verdict,
                        Verdict::Fetch {
                            why: Forward::UriMiss
                        },
                        "{dead:?}"
                    );
                }
            }
        }
    }
}
