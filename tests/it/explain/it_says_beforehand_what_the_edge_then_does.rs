//! Thousands of generated requests, each explained first and then sent: what was said is what happens. Edges
//! of generated configurations, origins that answer at random, purges and a clock that moves in between.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use http::Request;
use seawall::request::explain::explanation::{Explanation, OriginRequest};

use crate::harness::{Answer, EdgeOptions, Reply, ScriptedOrigin, TestEdge, until};

const EDGES: u64 = 24;
const REQUESTS: usize = 160;

/// What must have been reached at least once: verdict, `fwd`, `detail`.
const KINDS: [&str; 32] = [
    "fetch request -",
    "fetch stale -",
    "fetch uri-miss -",
    "fetch vary-miss -",
    "pass bypass caching-disabled",
    "pass method other-method",
    "pass request precondition",
    "pass request request-no-store",
    "pass stale head",
    "pass stale range",
    "pass uri-miss head",
    "pass uri-miss range",
    "pass uri-miss unshareable",
    "pass vary-miss head",
    "pass vary-miss range",
    "preflight - -",
    "refuse - bad-target",
    "refuse - method-not-allowed",
    "refuse - no-root-object",
    "refuse - only-if-cached",
    "refuse - other-behavior",
    "refuse - preflight-not-allowed",
    "refuse - unknown-host",
    "serve - -",
    "serve - error-page",
    "serve - index-redirect",
    "serve - redirect-rule",
    "serve - spa",
    "serve-stale - origin-rests",
    "serve-stale - stale-while-revalidate",
    "validate request -",
    "validate stale -",
];

#[tokio::test(flavor = "multi_thread")]
async fn it_says_beforehand_what_the_edge_then_does() {
    let mut reached: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..EDGES {
        play(seed, &mut reached).await;
    }
    let said: usize = reached.values().sum();
    assert_eq!(said, EDGES as usize * REQUESTS);
    for kind in KINDS {
        assert!(
            reached.contains_key(kind),
            "never reached: {kind}: {reached:#?}"
        );
    }
}

struct Scene {
    edge: TestEdge,
    web: ScriptedOrigin,
    store: ScriptedOrigin,
}

/// What was said of a request, and what came.
struct Said {
    explanation: Explanation,
    status: u16,
    failing: bool,
    /// Which of several attempts is answered was not known.
    open: bool,
}

async fn play(seed: u64, reached: &mut BTreeMap<String, usize>) {
    // Mixed first: the states of consecutive seeds would be one sequence.
    let mut dice = Dice(Dice(seed).next());
    let data = Arc::new(tempfile::tempdir().unwrap());
    let log = data.path().join("access.log");
    let redirects = data.path().join("_redirects");
    std::fs::write(&redirects, "/old /new 302\n").unwrap();
    let web = ScriptedOrigin::start([]).await;
    let store = ScriptedOrigin::start([]).await;
    let edge = EdgeOptions::web(&web.url())
        .data(&data)
        .access(log.to_str().unwrap())
        .edge("debug_headers = true\n")
        .distribution(&distribution(&mut dice))
        .more(&rest(&store.url(), &redirects))
        .start()
        .await;
    let scene = Scene { edge, web, store };
    scene.warm().await;
    let mut said: HashMap<String, Said> = HashMap::new();
    for _ in 0..REQUESTS {
        match dice.below(16) {
            0 => {
                let path = dice.of(&["/*", "/1", "/1", "/2*", "/b/1"]);
                scene.edge.purge(&[path]).await;
                scene.warm().await;
            }
            1 | 2 => scene.edge.advance(dice.of(&[1, 2, 4, 11, 100])),
            _ => {}
        }
        let (id, one) = scene.one(&mut dice).await;
        *reached.entry(kind(&one.explanation)).or_default() += 1;
        said.insert(id, one);
    }
    assert_eq!(said.len(), REQUESTS, "every answer has an id of its own");
    let word =
        |line: &serde_json::Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let known = |line: &serde_json::Value| said.get(&word(line, "request_id"));
    until("all are logged", || {
        logged(&log).iter().filter_map(known).count() >= REQUESTS
    })
    .await;
    for line in logged(&log) {
        let Some(one) = known(&line) else {
            continue;
        };
        one.is_what_happened(&word(&line, "verdict"), &word(&line, "detail"));
    }
}

impl Scene {
    /// Gets the pages of the site.
    async fn warm(&self) {
        for page in ["/404.html", "/app.html"] {
            self.store.forget();
            let fields = "cache-control: max-age=1000000\r\n";
            self.store.then(Reply::ok(fields, "a page"));
            self.edge.get_with(page, &[("host", "site.test")]).await;
        }
        self.edge.settled().await;
    }

    /// Explains a request, sends it, and compares what can be seen from outside.
    async fn one(&self, dice: &mut Dice) -> (String, Said) {
        let asked = ask(dice);
        let mut request = Request::builder().method(asked.method).uri(asked.target);
        for (name, value) in &asked.fields {
            request = request.header(*name, *value);
        }
        let viewer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let engine = self.edge.edge.engine();
        let explanation = engine.explain(&request.body(()).unwrap(), Some(viewer));
        // What a chain of attempts comes to in the end is not known before its first answer.
        let open = explanation
            .distribution
            .as_ref()
            .is_some_and(|of| of.id == "E3")
            && explanation.decision.status.is_none();
        let sends: Vec<&OriginRequest> = explanation
            .attempts
            .iter()
            .filter_map(|attempt| attempt.origin.as_ref())
            .collect();
        let (reply, failing) = reply(dice, &explanation, sends.last().copied());
        for origin in [&self.web, &self.store] {
            origin.forget();
            (0..8).for_each(|_| origin.then(reply.clone()));
        }
        let before = [self.web.count(), self.store.count()];

        let answer = self
            .edge
            .request(asked.method, asked.target, &asked.fields)
            .await;
        self.edge.settled().await;
        let context = format!("{asked:?}\n{explanation:#?}\n{answer:?}");
        let heads = [
            self.web.requests()[before[0]..].to_vec(),
            self.store.requests()[before[1]..].to_vec(),
        ]
        .concat();
        // A field of the policy of each behaviour tells which one held.
        let behavior = explanation.behavior.as_ref();
        let path = behavior.map(|behavior| behavior.path.as_deref().unwrap_or("default"));
        assert_eq!(
            answer.field("x-behavior"),
            path.unwrap_or_default(),
            "{context}"
        );
        assert_eq!(sends.is_empty(), heads.is_empty(), "{heads:?}\n{context}");
        for sends in &sends {
            is_sent(sends, &heads, &context);
        }
        if let Some(status) = explanation.decision.status {
            assert_eq!(answer.status, status, "{context}");
        }
        if let Some(key) = shown_key(&answer).filter(|_| !open) {
            // Of cookies only the names are said.
            let plain = |key: &str| key.split(" cookie").next().map(str::to_owned);
            let mut said = explanation.attempts.iter().map(|attempt| {
                let parts = &attempt.key.parts;
                plain(&parts.iter().map(part).collect::<String>())
            });
            assert!(said.any(|said| said == plain(&key)), "{context}");
            let id = &explanation.distribution.as_ref().expect(&context).id;
            assert!(key.starts_with(id.as_str()), "{context}");
        }
        let status = answer.status;
        let said = Said {
            explanation,
            status,
            failing,
            open,
        };
        (answer.field("x-request-id"), said)
    }
}

impl Said {
    fn is_what_happened(&self, verdict: &str, detail: &str) {
        let decision = &self.explanation.decision;
        let context = format!(
            "{verdict} {detail} {}\n{:#?}",
            self.status, self.explanation
        );
        if self.open {
            return;
        }
        if verdict != decision.verdict {
            // The origin was asked and failed, which nobody could know: what is stored helped out.
            assert!(self.failing && detail.starts_with("origin-"), "{context}");
            assert!(
                matches!(&*decision.verdict, "validate" | "fetch"),
                "{context}"
            );
            assert!(matches!(verdict, "serve" | "serve-stale"), "{context}");
            return;
        }
        // What the origin says weighs more than why it was asked.
        if let Some(reason) = &decision.reason
            && !detail.starts_with("origin-")
        {
            assert_eq!(detail, reason, "{context}");
        }
    }
}

/// What was to be sent is what came: method, target, and every field; secret ones by their names.
fn is_sent(sends: &OriginRequest, heads: &[String], context: &str) {
    let (_, target) = sends.url.split_once("://").unwrap();
    let target = &target[target.find('/').unwrap()..];
    let line = format!("{} {target} HTTP/1.1\r\n", sends.method);
    let head = heads.iter().find_map(|head| head.strip_prefix(&line));
    let fields = head.unwrap_or_else(|| panic!("{line}{heads:?}\n{context}"));
    let fields = fields.trim_end();
    let mut came: Vec<(String, String)> = fields
        .split("\r\n")
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        // How a body is delimited is for the connection to say.
        .filter(|(name, _)| name != "content-length")
        .collect();
    let mut said = sends.fields.clone();
    let secret = |name: &str| matches!(name, "authorization" | "cookie");
    for list in [&mut came, &mut said] {
        list.sort();
        for (name, value) in list {
            if secret(name) {
                value.clear();
            }
        }
    }
    assert_eq!(said, came, "{heads:?}\n{context}");
}

/// A part as the key in `Cache-Status` has it.
fn part((name, value): &(String, String)) -> String {
    match name.as_str() {
        "distribution" | "host" | "path" | "query" => value.clone(),
        field if value.is_empty() => format!(" {field}"),
        field => format!(" {field}={value}"),
    }
}

/// The key in `Cache-Status`.
fn shown_key(answer: &Answer) -> Option<String> {
    let line = answer.field("cache-status");
    let (_, rest) = line.split_once("key=\"")?;
    Some(rest.split_once('"')?.0.to_owned())
}

fn kind(explanation: &Explanation) -> String {
    let decision = &explanation.decision;
    let word = |word: &Option<String>| word.clone().unwrap_or_else(|| "-".to_owned());
    format!(
        "{} {} {}",
        decision.verdict,
        word(&decision.forward),
        word(&decision.reason)
    )
}

fn logged(log: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    // The last line may not be all there yet.
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

/// A distribution with an application, a bucket and a policy of each; its policies are drawn.
fn distribution(dice: &mut Dice) -> String {
    let methods = dice.of(&["[\"GET\", \"HEAD\"]", "\"standard\""]);
    let policy = |dice: &mut Dice, own: &'static str| {
        let preset = dice.of(&[
            "CloudFront",
            "RFC9111",
            "RFC9111",
            "CachingDisabled",
            own,
            own,
        ]);
        let wishes = dice.of(&["ignore", "honor"]);
        let mut lines =
            format!("cache_policy = \"{preset}\"\nviewer_cache_control = \"{wishes}\"\n");
        // What stores nothing has no lifetimes.
        if preset == "CachingDisabled" {
            return format!("cache_policy = \"{preset}\"\n");
        }
        lines.push_str(dice.of(&[
            "",
            "min_ttl = \"3s\"\n",
            "max_ttl = \"4s\"\ndefault_ttl = \"2s\"\n",
        ]));
        lines
    };
    let request = dice.of(&["Default", "AllViewer", "AllViewerExceptHostHeader"]);
    let (own, images, bucket) = (
        policy(dice, "IgnoreTracking"),
        policy(dice, "pages"),
        policy(dice, "CloudFront"),
    );
    format!(
        r#"domains = ["a.test", "*.b.test"]
methods = {methods}
origin_request = "{request}"
response_headers = "default"
{own}
[[distributions.behaviors]]
path = "/2*"
methods = "standard"
response_headers = "two"
{images}
[[distributions.behaviors]]
path = "/b/private/*"
origin = "store"
methods = ["GET", "HEAD"]
response_headers = "private"
{bucket}
[[distributions.behaviors]]
path = "/b/*"
origin = "store"
methods = ["GET", "HEAD"]
response_headers = "bucket"
{bucket}
"#
    )
}

/// The bucket, a second distribution that has no root object, and the policies by which the behaviours are told apart.
fn rest(store: &str, redirects: &Path) -> String {
    let named = |name: &str, path: &str, more: &str| {
        format!(
            "[response_headers.{name}]\nset = [{{ name = \"X-Behavior\", value = \"{path}\" }}]\n{more}\n"
        )
    };
    let cors = r#"cors = { origins = ["https://good.test"], methods = ["GET", "PUT"] }"#;
    let policies = [
        named("default", "default", cors),
        named("two", "/2*", ""),
        named("private", "/b/private/*", ""),
        named("bucket", "/b/*", cors),
    ]
    .concat();
    format!(
        r#"
[cache_policies.pages]
base = "RFC9111"
query = {{ allow = ["q"] }}
headers = ["X-Other"]
cookies = {{ allow = ["b"] }}
[[distributions]]
id = "E2"
root_object = ""
origin = "store"
domains = ["store.test"]
methods = ["GET", "HEAD"]
response_headers = "default"
[[distributions]]
id = "E3"
origin = "store"
domains = ["site.test"]
redirects = {redirects:?}
index = "directories"
clean_urls = true
spa = "/app.html"
error_responses = [{{ status = 404, page = "/404.html", ttl = "1m" }}]
response_headers = "default"
{policies}
[origins.store]
type = "s3"
bucket = "site"
region = "local"
endpoint = "{store}"
credentials = {{ access_key_env = "EDGE_ACCESS_KEY", secret_key_env = "EDGE_SECRET_KEY" }}
"#
    )
}

#[derive(Debug)]
struct Ask {
    method: &'static str,
    target: &'static str,
    fields: Vec<(&'static str, &'static str)>,
}

fn ask(dice: &mut Dice) -> Ask {
    let method = match dice.below(12) {
        0 => "HEAD",
        1 => dice.of(&["POST", "OPTIONS", "DELETE", "PURGE"]),
        _ => "GET",
    };
    let mut fields = vec![match dice.below(30) {
        0 => ("host", "nobody.test"),
        1 => ("host", "x.b.test"),
        2 | 3 => ("host", "store.test"),
        4..=7 => ("host", "site.test"),
        _ => ("host", "a.test"),
    }];
    let site = fields[0].1 == "site.test";
    let target = match dice.below(12) {
        _ if site => dice.of(&["/docs", "/docs/", "/about", "/missing", "/a.css", "/old"]),
        0 => dice.of(&[
            "/",
            "/",
            "/b/../1",
            "/b/%zz",
            "/b%2F1",
            "/b/private%2F1",
            "/b//1",
        ]),
        _ => dice.of(&[
            "/1",
            "/1?q=1",
            "/1?utm_source=x&q=1",
            "/1?q=2",
            "/2",
            "/22",
            "/b/1",
            "/b/1?q=1",
            "/b/private/1",
        ]),
    };
    const FIELDS: [(&str, &[&str], u64); 11] = [
        ("accept-language", &["de", "en", "en;q=0.5, de"], 2),
        ("accept-encoding", &["gzip", "br, gzip", "identity"], 4),
        (
            "cache-control",
            &[
                "no-cache",
                "no-store",
                "only-if-cached",
                "max-age=0",
                "max-age=1",
            ],
            4,
        ),
        ("if-none-match", &["\"v1\"", "\"v2\"", "*"], 8),
        ("if-match", &["\"v1\""], 20),
        (
            "range",
            &[
                "bytes=0-1",
                "bytes=1-",
                "bytes=0-0,2-2",
                "bytes=99-",
                "lines=1-2",
            ],
            6,
        ),
        ("if-range", &["\"v1\""], 12),
        ("cookie", &["a=1", "b=2; c=3"], 8),
        ("authorization", &["Bearer of-bad-news"], 10),
        ("x-other", &["one", "two"], 5),
        ("sec-fetch-mode", &["navigate", "cors"], 3),
    ];
    for (name, values, rarity) in FIELDS {
        if dice.below(rarity) == 0 {
            fields.push((name, dice.of(values)));
        }
    }
    if method == "OPTIONS" || dice.below(20) == 0 {
        fields.push((
            "origin",
            dice.of(&["https://good.test", "https://bad.test"]),
        ));
        fields.push(("access-control-request-method", dice.of(&["PUT", "PATCH"])));
    }
    Ask {
        method,
        target,
        fields,
    }
}

/// An answer of an origin, and whether it is a failure. A 304 answers only a condition.
fn reply(dice: &mut Dice, said: &Explanation, sends: Option<&OriginRequest>) -> (Reply, bool) {
    let bucket = said
        .behavior
        .as_ref()
        .is_some_and(|held| held.origin == "store");
    let lifetime = dice.of(&[
        "",
        "cache-control: max-age=5\r\n",
        "cache-control: max-age=0\r\n",
        "cache-control: max-age=2, stale-while-revalidate=8\r\n",
        "cache-control: max-age=1, stale-while-revalidate=20\r\n",
        "cache-control: max-age=2, stale-if-error=60\r\n",
        "cache-control: s-maxage=3, stale-if-error=30\r\n",
        "cache-control: no-cache\r\n",
        "cache-control: no-store\r\n",
        "cache-control: private\r\n",
        "age: 3\r\ncache-control: max-age=10\r\n",
    ]);
    let tag = dice.of(&[
        "etag: \"v1\"\r\n",
        "etag: \"v2\"\r\n",
        "etag: W/\"v1\"\r\n",
        "",
    ]);
    let vary = dice.of(&[
        "",
        "",
        "vary: accept-language\r\n",
        "vary: x-other, accept-encoding\r\n",
    ]);
    let cookie = dice.of(&["", "", "", "set-cookie: s=1; path=/\r\n"]);
    let fields = format!("{lifetime}{tag}{vary}{cookie}");
    if let Some((of, sends)) = said.distribution.as_ref().zip(sends)
        && of.id == "E3"
    {
        // One answer for the whole chain, however far it goes: what is there, or nothing is.
        let page = [".html", "/"].iter().any(|end| sends.url.ends_with(end));
        return match dice.below(if page { 2 } else { 4 }) {
            0 => (
                Reply::ok("cache-control: max-age=30\r\n", "0123456789"),
                false,
            ),
            _ => (Reply::error(404, "NoSuchKey"), false),
        };
    }
    let conditional = sends
        .and_then(|sends| {
            sends
                .fields
                .iter()
                .find(|(name, _)| name == "if-none-match")
        })
        .filter(|_| said.decision.verdict != "pass");
    match (dice.below(6), conditional) {
        (0, _) if bucket => (Reply::error(404, "NoSuchKey"), false),
        (0, _) => (Reply::status(503, &fields, "down"), true),
        (1, _) if !bucket => (Reply::status(404, &fields, "none"), false),
        (2 | 3, Some((_, tag))) => {
            let fields = format!("etag: {tag}\r\n{lifetime}");
            (Reply::not_modified(&fields), false)
        }
        _ => (Reply::ok(&fields, "0123456789"), false),
    }
}

/// Numbers that are the same in every run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }
}
