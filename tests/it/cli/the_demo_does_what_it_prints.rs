//! `demo` prints commands, and each of them does what is said beside it.

use tokio::net::TcpListener;

use super::Demo;
use crate::harness::{Client, run};

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_does_what_it_prints() {
    let mut demo = Demo::start().await;
    let page = demo.get("/").await;
    assert_eq!((page.status, page.cache().as_str()), (200, "Miss"));
    assert!(page.text().contains("Saltmere Observatory"));
    assert_eq!(demo.get("/index.html").await.cache(), "Hit");
    for cache in ["Miss", "Hit"] {
        assert_eq!(demo.get("/guide/index.html").await.cache(), cache);
    }
    let bucket = format!("127.0.0.1:{}", demo.bucket).parse().unwrap();
    let refused = Client::connect(bucket).await.get("/site/index.html").await;
    assert_eq!(refused.status, 403, "{}", refused.text());

    demo.publish("index.html", "<h1>Changed</h1>").await;
    assert_eq!(
        demo.get("/").await.body,
        page.body,
        "it goes on with what it has"
    );
    let said = demo.purge().await;
    assert!(
        said.contains("Completed") && said.contains("1 object"),
        "{said}"
    );
    let changed = demo.get("/").await;
    assert_eq!(
        (changed.text().as_str(), changed.cache().as_str()),
        ("<h1>Changed</h1>", "Miss")
    );

    demo.program.signal("INT").await;
    let status = demo.program.ended().await;
    assert_eq!(status.code(), Some(0), "{}", demo.program.output());
    assert!(demo.program.printed().ends_with("The demo has ended."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_named_with_its_flag() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for flag in ["--port", "--admin-port", "--bucket-port"] {
        let mut arguments = vec!["demo"];
        for other in ["--port", "--admin-port", "--bucket-port"] {
            arguments.extend([other, if other == flag { port.as_str() } else { "0" }]);
        }
        let refused = run(&arguments, &[]).await;
        assert_eq!(
            (refused.code, refused.stdout.as_str()),
            (Some(1), ""),
            "{flag}"
        );
        let words = refused.words();
        for part in [&format!("127.0.0.1:{port}"), &format!("`{flag} PORT`")] {
            assert!(words.contains(part.as_str()), "{part} in {words}");
        }
    }
}
