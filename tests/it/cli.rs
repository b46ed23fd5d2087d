//! The program as it is typed: what it prints, what it does at a signal, how it ends.

mod check_says_where_and_what_is_wrong;
mod each_change_is_a_line_of_the_log;
mod purge_says_why_it_could_not;
mod serve_reloads_and_ends_in_order;
mod serve_says_why_it_could_not_start;
mod the_demo_does_what_it_prints;
mod the_demo_page_renders;
mod the_demo_runs_on_minio;
mod the_schema_names_every_key;

use std::net::SocketAddr;

use aws_sdk_s3::primitives::ByteStream;
use seawall::demo::bucket::Identity;
use seawall::demo::site;

use crate::harness::{Client, Program};

/// A running `seawall demo`, and what it printed.
struct Demo {
    program: Program,
    viewer: SocketAddr,
    /// The port of the bucket, its name and its region.
    bucket: String,
    name: String,
    region: String,
    publisher: Identity,
    purge: String,
}

impl Demo {
    async fn start() -> Self {
        Self::start_with(&[], &[]).await
    }

    async fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let ports = ["--port", "0", "--admin-port", "0", "--bucket-port", "0"];
        let program = Program::start(&[&["demo"], &ports[..], arguments].concat(), variables);
        program
            .stdout("the end of what to try", |line| {
                line.starts_with("Ctrl-C").then_some(())
            })
            .await;
        let printed = program.printed();
        let after = |start: &str| {
            let line = printed
                .lines()
                .find_map(|line| line.trim().strip_prefix(start));
            line.unwrap_or_else(|| panic!("no {start:?} in\n{printed}"))
                .to_owned()
        };
        let port = after("http://localhost:");
        let user = printed.split("--user ").nth(1).unwrap();
        let (access_key, rest) = user.split_once(':').unwrap();
        let bucket = after("curl -i http://127.0.0.1:");
        let (bucket, rest_of_path) = bucket.split_once('/').unwrap();
        let region = printed.split("--aws-sigv4 aws:amz:").nth(1).unwrap();
        Self {
            viewer: format!("127.0.0.1:{}", port.trim_end_matches('/'))
                .parse()
                .unwrap(),
            bucket: bucket.to_owned(),
            name: rest_of_path.trim_end_matches("/index.html").to_owned(),
            region: region.split(':').next().unwrap().to_owned(),
            publisher: Identity {
                access_key: access_key.to_owned(),
                secret_key: rest.split_whitespace().next().unwrap().to_owned(),
            },
            purge: printed
                .lines()
                .find(|line| line.contains(" purge --admin "))
                .unwrap()
                .trim()
                .to_owned(),
            program,
        }
    }

    async fn get(&self, path: &str) -> crate::harness::Answer {
        Client::connect(self.viewer).await.get(path).await
    }

    /// Puts an object as the publisher.
    async fn publish(&self, key: &str, body: &str) {
        let url = format!("http://127.0.0.1:{}", self.bucket);
        let client = site::client(&url, &self.region, &self.publisher);
        let put = client
            .put_object()
            .bucket(&self.name)
            .key(key)
            .content_type("text/html; charset=utf-8")
            .body(ByteStream::from(body.as_bytes().to_vec()));
        put.send().await.unwrap();
    }

    /// Types the purge command as it was printed.
    async fn purge(&self) -> String {
        let mut shell = tokio::process::Command::new("sh");
        let shell = shell
            .args(["-c", &self.purge])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .kill_on_drop(true);
        let output = crate::harness::bounded("the purge", shell.output())
            .await
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}
