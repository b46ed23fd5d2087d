//! A reload keeps the cache; but where a distribution reads another bucket now, the same path is
//! another object.

use crate::harness::store::{BUCKET, REGION};
use crate::harness::{EdgeOptions, TestBucket};

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_keeps_the_cache_unless_the_bucket_is_another() {
    let (one, two) = (TestBucket::start().await, TestBucket::start().await);
    one.put("page", "of one").await;
    two.put("page", "of two").await;
    let mut edge = EdgeOptions::of(&one).start().await;
    assert_eq!(edge.get("/page").await.text(), "of one");

    let same = EdgeOptions::of(&one)
        .edge("pop = \"OTHER\"")
        .config(&edge.data);
    assert_eq!(edge.edge.reload(same).await.unwrap(), Vec::<&str>::new());
    let kept = edge.get("/page").await;
    assert_eq!(
        (kept.cache().as_str(), kept.field("x-edge-pop").as_str()),
        ("Hit", "OTHER")
    );

    let other = EdgeOptions::of(&two).config(&edge.data);
    edge.edge.reload(other).await.unwrap();
    let fetched = edge.get("/page").await;
    assert_eq!(
        (fetched.text().as_str(), fetched.cache().as_str()),
        ("of two", "Miss")
    );
    assert_eq!(
        edge.get("/page").await.cache(),
        "Hit",
        "the new epoch stores again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fill_from_the_old_bucket_is_not_kept() {
    let (one, two) = (TestBucket::start().await, TestBucket::start().await);
    one.put("page", "of one").await;
    two.put("page", "of two").await;
    let mut edge = EdgeOptions::of(&one).start().await;
    let hold = one.faults().hold("page");
    let mut before = edge.connect().await;
    before.send_request("GET", "/page", &[], "").await;
    hold.waiting().await;
    let other = EdgeOptions::of(&two).config(&edge.data);
    edge.edge.reload(other).await.unwrap();
    assert_eq!(
        edge.get("/page").await.text(),
        "of two",
        "nobody joins the old fill"
    );
    hold.release();
    assert_eq!(before.answer("GET").await.status, 200);
    assert_eq!(edge.get("/page").await.text(), "of two");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_distribution_more_costs_nothing_and_one_that_comes_back_knows_nothing() {
    let (one, two) = (TestBucket::start().await, TestBucket::start().await);
    one.put("page", "of one").await;
    two.put("page", "of two").await;
    let alone = || EdgeOptions::of(&one);
    let further = "[[distributions]]\nid = \"E2\"\ndomains = [\"two.test\"]\n";
    let same = format!("{further}origin = \"site\"\n");
    let other = format!(
        "{further}origin = \"two\"\n[origins.two]\nbucket = \"{BUCKET}\"\nregion = \"{REGION}\"\n\
         endpoint = \"{}\"\n\
         credentials = {{ access_key_env = \"EDGE_ACCESS_KEY\", secret_key_env = \"EDGE_SECRET_KEY\" }}\n",
        two.url()
    );
    let mut edge = alone().start().await;
    assert_eq!(edge.get("/page").await.text(), "of one");
    let both = alone().more(&same).config(&edge.data);
    edge.edge.reload(both).await.unwrap();
    assert_eq!(edge.get("/page").await.cache(), "Hit");
    let of_two = [("host", "two.test")];
    for cache in ["Miss", "Hit"] {
        let page = edge.get_with("/page", &of_two).await;
        assert_eq!((&*page.text(), &*page.cache()), ("of one", cache));
    }
    let config = alone().config(&edge.data);
    edge.edge.reload(config).await.unwrap();
    let again = alone().more(&other).config(&edge.data);
    edge.edge.reload(again).await.unwrap();
    let page = edge.get_with("/page", &of_two).await;
    assert_eq!((&*page.text(), &*page.cache()), ("of two", "Miss"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_a_restart_is_named() {
    let bucket = TestBucket::start().await;
    let mut edge = EdgeOptions::of(&bucket).start().await;
    let changed = EdgeOptions::of(&bucket)
        .edge("memory = \"128MiB\"\nmax_connections = 5")
        .config(&edge.data);
    let keys = ["edge.memory", "edge.max_connections"];
    assert_eq!(edge.edge.reload(changed).await.unwrap(), keys);
    let again = EdgeOptions::of(&bucket)
        .edge("memory = \"128MiB\"\nmax_connections = 5")
        .config(&edge.data);
    assert_eq!(
        edge.edge.reload(again).await.unwrap(),
        keys,
        "it is still not in force"
    );
    let back = EdgeOptions::of(&bucket).config(&edge.data);
    assert_eq!(edge.edge.reload(back).await.unwrap(), Vec::<&str>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_that_changes_no_origin_stays_ready() {
    let bucket = TestBucket::start().await;
    let mut edge = EdgeOptions::of(&bucket).start().await;
    edge.ready().await;
    let same = EdgeOptions::of(&bucket)
        .edge("pop = \"OTHER\"")
        .config(&edge.data);
    edge.edge.reload(same).await.unwrap();
    assert_eq!(
        edge.edge.not_ready(),
        Vec::<String>::new(),
        "what is known of the store is kept"
    );
}
