use proptest::prelude::*;

use super::*;
use crate::policy::site::{ErrorResponse, Page};

fn error(status: u16, path: &str, as_status: u16) -> ErrorResponse {
    ErrorResponse {
        status: StatusCode::from_u16(status).unwrap(),
        page: Some(Page {
            path: path.to_owned(),
            as_status: StatusCode::from_u16(as_status).unwrap(),
        }),
        ttl: None,
    }
}

fn everything() -> SiteRules {
    SiteRules {
        directories: true,
        clean_urls: true,
        spa: Some("/app.html".to_owned()),
        errors: vec![error(404, "/404.html", 404), error(503, "/sorry.html", 200)],
    }
}

fn visitor(path: &str) -> Asked<'_> {
    Asked {
        path,
        root: false,
        reads: true,
        navigates: true,
    }
}

fn script(path: &str) -> Asked<'_> {
    Asked {
        navigates: false,
        ..visitor(path)
    }
}

/// All steps of a chain whose attempts end so, as words; then it must have ended.
fn walk(rules: &SiteRules, asked: &Asked<'_>, outcome: impl Fn(&str) -> Outcome) -> Vec<String> {
    let (mut chain, mut step) = Chain::begin(rules, asked);
    let mut words = Vec::new();
    for _ in 0..=MAX_ATTEMPTS {
        let (word, path) = match &step {
            Step::Object(path) => (path.to_string(), path.to_string()),
            Step::Look(path) => (format!("look {path}"), path.clone()),
            Step::Redirect => (format!("302 {}/", asked.path), String::new()),
            Step::Page {
                path, as_status, ..
            } => {
                let as_status = as_status.as_u16();
                (format!("{path} as {as_status}"), (*path).to_owned())
            }
            Step::Answer => ("answer".to_owned(), String::new()),
        };
        let page = matches!(step, Step::Page { .. });
        words.push(word);
        if path.is_empty() {
            return words;
        }
        let outcome = outcome(&path);
        if page && outcome == Outcome::Status(StatusCode::OK) {
            return words;
        }
        step = chain.next(rules, asked, outcome);
    }
    panic!("no end: {words:?}");
}

/// Attempts end with 404, but for these paths.
fn but<'a>(there: &'a [(&'a str, u16)]) -> impl Fn(&str) -> Outcome + 'a {
    move |path| {
        let found = there.iter().find(|(known, _)| *known == path);
        match found.map_or(404, |(_, status)| *status) {
            0 => Outcome::Elsewhere,
            status => Outcome::Status(StatusCode::from_u16(status).unwrap()),
        }
    }
}

#[test]
fn each_step_follows_from_the_last() {
    let rules = everything();
    let (person, part) = (
        visitor as fn(&'static str) -> Asked<'static>,
        script as fn(_) -> _,
    );
    for (asked, there, expected) in [
        (
            part("/about"),
            &[("/about.html", 200)][..],
            "/about.html > answer",
        ),
        (
            part("/about"),
            &[("/about", 200)],
            "/about.html > /about > answer",
        ),
        (
            part("/about"),
            &[("/about", 304)],
            "/about.html > /about > answer",
        ),
        (
            part("/about"),
            &[("/about.html", 0), ("/about", 206)],
            "/about.html > /about > answer",
        ),
        (
            part("/docs"),
            &[("/docs/index.html", 200)],
            "/docs.html > /docs > look /docs/index.html > 302 /docs/",
        ),
        (
            part("/docs"),
            &[("/404.html", 200)],
            "/docs.html > /docs > look /docs/index.html > /404.html as 404",
        ),
        (
            part("/docs"),
            &[],
            "/docs.html > /docs > look /docs/index.html > /404.html as 404 > answer",
        ),
        // Whether the index is there is not known: that is what is told.
        (
            part("/docs"),
            &[("/docs/index.html", 502)],
            "/docs.html > /docs > look /docs/index.html > answer",
        ),
        (
            part("/docs"),
            &[("/docs/index.html", 0)],
            "/docs.html > /docs > look /docs/index.html > /404.html as 404 > answer",
        ),
        (
            part("/docs/"),
            &[("/docs/index.html", 200)],
            "/docs/index.html > answer",
        ),
        (
            part("/docs/"),
            &[("/404.html", 503)],
            "/docs/index.html > /404.html as 404 > answer",
        ),
        (
            part("/docs/"),
            &[("/docs/index.html", 0), ("/docs/", 200)],
            "/docs/index.html > /docs/ > answer",
        ),
        (
            part("/app.js"),
            &[("/404.html", 200)],
            "/app.js > look /app.js/index.html > /404.html as 404",
        ),
        (
            person("/app.js"),
            &[("/app.html", 200), ("/404.html", 200)],
            "/app.js > look /app.js/index.html > /404.html as 404",
        ),
        (
            person("/users"),
            &[("/app.html", 200)],
            "/users.html > /users > look /users/index.html > /app.html as 200",
        ),
        (
            person("/users"),
            &[("/404.html", 200)],
            "/users.html > /users > look /users/index.html > /app.html as 200 > /404.html as 404",
        ),
        (
            person("/users"),
            &[("/users.html", 503), ("/sorry.html", 200)],
            "/users.html > /sorry.html as 200",
        ),
        (
            person("/users"),
            &[("/users.html", 500)],
            "/users.html > answer",
        ),
        (
            person("/users"),
            &[("/users.html", 301)],
            "/users.html > answer",
        ),
        // It would be a reference to another host.
        (
            part("//evil.test"),
            &[],
            "//evil.test > /404.html as 404 > answer",
        ),
    ] {
        let steps = walk(&rules, &asked, but(there)).join(" > ");
        assert_eq!(steps, expected, "{asked:?} {there:?}");
    }
}

#[test]
fn without_rules_a_chain_is_its_object() {
    let none = SiteRules::default();
    for path in ["/about", "/docs/", "/a.js"] {
        assert_eq!(walk(&none, &visitor(path), but(&[])), [path, "answer"]);
    }
}

#[test]
fn the_root_object_has_no_other_names() {
    let rules = everything();
    let asked = Asked {
        root: true,
        ..script("/home")
    };
    assert_eq!(
        walk(&rules, &asked, but(&[])),
        ["/home", "/404.html as 404", "answer"]
    );
}

#[test]
fn what_is_no_reading_is_not_looked_for_elsewhere() {
    let rules = everything();
    let asked = Asked {
        reads: false,
        ..visitor("/users")
    };
    assert_eq!(
        walk(&rules, &asked, but(&[("/404.html", 200)])),
        ["/users", "/404.html as 404"]
    );
}

#[test]
fn a_refusal_has_its_page_and_no_object() {
    let rules = everything();
    let refused = |asked: &Asked<'_>, status: u16| {
        let status = StatusCode::from_u16(status).unwrap();
        format!("{:?}", Chain::refused(&rules, asked, status).1)
    };
    assert!(refused(&script("/a"), 503).contains("/sorry.html"));
    assert!(refused(&visitor("/a"), 404).contains("/app.html"));
    assert_eq!(refused(&visitor("/a"), 405), "Answer");
}

fn rules() -> impl Strategy<Value = SiteRules> {
    let errors = prop::collection::vec(
        (
            400_u16..600,
            "/[a-c]\\.html",
            prop::sample::select(vec![200, 404, 503]),
        ),
        0..4,
    );
    (
        any::<bool>(),
        any::<bool>(),
        prop::option::of("/[a-c]\\.html"),
        errors,
    )
        .prop_map(|(directories, clean_urls, spa, errors)| SiteRules {
            directories,
            clean_urls,
            spa,
            errors: errors
                .into_iter()
                .map(|(status, path, as_status)| {
                    error(if status % 2 == 0 { 404 } else { status }, &path, as_status)
                })
                .collect(),
        })
}

proptest! {
    /// `walk` panics where a chain does not end.
    #[test]
    fn every_chain_ends(
        rules in rules(),
        path in "(/[a-c.]{0,3}){1,3}",
        root: bool, reads: bool, navigates: bool,
        outcomes in prop::collection::vec(prop::sample::select(vec![0_u16, 200, 206, 301, 304, 404, 404, 404, 410, 503]), 8),
    ) {
        let asked = Asked { path: &path, root, reads, navigates };
        let at = std::cell::Cell::new(0);
        let steps = walk(&rules, &asked, |_| {
            at.set(at.get() + 1);
            match outcomes[at.get() % 8] {
                0 => Outcome::Elsewhere,
                status => Outcome::Status(StatusCode::from_u16(status).unwrap()),
            }
        });
        prop_assert!(steps.len() <= MAX_ATTEMPTS + 1, "{:?}", steps);
    }

    /// The page of an application never answers for a file, for what is no navigation, or for anything
    /// but a 404.
    #[test]
    fn the_page_of_an_application_answers_navigations_only(
        path in "(/[a-c.]{0,3}){1,3}",
        reads: bool, navigates: bool,
        status in prop::sample::select(vec![400_u16, 403, 404, 405, 410, 500, 502, 503]),
    ) {
        let rules = SiteRules { spa: Some("/app.html".to_owned()), ..SiteRules::default() };
        let asked = Asked { path: &path, root: false, reads, navigates };
        let steps = walk(&rules, &asked, |_| Outcome::Status(StatusCode::from_u16(status).unwrap()));
        let file = path.rsplit('/').next().unwrap().contains('.');
        let expected = status == 404 && reads && navigates && !file;
        prop_assert_eq!(steps.iter().any(|step| step.starts_with("/app.html")), expected, "{:?}", steps);
    }
}
