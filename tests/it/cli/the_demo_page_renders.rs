//! A browser sees the sample site through the edge: image, style and script; and a changed page
//! after a purge.

use super::Demo;
use crate::browser::Browser;

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_page_renders() {
    if !Browser::is_here() {
        return;
    }
    let demo = Demo::start().await;
    let browser = Browser::start().await;
    let page = browser
        .open(&format!("http://localhost:{}/", demo.viewer.port()))
        .await;
    assert_eq!(
        page.evaluate("document.title").await,
        "Saltmere Observatory"
    );
    assert_eq!(
        page.evaluate("document.querySelector('.hero-art').naturalWidth")
            .await,
        1_200
    );
    let position = "getComputedStyle(document.querySelector('.skip')).position";
    assert_eq!(page.evaluate(position).await, "absolute");
    // The script asks for the page again and shows what the edge said.
    let shown = "new Promise(done => { const look = () => { \
                   const badge = document.querySelector('#looks .badge'); \
                   if (badge) done(badge.textContent); else requestAnimationFrame(look); }; look(); })";
    assert_eq!(page.evaluate(shown).await, "Hit from seawall");
    assert_eq!(page.screenshot().await[..4], *b"\x89PNG");

    let site = std::fs::read_to_string("fixtures/site/index.html").unwrap();
    let changed = site.replace(
        "Where the land runs out of arguments",
        "The tide has turned",
    );
    assert_ne!(site, changed);
    demo.publish("index.html", &changed).await;
    let heading = "document.querySelector('h1').textContent";
    page.reload().await;
    assert_eq!(
        page.evaluate(heading).await,
        "Where the land runs out of arguments",
        "published, but not purged"
    );
    demo.purge().await;
    page.reload().await;
    assert_eq!(page.evaluate(heading).await, "The tide has turned");
    assert_eq!(
        page.evaluate(position).await,
        "absolute",
        "the style is still there"
    );
}
