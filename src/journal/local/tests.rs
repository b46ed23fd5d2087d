//! The local journal against crashes, damage, failing disks and its own limits.

use std::error::Error as _;
use std::fs;
use std::os::fd::OwnedFd;

use tempfile::TempDir;

use super::*;
use crate::purge::{InvalidationError, PathPattern};

fn of(name: &str) -> Invalidation {
    Invalidation {
        id: format!("I-{name}"),
        distribution: Some("E1".into()),
        paths: vec![PathPattern::parse(&format!("/{name}*")).unwrap()],
        soft: false,
        created: 1_700_000_000_000,
        caller_reference: Some(name.into()),
        by: None,
    }
}

fn dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn open(dir: &TempDir) -> Opened {
    Local::open(dir.path()).unwrap()
}

fn journal(dir: &TempDir) -> PathBuf {
    dir.path().join("journal")
}

/// Names in the directory besides the journal and its lock.
fn beside(dir: &TempDir) -> Vec<String> {
    let names = fs::read_dir(dir.path()).unwrap();
    let mut names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "journal" && name != "journal.lock")
        .collect();
    names.sort();
    names
}

async fn fill(journal: &Local, names: &[&str]) {
    for name in names {
        journal.append(of(name)).await.unwrap();
    }
}

async fn held(journal: &Local) -> Vec<(u64, Invalidation)> {
    journal.read_after(0, usize::MAX).await.unwrap()
}

fn numbered(first: u64, names: &[&str]) -> Vec<(u64, Invalidation)> {
    (0..)
        .zip(names)
        .map(|(index, name)| (first + index, of(name)))
        .collect()
}

fn ids(found: &[(u64, Invalidation)]) -> Vec<u64> {
    found.iter().map(|(seq, _)| *seq).collect()
}

#[tokio::test]
async fn a_first_journal_begins_a_log() {
    let dir = dir();
    let opened = Local::open(&dir.path().join("made/here")).unwrap();
    assert_eq!(opened.report.begun, Some(Begun::First));
    let head = opened.journal.head();
    assert_eq!((head.first, head.last, head.log_id.len()), (1, 0, 32));
    assert_eq!(held(&opened.journal).await, []);
    assert_ne!(open(&dir).journal.head().log_id, head.log_id);
}

#[tokio::test]
async fn numbers_are_dense_and_survive_reopening() {
    let dir = dir();
    let first = open(&dir).journal;
    assert_eq!(first.append(of("a")).await.unwrap(), 1);
    assert_eq!(first.append(of("b")).await.unwrap(), 2);
    let before = first.head();
    assert_eq!((before.first, before.last), (1, 2));
    drop(first);
    let Opened { journal, report } = open(&dir);
    assert_eq!(journal.head(), before);
    assert!(report.begun.is_none() && report.cut.is_none());
    assert_eq!((report.records, report.dropped, report.unknown), (2, 0, 0));
    assert_eq!(held(&journal).await, numbered(1, &["a", "b"]));
    assert_eq!(journal.append(of("c")).await.unwrap(), 3);
    drop(journal);
    assert_eq!(
        held(&open(&dir).journal).await,
        numbered(1, &["a", "b", "c"])
    );
    assert!(beside(&dir).is_empty());
}

#[tokio::test]
async fn readers_go_on_from_the_last_number_they_have() {
    let dir = dir();
    let journal = open(&dir).journal;
    fill(&journal, &["a", "b", "c"]).await;
    let table = [
        (0, 9, vec![1, 2, 3]),
        (0, 2, vec![1, 2]),
        (0, 0, vec![]),
        (1, 9, vec![2, 3]),
        (2, 1, vec![3]),
        (3, 9, vec![]),
        (u64::MAX, 9, vec![]),
    ];
    for (seq, max, expected) in table {
        let read = journal.read_after(seq, max).await.unwrap();
        assert_eq!(ids(&read), expected, "after {seq}, at most {max}");
    }
}

#[tokio::test]
async fn records_are_found_by_id_by_reference_and_by_page() {
    let dir = dir();
    let journal = open(&dir).journal;
    fill(&journal, &["a", "b", "c"]).await;
    let elsewhere = Invalidation {
        id: "I-elsewhere".into(),
        distribution: None,
        ..of("b")
    };
    let again = Invalidation {
        id: "I-again".into(),
        ..of("b")
    };
    journal.append(elsewhere.clone()).await.unwrap();
    journal.append(again).await.unwrap();
    assert_eq!(journal.find("I-c"), Some((3, of("c"))));
    assert_eq!(journal.find("I-x"), None);
    let by = |distribution, reference| journal.by_caller_reference(distribution, reference);
    assert_eq!(by(Some("E1"), "b"), Some((2, of("b"))));
    assert_eq!(by(None, "b"), Some((4, elsewhere)));
    assert_eq!(by(Some("E2"), "b"), None);
    assert_eq!(by(Some("E1"), "x"), None);
    assert_eq!(ids(&journal.list(2)), [5, 4]);
    assert_eq!(ids(&journal.list_before(4, 2)), [3, 2]);
    assert!(journal.list_before(1, 2).is_empty());
    assert_eq!(ids(&journal.list(99)), [5, 4, 3, 2, 1]);
}

/// A process killed while it appends leaves a beginning of the file.
#[tokio::test]
async fn every_beginning_of_a_file_opens_with_exactly_its_whole_records() {
    let names = ["a", "b"];
    let origin = dir();
    let first = open(&origin).journal;
    let log_id = first.head().log_id;
    let mut whole = vec![fs::metadata(journal(&origin)).unwrap().len() as usize];
    for name in names {
        fill(&first, &[name]).await;
        whole.push(fs::metadata(journal(&origin)).unwrap().len() as usize);
    }
    let bytes = fs::read(journal(&origin)).unwrap();
    assert_eq!(bytes.len(), whole[names.len()]);
    for length in 0..=bytes.len() {
        let dir = dir();
        fs::write(journal(&dir), &bytes[..length]).unwrap();
        let Opened {
            journal: cut,
            report,
        } = open(&dir);
        let kept = whole.iter().filter(|end| **end <= length).count();
        let Some(records) = kept.checked_sub(1) else {
            // Not even the header: nothing was ever acknowledged from this file.
            assert_ne!(cut.head().log_id, log_id, "{length}");
            let damage = Damage::Header;
            let moved_to = dir.path().join("journal.damaged-1");
            assert_eq!(fs::read(&moved_to).unwrap(), &bytes[..length]);
            assert_eq!(report.begun, Some(Begun::Damaged { damage, moved_to }));
            continue;
        };
        assert_eq!(report.begun, None, "{length}");
        assert_eq!(cut.head().log_id, log_id);
        assert_eq!(held(&cut).await, numbered(1, &names[..records]), "{length}");
        let tail = &bytes[whole[records]..length];
        match report.cut {
            None => assert!(tail.is_empty(), "{length}"),
            Some(Cut { bytes, kept_in }) => {
                assert_eq!(bytes, tail.len() as u64);
                assert_eq!(fs::read(kept_in).unwrap(), tail);
            }
        }
        assert_eq!(cut.append(of("z")).await.unwrap(), records as u64 + 1);
        drop(cut);
        let Opened { journal, report } = open(&dir);
        assert!(report.cut.is_none() && report.begun.is_none(), "{length}");
        let mut expected = names[..records].to_vec();
        expected.push("z");
        assert_eq!(held(&journal).await, numbered(1, &expected), "{length}");
    }
}

/// Every byte with more masks is `scan`'s own test; here is what opening makes of it.
#[tokio::test]
async fn a_flipped_byte_is_a_cut_tail_or_a_new_log() {
    let names = ["a", "b"];
    let origin = dir();
    let first = open(&origin).journal;
    fill(&first, &names).await;
    let log_id = first.head().log_id;
    let bytes = fs::read(journal(&origin)).unwrap();
    for at in (0..bytes.len()).rev().step_by(5) {
        let mut flipped = bytes.clone();
        flipped[at] ^= [0x01, 0x80, 0x20][at % 3];
        let dir = dir();
        fs::write(journal(&dir), &flipped).unwrap();
        let Opened { journal, report } = open(&dir);
        let found = held(&journal).await;
        assert_eq!(found, numbered(1, &names[..found.len()]), "byte {at}");
        match (report.begun, report.cut) {
            (None, Some(cut)) => {
                assert_eq!(journal.head().log_id, log_id);
                let kept = fs::read(self::journal(&dir)).unwrap();
                let tail = fs::read(cut.kept_in).unwrap();
                assert_eq!([kept, tail].concat(), flipped, "byte {at}: nothing is lost");
            }
            (Some(Begun::Damaged { moved_to, .. }), None) => {
                assert_ne!(journal.head().log_id, log_id);
                assert!(found.is_empty());
                assert_eq!(fs::read(moved_to).unwrap(), flipped);
            }
            other => panic!("byte {at}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn what_is_set_aside_never_replaces_what_was() {
    let dir = dir();
    for round in 1..=3 {
        fs::write(journal(&dir), format!("damage {round}\n")).unwrap();
        drop(open(&dir));
    }
    for round in 1..=2 {
        let mut bytes = fs::read(journal(&dir)).unwrap();
        bytes.extend(format!("tail {round}").bytes());
        fs::write(journal(&dir), bytes).unwrap();
        drop(open(&dir));
    }
    let expected = [
        ("journal.cut-1", "tail 1"),
        ("journal.cut-2", "tail 2"),
        ("journal.damaged-1", "damage 1\n"),
        ("journal.damaged-2", "damage 2\n"),
        ("journal.damaged-3", "damage 3\n"),
    ];
    assert_eq!(beside(&dir), expected.map(|(name, _)| name));
    for (name, content) in expected {
        assert_eq!(fs::read_to_string(dir.path().join(name)).unwrap(), content);
    }
}

#[tokio::test]
async fn a_newer_format_is_refused_and_left_as_it_is() {
    let dir = dir();
    let json = r#"{"format":2,"anything":[]}"#;
    let line = format!("{:08x} {json}\nwhatever", crc32fast::hash(json.as_bytes()));
    fs::write(journal(&dir), &line).unwrap();
    let error = Local::open(dir.path()).unwrap_err();
    assert!(matches!(
        error,
        JournalError::Newer {
            found: 2,
            supported: 1,
            ..
        }
    ));
    let message = error.to_string();
    assert!(message.ends_with("has format 2; this version reads up to format 1"));
    assert_eq!(fs::read_to_string(journal(&dir)).unwrap(), line);
    assert!(beside(&dir).is_empty());
}

#[tokio::test]
async fn a_second_process_is_told_which_file_is_held() {
    let dir = dir();
    let first = open(&dir);
    let error = Local::open(dir.path()).unwrap_err();
    assert!(matches!(&error, JournalError::Locked { path } if path.ends_with("journal.lock")));
    let path = dir.path().join("journal.lock");
    assert!(error.to_string().contains(path.to_str().unwrap()));
    assert!(!error.is_retryable());
    drop(first);
    open(&dir);
}

#[tokio::test]
async fn an_unknown_kind_counts_as_a_purge_of_everything_and_is_kept_as_written() {
    let dir = dir();
    fill(&open(&dir).journal, &["a"]).await;
    let json = r#"{"seq":2,"k":2,"id":"ab","kind":"member","edge":"e7"}"#;
    let line = format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()));
    let mut bytes = fs::read(journal(&dir)).unwrap();
    bytes.extend(line.bytes());
    fs::write(journal(&dir), bytes).unwrap();
    let Opened {
        journal: found,
        report,
    } = open(&dir);
    assert_eq!((report.records, report.unknown), (2, 1));
    let (seq, everything) = held(&found).await.pop().unwrap();
    assert_eq!(
        (seq, &*everything.paths),
        (2, [PathPattern::All].as_slice())
    );
    assert_eq!((everything.distribution, everything.soft), (None, false));
    assert_eq!(found.append(of("c")).await.unwrap(), 3);
    drop(found);
    let limits = Limits {
        keep: 2,
        ..Limits::default()
    };
    Local::open_within(dir.path(), limits).unwrap();
    let text = fs::read_to_string(journal(&dir)).unwrap();
    assert_eq!(text.split_inclusive('\n').nth(1), Some(line.as_str()));
}

#[tokio::test]
async fn compaction_keeps_the_newest_their_numbers_and_the_log() {
    let dir = dir();
    let limits = Limits {
        keep: 3,
        ..Limits::default()
    };
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let first = Local::open_within(dir.path(), limits).unwrap().journal;
    fill(&first, &names[..6]).await;
    let before = first.head();
    assert_eq!(
        (before.first, before.last),
        (1, 6),
        "not before twice the limit"
    );
    fill(&first, &names[6..]).await;
    let head = first.head();
    assert_eq!((head.first, head.last), (5, 7));
    assert_eq!(head.log_id, before.log_id);
    // What was asked for is gone; the caller sees it by the number.
    let read = first.read_after(1, 9).await.unwrap();
    assert_eq!(read, numbered(5, &names[4..]));
    assert_eq!(ids(&first.read_after(5, 9).await.unwrap()), [6, 7]);
    assert_eq!(first.find("I-a"), None);
    assert_eq!(first.append(of("h")).await.unwrap(), 8);
    drop(first);

    let Opened { journal, report } = Local::open_within(dir.path(), limits).unwrap();
    assert_eq!(
        (report.records, report.dropped),
        (3, 1),
        "at open, once the limit"
    );
    assert!(report.begun.is_none() && report.cut.is_none());
    assert_eq!(held(&journal).await, numbered(6, &["f", "g", "h"]));
    assert_eq!(journal.append(of("i")).await.unwrap(), 9);
    drop(journal);
    let Opened { journal, report } = open(&dir);
    assert_eq!(report.dropped, 0);
    assert_eq!(journal.head().log_id, head.log_id);
    assert_eq!(held(&journal).await, numbered(6, &["f", "g", "h", "i"]));
    assert!(beside(&dir).is_empty());
}

#[tokio::test]
async fn repeated_compactions_keep_places_right() {
    let dir = dir();
    let limits = Limits {
        keep: 2,
        ..Limits::default()
    };
    let journal = Local::open_within(dir.path(), limits).unwrap().journal;
    for number in 1..=40_u64 {
        let name = format!("n{}", "x".repeat((number % 7) as usize));
        assert_eq!(journal.append(of(&name)).await.unwrap(), number);
    }
    let shown = held(&journal).await;
    assert!(shown.len() <= 4 && shown.last().unwrap().0 == 40);
    drop(journal);
    let Opened { journal, report } = open(&dir);
    assert!(report.begun.is_none() && report.cut.is_none());
    assert_eq!(held(&journal).await, shown);
}

#[tokio::test]
async fn bytes_are_bounded_too_but_the_newest_record_stays() {
    let dir = dir();
    let line = |name: &str| record::encode(1, &"f".repeat(32), &of(name)).unwrap().len() as u64;
    let limits = Limits {
        keep: 100,
        keep_bytes: 2 * line("a"),
    };
    let journal = Local::open_within(dir.path(), limits).unwrap().journal;
    fill(&journal, &["a", "b", "c", "d"]).await;
    assert_eq!(journal.head().first, 1);
    fill(&journal, &["e"]).await;
    assert_eq!(held(&journal).await, numbered(4, &["d", "e"]));
    let long = "l".repeat(500);
    fill(&journal, &[&long]).await;
    assert_eq!(held(&journal).await, numbered(6, &[&long]));
    fill(&journal, &["f"]).await;
    assert_eq!(held(&journal).await, numbered(7, &["f"]));
    drop(journal);
    assert_eq!(held(&open(&dir).journal).await, numbered(7, &["f"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_at_the_same_time_get_a_number_each_and_land_in_that_order() {
    let dir = dir();
    let journal = Arc::new(open(&dir).journal);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..100 {
        let journal = Arc::clone(&journal);
        tasks.spawn(async move {
            let record = of(&format!("p{number}"));
            let seq = journal.append(record.clone()).await.unwrap();
            let at_once = journal.read_after(seq - 1, 1).await.unwrap();
            assert_eq!(
                at_once,
                [(seq, record.clone())],
                "acknowledged, so readable"
            );
            (seq, record)
        });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(seq, _)| *seq);
    assert_eq!(ids(&answers), (1..=100).collect::<Vec<u64>>());
    drop(journal);
    assert_eq!(held(&open(&dir).journal).await, answers);
}

#[tokio::test]
async fn a_caller_that_goes_away_disturbs_nobody() {
    let dir = dir();
    let journal = open(&dir).journal;
    let mut gone = journal.append(of("a"));
    let waker = std::task::Waker::noop();
    let polled = gone
        .as_mut()
        .poll(&mut std::task::Context::from_waker(waker));
    drop(gone);
    assert_eq!(journal.append(of("b")).await.unwrap(), 2, "{polled:?}");
    assert_eq!(held(&journal).await, numbered(1, &["a", "b"]));
}

#[tokio::test]
async fn a_record_over_its_limits_is_refused_and_nothing_is_written() {
    let dir = dir();
    let journal = open(&dir).journal;
    let empty = Invalidation {
        paths: Vec::new(),
        ..of("a")
    };
    let error = journal.append(empty).await.unwrap_err();
    assert!(matches!(
        error,
        JournalError::Invalid(InvalidationError::NoPaths)
    ));
    assert_eq!(journal.head().last, 0);
    assert!(!journal.broken());
    assert_eq!(journal.append(of("b")).await.unwrap(), 1);
}

#[tokio::test]
async fn the_queue_is_bounded() {
    let dir = dir();
    let journal = open(&dir).journal;
    let waiting = |limit| {
        for _ in 0..limit {
            lock_of(&journal.log.waiting).push(Waiting {
                id: "ab".into(),
                invalidation: Arc::new(of("w")),
                answer: oneshot::channel().0,
            });
        }
    };
    waiting(MAX_WAITING);
    let error = journal.append(of("a")).await.unwrap_err();
    assert!(matches!(error, JournalError::Busy { limit: MAX_WAITING }));
    assert!(error.is_retryable() && !journal.broken());
    lock_of(&journal.log.waiting).pop();
    assert_eq!(journal.append(of("a")).await.unwrap(), MAX_WAITING as u64);
}

/// After the failure: nothing is accepted or shown; after reopening: all that was acknowledged.
async fn breaks_and_recovers(dir: &TempDir, local: Local) {
    assert!(!local.broken());
    let first = local.append(of("lost")).await.unwrap_err();
    assert!(local.broken());
    let JournalError::Broken { path, cause } = &first else {
        panic!("{first:?}");
    };
    assert_eq!(*path, journal(dir));
    assert!(
        cause.raw_os_error().is_some(),
        "the system's own: {cause:?}"
    );
    assert!(first.source().is_some() && first.to_string().contains(&cause.to_string()));
    *lock_of(&local.log.writer) = local.log.files.open().unwrap();
    let second = local.append(of("later")).await.unwrap_err();
    assert_eq!(
        second.to_string(),
        first.to_string(),
        "even with a good disk"
    );
    assert!(!second.is_retryable());
    assert_eq!(held(&local).await, numbered(1, &["a"]));
    assert_eq!(local.head().last, 1);
    drop(local);
    let again = open(dir).journal;
    assert!(!again.broken());
    assert_eq!(held(&again).await, numbered(1, &["a"]));
    assert_eq!(again.append(of("b")).await.unwrap(), 2);
}

#[tokio::test]
async fn a_failed_write_breaks_the_journal_until_it_is_reopened() {
    let dir = dir();
    let local = open(&dir).journal;
    fill(&local, &["a"]).await;
    *lock_of(&local.log.writer) = File::open(journal(&dir)).unwrap();
    breaks_and_recovers(&dir, local).await;
}

#[tokio::test]
async fn a_failed_sync_breaks_the_journal_until_it_is_reopened() {
    let dir = dir();
    let local = open(&dir).journal;
    fill(&local, &["a"]).await;
    // A pipe takes the bytes and cannot be synced.
    let (_reader, pipe) = io::pipe().unwrap();
    *lock_of(&local.log.writer) = OwnedFd::from(pipe).into();
    breaks_and_recovers(&dir, local).await;
}

#[tokio::test]
async fn a_failed_compaction_takes_back_nothing_and_breaks_the_journal() {
    let dir = dir();
    let limits = Limits {
        keep: 1,
        ..Limits::default()
    };
    let local = Local::open_within(dir.path(), limits).unwrap().journal;
    // A directory stands where the rewrite wants to be.
    fs::create_dir(dir.path().join("journal.tmp")).unwrap();
    fill(&local, &["a", "b", "c"]).await;
    assert!(local.broken());
    assert!(local.append(of("d")).await.is_err());
    assert_eq!(held(&local).await, numbered(1, &["a", "b", "c"]));
    drop(local);
    assert_eq!(
        held(&open(&dir).journal).await,
        numbered(1, &["a", "b", "c"])
    );
}

#[tokio::test]
async fn a_panic_while_writing_breaks_the_journal() {
    let dir = dir();
    let local = open(&dir).journal;
    fill(&local, &["a"]).await;
    let log = Arc::clone(&local.log);
    let half_way = tokio::task::spawn_blocking(move || {
        let _writer = log.writer.lock().unwrap();
        panic!("half-way");
    });
    assert!(half_way.await.is_err());
    assert!(local.append(of("b")).await.is_err());
    assert!(local.broken());
    assert_eq!(held(&local).await, numbered(1, &["a"]));
}

#[tokio::test]
async fn numbers_that_are_used_up_end_the_log_without_a_panic() {
    let dir = dir();
    let header = Header {
        format: record::FORMAT,
        log: "f".repeat(32),
        base: u64::MAX - 1,
    };
    fs::write(journal(&dir), header.encode().unwrap()).unwrap();
    let local = open(&dir).journal;
    assert_eq!(local.append(of("a")).await.unwrap(), u64::MAX);
    assert!(local.append(of("b")).await.is_err());
    assert!(local.broken());
    drop(local);
    let again = open(&dir).journal;
    assert_eq!(held(&again).await, numbered(u64::MAX, &["a"]));
    assert_eq!(ids(&again.list(9)), [u64::MAX]);
}
