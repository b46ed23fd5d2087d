//! `demo --store minio` does on a real MinIO what `demo` does on the bucket in the process: on one
//! that it starts and ends, and on one that runs and goes on.

use tokio::net::TcpStream;

use super::Demo;
use crate::harness::stores::{Kind, Store};
use crate::harness::tools::{self, or_skip};
use crate::harness::{Client, run};

#[tokio::test(flavor = "multi_thread")]
async fn on_one_that_it_starts() {
    let found = tokio::task::spawn_blocking(tools::minio).await.unwrap();
    let Some(minio) = or_skip("MinIO", found) else {
        return;
    };
    let path = format!("{}:/usr/bin:/bin", minio.parent().unwrap().display());
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().to_str().unwrap();
    let variables = [("PATH", path.as_str()), ("TMPDIR", folder)];
    let mut demo = Demo::start_with(&["--store", "minio"], &variables).await;
    let page = demo.get("/").await;
    assert_eq!((page.status, page.cache().as_str()), (200, "Miss"));
    assert!(page.text().contains("Saltmere Observatory"));
    assert_eq!(demo.get("/index.html").await.cache(), "Hit");
    let address = format!("127.0.0.1:{}", demo.bucket);
    let past = format!("/{}/index.html", demo.name);
    let mut anonymous = Client::connect(address.parse().unwrap()).await;
    let refused = anonymous.get(&past).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert_eq!(demo.get("/missing").await.status, 404);

    demo.publish("index.html", "<h1>Changed</h1>").await;
    assert_eq!(demo.get("/").await.body, page.body);
    let said = demo.purge().await;
    assert!(said.contains("Completed"), "{said}");
    assert_eq!(demo.get("/").await.text(), "<h1>Changed</h1>");

    demo.program.signal("INT").await;
    let status = demo.program.ended().await;
    assert_eq!(status.code(), Some(0), "{}", demo.program.output());
    let gone = TcpStream::connect(&address).await;
    assert!(gone.is_err(), "MinIO lives on");
    let left: Vec<_> = scratch.path().read_dir().unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_one_that_runs() {
    let Some(store) = Store::start(Kind::Minio).await else {
        return;
    };
    let url = store.url();
    let arguments = ["--store", "minio", "--store-url", &url];
    let root = store.root();
    let keys = |secret_key| {
        [
            ("MINIO_ROOT_USER", root.access_key.as_str()),
            ("MINIO_ROOT_PASSWORD", secret_key),
        ]
    };
    let mut demo = Demo::start_with(&arguments, &keys(&root.secret_key)).await;
    assert_eq!(demo.name, "seawall-demo");
    for cache in ["Miss", "Hit"] {
        let page = demo.get("/").await;
        assert_eq!((page.status, page.cache().as_str()), (200, cache));
    }
    assert_eq!(demo.get("/missing").await.status, 404);
    let past = format!("/{}/index.html", demo.name);
    let refused = Client::connect(store.address).await.get(&past).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    let printed = demo.program.output();
    assert!(!printed.contains(&root.secret_key), "{printed}");
    demo.program.signal("INT").await;
    let status = demo.program.ended().await;
    assert_eq!(status.code(), Some(0), "{}", demo.program.output());
    store.put("still", b"there").await;

    let ports = ["--port", "0", "--admin-port", "0"];
    let whole = [&["demo"], &ports[..], &arguments].concat();
    let refused = run(&whole, &keys("not-the-secret-key")).await;
    let words = refused.words();
    assert_eq!(refused.code, Some(1), "{words}");
    for part in [url.as_str(), "MINIO_ROOT_PASSWORD", "AccessDenied"] {
        assert!(words.contains(part), "{part} in {words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_said_with_what_to_do() {
    let empty = tempfile::tempdir().unwrap();
    let folder = empty.path().to_str().unwrap();
    let nowhere = [("PATH", folder), ("XDG_CACHE_HOME", folder)];
    let keys = [
        ("MINIO_ROOT_USER", "root"),
        ("MINIO_ROOT_PASSWORD", "secret-key"),
    ];
    // Nobody listens on a port that was let go of; should somebody, it is no MinIO of these keys.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let looked = format!("{folder}/seawall-tools/minio-*/minio");
    for (arguments, variables, parts) in [
        (
            &["--store", "minio"][..],
            &nowhere[..],
            &[looked.as_str(), "go install github.com/minio/minio@"][..],
        ),
        (
            &["--store", "minio", "--store-url", &url],
            &keys,
            &["no MinIO answers at", &url],
        ),
        (
            &["--store", "minio", "--store-url", &url],
            &[],
            &["MINIO_ROOT_USER", "is not set"],
        ),
        (&["--store-url", &url], &keys, &["--store minio"]),
    ] {
        let ports = ["--port", "0", "--admin-port", "0"];
        let whole = [&["demo"], &ports[..], arguments].concat();
        let refused = run(&whole, variables).await;
        let words = refused.words();
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
        for part in parts {
            assert!(words.contains(part), "{part} in {words}");
        }
    }
}
