//! Every knob, exactly as often and as far as it was turned.

use std::io::ErrorKind;

use http::StatusCode;
use seawall::demo::bucket::Bucket;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::raw::{Answer, Request};
use super::{edge, no, options, scene};

#[tokio::test]
async fn the_next_reads_fail_and_then_they_work_again() {
    let scene = scene().await;
    scene.put("a", "kept").await;
    let faults = scene.bucket.faults();
    faults.fail_next(2, StatusCode::SERVICE_UNAVAILABLE, "SlowDown");
    assert_eq!(scene.get("a").await, Err(no(503, "SlowDown")));
    let head = Request::new("HEAD", "/harbour/a")
        .by(edge())
        .send(scene.bucket.addr())
        .await;
    assert_eq!((head.status, head.body.len()), (503, 0));
    assert_eq!(scene.get("a").await, Ok(b"kept".to_vec()));

    faults.fail_next_of("a", 1, StatusCode::FORBIDDEN, "ExpiredToken");
    assert_eq!(
        scene.get("b").await,
        Err(no(403, "AccessDenied")),
        "another key"
    );
    assert_eq!(scene.get("a").await, Err(no(403, "ExpiredToken")));
    assert_eq!(scene.get("a").await, Ok(b"kept".to_vec()));
}

#[tokio::test]
async fn all_reads_fail_until_it_is_taken_back() {
    let scene = scene().await;
    scene.put("a", "kept").await;
    let faults = scene.bucket.faults();
    faults.fail_all(Some((StatusCode::INTERNAL_SERVER_ERROR, "InternalError")));
    for _ in 0..3 {
        assert_eq!(scene.get("a").await, Err(no(500, "InternalError")));
    }
    scene.put("a", "new").await; // writes go on
    let stranger = Request::new("GET", "/harbour/a")
        .send(scene.bucket.addr())
        .await;
    assert_eq!(stranger.status, 403, "strangers see no fault");
    faults.fail_all(None);
    assert_eq!(scene.get("a").await, Ok(b"new".to_vec()));
    faults.fail_all_of("a", Some((StatusCode::BAD_GATEWAY, "MadeUp")));
    assert_eq!(scene.get("a").await, Err(no(502, "MadeUp")));
    assert_eq!(scene.get("b").await, Err(no(403, "AccessDenied")));
}

#[tokio::test]
async fn a_held_answer_is_that_of_the_moment_it_was_asked_for() {
    let scene = scene().await;
    scene.put("a", "old").await;
    let hold = scene.bucket.faults().hold("a");
    let addr = scene.bucket.addr();
    let get = || {
        tokio::spawn(async move {
            Request::new("GET", "/harbour/a")
                .by(edge())
                .send(addr)
                .await
        })
    };
    let (first, second) = (get(), get());
    hold.waiting_for(2).await;
    assert_eq!(
        scene.bucket.log().gets("a"),
        2,
        "they count while they wait"
    );
    assert!(
        scene
            .bucket
            .log()
            .all()
            .iter()
            .all(|entry| entry.status.is_none())
    );

    let head = Request::new("HEAD", "/harbour/a")
        .by(edge())
        .send(addr)
        .await;
    assert_eq!(head.status, 200, "a HEAD is not held");
    scene.put("a", "new").await;
    assert!(!first.is_finished() && !second.is_finished());
    hold.release();
    assert_eq!(first.await.unwrap().body, b"old");
    assert_eq!(second.await.unwrap().body, b"old");
    assert_eq!(
        scene.get("a").await,
        Ok(b"new".to_vec()),
        "no further request is held"
    );
}

#[tokio::test]
async fn a_missing_object_is_held_too_and_a_dropped_hold_lets_go() {
    let scene = scene().await;
    let hold = scene.bucket.faults().hold("a");
    let addr = scene.bucket.addr();
    let get = tokio::spawn(async move {
        Request::new("GET", "/harbour/a")
            .by(edge())
            .send(addr)
            .await
    });
    hold.waiting().await;
    scene.put("a", "too late").await;
    drop(hold);
    assert_eq!(get.await.unwrap().code(), "AccessDenied");
    assert_eq!(scene.get("a").await, Ok(b"too late".to_vec()));
}

#[tokio::test]
async fn a_client_that_hangs_up_stops_waiting() {
    let scene = scene().await;
    scene.put("a", "x").await;
    let hold = scene.bucket.faults().hold("a");
    let request = Request::new("GET", "/harbour/a").by(edge());
    let gone = request.start(scene.bucket.addr()).await;
    hold.waiting().await;
    drop(gone);
    hold.idle().await;
    assert_eq!(
        scene.bucket.log().all()[0].status,
        None,
        "it was never answered"
    );
}

#[tokio::test]
async fn a_truncated_answer_has_its_bytes_and_no_end() {
    let scene = scene().await;
    let body: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
    scene.put("a", body.clone()).await;
    let get = Request::new("GET", "/harbour/a").by(edge());
    for after in [0_usize, 1, 65_536, 65_537, 999_999] {
        scene.bucket.faults().truncate_next("a", after as u64);
        let answer = get.send(scene.bucket.addr()).await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.header("content-length"),
            Some("1000000"),
            "announced in full"
        );
        assert_eq!(answer.body.len(), after);
        assert!(answer.body == body[..after]);
    }
    assert!(
        get.send(scene.bucket.addr()).await.body == body,
        "only the next one is cut"
    );

    scene.bucket.faults().truncate_next("a", 10);
    let part = get
        .clone()
        .header("range", "bytes=500-599")
        .send(scene.bucket.addr())
        .await;
    assert_eq!(
        (part.status, &*part.body),
        (206, &body[500..510]),
        "counted from the start of the answer"
    );

    scene.bucket.faults().truncate_next("a", 100);
    let part = get
        .clone()
        .header("range", "bytes=500-599")
        .send(scene.bucket.addr())
        .await;
    assert_eq!(part.body, &body[500..600], "no more than that is whole");
}

#[tokio::test]
async fn a_cut_waits_for_an_answer_that_has_a_body() {
    let scene = scene().await;
    scene.put("a", "0123456789").await;
    scene.bucket.faults().truncate_next("a", 3);
    let addr = scene.bucket.addr();
    assert_eq!(
        Request::new("HEAD", "/harbour/a")
            .by(edge())
            .send(addr)
            .await
            .status,
        200
    );
    let get = Request::new("GET", "/harbour/a").by(edge());
    assert_eq!(
        get.clone()
            .header("if-none-match", "*")
            .send(addr)
            .await
            .status,
        304
    );
    assert_eq!(
        get.clone()
            .header("if-match", "\"other\"")
            .send(addr)
            .await
            .status,
        412
    );
    assert_eq!(get.send(addr).await.body, b"012");
}

#[tokio::test]
async fn an_sdk_notices_a_truncated_body() {
    let scene = scene().await;
    scene.put("a", vec![7; 200_000]).await;
    scene.bucket.faults().truncate_next("a", 100_000);
    let got = scene
        .edge
        .get_object()
        .bucket(super::BUCKET)
        .key("a")
        .send()
        .await
        .unwrap();
    assert!(got.body.collect().await.is_err());
}

#[tokio::test]
async fn a_stalled_answer_stays_silent_on_an_open_connection() {
    let scene = scene().await;
    scene.put("a", "0123456789").await;
    scene.bucket.faults().stall_next("a", 4);
    let mut stream = Request::new("GET", "/harbour/a")
        .by(edge())
        .start(scene.bucket.addr())
        .await;
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n0123") {
        assert_ne!(
            stream.read_buf(&mut bytes).await.unwrap(),
            0,
            "it stays open"
        );
    }
    assert_eq!(Answer::parse(&bytes).header("content-length"), Some("10"));
    // A whole exchange later there is still neither a byte nor an end.
    assert_eq!(scene.get("a").await, Ok(b"0123456789".to_vec()));
    let quiet = stream.try_read(&mut [0; 1]).unwrap_err();
    assert_eq!(quiet.kind(), ErrorKind::WouldBlock);

    scene.bucket.stop().await;
    assert_eq!(
        stream.read(&mut [0; 1]).await.unwrap_or(0),
        0,
        "stopping ends it"
    );
}

#[tokio::test]
async fn stopping_frees_the_port_and_ends_what_is_held() {
    let scene = scene().await;
    scene.put("a", "x").await;
    let addr = scene.bucket.addr();
    let hold = scene.bucket.faults().hold("a");
    let mut held = Request::new("GET", "/harbour/a")
        .by(edge())
        .start(addr)
        .await;
    hold.waiting().await;
    scene.bucket.stop().await;
    assert_eq!(held.read(&mut [0; 1]).await.unwrap_or(0), 0);
    let refused = TcpStream::connect(addr).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    let again = Bucket::start(super::BucketOptions {
        listen: addr,
        ..options()
    })
    .await
    .unwrap();
    assert_eq!(again.addr(), addr);
}
