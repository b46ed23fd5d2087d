//! `seawall doctor` passes a bucket that is private, with the proof against a foreign identity.

use crate::harness::program::run;
use crate::harness::store::BUCKET;
use crate::harness::stores::{Kind, Store};

on_every_store!(the_doctor_finds_it_healthy);

async fn the_doctor_finds_it_healthy(store: Store) {
    store.put("index.html", b"home").await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let config = write(
        "seawall.toml",
        &format!(
            "[origins.site]\nbucket = \"{BUCKET}\"\nregion = \"{}\"\nendpoint = \"{}\"\n\
             credentials = {{ access_key_env = \"KEY\", secret_key_env = \"SECRET\" }}\n\
             [[distributions]]\nid = \"E1\"\norigin = \"site\"\n",
            store.region,
            store.url()
        ),
    );
    let foreign = &store.foreign;
    let profiles = write(
        "profiles",
        &format!(
            "[foreign]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
            foreign.access_key, foreign.secret_key
        ),
    );
    let examined = run(
        &[
            "doctor",
            "--config",
            &config,
            "--foreign-profile",
            "foreign",
        ],
        &[
            ("KEY", &store.edge.access_key),
            ("SECRET", &store.edge.secret_key),
            ("AWS_SHARED_CREDENTIALS_FILE", &profiles),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ],
    )
    .await;
    let said = format!("{}{}", examined.stdout, examined.stderr);
    let (warned, failed) = match store.kind {
        // It has no third identity, so its refusal is of who it is.
        Kind::Embedded => (1, 0),
        Kind::Versitygw | Kind::Minio => (0, 0),
        // It fails (500) at what nobody asks of it, but for an object: no refusal, so no proof.
        Kind::Moto => (0, 3),
    };
    let ok = 18 - warned - failed;
    let last = format!("{ok} ok, {warned} warned, {failed} failed, 0 not tried");
    assert!(said.contains(&last), "{said}");
    assert_eq!(said.matches("not proven: 500").count(), failed, "{said}");
    assert_eq!(examined.code, Some(i32::from(failed > 0)), "{said}");
    for secret in [&store.edge.secret_key, &foreign.secret_key] {
        assert!(!said.contains(secret.as_str()), "{said}");
    }
}
