//! One range comes as a part, several as parts of one answer, and what lies behind the end is a 416.

use crate::harness::{Protocol, Reply, Viewer, web};

#[tokio::test(flavor = "multi_thread")]
async fn a_range_comes_as_it_was_asked() {
    for protocol in Protocol::BOTH {
        let body: String = (0..2_000)
            .map(|at| (b'a' + at as u8 % 26) as char)
            .collect();
        let page = "cache-control: max-age=60\r\netag: \"a\"\r\ncontent-type: text/plain\r\n";
        let (origin, edge) = web([Reply::ok(page, &body)]).await;
        let mut viewer = Viewer::connect(&edge, protocol).await;
        viewer.get("/a").await;

        let one = viewer.get_with("/a", &[("range", "bytes=1-3")]).await;
        assert_eq!(
            (one.status, one.text().as_str()),
            (206, "bcd"),
            "{protocol:?}"
        );
        assert_eq!(one.field("content-range"), "bytes 1-3/2000");
        assert_eq!(one.field("content-length"), "3");

        let several = viewer.get_with("/a", &[("range", "bytes=0-1,-2")]).await;
        assert_eq!((several.status, several.complete), (206, true));
        let kind = several.field("content-type");
        let boundary = kind
            .strip_prefix("multipart/byteranges; boundary=")
            .unwrap();
        let end = &body[1_998..];
        let expected = format!(
            "\r\n--{boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/2000\r\n\r\nab\r\n\
             --{boundary}\r\nContent-Type: text/plain\r\n\
             Content-Range: bytes 1998-1999/2000\r\n\r\n{end}\r\n--{boundary}--\r\n"
        );
        assert_eq!(several.text().to_lowercase(), expected.to_lowercase());
        assert_eq!(several.field("content-length"), expected.len().to_string());

        let behind = viewer.get_with("/a", &[("range", "bytes=2000-")]).await;
        assert_eq!((behind.status, behind.body.len()), (416, 0), "{protocol:?}");
        assert_eq!(behind.field("content-range"), "bytes */2000");
        let last = viewer.get_with("/a", &[("range", "bytes=1999-")]).await;
        assert_eq!((last.status, last.text().as_str()), (206, &end[1..]));
        assert_eq!(origin.count(), 1);
    }
}
