//! An origin that says nothing, or nothing more, is given up in time; what is stored covers it only
//! where that is allowed.

use tokio::net::TcpListener;

use crate::harness::{EdgeOptions, Reply, until, web_with};

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_a_504() {
    let (origin, edge) = web_with(
        "first_byte_timeout = \"5s\"",
        "methods = \"standard\"",
        [Reply::SendAndStall(vec![]), Reply::SendAndStall(vec![])],
    )
    .await;
    for method in ["GET", "POST"] {
        let before = origin.count();
        let mut client = edge.connect().await;
        client.send_request(method, "/a", &[], "").await;
        until("the origin was asked", || origin.count() > before).await;
        edge.advance(5);
        assert_eq!(client.answer(method).await.status, 504, "{method}");
    }
    assert_eq!(origin.count(), 2, "a timeout is not tried again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stops_is_cut() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\ncache-control: no-store\r\n\r\nhello";
    let stall = Reply::SendAndStall(head.as_bytes().to_vec());
    let (_origin, edge) = web_with("idle_timeout = \"5s\"", "", [stall]).await;
    let mut client = edge.connect().await;
    client.send_request("GET", "/a", &[], "").await;
    let answer = edge
        .advance_until("it is cut", 1, client.answer("GET"))
        .await;
    assert!(!answer.complete, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_is_a_502() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let edge = EdgeOptions::web(&url).start().await;
    assert_eq!(edge.get("/a").await.status, 502);
    edge.ready().await;
}
