//! A private page that a victim was lured to under a name that looks like a file is not kept for the
//! attacker who asks for the same name (web cache deception).

use crate::harness::{Protocol, Reply, Viewer, web_with};

const SPELLINGS: &[&str] = &[
    "/account",
    "/account/x.css",
    "/account/x.js",
    "/account%2Fx.css",
    "/account;x.css",
    "/account%3Bx.css",
    "/account%0ax.css",
    "/account%00x.css",
    "/account%23x.css",
    "/account%3Fx.css",
    "/account/.css",
    "/account.css",
    "/account/x.ico?y",
    "/account?x.css",
    "/static/..%2Faccount",
    "/static/%2e%2e/account",
    "/static/..;/account",
    "/account\\x.css",
    "/robots.txt/../account",
    "//account/x.css",
    "/account/%78.css",
    "/ACCOUNT/x.css",
];

/// What an application says about a page for one person, or forgets to say.
const SAID: &[&str] = &[
    "cache-control: private\r\n",
    "cache-control: no-store\r\n",
    "Cache-Control: max-age=60, Private\r\n",
    "cache-control: max-age=60\r\ncache-control: no-cache\r\n",
    "",
    "set-cookie: session=2\r\n",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_private_page_is_given_to_nobody_else() {
    for protocol in Protocol::BOTH {
        for said in SAID {
            let (origin, edge) = web_with("", "origin_request = \"AllViewer\"", []).await;
            let mut victim = Viewer::connect(&edge, protocol).await;
            let mut attacker = Viewer::connect(&edge, protocol).await;
            for path in SPELLINGS.iter().filter(|path| !path.contains('\\')) {
                origin.forget();
                origin.then(Reply::ok(said, "victim's"));
                origin.then(Reply::ok(said, "please sign in"));
                let seen = victim.get_with(path, &[("cookie", "session=1")]).await;
                let got = attacker.get(path).await;
                let what = format!("{protocol:?} {said:?} {path}");
                match seen.status {
                    200 => assert_eq!(seen.text(), "victim's", "{what}"),
                    status => assert_eq!(status, 400, "{what}"),
                }
                assert_ne!(got.text(), "victim's", "{what}");
                assert_ne!(got.cache(), "Hit", "{what}");
                assert!(
                    !got.has("set-cookie") || got.text() == "please sign in",
                    "{what}"
                );
            }
        }
    }
}

/// The same with Authorization, also where the application names a lifetime (RFC 9111 section 3.5).
#[tokio::test(flavor = "multi_thread")]
async fn nor_one_that_was_signed_in_for() {
    for protocol in Protocol::BOTH {
        let lifetime = "cache-control: max-age=60\r\n";
        let (origin, edge) = web_with("", "", []).await;
        let mut victim = Viewer::connect(&edge, protocol).await;
        let mut attacker = Viewer::connect(&edge, protocol).await;
        for path in [
            "/account",
            "/account/x.css",
            "/account;x.css",
            "/account?x.css",
        ] {
            origin.then(Reply::ok(lifetime, "victim's"));
            origin.then(Reply::ok("", "please sign in"));
            let fields = [("authorization", "Bearer a")];
            assert_eq!(victim.get_with(path, &fields).await.text(), "victim's");
            assert_eq!(attacker.get(path).await.text(), "please sign in", "{path}");
        }
    }
}
