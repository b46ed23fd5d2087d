//! An edge in this process, started as the program starts one: from a configuration text.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use seawall::app::Edge;
use seawall::clock::{Clock, ManualClock, SharedClock, SystemClock};
use seawall::config::{self, Config};
use seawall::demo::bucket::Identity;
use tempfile::TempDir;

use super::store::{BUCKET, REGION, TestBucket, edge_identity};
use super::{Answer, Client, TOKEN, bounded, until};

/// How a test's edge differs from the plain one. Lines are TOML, put at the end of their table.
pub(crate) struct EdgeOptions {
    pub(crate) endpoint: String,
    pub(crate) edge: String,
    pub(crate) admin: String,
    pub(crate) origin: String,
    pub(crate) distribution: String,
    /// Everything after the first distribution.
    pub(crate) more: String,
    /// Another secret key than the bucket knows.
    pub(crate) secret: Option<String>,
    /// A directory that outlives the edge.
    pub(crate) data: Option<Arc<TempDir>>,
    /// The machine's clock instead of a manual one.
    pub(crate) real_time: bool,
    /// The region that it signs for.
    pub(crate) region: String,
    /// Who it signs as.
    pub(crate) identity: Identity,
    /// The session token that its identity comes with.
    pub(crate) token: Option<String>,
    /// The bucket that it asks.
    pub(crate) bucket: String,
    /// Where its access log goes.
    pub(crate) access: String,
    /// Its name.
    pub(crate) name: String,
    /// Its origin is no bucket but an HTTP origin at the endpoint.
    pub(crate) web: bool,
}

impl EdgeOptions {
    pub(crate) fn new(endpoint: &str) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            edge: String::new(),
            admin: String::new(),
            origin: String::new(),
            distribution: String::new(),
            more: String::new(),
            secret: None,
            data: None,
            real_time: false,
            region: REGION.to_owned(),
            identity: edge_identity(),
            token: None,
            bucket: BUCKET.to_owned(),
            access: "off".to_owned(),
            name: "edge-1".to_owned(),
            web: false,
        }
    }

    /// An edge before an HTTP origin.
    pub(crate) fn web(url: &str) -> Self {
        Self {
            web: true,
            ..Self::new(url)
        }
    }

    pub(crate) fn of(bucket: &TestBucket) -> Self {
        Self::new(&bucket.url())
    }

    pub(crate) fn edge(mut self, lines: &str) -> Self {
        self.edge.push_str(lines);
        self
    }

    pub(crate) fn admin(mut self, lines: &str) -> Self {
        self.admin.push_str(lines);
        self
    }

    pub(crate) fn origin(mut self, lines: &str) -> Self {
        self.origin.push_str(lines);
        self
    }

    pub(crate) fn distribution(mut self, lines: &str) -> Self {
        self.distribution.push_str(lines);
        self
    }

    pub(crate) fn more(mut self, lines: &str) -> Self {
        self.more.push_str(lines);
        self
    }

    pub(crate) fn secret(mut self, secret: &str) -> Self {
        self.secret = Some(secret.to_owned());
        self
    }

    pub(crate) fn data(mut self, data: &Arc<TempDir>) -> Self {
        self.data = Some(Arc::clone(data));
        self
    }

    pub(crate) fn real_time(mut self) -> Self {
        self.real_time = true;
        self
    }

    pub(crate) fn region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.region);
        self
    }

    pub(crate) fn identity(mut self, identity: &Identity) -> Self {
        self.identity = identity.clone();
        self
    }

    pub(crate) fn token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    pub(crate) fn bucket(mut self, bucket: &str) -> Self {
        bucket.clone_into(&mut self.bucket);
        self
    }

    pub(crate) fn access(mut self, sink: &str) -> Self {
        sink.clone_into(&mut self.access);
        self
    }

    pub(crate) fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    pub(crate) async fn start(self) -> TestEdge {
        let data = self
            .data
            .clone()
            .unwrap_or_else(|| Arc::new(tempfile::tempdir().unwrap()));
        let config = self.config(&data);
        let manual = Arc::new(ManualClock::new(SystemClock::new().wall()));
        let clock: SharedClock = if self.real_time {
            Arc::new(SystemClock::new())
        } else {
            Arc::clone(&manual) as _
        };
        let edge = Edge::start(config, clock).await.unwrap();
        TestEdge {
            edge,
            clock: manual,
            data,
        }
    }

    /// The configuration as the edge reads it.
    pub(crate) fn config(&self, data: &TempDir) -> Config {
        let Self {
            endpoint,
            edge,
            admin,
            origin,
            distribution,
            more,
            secret,
            region,
            identity,
            bucket,
            token,
            access,
            name,
            web,
            ..
        } = self;
        let session = match token {
            Some(_) => ", session_token_env = \"EDGE_SESSION_TOKEN\"",
            None => "",
        };
        let kind = match web {
            true => format!("type = \"http\"\nurl = \"{endpoint}\""),
            false => format!(
                r#"type = "s3"
bucket = "{bucket}"
region = "{region}"
endpoint = "{endpoint}"
credentials = {{ access_key_env = "EDGE_ACCESS_KEY", secret_key_env = "EDGE_SECRET_KEY"{session} }}"#
            ),
        };
        let text = format!(
            r#"
[edge]
name = "{name}"
listen = ["127.0.0.1:0"]
data = {data:?}
workers = 2
{edge}
[admin]
listen = "127.0.0.1:0"
tokens = [
  {{ name = "all", env = "ADMIN_TOKEN", scopes = ["read", "purge:/"] }},
  {{ name = "reader", env = "READER_TOKEN", scopes = ["read"] }},
  {{ name = "images", env = "IMAGES_TOKEN", scopes = ["purge:/img/"] }},
  {{ name = "tenant", env = "TENANT_TOKEN", scopes = ["purge:E1:/img/"] }},
]
{admin}
[log]
access = "{access}"
[origins.site]
{kind}
{origin}
[[distributions]]
id = "E1"
origin = "site"
{distribution}
{more}
"#,
            data = data.path().to_str().unwrap(),
        );
        let env = |name: &str| match name {
            "ADMIN_TOKEN" => Some(TOKEN.to_owned()),
            "READER_TOKEN" => Some(format!("reader-{TOKEN}")),
            "IMAGES_TOKEN" => Some(format!("images-{TOKEN}")),
            "TENANT_TOKEN" => Some(format!("tenant-{TOKEN}")),
            "EDGE_ACCESS_KEY" => Some(identity.access_key.clone()),
            "EDGE_SECRET_KEY" => Some(secret.as_ref().unwrap_or(&identity.secret_key).clone()),
            "EDGE_SESSION_TOKEN" => token.clone(),
            _ => None,
        };
        config::parse("test.toml", &text, &env)
            .unwrap_or_else(|error| panic!("{}", error.render_plain()))
    }
}

/// A running edge.
pub(crate) struct TestEdge {
    pub(crate) edge: Edge,
    /// The edge's clock, unless it was started with `real_time`.
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) data: Arc<TempDir>,
}

impl TestEdge {
    pub(crate) async fn start(bucket: &TestBucket) -> Self {
        EdgeOptions::of(bucket).start().await
    }

    pub(crate) fn viewer(&self) -> SocketAddr {
        self.edge.viewer_addresses()[0]
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Waits until `count` are waiting for the instant that is `after` from now. The clock stands
    /// still meanwhile, so they are those whose limit of that length has just begun.
    pub(crate) async fn waiting(&self, what: &str, count: usize, after: Duration) {
        let at = self.clock.now().saturating_add(after);
        until(what, || self.clock.sleeping_until(at) == count).await;
    }

    /// Moves the clock on by `seconds` again and again until `future` is done: for a limit whose
    /// beginning no test can see from outside.
    pub(crate) async fn advance_until<T>(
        &self,
        what: &str,
        seconds: u64,
        future: impl Future<Output = T>,
    ) -> T {
        let moving = async {
            loop {
                for _ in 0..1_000 {
                    tokio::task::yield_now().await;
                }
                self.advance(seconds);
            }
        };
        let either = async {
            tokio::select! {
                output = future => output,
                () = moving => unreachable!("it moves for ever"),
            }
        };
        bounded(what, either).await
    }

    /// Waits until no fill is under way.
    pub(crate) async fn settled(&self) {
        until("no fill is under way", || {
            self.edge.engine().fills.open() == 0
        })
        .await;
    }

    /// Moves the clock on, second by second, for ever: to be selected against what time brings.
    pub(crate) async fn time_passes(&self) {
        loop {
            self.advance(1);
            // Whoever was woken gets a chance to act before the next second comes.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
        }
    }

    /// A connection of its own.
    pub(crate) async fn connect(&self) -> Client {
        Client::connect(self.viewer()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.connect().await.get(path).await
    }

    pub(crate) async fn get_with(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.connect().await.request("GET", path, fields, "").await
    }

    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        self.connect().await.request(method, path, fields, "").await
    }

    /// A call of the admin API with the token that may do everything.
    pub(crate) async fn admin(&self, method: &str, path: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {TOKEN}");
        self.admin_with(method, path, &[("authorization", &bearer)], body)
            .await
    }

    pub(crate) async fn admin_with(
        &self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        Client::connect(self.edge.admin_address())
            .await
            .request(method, path, fields, body)
            .await
    }

    /// Purges paths; the answer as JSON.
    pub(crate) async fn purge(&self, paths: &[&str]) -> serde_json::Value {
        let body = serde_json::json!({ "paths": paths }).to_string();
        let answer = self.admin("POST", "/v1/invalidations", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// A metric's value by its full name with labels; 0 if it is not there.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let text = self.admin_with("GET", "/metrics", &[], "").await.text();
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
            .unwrap_or_default()
    }

    /// Waits until the store has accepted the edge's credentials.
    pub(crate) async fn ready(&self) {
        until("the edge is ready", || self.edge.not_ready().is_empty()).await;
    }
}
