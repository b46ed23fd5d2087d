//! The store's Date against this machine's clock: a word beyond a minute, a failure from 15 minutes on.

use seawall::clock::{self, Clock, SystemClock};
use seawall::semantics::dates::{self, UnixTime};

use super::{Findings, MadeUp, Setup, private};

/// What is found where the store's clock is so many seconds ahead.
async fn ahead(seconds: i64) -> (Findings, MadeUp) {
    let store = MadeUp::start(move |head| {
        let now = SystemClock::new().wall().secs() + seconds;
        let date = dates::format(UnixTime::from_secs(now));
        let date = date.to_str().unwrap().to_owned();
        private(head).replacen("\r\n", &format!("\r\ndate: {date}\r\n"), 1)
    })
    .await;
    let found = Setup::new(&store.url()).findings(&[]).await;
    (found, store)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minute_is_let_pass() {
    let (found, _) = ahead(-30).await;
    assert_eq!(found.code, Some(0), "{found:#?}");
    found.expect("clock", "pass", &["s apart"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn some_minutes_are_worth_a_word() {
    let (found, _) = ahead(-300).await;
    assert_eq!((found.code, found.with("warn")), (Some(0), vec!["clock"]));
    found.expect("clock", "warn", &["ahead of the store", "NTP"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_store_refuses_fails_and_the_rest_is_signed_with_its_time() {
    let (found, store) = ahead(7_200).await;
    assert_eq!(
        (found.code, found.with("fail")),
        (Some(1), vec!["clock"]),
        "{found:#?}"
    );
    found.expect("clock", "fail", &["behind the store", "NTP"]);
    let signed = store.requests("HEAD /site/index.html ");
    let date = signed[0].split("x-amz-date: ").nth(1).unwrap();
    let hour_from_now = SystemClock::new().wall().secs() + 3_600;
    let bound = clock::amz_date(UnixTime::from_secs(hour_from_now));
    // The form sorts as the time does.
    assert!(date[..16] > bound[..16], "{} {bound}", &date[..16]);
}
