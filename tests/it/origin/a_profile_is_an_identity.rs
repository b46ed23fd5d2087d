//! `credentials = { profile = }`: the keys of that profile, or of its process, whatever the
//! environment says; a profile that is not there is named.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::harness::store::{BUCKET, REGION, edge_identity};
use crate::harness::{Client, Program, TestBucket};

/// An edge that signs as `profile`, with these AWS files.
async fn serve(bucket: &TestBucket, profile: &str, config: &str, keys: &str) -> Served {
    let stranger = [
        // The chain would take these.
        ("AWS_ACCESS_KEY_ID", "stranger"),
        ("AWS_SECRET_ACCESS_KEY", "secret-of-the-stranger"),
    ];
    let credentials = format!("{{ profile = \"{profile}\" }}");
    serve_with(bucket, &credentials, &stranger, config, keys)
}

fn serve_with(
    bucket: &TestBucket,
    credentials: &str,
    variables: &[(&str, &str)],
    config: &str,
    keys: &str,
) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let file = write(
        "seawall.toml",
        &format!(
            "[edge]\nlisten = [\"127.0.0.1:0\"]\ndata = {:?}\n[admin]\nlisten = \"127.0.0.1:0\"\n\
             [origins.site]\nbucket = \"{BUCKET}\"\nregion = \"{REGION}\"\nendpoint = \"{}\"\n\
             credentials = {credentials}\n\
             [[distributions]]\nid = \"E1\"\norigin = \"site\"\n",
            folder.path().join("data"),
            bucket.url(),
        ),
    );
    let config = write("config", config);
    let keys = write("credentials", keys);
    let mut all = vec![
        ("AWS_CONFIG_FILE", config.as_str()),
        ("AWS_SHARED_CREDENTIALS_FILE", &keys),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("PATH", "/usr/bin:/bin"),
    ];
    all.extend(variables);
    let program = Program::start(&["serve", "--config", &file], &all);
    Served {
        program,
        file,
        _folder: folder,
    }
}

struct Served {
    program: Program,
    /// Its configuration.
    file: String,
    _folder: TempDir,
}

impl Served {
    async fn get(&self, path: &str) -> crate::harness::Answer {
        let address = self
            .program
            .stderr("the viewers' address", |line| {
                line.contains("serving viewers")
                    .then(|| line.split("address=").nth(1)?.trim().parse().ok())?
            })
            .await;
        Client::connect(address).await.get(path).await
    }
}

async fn bucket() -> TestBucket {
    let bucket = TestBucket::start().await;
    bucket.put("page", "here").await;
    bucket
}

/// A profile `edge` whose process prints a file that has the edge's keys; its folder, the file, and
/// the text of the profile.
fn process() -> (TempDir, PathBuf, String) {
    let folder = tempfile::tempdir().unwrap();
    let answer = folder.path().join("answer.json");
    let secret = edge_identity().secret_key;
    std::fs::write(
        &answer,
        format!("{{\"Version\": 1, \"AccessKeyId\": \"edge\", \"SecretAccessKey\": \"{secret}\"}}"),
    )
    .unwrap();
    let profile = format!(
        "[profile edge]\ncredential_process = cat {}\n",
        answer.display()
    );
    (folder, answer, profile)
}

#[tokio::test(flavor = "multi_thread")]
async fn its_keys_sign() {
    let bucket = bucket().await;
    let secret = edge_identity().secret_key;
    let keys = format!(
        "[default]\naws_access_key_id = stranger\naws_secret_access_key = x\n\
         [edge@site]\naws_access_key_id = edge\naws_secret_access_key = {secret}\n"
    );
    let served = serve(&bucket, "edge@site", "", &keys).await;
    let answer = served.get("/page").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "here"));
}

#[tokio::test(flavor = "multi_thread")]
async fn its_process_is_asked() {
    let bucket = bucket().await;
    let (_folder, _answer, config) = process();
    let served = serve(&bucket, "edge", &config, "").await;
    assert_eq!(served.get("/page").await.text(), "here");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_not_there_is_named() {
    let bucket = bucket().await;
    let served = serve(&bucket, "absent", "[profile edge]\nregion = local\n", "").await;
    served
        .program
        .says("profile `absent` was not defined")
        .await;
    assert_eq!(served.get("/page").await.status, 502);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_keeps_what_it_gave() {
    for credentials in ["{ profile = \"edge\" }", "\"chain\""] {
        let bucket = bucket().await;
        bucket.put("other", "there").await;
        let (_folder, answer, config) = process();
        let profile = [("AWS_PROFILE", "edge")];
        let served = serve_with(&bucket, credentials, &profile, &config, "");
        assert_eq!(served.get("/page").await.text(), "here");

        // Nothing more comes from there, and the origin is made anew.
        std::fs::remove_file(answer).unwrap();
        let text = std::fs::read_to_string(&served.file).unwrap();
        let text = text.replace("[origins.site]\n", "[origins.site]\nmax_requests = 7\n");
        std::fs::write(&served.file, text).unwrap();
        served.program.signal("HUP").await;
        served.program.says("the configuration is in force").await;
        let other = served.get("/other").await;
        assert_eq!(
            (other.status, other.text().as_str()),
            (200, "there"),
            "{credentials}"
        );
    }
}
