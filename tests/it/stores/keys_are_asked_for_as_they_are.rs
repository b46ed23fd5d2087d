//! A key is what the viewer's path spells, whatever is in it: signed and sent in one spelling,
//! which each store takes for the object that the publisher put under that key.

use seawall::semantics::target;

use crate::harness::stores::{Kind, Store};

on_every_store!(keys_are_asked_for_as_they_are);

const KEYS: [&str; 14] = [
    "plain.txt",
    "with space.txt",
    "plus+plus.txt",
    "percent%20sign.txt",
    "a=b&c;d,e@f:g$h!i*j'k(l)m.txt",
    "tilde~dash-under_dot.txt",
    "brackets[1].txt",
    "quote\"back`caret^.txt",
    "question?mark#hash.txt",
    "\u{e9}t\u{e9}.txt",
    "\u{65e5}\u{672c}/\u{8a9e}.txt",
    "\u{1f30a}.txt",
    "deep/er/and/deeper.txt",
    "UPPER/lower.TXT",
];

async fn keys_are_asked_for_as_they_are(store: Store) {
    for key in KEYS {
        store.put(key, format!("under {key}").as_bytes()).await;
    }
    let edge = store.edge().start().await;
    for key in KEYS {
        // As a browser spells it, and with everything escaped: one object, and one copy of it.
        let spelt = format!("/{}", target::encode(key.as_bytes()));
        let escaped = key.bytes().map(|byte| match byte {
            b'/' => "/".to_owned(),
            byte => format!("%{byte:02X}"),
        });
        let escaped = format!("/{}", escaped.collect::<String>());
        for (path, expected) in [(spelt, "Miss"), (escaped, "Hit")] {
            let answer = edge.get(&path).await;
            assert_eq!(
                (answer.status, answer.text(), answer.cache().as_str()),
                (200, format!("under {key}"), expected),
                "{path}: {:?}",
                answer.fields
            );
        }
    }
    // Upper and lower case are two keys.
    assert_eq!(edge.get("/upper/lower.txt").await.status, 404);
}
