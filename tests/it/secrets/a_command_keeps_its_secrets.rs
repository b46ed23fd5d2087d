//! Every subcommand, where it succeeds and where it fails, prints no secret: the list of them is the
//! program's own, so a new one fails this test until it has a row here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use clap::CommandFactory;
use seawall::cli::Cli;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{ADMIN, BEARER, COOKIE, EDGE, PASTED, SIGNED, WRONG, finder, variables};
use crate::harness::{EdgeOptions, Program, Reply, ScriptedOrigin, TestBucket, run, until};

type Played<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// A subcommand, and what plays it in good and in bad situations.
type Row = (&'static str, fn(&Scene) -> Played<'_>);

const ROWS: [Row; 10] = [
    ("check", |scene| Box::pin(check(scene))),
    ("config reference", |scene| {
        Box::pin(config(scene, "reference"))
    }),
    ("config schema", |scene| Box::pin(config(scene, "schema"))),
    ("demo", |scene| Box::pin(demo(scene))),
    ("doctor", |scene| Box::pin(doctor(scene))),
    ("explain", |scene| Box::pin(explain(scene))),
    ("keys", |scene| Box::pin(keys(scene))),
    ("policy", |scene| Box::pin(policy(scene))),
    ("purge", |scene| Box::pin(purge(scene))),
    ("serve", |scene| Box::pin(serve(scene))),
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_it_is() {
    let mut names = BTreeSet::new();
    leaves(&Cli::command(), "", &mut names);
    let rows: BTreeSet<String> = ROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    for name in &names {
        assert!(
            rows.contains(name),
            "`seawall {name}` has no row in tests/it/secrets/a_command_keeps_its_secrets.rs: say there \
             how it is run, so that it is known to print no secret"
        );
    }
    assert_eq!(rows, names, "a row is of no subcommand");
    let scene = Scene {
        folder: tempfile::tempdir().unwrap(),
    };
    for (_, play) in ROWS {
        play(&scene).await;
    }
}

/// The subcommands that have none of their own, by all their words.
fn leaves(command: &clap::Command, before: &str, names: &mut BTreeSet<String>) {
    for command in command.get_subcommands() {
        let name = format!("{before} {}", command.get_name()).trim().to_owned();
        if name == "help" {
            continue;
        }
        if command.has_subcommands() {
            leaves(command, &name, names);
        } else {
            names.insert(name);
        }
    }
}

struct Scene {
    folder: TempDir,
}

impl Scene {
    /// Runs a command with every secret in its environment; it must end with this code.
    async fn run(&self, arguments: &[&str], code: i32) -> String {
        self.run_with(arguments, &[], code).await
    }

    /// The same with these variables instead of those of their names.
    async fn run_with(&self, arguments: &[&str], others: &[(&str, &str)], code: i32) -> String {
        let mut all: Vec<(&str, &str)> = variables();
        all.retain(|(name, _)| others.iter().all(|(other, _)| name != other));
        all.extend(others);
        let run = run(arguments, &all).await;
        let printed = format!("{}{}", run.stdout, run.stderr);
        assert_eq!(run.code, Some(code), "{arguments:?}: {printed}");
        assert!(!printed.is_empty(), "{arguments:?}");
        finder().nothing_in(&format!("{arguments:?}"), &printed);
        printed
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn good(&self) -> PathBuf {
        self.file("good.toml", &configuration(self.folder.path()))
    }

    /// Configurations that hold a secret where something else belongs.
    fn bad(&self) -> Vec<PathBuf> {
        let good = configuration(self.folder.path());
        let with = |from: &str, to: &str| {
            assert!(good.contains(from), "{from}");
            good.replace(from, to)
        };
        let credentials =
            r#"{ access_key_env = "EDGE_ACCESS_KEY", secret_key_env = "EDGE_SECRET_KEY" }"#;
        let texts = [
            with("\"EDGE_SECRET_KEY\"", &format!("\"{PASTED}\"")),
            with("\"SEAWALL_ADMIN_TOKEN\"", &format!("\"{PASTED}\"")),
            with(
                "secret_key_env = \"EDGE_SECRET_KEY\"",
                &format!("secret_key = \"{PASTED}\""),
            ),
            with(credentials, &format!("\"{PASTED}\"")),
            with(
                credentials,
                &format!("{{ secret_access_key = \"{PASTED}\" }}"),
            ),
            with(credentials, &format!("[\"{PASTED}\"]")),
            with(
                "http://127.0.0.1:1",
                &format!("http://edge:{PASTED}@127.0.0.1:1"),
            ),
            with(
                "http://127.0.0.1:1",
                &format!("http://127.0.0.1:1/?X-Amz-Signature={PASTED}"),
            ),
            with(
                "http://127.0.0.1:1",
                &format!("http://127.0.0.1:1/#{PASTED}"),
            ),
            with("[admin]", &format!("[admin]\ntoken = \"{PASTED}\"")),
            with("[admin]", &format!("[admin]\ntoken = \"{PASTED}")),
            with("[admin]", &format!("[admin]\ntoken = {PASTED}")),
            with("[admin]", &format!("[admin]\n{PASTED}")),
            with("tokens = [", &format!("tokens = [\"{PASTED}\", ")),
        ];
        let files = texts.iter().enumerate();
        files
            .map(|(at, text)| self.file(&format!("bad-{at}.toml"), text))
            .collect()
    }
}

fn configuration(folder: &Path) -> String {
    format!(
        r#"
[edge]
listen = ["127.0.0.1:0"]
data = {data:?}
[admin]
listen = "127.0.0.1:0"
tokens = [{{ name = "all", env = "SEAWALL_ADMIN_TOKEN", scopes = ["read"] }}]
[origins.site]
bucket = "site"
region = "local"
endpoint = "http://127.0.0.1:1"
credentials = {{ access_key_env = "EDGE_ACCESS_KEY", secret_key_env = "EDGE_SECRET_KEY" }}
[[distributions]]
id = "E1"
origin = "site"
"#,
        data = folder.join("data"),
    )
}

async fn check(scene: &Scene) {
    scene.run(&["check", path(&scene.good())], 0).await;
    for bad in scene.bad() {
        scene.run(&["check", path(&bad)], 1).await;
    }
    // A token that is none: its value is not repeated.
    let odd = format!("{ADMIN} {WRONG}");
    let said = scene
        .run_with(
            &["check", path(&scene.good())],
            &[("SEAWALL_ADMIN_TOKEN", &odd)],
            1,
        )
        .await;
    assert!(said.contains("SEAWALL_ADMIN_TOKEN"), "{said}");
    scene.run(&["check", "no/such/file"], 1).await;
    scene.run(&["check"], 2).await;
}

async fn config(scene: &Scene, what: &str) {
    scene.run(&["config", what], 0).await;
    scene.run(&["config", what, "more"], 2).await;
    scene.run(&["config", "--help"], 0).await;
}

/// Nobody listens there; then a store that repeats in its refusals what it was asked with; then one
/// that refuses because the secret is another.
async fn doctor(scene: &Scene) {
    let down = configuration(scene.folder.path());
    let repeating =
        ScriptedOrigin::start((0..64).map(|_| Reply::Repeat(403, "AccessDenied"))).await;
    let bucket = TestBucket::start().await;
    for endpoint in ["http://127.0.0.1:1", &repeating.url(), &bucket.url()] {
        let text = down.replace("http://127.0.0.1:1", endpoint);
        let file = scene.file("doctor.toml", &text);
        for more in [&[][..], &["--json"], &["--foreign-profile", "nobody"]] {
            let arguments = [&["doctor", "--config", path(&file)], more].concat();
            scene.run(&arguments, 1).await;
        }
    }
    assert!(repeating.count() > 0);
    for bad in scene.bad() {
        scene.run(&["doctor", "--config", path(&bad)], 2).await;
    }
}

async fn policy(scene: &Scene) {
    let good = scene.good();
    let arguments = ["policy", "--config", path(&good), "--for", "all"];
    scene.run(&arguments, 0).await;
    scene
        .run(
            &["policy", "--config", path(&good), "--for", "all", "--json"],
            0,
        )
        .await;
    scene
        .run(&["policy", "--config", path(&good), "--origin", "none"], 1)
        .await;
    scene
        .run(&["policy", "--config", path(&good), "--edge", "me"], 2)
        .await;
    for bad in scene.bad() {
        scene.run(&["policy", "--config", path(&bad)], 1).await;
    }
}

/// Of a bucket and of a web server that answers with secrets; of requests that hold some; and what fails.
async fn explain(scene: &Scene) {
    let bucket = TestBucket::start().await;
    let edge = EdgeOptions::of(&bucket).start().await;
    edge.ready().await;
    let answer = format!("set-cookie: id={COOKIE}; path=/\r\nlocation: /b?Signature={SIGNED}\r\n");
    let web = ScriptedOrigin::start([Reply::ok(&answer, "a")]).await;
    let web = EdgeOptions::web(&web.url())
        .distribution("origin_request = \"AllViewer\"\ncache_policy = \"own\"\n")
        .more("[cache_policies.own]\nbase = \"RFC9111\"\ncookies = \"all\"\nheaders = [\"Authorization\"]\n")
        .start()
        .await;
    let token = |token| [("SEAWALL_ADMIN_TOKEN", token)];
    let good = token(crate::harness::TOKEN);
    let (bearer, cookie) = (
        format!("Authorization: Bearer {BEARER}"),
        format!("Cookie: id={COOKIE}"),
    );
    let signed = format!("http://localhost/a?Policy=p&Signature={SIGNED}");
    for edge in [&edge, &web] {
        let admin = format!("http://{}", edge.edge.admin_address());
        let whole = [
            "explain", "--admin", &admin, "-H", &bearer, "-H", &cookie, &signed,
        ];
        for more in [
            &[][..],
            &["--json"],
            &["--live", "--method", "HEAD"],
            &["--live", "--json"],
        ] {
            let arguments = [&whole[..], more].concat();
            let said = scene.run_with(&arguments, &good, 0).await;
            finder_of_the_token().nothing_in("explain", said);
        }
        for bad in [
            format!("http://me:{SIGNED}@localhost/"),
            SIGNED.to_owned(),
            format!("http://localhost/{SIGNED} "),
        ] {
            scene
                .run_with(&["explain", "--admin", &admin, &bad], &good, 1)
                .await;
        }
        for header in [BEARER.to_owned(), format!("X-A: {BEARER}\u{1}")] {
            let arguments = [
                "explain",
                "--admin",
                &admin,
                "-H",
                &header,
                "http://localhost/",
            ];
            scene.run_with(&arguments, &good, 1).await;
        }
        scene.run(&["explain", "--admin", &admin, &signed], 1).await;
    }
    let somewhere = format!("http://me:{SIGNED}@127.0.0.1:1");
    scene
        .run(&["explain", "--admin", &somewhere, "http://localhost/"], 1)
        .await;
    scene.run(&["explain"], 2).await;
}

async fn purge(scene: &Scene) {
    let bucket = TestBucket::start().await;
    let edge = EdgeOptions::of(&bucket).start().await;
    let admin = format!("http://{}", edge.edge.admin_address());
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = free.local_addr().unwrap();
    drop(free);
    let token = |token| [("SEAWALL_ADMIN_TOKEN", token)];
    let good = token(crate::harness::TOKEN);
    let done = scene
        .run_with(&["purge", "--admin", &admin, "/a"], &good, 0)
        .await;
    assert!(done.contains("Completed"), "{done}");
    finder_of_the_token().nothing_in("purge", done);
    scene
        .run_with(&["purge", "--admin", &admin, "--json", "/a"], &good, 0)
        .await;
    scene
        .run_with(&["purge", "--admin", &admin, "a"], &good, 1)
        .await;
    scene.run(&["purge", "--admin", &admin, "/a"], 1).await;
    scene
        .run_with(&["purge", "--admin", &admin, "/a"], &token(WRONG), 1)
        .await;
    // A token that no header may have.
    let broken = format!("{ADMIN}\n{WRONG}");
    scene
        .run_with(&["purge", "--admin", &admin, "/a"], &token(&broken), 1)
        .await;
    for address in [
        format!("http://{nobody}"),
        format!("http://me:{SIGNED}@{nobody}"),
        format!("http://{nobody}/?token={WRONG}"),
        format!("no address: {WRONG}"),
    ] {
        scene.run(&["purge", "--admin", &address, "/a"], 1).await;
    }
    scene.run(&["purge"], 2).await;
}

async fn keys(scene: &Scene) {
    let origin = ScriptedOrigin::start([]).await;
    let edge = EdgeOptions::web(&origin.url())
        .distribution("cache_policy = \"own\"")
        .more("[cache_policies.own]\ncookies = \"all\"\n")
        .start()
        .await;
    for n in 0..5 {
        origin.then(Reply::ok("cache-control: max-age=60\r\n", "page"));
        let cookie = format!("s={SIGNED}{n}");
        let target = format!("/p?X-Amz-Signature={SIGNED}{n}&{SIGNED}");
        edge.get_with(&target, &[("cookie", &cookie)]).await;
    }
    let splits = edge.edge.engine().fills.splits();
    until("all were looked at", || splits.answers() == 5).await;
    let admin = format!("http://{}", edge.edge.admin_address());
    let good = [("SEAWALL_ADMIN_TOKEN", crate::harness::TOKEN)];
    for more in [&[][..], &["--json"]] {
        let arguments = [&["keys", "--admin", &admin], more].concat();
        let told = scene.run_with(&arguments, &good, 0).await;
        assert!(told.contains("X-Amz-Signature"), "{told}");
        finder_of_the_token().nothing_in("keys", told);
    }
    let odd = ["keys", "--admin", &admin, "--distribution", "E9"];
    scene.run_with(&odd, &good, 1).await;
    scene.run(&["keys", "--admin", &admin], 1).await;
    let wrong = [("SEAWALL_ADMIN_TOKEN", WRONG)];
    scene
        .run_with(&["keys", "--admin", &admin], &wrong, 1)
        .await;
    for address in [
        format!("http://me:{SIGNED}@127.0.0.1:1"),
        format!("http://127.0.0.1:1/?token={WRONG}"),
        format!("no address: {WRONG}"),
    ] {
        scene.run(&["keys", "--admin", &address], 1).await;
    }
}

/// The demo has secrets of its own; two of them are for its reader and stand in the lines to type.
async fn demo(scene: &Scene) {
    let arguments = [
        "demo",
        "--port",
        "0",
        "--admin-port",
        "0",
        "--bucket-port",
        "0",
    ];
    let mut program = Program::start(&arguments, &variables());
    let done = |line: &str| line.starts_with("Ctrl-C").then_some(());
    program.stdout("the end of what to try", done).await;
    program.signal("TERM").await;
    assert_eq!(
        program.ended().await.code(),
        Some(0),
        "{}",
        program.output()
    );
    let printed = program.output();
    finder().nothing_in("demo", &printed);
    for label in ["publisher:", "SEAWALL_ADMIN_TOKEN="] {
        let (_, rest) = printed.split_once(label).unwrap();
        let secret = rest.split_whitespace().next().unwrap();
        assert_eq!(secret.len(), 32, "{label} {secret}");
        assert_eq!(
            printed.matches(secret).count(),
            1,
            "{label} once, to be typed"
        );
    }
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    scene.run(&["demo", "--port", &port], 1).await;
}

/// What it does once it serves is told by `a_serving_edge_keeps_its_secrets`.
async fn serve(scene: &Scene) {
    for bad in scene.bad() {
        scene.run(&["serve", "--config", path(&bad)], 1).await;
    }
    let good = scene.good();
    let empty = [("EDGE_SECRET_KEY", "")];
    scene
        .run_with(&["serve", "--config", path(&good)], &empty, 1)
        .await;
    // Nothing can be written down where a file stands.
    scene.file("data", EDGE);
    scene.run(&["serve", "--config", path(&good)], 1).await;
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn finder_of_the_token() -> super::Finder {
    let mut finder = super::Finder::default();
    finder.seed("the token that was good", crate::harness::TOKEN);
    finder
}
