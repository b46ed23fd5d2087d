//! moto, an independent judge of signatures that enforces what IAM is told.
//!
//! The edge's user has the policy that `seawall policy` prints for AWS, set as its step 1 says. The
//! bucket's own policy is not put: moto takes any statement with a condition for a refusal, so that
//! its Deny would be one for the edge too.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use seawall::demo::bucket::Identity;
use seawall::demo::site;

use super::process::{Process, free_address};
use super::{BUCKET, Http, Kind, Server, Store};
use crate::harness::printed::Printed;

const REGION: &str = "us-east-1";
const EDGE_USER: &str = "arn:aws:iam::123456789012:user/edge";
const EDGE_ROLE: &str = "arn:aws:iam::123456789012:role/edge";

pub(super) async fn start(folder: &Path) -> Result<Store, String> {
    let address = free_address();
    let mut command = Command::new("python3");
    command
        .args(["-m", "moto.server", "-H", "127.0.0.1", "-p"])
        .arg(address.port().to_string())
        .env("PYTHONPATH", folder);
    let mut process = Process::new(command, tempfile::tempdir().unwrap());
    // It takes seconds to come to its port, which another process may have taken by then. It says
    // this when it has it, and ends when it cannot have it.
    process.says("Running on").await?;
    process.answers(address).await?;
    let admin = Admin(address);
    let edge = admin.user("edge", &admin.printed(EDGE_USER)).await?;
    let publisher = admin.user("publisher", &allowing("s3:*")).await?;
    // moto takes no notice of a policy's resource, so that "only another bucket" means nothing.
    let foreign = admin.user("foreign", &allowing("sqs:SendMessage")).await?;
    let url = format!("http://{address}");
    let client = site::client(&url, REGION, &publisher);
    let create = client.create_bucket().bucket(BUCKET).send().await;
    create.map_err(|error| format!("{error:?}"))?;
    admin.enforce(true).await?;
    process.alive()?;
    Ok(Store {
        kind: Kind::Moto,
        address,
        region: REGION,
        edge,
        foreign,
        publisher: client,
        server: Server::Moto(process),
    })
}

/// The administrative side of a moto server.
pub(super) struct Admin(pub(super) SocketAddr);

impl Admin {
    /// From now on every action needs a signature and a policy; or none does.
    async fn enforce(&self, on: bool) -> Result<(), String> {
        let after = if on { "0" } else { "1000000" };
        self.post("/moto-api/reset-auth", &[], after)
            .await
            .map(drop)
    }

    /// Takes the edge's right to read away, or gives it back.
    pub(super) async fn let_edge_read(&self, allowed: bool) -> Result<(), String> {
        let document = if allowed {
            self.printed(EDGE_USER)
        } else {
            allowing("s3:Nothing")
        };
        self.enforce(false).await?;
        self.policy("User", "edge", &document).await?;
        self.enforce(true).await
    }

    /// The edge's policy as printed for this identity.
    fn printed(&self, edge: &str) -> String {
        let url = format!("http://{}", self.0);
        let arguments = ["--for", "aws", "--edge", edge];
        Printed::of(&url, REGION, &arguments).document("aws-role-policy")
    }

    async fn user(&self, name: &str, document: &str) -> Result<Identity, String> {
        self.iam(&format!("Action=CreateUser&UserName={name}"))
            .await?;
        self.policy("User", name, document).await?;
        let key = self
            .iam(&format!("Action=CreateAccessKey&UserName={name}"))
            .await?;
        credentials(&key)
    }

    /// A session of the edge's role, which has the policy that is printed for a role.
    pub(super) async fn temporary(&self) -> Result<(Identity, String), String> {
        self.enforce(false).await?;
        let trust = r#"{"Version":"2012-10-17","Statement":[]}"#;
        self.iam(&format!(
            "Action=CreateRole&RoleName=edge&AssumeRolePolicyDocument={trust}"
        ))
        .await?;
        self.policy("Role", "edge", &self.printed(EDGE_ROLE))
            .await?;
        let parameters = format!(
            "Version=2011-06-15&Action=AssumeRole&RoleSessionName=edge-1&RoleArn={EDGE_ROLE}"
        );
        let session = self.form("sts", &parameters).await?;
        self.enforce(true).await?;
        let token = element(&session, "SessionToken")?;
        Ok((credentials(&session)?, token))
    }

    /// Sets the only policy of a user or role.
    async fn policy(&self, of: &str, name: &str, document: &str) -> Result<(), String> {
        let document: String = document
            .bytes()
            .map(|byte| format!("%{byte:02X}"))
            .collect();
        self.iam(&format!(
            "Action=Put{of}Policy&{of}Name={name}&PolicyName=seawall-edge&PolicyDocument={document}"
        ))
        .await
        .map(drop)
    }

    async fn iam(&self, parameters: &str) -> Result<String, String> {
        self.form("iam", &format!("Version=2010-05-08&{parameters}"))
            .await
    }

    async fn form(&self, service: &str, body: &str) -> Result<String, String> {
        // Before it enforces anything moto reads of this the service alone.
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=root/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
        );
        let fields = [
            ("authorization", scope.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        self.post("/", &fields, body).await
    }

    async fn post(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Result<String, String> {
        let mut client = Http::connect(self.0).await;
        let answer = client.request("POST", path, fields, body).await;
        if answer.status == 200 {
            Ok(answer.text())
        } else {
            Err(format!("{path}: {} {}", answer.status, answer.text()))
        }
    }
}

/// A policy that allows one action.
fn allowing(action: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"arn:aws:s3:::{BUCKET}/*"}}]}}"#
    )
}

fn credentials(document: &str) -> Result<Identity, String> {
    Ok(Identity {
        access_key: element(document, "AccessKeyId")?,
        secret_key: element(document, "SecretAccessKey")?,
    })
}

fn element(document: &str, name: &str) -> Result<String, String> {
    let found = seawall::origin::judge::element(document, name);
    found
        .map(str::to_owned)
        .ok_or_else(|| format!("no {name} in {document}"))
}
