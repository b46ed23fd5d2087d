//! The SDK is the oracle: for the same key, date and headers, its signature and ours are the same.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::{HeaderValue, Method};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use seawall::demo::bucket::Identity;
use seawall::demo::site;
use seawall::origin::sigv4;
use seawall::semantics::target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// A server that keeps the head of each request and answers 200.
async fn recorder() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let kept = Arc::clone(&kept);
            tokio::spawn(async move {
                let mut buffer = Vec::new();
                while stream
                    .read_buf(&mut buffer)
                    .await
                    .is_ok_and(|count| count > 0)
                {
                    while let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n")
                    {
                        let head: Vec<u8> = buffer.drain(..at + 4).collect();
                        kept.lock().unwrap().push(String::from_utf8(head).unwrap());
                        stream
                            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                            .await
                            .unwrap();
                    }
                }
            });
        }
    });
    (url, heads)
}

/// Keys with what is hard about keys: spaces, plus, percent, slashes, dots, unicode, reserved.
fn keys() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just(" ".to_owned()),
        Just("+".to_owned()),
        Just("%2F".to_owned()),
        Just("%".to_owned()),
        Just("//".to_owned()),
        Just("~".to_owned()),
        Just("\u{e9}".to_owned()),
        Just("\u{65e5}\u{672c}".to_owned()),
        Just("\u{1f30a}".to_owned()),
        "[!*'();:@&=$,?#\\[\\]]",
        "[a-zA-Z0-9._-]{1,8}",
    ];
    // The SDK refuses keys of nothing but white space.
    proptest::collection::vec(part, 1..8)
        .prop_map(|parts| format!("k{}", parts.concat()))
        .prop_filter("a legal path", |key| {
            // The SDK refuses nothing; the edge never forwards a dot segment.
            key.split('/')
                .all(|segment| segment != "." && segment != "..")
                && !key.starts_with('/')
        })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_signer_agrees_with_the_sdk() {
    let (url, heads) = recorder().await;
    let identity = Identity {
        access_key: "AKIDEXAMPLE".to_owned(),
        secret_key: SECRET.to_owned(),
    };
    let sdk = site::client(&url, "eu-central-1", &identity);
    let runtime = tokio::runtime::Handle::current();
    let run = move || {
        let mut runner = TestRunner::new(Config {
            cases: 256,
            failure_persistence: None,
            ..Config::default()
        });
        runner.run(&(keys(), any::<bool>()), |(key, range)| {
            heads.lock().unwrap().clear();
            let request = sdk.get_object().bucket("b").key(&key);
            let request = if range {
                request.range("bytes=0-9")
            } else {
                request
            };
            runtime
                .block_on(request.send())
                .map_err(|error| TestCaseError::fail(error.to_string()))?;
            let head = heads.lock().unwrap().pop().unwrap();
            compare(&key, &head)
        })
    };
    tokio::task::spawn_blocking(run).await.unwrap().unwrap();
}

fn compare(key: &str, head: &str) -> Result<(), TestCaseError> {
    let mut lines = head.split("\r\n").filter(|line| !line.is_empty());
    let path = lines.next().unwrap().split(' ').nth(1).unwrap();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    // The SDK marks its calls with `?x-id=GetObject`; the edge has no query.
    let ours = format!("/b/{}", target::encode(key.as_bytes()));
    prop_assert_eq!(path, &ours, "the path of {:?}", key);

    // A viewer may spell the key so, and any other legal way; it is the same path in the end.
    let spelled = target::canonical(&ours).unwrap();
    prop_assert_eq!(&*spelled, &ours);

    let fields: BTreeMap<String, HeaderValue> = lines
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| {
            (
                name.to_ascii_lowercase(),
                HeaderValue::from_str(value.trim()).unwrap(),
            )
        })
        .collect();
    let authorization = fields["authorization"].to_str().unwrap();
    let part = |name: &str| {
        let (_, rest) = authorization.split_once(&format!("{name}=")).unwrap();
        rest.split(", ")
            .next()
            .unwrap()
            .split(',')
            .next()
            .unwrap()
            .to_owned()
    };
    let signed = part("SignedHeaders");
    let headers: Vec<(&str, &HeaderValue)> = signed
        .split(';')
        .map(|name| (name, &fields[name]))
        .collect();
    let date = fields["x-amz-date"].to_str().unwrap();
    let body = fields["x-amz-content-sha256"].to_str().unwrap();
    let request = sigv4::canonical_request(&Method::GET, &ours, query, &headers, body);
    let key_of_day = sigv4::derive(SECRET, &date[..8], "eu-central-1");
    let signature = sigv4::signature(&key_of_day, date, "eu-central-1", &request);
    prop_assert_eq!(signature, part("Signature"), "{}", head);
    Ok(())
}
