//! The one place where hit, stale, validate, fetch, pass and refuse are told apart.
//!
//! [`decide`] is a function of facts: no I/O, no clock, no state. The word of a verdict
//! ([`Verdict::as_str`]) is the same in metrics and logs.

use crate::purge::ledger::Liveness;
use crate::semantics::cache_status::Forward;
use crate::semantics::freshness::State;

/// What is known about a request when its key has been looked up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    /// What the store holds under the key.
    pub found: Option<Found>,
    /// The method is HEAD.
    pub head: bool,
    /// The method is neither GET nor HEAD: only the origin can answer it.
    pub other_method: bool,
    /// The request has a usable `Range`.
    pub range: bool,
    /// The request has `If-Match` or `If-Unmodified-Since`, which only the origin can answer.
    pub concerns_origin: bool,
    /// The request has `Cache-Control: only-if-cached`.
    pub only_if_cached: bool,
    /// The last answer under this key could not be shared, a short while ago.
    pub unshareable: bool,
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
    },
    /// Ask the origin whether the stored answer is still good.
    Validate,
    /// Fetch the object, for everybody who waits for it.
    Fetch {
        /// Why the origin is asked.
        why: Forward,
    },
    /// Forward this one request; its answer is not stored.
    Pass {
        /// Why the origin is asked.
        why: Forward,
    },
    /// Only a stored answer was wanted, and there is none: 504 (RFC 9111 section 5.2.1.7).
    Refuse,
}

impl Verdict {
    /// The verdict's word in metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::ServeStale { .. } => "serve-stale",
            Self::Validate => "validate",
            Self::Fetch { .. } => "fetch",
            Self::Pass { .. } => "pass",
            Self::Refuse => "refuse",
        }
    }
}

/// Decides what to do with a request.
#[must_use]
pub fn decide(facts: &Facts) -> Verdict {
    if facts.other_method {
        return Verdict::Pass {
            why: Forward::Method,
        };
    }
    if facts.concerns_origin {
        return if facts.only_if_cached {
            Verdict::Refuse
        } else {
            Verdict::Pass {
                why: Forward::Request,
            }
        };
    }
    let usable = facts.found.map(|found| (found, use_of(&found)));
    match usable {
        Some((_, Use::Serve)) => Verdict::Serve,
        Some((_, Use::ServeStale { refresh })) => Verdict::ServeStale { refresh },
        // From here on the origin must be asked.
        _ if facts.only_if_cached => Verdict::Refuse,
        Some((_, Use::Validate)) => Verdict::Validate,
        Some((found, Use::Replace)) => {
            // A dead entry is as good as none.
            let why = if found.liveness == Liveness::Dead {
                Forward::UriMiss
            } else {
                Forward::Stale
            };
            fetch_or_pass(facts, why)
        }
        None => fetch_or_pass(facts, Forward::UriMiss),
    }
}

enum Use {
    Serve,
    ServeStale { refresh: bool },
    Validate,
    Replace,
}

fn use_of(found: &Found) -> Use {
    let validate = if found.validator.is_some() {
        Use::Validate
    } else {
        Use::Replace
    };
    match (found.liveness, found.state) {
        (Liveness::Dead, _) => Use::Replace,
        // A weak validator carries nothing across a soft purge (DESIGN 3.3).
        (Liveness::Soft, _) if found.validator != Some(Validator::Strong) => Use::Replace,
        (Liveness::Soft, _) => Use::Validate,
        (Liveness::Alive, _) if found.always_validate => validate,
        (Liveness::Alive, State::Fresh) => Use::Serve,
        (Liveness::Alive, State::Stale { if_error: true, .. }) if found.origin_rests => {
            Use::ServeStale { refresh: false }
        }
        (
            Liveness::Alive,
            State::Stale {
                while_revalidate: true,
                ..
            },
        ) => Use::ServeStale {
            refresh: !found.origin_rests,
        },
        (Liveness::Alive, State::Stale { .. }) => validate,
    }
}

fn fetch_or_pass(facts: &Facts, why: Forward) -> Verdict {
    // A HEAD fetches no body that could be stored; a range of an unknown object is asked of the
    // origin as it is; a key whose answers cannot be shared must not queue anybody.
    if facts.head || facts.range || facts.unshareable {
        Verdict::Pass { why }
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

    #[test]
    fn no_other_method_is_answered_from_what_is_stored() {
        let facts = Facts {
            found: Some(found(Liveness::Alive, State::Fresh)),
            other_method: true,
            only_if_cached: true,
            ..Facts::default()
        };
        let why = Forward::Method;
        assert_eq!(decide(&facts), Verdict::Pass { why });
    }

    #[test]
    fn every_row_of_the_table() {
        use Liveness::{Alive, Dead, Soft};
        let of = |found: Found| Facts {
            found: Some(found),
            ..Facts::default()
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
                Verdict::Validate,
            ),
            ("softly purged, weak validator", of(weak(Soft)), stale),
            (
                "fresh with a weak validator",
                of(weak(Alive)),
                Verdict::Serve,
            ),
            ("no-cache", of(no_cache), Verdict::Validate),
            (
                "no-cache without validator",
                of(Found {
                    validator: None,
                    ..no_cache
                }),
                stale,
            ),
            ("stale", of(found(Alive, STALE)), Verdict::Validate),
            ("stale without validator", of(bare(STALE)), stale),
            (
                "stale within its window",
                of(found(Alive, SWR)),
                Verdict::ServeStale { refresh: true },
            ),
            ("the same, but purged", of(found(Dead, SWR)), miss),
            (
                "the same, but softly purged",
                of(found(Soft, SWR)),
                Verdict::Validate,
            ),
            (
                "the same while the origin rests",
                of(rests(SWR)),
                Verdict::ServeStale { refresh: false },
            ),
            (
                "usable on error, no error known",
                of(found(Alive, SIE)),
                Verdict::Validate,
            ),
            (
                "usable on error, the origin rests",
                of(rests(SIE)),
                Verdict::ServeStale { refresh: false },
            ),
            (
                "not usable on error, the origin rests",
                of(rests(STALE)),
                Verdict::Validate,
            ),
            (
                "HEAD of nothing",
                Facts {
                    head: true,
                    ..Facts::default()
                },
                Verdict::Pass {
                    why: Forward::UriMiss,
                },
            ),
            (
                "range of nothing",
                Facts {
                    range: true,
                    ..Facts::default()
                },
                Verdict::Pass {
                    why: Forward::UriMiss,
                },
            ),
            (
                "unshareable",
                Facts {
                    unshareable: true,
                    ..Facts::default()
                },
                Verdict::Pass {
                    why: Forward::UriMiss,
                },
            ),
            (
                "If-Match goes to the origin even when fresh",
                Facts {
                    concerns_origin: true,
                    ..of(found(Alive, State::Fresh))
                },
                Verdict::Pass {
                    why: Forward::Request,
                },
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
