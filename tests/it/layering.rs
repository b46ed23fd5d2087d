//! The layer rule of `src/lib.rs`, enforced: a room uses only the rooms to its left, and ring 0 is pure.
//!
//! Every file under `src/` is parsed with `syn`, then its paths are collected from its *tokens*, not from its syntax
//! tree: the body of a macro, the argument of an attribute and syntax that `syn` does not know yet have no other form,
//! and a rule with such gaps is an invitation. Tests inside `src/` obey the same order.
//!
//! What it does not do: it follows no re-exports (the file that re-exports is judged itself) and reads no doc comments
//! (a link upward is not a dependency).

use std::fmt;
use std::path::{Path, PathBuf};

mod judge;
mod tokens;

use judge::check;

/// The rooms, lowest first: each may use itself and those before it.
#[rustfmt::skip] // a ring a line
const ORDER: &[&str] = &[
    "semantics", "policy", "object", "purge", "verdict", // ring 0
    "clock", "telemetry", "origin", "store", "journal", // ring 1
    "fill", "request", // ring 2
    "config", "serve", "admin", "app", // rim
    "demo", "cli", "main", // root
];

/// How many rooms of `ORDER` are ring 0: no I/O, no async, no clock.
const PURE: usize = 5;

/// What ring 0 may not name: a path, and why. Naming a parent of it by import (`use std::time;`) is as bad, since what
/// is called through the parent can no longer be seen.
const IMPURE: &[(&[&str], &str)] = &[
    (&["tokio"], "no async and no runtime"),
    (&["hyper"], "no network"),
    (&["hyper_util"], "no network"),
    (&["axum"], "no network"),
    (&["reqwest"], "no network"),
    (&["std", "fs"], "no files"),
    (&["std", "net"], "no network"),
    (&["std", "os"], "no operating system"),
    (&["std", "env"], "no environment"),
    (&["std", "process"], "no processes"),
    (
        &["std", "time", "Instant"],
        "no clock: take semantics::age::Instant as an argument",
    ),
    (
        &["std", "time", "SystemTime"],
        "no clock: take UnixTime as an argument",
    ),
    (
        &["std", "time", "UNIX_EPOCH"],
        "no clock: take UnixTime as an argument",
    ),
];

/// The one file of ring 0 that may name `SystemTime` and `UNIX_EPOCH`, to hand a date to the formatter; it may not ask
/// for the time either.
const DATES: &str = "semantics/dates.rs";

/// One broken rule, at one place.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    /// Relative to `src/`, with `/`.
    file: String,
    /// From 1.
    line: usize,
    what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "src/{}:{}: {}", self.file, self.line, self.what)
    }
}

#[test]
fn every_room_uses_only_the_rooms_to_its_left() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&src, &mut files);
    let mut violations = Vec::new();
    let mut seen = Vec::new();
    for file in &files {
        let name = file
            .strip_prefix(&src)
            .unwrap()
            .to_str()
            .expect("file names are UTF-8")
            .replace('\\', "/");
        violations.extend(check(&name, &std::fs::read_to_string(file).unwrap()));
        seen.push(name);
    }
    for must in ["lib.rs", "main.rs"] {
        assert!(
            seen.iter().any(|s| s == must),
            "src/{must} was not walked; found {seen:?}"
        );
    }
    assert!(violations.is_empty(), "{}", report(&violations));
}

fn report(violations: &[Violation]) -> String {
    let list: Vec<String> = violations.iter().map(ToString::to_string).collect();
    format!(
        "{} breach(es) of the layer rule:\n  {}\nA room uses only what stands left of it: {}.",
        list.len(),
        list.join("\n  "),
        ORDER.join(" · ")
    )
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

/// What the rule says of one snippet: the lines and, for each, a word of the message.
type Case = (&'static str, &'static str, &'static [(usize, &'static str)]);

#[test]
fn an_upward_use_is_caught_however_it_is_written() {
    assert_judged(UPWARD);
}

#[test]
fn a_use_to_the_left_or_within_the_room_is_allowed() {
    assert_judged(ALLOWED);
}

#[test]
fn a_stranger_is_an_error() {
    assert_judged(STRANGERS);
}

#[test]
fn ring_0_has_no_io_no_async_and_no_clock() {
    assert_judged(IMPURITIES);
}

#[test]
fn the_report_names_the_place_both_rooms_and_the_order() {
    let text = report(&check("object/head.rs", "\nuse crate::store::disk::Slot;"));
    for part in [
        "src/object/head.rs:2:",
        "object uses store",
        "crate::store::disk::Slot",
        "semantics · policy · object · purge · verdict · clock",
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}

#[test]
fn every_pair_of_rooms_is_ordered() {
    for (i, own) in ORDER.iter().enumerate().filter(|(_, r)| **r != "main") {
        for (j, used) in ORDER.iter().enumerate() {
            let found = check(&format!("{own}/mod.rs"), &format!("use crate::{used}::x;"));
            assert_eq!(!found.is_empty(), j > i, "{own} uses {used}: {found:?}");
        }
    }
}

fn assert_judged(cases: &[Case]) {
    for (file, source, expected) in cases {
        let found = check(file, source);
        let matches = |(v, (line, part)): (&Violation, &(usize, &str))| {
            v.line == *line && v.what.contains(part)
        };
        let agree = found.len() == expected.len() && found.iter().zip(*expected).all(matches);
        assert!(
            agree,
            "{file}: {source}\n  expected {expected:?}\n  found {found:#?}"
        );
    }
}

#[rustfmt::skip] // a table: one case a line
const UPWARD: &[Case] = &[
    ("purge/tags.rs", "use crate::fill::Task;", &[(1, "purge uses fill (`crate::fill::Task`)")]),
    ("purge/tags.rs", "\n\nuse crate::{semantics::{a, b}, origin::{self, s3::{x, y as z}}};", &[(3, "purge uses origin (`crate::origin::self`)"), (3, "purge uses origin (`crate::origin::s3::x`)"), (3, "purge uses origin (`crate::origin::s3::y`)")]),
    ("purge/tags.rs", "use {std::mem, crate::{{store}}};", &[(1, "purge uses store")]),
    ("purge/tags.rs", "use crate::fill as below; fn f() { below::g() }", &[(1, "purge uses fill")]),
    ("purge/tags.rs", "use crate::fill::*;", &[(1, "purge uses fill")]),
    ("purge/tags.rs", "fn f() {\n  let x = crate::journal::local::open(1);\n}", &[(2, "purge uses journal")]),
    ("purge/tags.rs", "fn f(x: Vec<crate::store::Tier>) {}", &[(1, "purge uses store")]),
    ("purge/tags.rs", "fn f() { <crate::store::Tier as Clone>::clone; }", &[(1, "purge uses store")]),
    ("purge/tags.rs", "fn f() { Vec::<crate::store::Tier>::new(); }", &[(1, "purge uses store")]),
    ("purge/tags.rs", "fn f() { match x { crate::fill::Next::End => {} _ => {} } }", &[(1, "purge uses fill")]),
    ("purge/tags.rs", "impl crate::admin::Auth for X {}", &[(1, "purge uses admin")]),
    ("purge/tags.rs", "fn f() { for _ in 0..crate::fill::N {} }", &[(1, "purge uses fill")]),
    ("purge/tags.rs", "fn f() { m!(a, [crate::fill::Task, 1]); }", &[(1, "purge uses fill")]),
    ("purge/tags.rs", "macro_rules! m { () => { $crate::fill::go() } }", &[(1, "purge uses fill")]),
    ("purge/tags.rs", "macro_rules! m { ($r:ident) => { crate::$r::go() } }", &[(1, "without a room")]),
    ("purge/tags.rs", "fn f() { m!(x::{crate::fill::Task}) }", &[(1, "purge uses fill")]),
    ("purge/tags.rs", "fn f() { m!(x::{a => crate::fill::Task}) }", &[(1, "purge uses fill")]),
    ("purge/tags.rs", "use {::std::mem, ::seawall::fill::Task};", &[(1, "purge uses fill")]),
    ("purge/tags.rs", "fn f() { m!(use crate::{fill}) }", &[(1, "purge uses fill")]),
    ("purge/tags.rs", "use super::super::fill::Task;", &[(1, "purge uses fill")]),
    ("purge/mod.rs", "use super::fill::Task;", &[(1, "purge uses fill")]),
    ("verdict.rs", "use super::fill::Task;", &[(1, "verdict uses fill")]),
    ("verdict.rs", "use self::super::fill::Task;", &[(1, "verdict uses fill")]),
    ("verdict.rs", "mod tests { use super::super::fill::Task; }", &[(1, "verdict uses fill")]),
    ("verdict.rs", "use super::super::fill;", &[(1, "leads out of the crate")]),
    ("purge/tags.rs", "#[cfg(test)] mod tests { use crate::fill::Task; }", &[(1, "purge uses fill")]),
    ("purge/tags.rs", "pub(in crate::fill) fn f() {}", &[(1, "purge uses fill")]),
    ("purge/tags.rs", "use crate as root; fn f() { root::fill::go() }", &[(1, "without a room")]),
    ("purge/tags.rs", "use crate::{self as root};", &[(1, "without a room")]),
    ("purge/tags.rs", "use crate::*;", &[(1, "without a room")]),
    ("purge/mod.rs", "use super as root;", &[(1, "without a room")]),
    ("purge/mod.rs", "use super::*;", &[(1, "without a room")]),
    ("purge/tags.rs", "use seawall::fill::Task;", &[(1, "purge uses fill")]),
    ("purge/tags.rs", "use ::seawall::fill::Task;", &[(1, "purge uses fill")]),
    ("purge/tags.rs", "use crate::r#fill::Task;", &[(1, "purge uses fill")]),
    ("purge/tags.rs", "struct S {\n #[serde(with = \"crate::config::x\")] a: u8 }", &[(2, "purge uses config")]),
    ("purge/tags.rs", "struct S { #[schemars(with = \"Vec<crate::fill::X>\")] a: u8 }", &[(1, "purge uses fill")]),
    ("purge/tags.rs", "#[serde(bound = \"T: crate::fill::X\")] struct S<T>(T);", &[(1, "purge uses fill")]),
    ("purge/tags.rs", "#![x(with = \"crate::fill::X\")]", &[(1, "purge uses fill")]),
    ("purge/tags.rs", "#[crate::fill::wrap] fn f() {}", &[(1, "purge uses fill")]),
    ("purge/tags.rs", "#[path = \"../fill/task.rs\"] mod task;", &[(1, "#[path]")]),
    ("purge/tags.rs", "#[cfg_attr(test, path = \"../fill/task.rs\")] mod task;", &[(1, "#[path]")]),
    ("lib.rs", "#![macro_use]\npub mod util;", &[(1, "outside every room"), (2, "`util` is not a room")]),
    ("lib.rs", "#[macro_use]\npub mod fill;", &[(1, "outside every room")]),
    ("fill/mod.rs", "#[macro_export] macro_rules! m { () => {} }", &[(1, "outside every room")]),
    ("purge/tags.rs", "include!(\"../fill/task.rs\");", &[(1, "include!")]),
    ("fill/task.rs", "use crate::request::Engine;", &[(1, "fill uses request")]),
    ("serve/h3.rs", "use crate::admin::auth;", &[(1, "serve uses admin")]),
    ("purge/tags.rs", "use crate::verdict::decide;", &[(1, "purge uses verdict")]),
    ("cli/purge.rs", "use crate::main::x;", &[(1, "cli uses main")]),
];

#[rustfmt::skip] // a table: one case a line
const ALLOWED: &[Case] = &[
    ("fill/task.rs", "use crate::{clock, origin::s3, store as s, fill::feed};", &[]),
    ("fill/task.rs", "use super::feed; use super::{super::origin, plan}; use self::x::y;", &[]),
    ("fill/task.rs", "mod tests { use super::*; use super::super::feed; use crate::fill::plan; }", &[]),
    ("fill/task.rs", "pub(crate) fn f() {} pub(super) fn g() {} pub(in crate::fill) fn h() {}", &[]),
    ("verdict.rs", "pub(super) fn f(self) { self.fill.request.now() }", &[]),
    ("verdict.rs", "impl X { pub(crate) fn f(&self) -> Y { Y { fill: self.fill, ..*self } } }", &[]),
    ("verdict.rs", "/// See [`crate::fill::Task`].\n#[doc = \"crate::fill::Task\"] fn f() {}", &[]),
    ("verdict.rs", "#[expect(dead_code, reason = \"until crate::fill::Task asks\")] fn f() {}", &[]),
    ("verdict.rs", "const A: &str = \"crate::fill::Task\";", &[]),
    ("verdict.rs", "fn f() { log(\"crate::fill::Task\"); }", &[]),
    ("config/raw.rs", "#[serde(crate = \"serde\")] struct S;", &[]),
    ("main.rs", "use seawall::cli; fn main() { crate::run(); seawall::app::go() } fn run() {}", &[]),
    ("lib.rs", "//! Map.\n#![cfg_attr(test, allow(clippy::unwrap_used))]\npub mod semantics;\nmod fill;", &[]),
];

#[rustfmt::skip] // a table: one case a line
const STRANGERS: &[Case] = &[
    ("util.rs", "fn f() {}", &[(1, "`util` is not a room")]),
    ("bin/extra.rs", "fn f() {}", &[(1, "`bin` is not a room")]),
    ("fill/task.rs", "use crate::util::x;", &[(1, "`util` is not a room")]),
    ("main.rs", "use seawall::util::x;", &[(1, "`util` is not a room")]),
    ("main.rs", "mod fill;", &[(1, "main.rs includes no modules")]),
    ("lib.rs", "pub mod fill;\npub mod util;", &[(2, "`util` is not a room")]),
    ("lib.rs", "pub mod main;", &[(1, "`main` is not a room")]),
    ("lib.rs", "pub use std::mem;", &[(1, "only declares rooms")]),
    ("lib.rs", "pub mod fill { fn f() {} }", &[(1, "only declares rooms")]),
    ("lib.rs", "extern crate self as other;", &[(1, "only declares rooms"), (1, "second name")]),
    ("fill/task.rs", "extern crate self as other;", &[(1, "second name")]),
    ("fill/task.rs", "fn f( {", &[(1, "does not parse")]),
];

#[rustfmt::skip] // a table: one case a line
const IMPURITIES: &[Case] = &[
    ("purge/tags.rs", "use tokio::sync::Mutex;", &[(1, "`tokio::sync::Mutex` in ring 0")]),
    ("purge/tags.rs", "use ::tokio as t;", &[(1, "`tokio` in ring 0")]),
    ("purge/tags.rs", "extern crate tokio;", &[(1, "`tokio` in ring 0")]),
    ("purge/tags.rs", "mod tests { #[tokio::test] fn f() {} }", &[(1, "`tokio::test` in ring 0")]),
    ("purge/tags.rs", "fn f() { m! { tokio::spawn(x) } }", &[(1, "`tokio::spawn` in ring 0")]),
    ("purge/tags.rs", "use std::{mem, fs::File};", &[(1, "`std::fs::File` in ring 0")]),
    ("purge/tags.rs", "use std::{mem, fs};", &[(1, "`std::fs` in ring 0")]),
    ("purge/tags.rs", "fn f() { ::std::fs::read(\"x\"); }", &[(1, "`std::fs::read` in ring 0")]),
    ("purge/tags.rs", "fn f() { std::process::exit(1); std::env::args(); }", &[(1, "no processes"), (1, "no environment")]),
    ("purge/tags.rs", "use std::os::fd::RawFd;", &[(1, "no operating system")]),
    ("purge/tags.rs", "use hyper::Request; use reqwest::Url; use axum::Json; use hyper_util::rt;", &[(1, "`hyper::"), (1, "`reqwest::"), (1, "`axum::"), (1, "`hyper_util::")]),
    ("purge/tags.rs", "fn f() { std::net::TcpStream::connect(x); }", &[(1, "no network")]),
    ("purge/tags.rs", "use std as s; use std::*;", &[(1, "not their module")]),
    ("purge/tags.rs", "use std::time;", &[(1, "not their module")]),
    ("purge/tags.rs", "use std::time as t;", &[(1, "not their module")]),
    ("purge/tags.rs", "use std::time::*;", &[(1, "not their module")]),
    ("purge/tags.rs", "use std::time::{self, Duration};", &[(1, "not their module")]),
    ("purge/tags.rs", "use std::time::{Duration, Instant as Tick};", &[(1, "no clock")]),
    ("purge/tags.rs", "fn f() { std::time::SystemTime::now(); }", &[(1, "no clock")]),
    ("purge/tags.rs", "fn f(t: SystemTime) {}", &[(1, "no clock")]),
    ("purge/tags.rs", "fn f() { time::Instant::now(); }", &[(1, "no clock")]),
    ("semantics/age.rs", "use std::time::UNIX_EPOCH;", &[(1, "no clock")]),
    ("semantics/dates.rs", "fn f() { SystemTime::now(); }", &[(1, "asks the clock")]),
    ("semantics/dates.rs", "use std::time::SystemTime as S; fn f() { S::now(); }", &[(1, "asks the clock")]),
    ("semantics/dates.rs", "fn f(t: SystemTime) { t.elapsed(); }", &[(1, "asks the clock")]),
    ("semantics/dates.rs", "use std::time::Instant;", &[(1, "no clock")]),
    ("verdict.rs", "async fn f() {}", &[(1, "`async` in ring 0")]),
    ("verdict.rs", "fn f() {\n x\n.await }", &[(3, "`await` in ring 0")]),
    ("verdict.rs", "fn f() { m!(async move { 1 }) }", &[(1, "`async` in ring 0")]),
    // What is pure, and what is not ring 0.
    ("semantics/dates.rs", "use std::time::{Duration, SystemTime, UNIX_EPOCH};", &[]),
    ("purge/tags.rs", "use std::{time::Duration, collections::HashMap, sync::Arc}; use core::net::IpAddr;", &[]),
    ("purge/tags.rs", "use crate::semantics::age::Instant; fn f(now: Instant) { g(f.now) }", &[]),
    ("clock.rs", "use std::time::{Instant, SystemTime}; use tokio::time; async fn f() { x.await }", &[]),
    ("fill/task.rs", "use std::{fs, net, time}; async fn f() { tokio::spawn(x).await }", &[]),
];
