//! `multi-tenant.toml`: many sites in one bucket and on one edge; none sees, purges or holds up another.

use super::{ACME_TOKEN, BROWSER, bucket, check, config, edge, get, says};
use crate::harness::{Answer, Client, TestBucket, TestEdge, until};

const NAME: &str = "multi-tenant";
const OBJECTS: &[(&str, &str)] = &[
    ("acme/index.html", "acme"),
    ("acme/docs/index.html", "acme's manual"),
    ("acme/fresh", "fresh"),
    ("globex/index.html", "globex"),
    ("shared/acme/logo.svg", "acme's logo"),
    ("shared/globex/logo.svg", "globex' logo"),
    ("initech/index.html", "initech"),
    ("platform/free.html", "this name is free"),
];
/// Requests at a time that the file allows this customer.
const GLOBEX_AT_ONCE: usize = 32;

async fn platform() -> (TestBucket, TestEdge) {
    let bucket = bucket("example-sites", OBJECTS).await;
    let edge = edge(NAME, &bucket.url(), &[]).await;
    (bucket, edge)
}

async fn purge(edge: &TestEdge, token: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    let fields = [("authorization", &*bearer)];
    edge.admin_with("POST", "/v1/invalidations", &fields, body)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn check_tells_what_holds() {
    says(
        &check(NAME).await,
        &[
            "distribution ACME: www.acme.example, acme.sites.example.com -> origin acme (cache policy customer,",
            " default_ttl 5m, max_ttl 1d, ",
            " stale_on_error 1d, ",
            "; index directories; response headers customer\n",
            "distribution GLOBEX: globex.example, *.globex.example -> origin globex (cache policy customer,",
            " default_ttl 1h, max_ttl 1d, ",
            "; navigations to nothing: /index.html as 200; response headers customer\n",
            "distribution SHARED: shared.example.com -> origin shared (cache policy customer,",
            "; response headers SimpleCORS\n",
            "distribution UNKNOWN: *.sites.example.com -> origin platform (cache policy CloudFront,",
            "; 404: /free.html as 404\n",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_name_has_its_customer_and_what_that_one_ordered() {
    let (_bucket, edge) = platform().await;
    for (host, path, status, text) in [
        ("www.acme.example", "/", 200, "acme"),
        ("acme.sites.example.com", "/", 200, "acme"),
        ("www.acme.example", "/docs/", 200, "acme's manual"),
        ("globex.example", "/", 200, "globex"),
        ("shop.globex.example", "/", 200, "globex"),
        ("a.b.globex.example", "/basket", 200, "globex"),
        ("new.sites.example.com", "/", 404, "this name is free"),
        (
            "new.sites.example.com",
            "/any/path",
            404,
            "this name is free",
        ),
    ] {
        let answer = get(&edge, host, path, &BROWSER).await;
        assert_eq!(
            (answer.status, &*answer.text()),
            (status, text),
            "{host}{path}"
        );
        let careful = if status == 200 { "nosniff" } else { "" };
        assert_eq!(answer.field("x-content-type-options"), careful, "{host}");
    }
    let of_acme = get(&edge, "www.acme.example", "/basket", &BROWSER).await;
    assert_eq!(of_acme.status, 404);
    for host in ["acme.example", "sites.example.com", "localhost"] {
        assert_eq!(get(&edge, host, "/", &[]).await.status, 421, "{host}");
    }
    let from = [("origin", "https://globex.example")];
    let logo = get(&edge, "shared.example.com", "/globex/logo.svg", &from).await;
    assert_eq!(logo.text(), "globex' logo");
    assert_eq!(logo.field("access-control-allow-origin"), "*");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_leads_out_of_a_customers_prefix() {
    let (bucket, edge) = platform().await;
    for (path, status) in [
        ("/../globex/index.html", 400),
        ("/%2e%2e/globex/index.html", 400),
        ("/..%2Fglobex/index.html", 400),
        ("/globex/index.html", 404),
        ("//globex/index.html", 404),
    ] {
        let answer = get(&edge, "www.acme.example", path, &[]).await;
        assert_eq!(answer.status, status, "{path}");
    }
    assert_eq!(bucket.log().gets("globex/index.html"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_written_once_holds_for_all_but_for_what_one_says_itself() {
    let (bucket, edge) = platform().await;
    let year = "public, max-age=31536000";
    bucket.put_with("acme/year", "y", year).await;
    bucket.put_with("globex/year", "y", year).await;
    for (host, path, ttl) in [
        ("www.acme.example", "/", 300),
        ("www.acme.example", "/year", 86_400),
        ("globex.example", "/", 3_600),
        ("globex.example", "/year", 86_400),
        ("shared.example.com", "/acme/logo.svg", 300),
    ] {
        let answer = get(&edge, host, path, &[]).await;
        let told = answer.field("cache-status");
        assert!(
            told.ends_with(&format!("ttl={ttl}")),
            "{host}{path}: {told}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_takes_what_is_the_callers() {
    let (_bucket, edge) = platform().await;
    let places = [
        ("www.acme.example", "/"),
        ("globex.example", "/"),
        ("shared.example.com", "/acme/logo.svg"),
        ("shared.example.com", "/globex/logo.svg"),
    ];
    let hits = async || {
        let mut hits = Vec::new();
        for (host, path) in places {
            hits.push(get(&edge, host, path, &[]).await.cache() == "Hit");
        }
        hits
    };
    assert_eq!(hits().await, [false; 4]);
    assert_eq!(hits().await, [true; 4]);
    let platform = crate::harness::TOKEN;
    let acme = "{\"paths\": [\"/*\"], \"distribution\": \"ACME\"}";
    assert_eq!(purge(&edge, platform, acme).await.status, 201);
    assert_eq!(hits().await, [false, true, true, true]);
    let own = "{\"paths\": [\"/acme/*\"], \"distribution\": \"SHARED\"}";
    assert_eq!(purge(&edge, ACME_TOKEN, own).await.status, 201);
    assert_eq!(hits().await, [true, true, false, true]);
    assert_eq!(purge(&edge, ACME_TOKEN, acme).await.status, 201);
    assert_eq!(hits().await, [false, true, true, true]);
    for (others, distribution) in [
        ("/globex/*", "SHARED"),
        ("/*", "SHARED"),
        ("/acme*", "SHARED"),
        ("/", "GLOBEX"),
        ("/acme/*", "GLOBEX"),
    ] {
        let body = format!("{{\"paths\": [{others:?}], \"distribution\": {distribution:?}}}");
        let refused = purge(&edge, ACME_TOKEN, &body).await;
        assert_eq!(refused.status, 403, "{others}: {}", refused.text());
    }
    let everywhere = purge(&edge, ACME_TOKEN, "{\"paths\": [\"/acme/*\"]}").await;
    assert_eq!(everywhere.status, 403, "{}", everywhere.text());
    let bearer = format!("Bearer {ACME_TOKEN}");
    let fields = [("authorization", &*bearer)];
    let list = edge.admin_with("GET", "/v1/invalidations", &fields, "");
    assert_eq!(list.await.status, 403);
    assert_eq!(hits().await, [true; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_misses_of_one_customer_leave_the_bucket_to_the_others() {
    let (bucket, edge) = platform().await;
    let paths: Vec<String> = (0..=GLOBEX_AT_ONCE).map(|n| format!("slow/{n}")).collect();
    let held: Vec<_> = paths
        .iter()
        .map(|path| bucket.faults().hold(&format!("globex/{path}")))
        .collect();
    let waiting = || {
        let entries = bucket.log().all().into_iter();
        let keys = entries.filter_map(|entry| entry.key);
        keys.filter(|key| key.starts_with("globex/slow/")).count()
    };
    let mut viewers: Vec<Client> = Vec::new();
    for path in &paths {
        let mut viewer = edge.connect().await;
        let fields = [("host", "globex.example")];
        viewer
            .send_request("GET", &format!("/{path}"), &fields, "")
            .await;
        viewers.push(viewer);
    }
    until("as many as may wait at the bucket", || {
        waiting() == GLOBEX_AT_ONCE
    })
    .await;
    let fresh = get(&edge, "www.acme.example", "/fresh", &[]).await;
    assert_eq!((&*fresh.cache(), &*fresh.text()), ("Miss", "fresh"));
    assert_eq!(waiting(), GLOBEX_AT_ONCE);
    drop(held);
    for viewer in &mut viewers {
        assert_eq!(viewer.answer("GET").await.status, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_customer_costs_the_others_nothing() {
    let (bucket, mut edge) = platform().await;
    for _ in 0..2 {
        get(&edge, "www.acme.example", "/", &[]).await;
    }
    let new = "[origins.initech]\nbucket = \"example-sites\"\nregion = \"eu-central-1\"\nprefix = \"initech/\"\n\
               # endpoint = \"http://127.0.0.1:9000\"\ncredentials = \"chain\"\n\
               [[distributions]]\nid = \"INITECH\"\ndomains = [\"initech.sites.example.com\"]\norigin = \"initech\"\n";
    let mark = "# Written once, named by many.\n";
    // Its places are replaced as those of the others are, in a second turn.
    let url = format!("endpoint = {:?}", bucket.url());
    let keys = "credentials = { access_key_env = \"EDGE_ACCESS_KEY\", secret_key_env = \"EDGE_SECRET_KEY\" }";
    let others = [
        (mark, new),
        ("# endpoint = \"http://127.0.0.1:9000\"", &*url),
        ("credentials = \"chain\"", keys),
    ];
    let host = "initech.sites.example.com";
    assert_eq!(get(&edge, host, "/", &[]).await.text(), "this name is free");
    let more = config(NAME, &bucket.url(), &others, &edge.data);
    edge.edge.reload(more).await.unwrap();
    assert_eq!(get(&edge, host, "/", &[]).await.text(), "initech");
    let kept = get(&edge, "www.acme.example", "/", &[]).await;
    assert_eq!(kept.cache(), "Hit");
}
