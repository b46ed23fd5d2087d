//! A second opinion: another implementation of HTTP caching is asked the same questions.
//!
//! Every case of a table (status × credentials × Cache-Control × other fields × time) is put to the
//! crate `http-cache-semantics` and to this one. Where they disagree, a named exception must say which
//! section decides it; and each exception must really occur, so that the list holds no idle excuse.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, Request, Response, StatusCode};
use http_cache_semantics::{CacheOptions, CachePolicy as Theirs};
use seawall::semantics::age::{AgeBase, Instant};
use seawall::semantics::dates;
use seawall::semantics::freshness::{Bounds, Freshness, State};
use seawall::semantics::reason::Reason;
use seawall::semantics::storable::Asked;
use seawall::semantics::storable::storable;

use super::words::{GET, NOW, map, rfc};

const STATUSES: &[u16] = &[200, 206, 299, 302, 404, 416, 503];

#[rustfmt::skip]
const CACHE_CONTROL: &[&str] = &[
    "", "max-age=60", "max-age=0", "MAX-AGE=60", "max-age=\"60\"", "max-age=x", "max-age",
    "max-age=+60", "max-age =60", "max-age=99999999999999999999", "max-age=30, max-age=60",
    "max-age=60, max-age=30", "max-age=60, s-maxage=30", "max-age=30, s-maxage=60", "s-maxage=60",
    "s-maxage=x", "public", "public, max-age=60", "private, max-age=60", "Private", "no-store",
    "no-store, max-age=60", "NO-STORE, max-age=60", "no-store, must-understand, max-age=60",
    "must-understand, max-age=60", "no-cache", "no-cache, max-age=60", "must-revalidate",
    "max-age=60, must-revalidate", "max-age=60, proxy-revalidate", "max-age=60, immutable",
    "immutable", "max-age=60, stale-if-error=600", "max-age=60, stale-while-revalidate=600",
    "max-age=60, foo=\"a, no-store\"", "max-age=60, foo=bar",
];

#[rustfmt::skip]
const FIELDS: &[&str] = &[
    "", "etag: \"a\"", "expires: Wed, 01 Jul 2026 00:01:00 GMT",
    "expires: Wednesday, 01-Jul-26 00:01:00 GMT", "expires: Wed, 01 Jul 2026 00:01:00 +0000",
    "expires: 0",
    "expires: Wed, 01 Jul 2026 00:01:00 GMT\nexpires: Wed, 01 Jul 2026 00:00:20 GMT",
    "last-modified: Tue, 30 Jun 2026 23:50:00 GMT",
    "last-modified: Wed, 01 Jan 2020 00:00:00 GMT", "etag: \"a\"\nset-cookie: a=b",
    "etag: \"a\"\nvary: *", "etag: \"a\"\npragma: no-cache", "etag: \"a\"\nage: 20",
    "etag: \"a\"\nage: 20, 40", "etag: \"a\"\nage: 99999999999999999999",
    "etag: \"a\"\ndate: Tue, 30 Jun 2026 23:59:30 GMT",
    "etag: \"a\"\ncdn-cache-control: max-age=600", "etag: \"a\"\ncdn-cache-control: no-store",
];

const ELAPSED: &[u64] = &[0, 25, 59, 60, 100_000];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Question {
    Storable,
    Fresh,
    /// Whether it may ever be served stale, if viewer and operator allow everything.
    StaleEver,
    Age,
}

struct Case {
    status: u16,
    authorization: bool,
    cache_control: &'static str,
    fields: &'static str,
    elapsed: u64,
}

impl Case {
    fn response(&self) -> HeaderMap {
        let date = match self.fields.contains("date: ") && !self.fields.contains("last-modified") {
            true => "",
            false => "date: Wed, 01 Jul 2026 00:00:00 GMT\n",
        };
        let control = match self.cache_control {
            "" => String::new(),
            value => format!("cache-control: {value}\n"),
        };
        map(&format!("{date}{control}{}", self.fields))
    }

    fn has(&self, directive: &str) -> bool {
        self.cache_control.to_ascii_lowercase().contains(directive)
    }

    fn says(&self, field: &str) -> bool {
        self.fields.contains(field)
    }
}

struct Answers {
    storable: bool,
    fresh: bool,
    stale_ever: bool,
    age: u64,
}

fn ours(case: &Case) -> (Answers, Option<Reason>) {
    let headers = case.response();
    let status = StatusCode::from_u16(case.status).unwrap();
    let bounds = Bounds {
        stale_on_error: Duration::from_secs(1 << 31),
        ..rfc()
    };
    let freshness = Freshness::judge(status, &headers, NOW, &bounds);
    let asked = Asked {
        authorization: case.authorization,
        ..GET
    };
    let why = storable(&asked, status, &headers, &freshness).err();
    let start = Instant::from_nanos(0);
    let base = AgeBase::new(
        &headers,
        dates::origin_date(&headers, NOW),
        start,
        start,
        NOW,
    );
    let age = base.at(start.saturating_add(Duration::from_secs(case.elapsed)));
    let answers = Answers {
        storable: why.is_none(),
        fresh: freshness.state(age) == State::Fresh,
        stale_ever: !freshness.stale_if_error.is_zero(),
        age: age.as_secs(),
    };
    (answers, why)
}

fn theirs(case: &Case) -> Answers {
    let mut request = Request::get("http://example.com/").body(()).unwrap();
    if case.authorization {
        request
            .headers_mut()
            .insert("authorization", "Basic x".parse().unwrap());
    }
    let mut response = Response::builder().status(case.status).body(()).unwrap();
    *response.headers_mut() = case.response();
    let received = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(NOW.secs()).unwrap());
    let policy = Theirs::new_options(&request, &response, received, CacheOptions::default());
    let now = received + Duration::from_secs(case.elapsed);
    let mut patient = Request::get("http://example.com/").body(()).unwrap();
    patient
        .headers_mut()
        .insert("cache-control", "max-stale".parse().unwrap());
    let late = received + Duration::from_secs(1 << 33);
    Answers {
        storable: policy.is_storable(),
        fresh: !policy.is_stale(now),
        stale_ever: policy
            .before_request(&patient, late)
            .satisfies_without_revalidation(),
        age: policy.age(now).as_secs(),
    }
}

/// Why the two differ: about what, by which section, in which cases.
type Exception = (Question, &'static str, fn(&Case, Option<Reason>) -> bool);

use Question::{Age, Fresh, StaleEver, Storable};

// A row a line.
#[rustfmt::skip]
const EXCEPTIONS: &[Exception] = &[
    // What may be stored.
    (Storable, "RFC 9111 3: only must-understand asks that the status be known", |case, why| why.is_none() && matches!(case.status, 299 | 503)),
    (Storable, "RFC 9111 5.2.2.3: must-understand takes the place of no-store", |case, why| why.is_none() && case.has("must-understand")),
    (Storable, "policy: what could never be used again is not stored", |_, why| why == Some(Reason::NoLifetime)),
    (Storable, "RFC 9111 4.1: Vary * matches no request", |case, why| why == Some(Reason::VaryStar) && case.says("vary: *")),
    (Storable, "policy: Set-Cookie needs an explicit lifetime", |_, why| why == Some(Reason::SetCookie)),
    (Storable, "RFC 9111 5.2: names of directives are case-insensitive", |case, _| case.cache_control .contains(|c: char| c.is_ascii_uppercase())),
    (Storable, "RFC 9110 5.6.4: a comma within quotes separates nothing", |case, why| why.is_none() && case.has("\"a, no-store\"")),
    (Storable, "RFC 9213 2.2: a targeted field rules alone", |case, _| case.says("cdn-cache-control")),
    (Storable, "RFC 9111 3.5: an s-maxage that is none permits nothing", |case, why| why == Some(Reason::Authorization) && case.has("s-maxage=x")),
    (Storable, "RFC 9111 3.5: several values of max-age permit nothing", |case, why| why == Some(Reason::Authorization) && (case.has("max-age=60, max-age=30") || case.has("max-age=30, max-age=60"))),
    // How long it is fresh.
    (Fresh, "RFC 9111 5.2: names of directives are case-insensitive", |case, _| case.cache_control .contains(|c: char| c.is_ascii_uppercase())),
    (Fresh, "RFC 9111 1.2.2: delta-seconds are digits and nothing else", |case, _| case.has("=+") || case.has("max-age =")),
    (Fresh, "RFC 9111 1.2.2: what is too great is the greatest", |case, _| case.has("99999999999")),
    (Fresh, "RFC 9111 4.2.1: a max-age without a number is stale, not unsaid", |case, _| case.cache_control == "max-age"),
    (Fresh, "RFC 9111 4.2.1 (policy): of several values the smallest", |case, _| case.has("max-age=60, max-age=30")),
    (Fresh, "RFC 9111 5.2.2.8: proxy-revalidate speaks of what is stale", |case, _| case.has("proxy-revalidate")),
    (Fresh, "RFC 8246 2: immutable does not lengthen freshness", |case, _| case.has("immutable")),
    (Fresh, "RFC 9111 7.3: Set-Cookie does not end freshness", |case, _| case.says("set-cookie")),
    (Fresh, "RFC 9111 5.4: Pragma in a response means nothing", |case, _| case.says("pragma")),
    (Fresh, "RFC 9110 5.6.7: a recipient reads all three formats", |case, _| case.says("01-Jul-26")),
    (Fresh, "RFC 9110 5.6.7: the zone is GMT", |case, _| case.says("+0000")),
    (Fresh, "RFC 9111 4.2.1: Expires lines that differ are stale", |case, _| case.says("\nexpires")),
    (Fresh, "RFC 9111 4.2.3: Date counts for the age too", |case, _| case.says("date: Tue")),
    (Fresh, "RFC 9111 5.1: the first member of Age, clamped", |case, _| case.says("age: 20, 40") || case.says("age: 999")),
    (Fresh, "RFC 9111 4.2.2 (policy): a guess is a day at most", |case, _| case.says("2020")),
    (Fresh, "RFC 9213 2.2: a targeted field rules alone", |case, _| case.says("cdn-cache-control")),
    (Fresh, "RFC 9110 5.6.4: a comma within quotes separates nothing", |case, _| case.has("\"a, no-store\"")),
    // Whether it may ever be served stale.
    (StaleEver, "RFC 9111 5.2.2.4: nor may what says no-cache", |case, _| case.has("no-cache")),
    (StaleEver, "RFC 9111 5.2.2.8: nor what says proxy-revalidate", |case, _| case.has("proxy-revalidate")),
    (StaleEver, "RFC 9111 5.2.2.10: nor what says s-maxage", |case, _| case.has("s-maxage")),
    (StaleEver, "RFC 9111 4.2.1 (policy): several values are no must-revalidate", |case, _| case.has("max-age=60, max-age=30") || case.has("max-age=30, max-age=60")),
    (StaleEver, "RFC 9213 2.2: a targeted field rules alone", |case, _| case.says("cdn-cache-control")),
    // How old it is.
    (Age, "RFC 9111 4.2.3: Date counts for the age too", |case, _| case.says("date: Tue")),
    (Age, "RFC 9111 5.1: the first member of Age, clamped", |case, _| case.says("age: 20, 40") || case.says("age: 999")),
];

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for status in STATUSES {
        for cache_control in CACHE_CONTROL {
            for fields in FIELDS {
                let case = |authorization, elapsed| Case {
                    status: *status,
                    authorization,
                    cache_control,
                    fields,
                    elapsed,
                };
                cases.extend(ELAPSED.iter().map(|elapsed| case(false, *elapsed)));
                // Credentials bear on storing alone.
                cases.push(case(true, 0));
            }
        }
    }
    cases
}

#[test]
fn every_disagreement_has_its_section_and_every_exception_occurs() {
    let mut occurred = BTreeSet::new();
    let mut unexplained = BTreeSet::new();
    let (mut asked, mut agreed) = (0u32, 0u32);
    for case in cases() {
        let ((ours, why), theirs) = (ours(&case), theirs(&case));
        let mut questions = vec![
            (Storable, ours.storable, theirs.storable),
            (Age, true, ours.age == theirs.age),
        ];
        if ours.storable && theirs.storable {
            questions.push((Fresh, ours.fresh, theirs.fresh));
            questions.push((StaleEver, ours.stale_ever, theirs.stale_ever));
        }
        for (question, we, they) in questions {
            asked += 1;
            if we == they {
                agreed += 1;
                continue;
            }
            let explaining = EXCEPTIONS
                .iter()
                .enumerate()
                .filter(|(_, (about, _, applies))| *about == question && applies(&case, why));
            let mut explained = false;
            for (place, _) in explaining {
                explained = true;
                occurred.insert(place);
            }
            if !explained {
                // Told without status and time, so that one cause is one line.
                unexplained.insert(format!(
                    "{question:?}: we {we}, they {they} ({:?} {:?}, credentials {}, {why:?})",
                    case.cache_control, case.fields, case.authorization,
                ));
            }
        }
    }
    let told: Vec<String> = unexplained.into_iter().collect();
    assert!(
        told.is_empty(),
        "of {asked}, {agreed} agreed:\n{}",
        told.join("\n")
    );
    for (place, (question, name, _)) in EXCEPTIONS.iter().enumerate() {
        assert!(
            occurred.contains(&place),
            "never occurs: {question:?}, {name}"
        );
    }
    // Two that agreed on little would prove little.
    assert!(agreed * 4 > asked * 3, "{agreed} of {asked}");
}
