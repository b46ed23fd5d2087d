//! What reached a bucket: one entry a request, written when it arrives, before anybody judges it.
//!
//! A request that is still held back is in the log already, without a status, so "exactly one
//! request reached the origin" can be asserted while it waits. No secret enters: neither
//! `Authorization` nor a session token nor the signature of a presigned address.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, Method, StatusCode};

/// Entries that are kept; the oldest make room.
pub const LOG_LIMIT: usize = 16_384;

/// Fields that never enter the log.
const SECRET_FIELDS: [&str; 2] = ["authorization", "x-amz-security-token"];
/// Query parameters whose values never enter the log.
const SECRET_PARAMETERS: [&str; 3] = ["x-amz-signature", "x-amz-security-token", "signature"];

/// One request that reached the bucket.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The method.
    pub method: Method,
    /// Path and query as they came over the wire; the values of secret parameters are `-`.
    pub target: String,
    /// The object's key, percent-decoded; `None` if the target names no object.
    pub key: Option<String>,
    /// The access key id that the request claims, whether or not its signature holds.
    pub access_key: Option<String>,
    /// The status it was answered with; `None` while it waits, or if its connection ended first.
    pub status: Option<StatusCode>,
    /// All request fields in their order, names in lower case, without the secret ones.
    pub headers: Vec<(String, String)>,
    number: u64,
}

impl Entry {
    /// The first value of a request field; the name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let field = self.headers.iter().find(|(field, _)| field == name)?;
        Some(&field.1)
    }
}

/// A handle on a bucket's log. Clones read the same one.
#[derive(Clone, Debug, Default)]
pub struct RequestLog(Arc<Mutex<Log>>);

#[derive(Debug, Default)]
struct Log {
    entries: VecDeque<Entry>,
    arrived: u64,
}

impl RequestLog {
    /// Requests with this method for this key, refused ones too.
    pub fn count(&self, method: &Method, key: &str) -> usize {
        let matches = |entry: &&Entry| entry.method == *method && entry.key.as_deref() == Some(key);
        self.log().entries.iter().filter(matches).count()
    }

    /// GETs of this key, refused ones too, whoever sent them.
    pub fn gets(&self, key: &str) -> usize {
        self.count(&Method::GET, key)
    }

    /// Everything, oldest first: the last [`LOG_LIMIT`] requests since the last clearing.
    pub fn all(&self) -> Vec<Entry> {
        self.log().entries.iter().cloned().collect()
    }

    /// Forgets everything so far.
    pub fn clear(&self) {
        self.log().entries.clear();
    }

    /// Writes a request down and returns its number, unique in this log.
    pub(super) fn arrived(
        &self,
        method: &Method,
        target: &str,
        key: Option<String>,
        access_key: Option<String>,
        headers: &HeaderMap,
    ) -> u64 {
        let mut log = self.log();
        let number = log.arrived;
        log.arrived += 1;
        if log.entries.len() == LOG_LIMIT {
            log.entries.pop_front();
        }
        log.entries.push_back(Entry {
            method: method.clone(),
            target: without_secrets(target),
            key,
            access_key,
            status: None,
            headers: headers
                .iter()
                .filter(|(name, _)| !SECRET_FIELDS.contains(&name.as_str()))
                .map(|(name, value)| {
                    let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                    (name.as_str().to_owned(), value)
                })
                .collect(),
            number,
        });
        number
    }

    pub(super) fn answered(&self, number: u64, status: StatusCode) {
        let mut log = self.log();
        // Numbers ascend, but clearing and the limit leave gaps at the front.
        if let Ok(at) = log.entries.binary_search_by_key(&number, |e| e.number) {
            log.entries[at].status = Some(status);
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn without_secrets(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else {
        return target.to_owned();
    };
    let parameters: Vec<String> = query
        .split('&')
        .map(|parameter| match parameter.split_once('=') {
            Some((name, _)) if SECRET_PARAMETERS.contains(&&*name.to_ascii_lowercase()) => {
                format!("{name}=-")
            }
            _ => parameter.to_owned(),
        })
        .collect();
    format!("{path}?{}", parameters.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrive(log: &RequestLog, method: &Method, key: &str) -> u64 {
        log.arrived(method, key, Some(key.into()), None, &HeaderMap::new())
    }

    #[test]
    fn counts_are_by_method_and_key() {
        let log = RequestLog::default();
        for (method, key) in [
            (Method::GET, "a"),
            (Method::GET, "a"),
            (Method::HEAD, "a"),
            (Method::GET, "b"),
        ] {
            arrive(&log, &method, key);
        }
        assert_eq!(log.gets("a"), 2);
        assert_eq!(log.count(&Method::HEAD, "a"), 1);
        assert_eq!(log.gets("c"), 0);
        log.clear();
        assert_eq!(log.gets("a"), 0);
    }

    #[test]
    fn an_answer_finds_its_own_entry_even_after_a_clearing() {
        let log = RequestLog::default();
        let before = arrive(&log, &Method::GET, "before");
        log.clear();
        let (a, b) = (
            arrive(&log, &Method::GET, "a"),
            arrive(&log, &Method::GET, "b"),
        );
        log.answered(before, StatusCode::OK);
        log.answered(b, StatusCode::NOT_FOUND);
        let statuses: Vec<_> = log.all().iter().map(|entry| entry.status).collect();
        assert_eq!(statuses, [None, Some(StatusCode::NOT_FOUND)]);
        log.answered(a, StatusCode::OK);
        assert_eq!(log.all()[0].status, Some(StatusCode::OK));
    }

    #[test]
    fn secrets_stay_out() {
        let log = RequestLog::default();
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "hush1"),
            ("x-amz-security-token", "hush2"),
            ("range", "bytes=0-1"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let target = "/b/k?X-Amz-Signature=hush3&x=1&X-Amz-Security-Token=hush4&flag";
        log.arrived(&Method::GET, target, None, Some("EDGE".into()), &headers);
        let entry = log.all().remove(0);
        assert!(!format!("{entry:?}").contains("hush"), "{entry:?}");
        assert_eq!(
            entry.target,
            "/b/k?X-Amz-Signature=-&x=1&X-Amz-Security-Token=-&flag"
        );
        assert_eq!(entry.header("range"), Some("bytes=0-1"));
        assert_eq!(entry.header("host"), None);
    }

    #[test]
    fn at_the_limit_the_oldest_entry_makes_room() {
        let log = RequestLog::default();
        for _ in 0..LOG_LIMIT {
            arrive(&log, &Method::GET, "a");
        }
        let last = arrive(&log, &Method::GET, "b");
        assert_eq!((log.gets("a"), log.gets("b")), (LOG_LIMIT - 1, 1));
        log.answered(last, StatusCode::OK);
        assert_eq!(log.all().pop().unwrap().status, Some(StatusCode::OK));
    }
}
