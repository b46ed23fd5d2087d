//! `seawall policy`: who may read the bucket, as documents to paste.

mod a_mistaken_argument_is_refused_with_its_reason;
mod a_refusal_is_of_reads_and_of_nothing_else;
mod minio_holds_to_the_document;
mod only_the_edge_and_the_publishers_read;
mod the_documents_are_about_the_origin_of_the_configuration;
mod the_folder_holds_what_the_command_prints;
mod the_steps_are_fit_to_be_pasted;
mod versitygw_holds_to_the_document;

use std::process::Output;

use serde_json::Value;

use crate::harness::printed::{documents, policy as run, printed};

const EDGE: &str = "arn:aws:iam::111122223333:role/edge";
const PUBLISHER: &str = "arn:aws:iam::111122223333:user/publisher";
const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/0a1b";

/// `[origins.site]` with these further keys, and what a configuration needs besides.
fn origin(keys: &str) -> String {
    format!("[origins.site]\n{keys}\n[[distributions]]\nid = \"SITE\"\norigin = \"site\"\n")
}

/// A bucket at AWS.
fn at_aws() -> String {
    origin("bucket = \"my-site\"\nregion = \"eu-central-1\"")
}

/// Runs `seawall policy` on this configuration, in an empty environment.
fn policy(config: &str, arguments: &[&str]) -> Output {
    policy_with(config, arguments, &[])
}

fn policy_with(config: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seawall.toml");
    std::fs::write(&file, config).unwrap();
    run(&file, arguments, variables)
}

/// What it prints for a reader; it must succeed.
fn text(config: &str, arguments: &[&str]) -> String {
    printed(&policy(config, arguments))
}

/// What it prints with `--json`; it must succeed.
fn json(config: &str, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["--json"]].concat();
    serde_json::from_str(&printed(&policy(config, &arguments))).unwrap()
}

/// The statements of a document: of a policy, or the one that it is.
fn statements(document: &Value) -> Vec<&Value> {
    match document["Statement"].as_array() {
        Some(statements) => statements.iter().collect(),
        None => vec![document],
    }
}
