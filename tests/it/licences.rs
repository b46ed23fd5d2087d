//! What may be linked into the product: licences, crates that are banned, and versions that are too old.
//!
//! The graph is what `cargo tree` prints, since that is what is built: the lock file and `cargo metadata` also list
//! crates that only a feature nobody asks for would bring. The lists stand in `deny.toml`, where cargo-deny reads them
//! as well. What it does not do: it asks no advisory database; that needs the network.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Older versions have a known hole, or a bug that we would meet.
const FLOORS: &[(&str, Version)] = &[
    ("aws-lc-sys", Version(0, 39, 0)),
    ("bytes", Version(1, 11, 1)),
    ("h2", Version(0, 4, 16)),
    ("moka", Version(0, 12, 16)),
    ("quinn-proto", Version(0, 11, 15)),
    ("rustls", Version(0, 23, 18)),
    ("rustls-webpki", Version(0, 103, 13)),
    ("tokio", Version(1, 44, 2)),
];

/// The builds whose graphs are judged, as arguments of cargo.
const BUILDS: &[&[&str]] = &[&[], &["--no-default-features"], &["--all-features"]];

#[test]
fn every_linked_crate_has_an_allowed_licence() {
    let allowed = deny_list(&["licenses", "allow"]);
    for build in BUILDS {
        let graph = graph("normal", build);
        let refused: Vec<String> = graph.iter().filter_map(|c| c.refusal(&allowed)).collect();
        assert!(
            refused.is_empty(),
            "cargo tree {build:?}: not covered by `licenses.allow` in deny.toml:\n  {}",
            refused.join("\n  ")
        );
    }
}

#[test]
fn no_banned_crate_is_in_any_graph() {
    let banned = deny_list(&["bans", "deny"]);
    assert!(
        banned.iter().any(|b| b == "ring"),
        "deny.toml no longer bans ring: {banned:?}"
    );
    for build in BUILDS {
        let graph = graph("normal,build,dev", build);
        let found = called(&graph, &banned);
        assert!(
            found.is_empty(),
            "cargo tree {build:?} holds {found:?}, which deny.toml bans; `cargo tree -e all -i <name>` says who wants it"
        );
    }
}

#[test]
fn there_is_one_tls_stack() {
    for build in BUILDS {
        let graph = graph("normal,build,dev", build);
        let versions = called(&graph, &["rustls".to_owned()]);
        assert!(
            versions.len() <= 1,
            "cargo tree {build:?} holds {versions:?}; one is allowed"
        );
    }
}

#[test]
fn no_locked_crate_is_older_than_its_floor() {
    let lock = toml_file("Cargo.lock");
    let locked: Vec<(String, String)> = lock["package"]
        .as_array()
        .expect("Cargo.lock lists packages")
        .iter()
        .map(|p| {
            (
                p["name"].as_str().unwrap().to_owned(),
                p["version"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    assert!(
        locked.iter().any(|(name, _)| name == "tokio"),
        "Cargo.lock without tokio: is it ours?"
    );
    let old = below_floor(&locked);
    assert!(
        old.is_empty(),
        "Cargo.lock holds versions below their floor:\n  {}",
        old.join("\n  ")
    );
}

/// A dependency as `cargo tree` prints it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Crate {
    name: String,
    version: String,
    /// An SPDX expression; empty if the crate names none.
    licence: String,
}

impl Crate {
    /// Why this crate may not be linked, if so.
    fn refusal(&self, allowed: &[String]) -> Option<String> {
        match satisfied(&self.licence, &|id| allowed.iter().any(|a| a == id)) {
            Ok(true) => None,
            Ok(false) => Some(format!("{self}: {}", self.licence)),
            Err(why) => Some(format!(
                "{self}: {:?} is no SPDX expression: {why}",
                self.licence
            )),
        }
    }
}

impl std::fmt::Display for Crate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// The crates of this machine's build, without our own, sorted.
fn graph(edges: &str, build: &[&str]) -> Vec<Crate> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "tree",
            "--locked",
            "--color=never",
            "--charset=ascii",
            "--prefix=none",
        ])
        .args(["--edges", edges, "--format", "{p}|{l}"])
        .args(build)
        .output()
        .expect("cargo runs: it is running this test");
    assert!(
        output.status.success(),
        "cargo tree: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("cargo prints UTF-8");
    let mut crates: Vec<Crate> = text.lines().filter_map(tree_line).collect();
    crates.sort();
    crates.dedup();
    assert!(
        crates.iter().any(|c| c.name == "tokio"),
        "a graph without tokio cannot be ours:\n{text}"
    );
    crates.retain(|c| c.name != env!("CARGO_PKG_NAME"));
    crates
}

/// The crates of the graph with one of these names.
fn called(graph: &[Crate], names: &[String]) -> Vec<String> {
    let is_named = |c: &&Crate| names.contains(&c.name);
    graph
        .iter()
        .filter(is_named)
        .map(Crate::to_string)
        .collect()
}

/// `name v1.2.3 (proc-macro)|MIT (*)`; blank lines and headings (`[dev-dependencies]`) are none.
fn tree_line(line: &str) -> Option<Crate> {
    let (package, licence) = line.split_once('|')?;
    let mut words = package.split_whitespace();
    let name = words.next()?.to_owned();
    let version = words.next()?.strip_prefix('v')?.to_owned();
    let licence = licence.trim().trim_end_matches("(*)").trim_end().to_owned();
    Some(Crate {
        name,
        version,
        licence,
    })
}

/// The strings, or the `name`s of the tables, of a list in `deny.toml`.
fn deny_list(path: &[&str]) -> Vec<String> {
    let file = toml_file("deny.toml");
    let list = path.iter().fold(&file, |value, key| &value[*key]);
    let named = |entry: &toml::Value| {
        entry
            .as_str()
            .or_else(|| entry.get("name")?.as_str())
            .unwrap()
            .to_owned()
    };
    list.as_array().expect("a list").iter().map(named).collect()
}

fn toml_file(name: &str) -> toml::Value {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Major, minor, patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u64, u64, u64);

impl Version {
    /// None for a pre-release: nobody can say what it holds already.
    fn parse(text: &str) -> Option<Self> {
        let (text, _build) = text.split_once('+').unwrap_or((text, ""));
        let mut numbers = text.split('.').map(|n| n.parse().ok());
        let version = Self(numbers.next()??, numbers.next()??, numbers.next()??);
        numbers.next().is_none().then_some(version)
    }
}

/// The `(name, version)` of `locked` that are below their floor, as sentences.
fn below_floor(locked: &[(String, String)]) -> Vec<String> {
    let mut old = Vec::new();
    for (name, text) in locked {
        let Some((_, floor)) = FLOORS.iter().find(|(floored, _)| floored == name) else {
            continue;
        };
        if Version::parse(text).is_none_or(|version| version < *floor) {
            old.push(format!(
                "{name} {text}, allowed from {}.{}.{}",
                floor.0, floor.1, floor.2
            ));
        }
    }
    old
}

/// Whether an SPDX 2 licence expression can be met with the allowed ids; `AND` binds closer than `OR`, and the `/` of
/// old manifests is `OR`. `id WITH exception` is asked as that whole string.
fn satisfied(expression: &str, allowed: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let met = any_of(&mut rest, allowed)?;
    match rest.first() {
        None => Ok(met),
        Some(word) => Err(format!("expected AND, OR or the end, found {word:?}")),
    }
}

fn any_of(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let mut met = all_of(rest, allowed)?;
    while take(rest, "OR") {
        met |= all_of(rest, allowed)?;
    }
    Ok(met)
}

fn all_of(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let mut met = one(rest, allowed)?;
    while take(rest, "AND") {
        met &= one(rest, allowed)?;
    }
    Ok(met)
}

fn one(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    if take(rest, "(") {
        let met = any_of(rest, allowed)?;
        return if take(rest, ")") {
            Ok(met)
        } else {
            Err("a parenthesis is not closed".into())
        };
    }
    let id = name(rest)?;
    if take(rest, "WITH") {
        Ok(allowed(&format!("{id} WITH {}", name(rest)?)))
    } else {
        Ok(allowed(id))
    }
}

fn name<'a>(rest: &mut &[&'a str]) -> Result<&'a str, String> {
    match rest.split_first() {
        Some((word, after)) if !matches!(*word, "AND" | "OR" | "WITH" | "(" | ")") => {
            *rest = after;
            Ok(word)
        }
        found => Err(format!(
            "expected a licence, found {}",
            found.map_or("the end", |(word, _)| *word)
        )),
    }
}

fn take(rest: &mut &[&str], word: &str) -> bool {
    let is_next = rest.first() == Some(&word);
    if is_next {
        *rest = &rest[1..];
    }
    is_next
}

#[test]
fn an_expression_is_met_as_spdx_reads_it() {
    let allowed = |id: &str| matches!(id, "MIT" | "ISC" | "Apache-2.0 WITH LLVM-exception");
    let cases: &[(&str, Option<bool>)] = &[
        ("MIT", Some(true)),
        ("GPL-3.0", Some(false)),
        ("mit", Some(false)),
        ("MIT OR GPL-3.0", Some(true)),
        ("GPL-3.0 OR MIT", Some(true)),
        ("GPL-3.0 OR AGPL-3.0", Some(false)),
        ("MIT AND ISC", Some(true)),
        ("MIT AND GPL-3.0", Some(false)),
        ("GPL-3.0 AND MIT", Some(false)),
        ("GPL-3.0/MIT", Some(true)),
        ("GPL-3.0 / AGPL-3.0", Some(false)),
        // AND binds closer than OR.
        ("MIT OR ISC AND GPL-3.0", Some(true)),
        ("GPL-3.0 AND ISC OR MIT", Some(true)),
        ("(MIT OR ISC) AND GPL-3.0", Some(false)),
        ("GPL-3.0 AND (ISC OR MIT)", Some(false)),
        ("((MIT)) AND (GPL-3.0 OR (ISC AND MIT))", Some(true)),
        // An exception belongs to its licence.
        ("Apache-2.0 WITH LLVM-exception", Some(true)),
        ("Apache-2.0", Some(false)),
        ("MIT WITH LLVM-exception", Some(false)),
        ("Apache-2.0 WITH LLVM-exception AND GPL-3.0", Some(false)),
        ("GPL-2.0+", Some(false)),
        // Not expressions; none at all is what a crate with only a licence file shows.
        ("", None),
        ("MIT OR", None),
        ("OR MIT", None),
        ("MIT ISC", None),
        ("(MIT", None),
        ("MIT)", None),
        ("()", None),
        ("Apache-2.0 WITH", None),
    ];
    for (expression, expected) in cases {
        assert_eq!(
            satisfied(expression, &allowed).ok(),
            *expected,
            "{expression:?}"
        );
    }
}

#[test]
fn a_refusal_names_crate_version_and_expression() {
    let refused = |licence: &str| {
        let linked = Crate {
            name: "leftpad".into(),
            version: "1.2.3".into(),
            licence: licence.into(),
        };
        linked.refusal(&["MIT".to_owned()])
    };
    assert_eq!(refused("MIT"), None);
    assert_eq!(
        refused("GPL-3.0 AND MIT").unwrap(),
        "leftpad 1.2.3: GPL-3.0 AND MIT"
    );
    assert!(
        refused("")
            .unwrap()
            .contains("leftpad 1.2.3: \"\" is no SPDX expression")
    );
}

#[test]
fn a_line_of_the_tree_is_read() {
    let read = |line| tree_line(line).map(|c| (c.name, c.version, c.licence));
    let is = |name: &str, version: &str, licence: &str| {
        Some((name.into(), version.into(), licence.into()))
    };
    assert_eq!(read("tokio v1.54.0|MIT"), is("tokio", "1.54.0", "MIT"));
    assert_eq!(read("tokio v1.54.0|MIT (*)"), is("tokio", "1.54.0", "MIT"));
    assert_eq!(
        read("serde_derive v1.0.2 (proc-macro)|(MIT OR ISC) AND X (*)"),
        is("serde_derive", "1.0.2", "(MIT OR ISC) AND X")
    );
    assert_eq!(
        read("aws v0.1.0+build.2 (/some/place)|"),
        is("aws", "0.1.0+build.2", "")
    );
    assert_eq!(read("[dev-dependencies]"), None);
    assert_eq!(read(""), None);
}

#[test]
fn a_crate_is_found_by_its_whole_name() {
    let graph: Vec<Crate> = [
        "ring v0.17.14|ISC",
        "string v1.0.0|MIT",
        "rustls v0.21.0|MIT",
        "rustls v0.23.0|MIT",
    ]
    .into_iter()
    .filter_map(tree_line)
    .collect();
    assert_eq!(called(&graph, &["ring".to_owned()]), ["ring 0.17.14"]);
    assert_eq!(
        called(&graph, &["rustls".to_owned(), "openssl".to_owned()]),
        ["rustls 0.21.0", "rustls 0.23.0"]
    );
    assert!(called(&graph, &["rust".to_owned()]).is_empty());
}

#[test]
fn a_version_below_its_floor_is_old() {
    let old = |name: &str, version: &str| {
        !below_floor(&[(name.to_owned(), version.to_owned())]).is_empty()
    };
    let cases = [
        ("h2", "0.4.15", true),
        ("h2", "0.4.16", false),
        ("h2", "0.3.99", true),
        ("h2", "1.0.0", false),
        ("tokio", "1.44.1", true),
        ("tokio", "1.44.2", false),
        ("tokio", "1.100.0", false),
        ("tokio", "1.54.0-rc.1", true),
        ("tokio", "1.54", true),
        ("aws-lc-sys", "0.39.0+x-y", false),
        ("unlisted", "0.0.1", false),
    ];
    for (name, version, expected) in cases {
        assert_eq!(old(name, version), expected, "{name} {version}");
    }
    assert_eq!(
        below_floor(&[("h2".into(), "0.4.2".into())]),
        ["h2 0.4.2, allowed from 0.4.16"]
    );
}
