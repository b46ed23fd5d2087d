//! `seawall policy --config FILE`: the documents to paste so that only the edge reads the bucket.

mod documents;
mod names;
mod text;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueEnum;
use miette::{IntoDiagnostic, miette};

use self::documents::{Body, Bucket, Document};
use self::text::Plan;
use crate::config::{self, Bucket as Origin, Config};

/// Arguments of `seawall policy`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What the configuration does not say stands in the documents in capitals (ACCOUNT, EDGE_ROLE, EDGE_ACCESS_KEY). \
The environment variables that it names need not be set: nothing is read from them, nothing is asked of a store.")]
pub(super) struct Arguments {
    /// The configuration file
    #[arg(long, short, env = "SEAWALL_CONFIG")]
    config: PathBuf,
    /// NAME of the [origins.NAME] that it is about; needed where there are several
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
    /// Store to write for; without it AWS if the origin has no endpoint of its own, else the others
    #[arg(long = "for", value_name = "STORE")]
    store: Option<Store>,
    /// AWS: ARN of the role or user that the edge signs as
    #[arg(long, value_name = "ARN", value_parser = names::identity)]
    edge: Option<String>,
    /// AWS: ARN of a role or user that may read beside the edge (publishing alone needs no reads);
    /// may be repeated
    #[arg(long, value_name = "ARN", value_parser = names::identity)]
    publisher: Vec<String>,
    /// Allow the edge s3:ListBucket too: AWS then says 404 instead of 403 of what does not exist.
    /// The edge can do without
    #[arg(long)]
    list: bool,
    /// AWS: the edge may read through this VPC endpoint only; may be repeated
    #[arg(long, value_name = "ID", value_parser = names::vpc_endpoint)]
    vpc_endpoint: Vec<String>,
    /// AWS: the key that the objects are encrypted with (SSE-KMS)
    #[arg(long, value_name = "ARN", value_parser = names::kms_key)]
    kms_key: Option<String>,
    /// versitygw: access key id of the edge's account
    #[arg(long, value_name = "ID", value_parser = names::access_key)]
    access_key: Option<String>,
    /// Print one JSON object: each document under its name
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Store {
    Aws,
    Minio,
    Versitygw,
    All,
}

pub(super) fn run(arguments: &Arguments) -> miette::Result<()> {
    // These documents come before the edge has keys, so its variables stand for some text. It is in
    // no document.
    let stand_in = |_: &str| Some("stands-for-a-secret".to_owned());
    let config = config::load_with(&arguments.config, &stand_in)?;
    let origin = origin(&config, arguments.origin.as_deref())?;
    let stores = stores(arguments.store, origin);
    fits(arguments, &stores, origin)?;

    let bucket = Bucket {
        name: &origin.bucket,
        region: &origin.region,
        prefix: &origin.prefix,
    };
    let partition = documents::partition(&origin.region);
    let placeholder = format!("arn:{partition}:iam::ACCOUNT:role/EDGE_ROLE");
    let edge = arguments.edge.as_deref().unwrap_or(&placeholder);
    let aws = documents::Aws {
        edge,
        publishers: &arguments.publisher,
        list: arguments.list,
        vpc_endpoints: &arguments.vpc_endpoint,
        kms_key: arguments.kms_key.as_deref(),
    };
    let access_key = arguments.access_key.as_deref().unwrap_or("EDGE_ACCESS_KEY");

    let parts: Vec<(Store, Vec<Document>)> = stores
        .iter()
        .map(|&store| {
            let documents = match store {
                Store::Aws | Store::All => documents::aws(&bucket, &aws),
                Store::Minio => vec![documents::minio(&bucket, arguments.list)],
                Store::Versitygw => {
                    vec![documents::versitygw(&bucket, access_key, arguments.list)]
                }
            };
            (store, documents)
        })
        .collect();

    for warning in warnings(arguments, &stores, origin) {
        eprintln!("seawall: warning: {warning}");
    }
    if arguments.json {
        let all: BTreeMap<&str, &Body> = parts
            .iter()
            .flat_map(|(_, documents)| documents)
            .map(|document| (document.name, &document.body))
            .collect();
        let text = serde_json::to_string_pretty(&all).into_diagnostic()?;
        super::print(&format!("{text}\n"));
        return Ok(());
    }
    let plan = Plan {
        config: &config,
        origin,
        edge,
        edge_known: arguments.edge.is_some(),
        access_key_known: arguments.access_key.is_some(),
        publishers: !arguments.publisher.is_empty(),
    };
    let mut text = plan.opening();
    for (store, documents) in &parts {
        text.push_str(&match store {
            Store::Aws | Store::All => plan.aws(documents)?,
            Store::Minio => plan.minio(documents)?,
            Store::Versitygw => plan.versitygw(documents)?,
        });
    }
    text.push_str(&plan.verify());
    super::print(&text);
    Ok(())
}

/// The policy of the edge's user at MinIO, as it is printed.
#[cfg(feature = "demo")]
pub(super) fn of_minio(bucket: &str, region: &str) -> miette::Result<String> {
    let bucket = Bucket {
        name: bucket,
        region,
        prefix: "",
    };
    serde_json::to_string(&documents::minio(&bucket, false).body).into_diagnostic()
}

/// The bucket that a command is about: the named one, or the only one.
pub(super) fn origin<'a>(config: &'a Config, wanted: Option<&str>) -> miette::Result<&'a Origin> {
    let buckets = || config.origins.values().filter_map(config::Origin::bucket);
    let names = || {
        let names: Vec<&str> = buckets().map(|bucket| bucket.name.as_str()).collect();
        names.join(", ")
    };
    match wanted {
        Some(name) => match config.origins.get(name).map(config::Origin::bucket) {
            Some(Some(bucket)) => Ok(bucket),
            Some(None) => Err(miette!(
                "origin {name:?} is no bucket, so no store can be told who reads it"
            )),
            None => Err(miette!(
                "there is no origin {name:?} in the configuration; there is: {}",
                names()
            )),
        },
        None => {
            let mut origins = buckets();
            match (origins.next(), origins.next()) {
                (Some(origin), None) => Ok(origin),
                (None, _) => Err(miette!("the configuration has no bucket")),
                _ => Err(miette!(
                    "the configuration has several origins; choose one with --origin: {}",
                    names()
                )),
            }
        }
    }
}

/// The stores that are meant; never [`Store::All`].
fn stores(wanted: Option<Store>, origin: &Origin) -> Vec<Store> {
    match wanted {
        Some(Store::All) => vec![Store::Aws, Store::Minio, Store::Versitygw],
        Some(store) => vec![store],
        None if is_aws(origin) => vec![Store::Aws],
        None => vec![Store::Minio, Store::Versitygw],
    }
}

/// Whether its store is AWS itself.
pub(super) fn is_aws(origin: &Origin) -> bool {
    origin.endpoint.as_ref().is_none_or(|endpoint| {
        let host = endpoint.authority.host().to_ascii_lowercase();
        host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn")
    })
}

/// An argument that would be without effect, or in another partition or region than the bucket, is
/// a mistake.
fn fits(arguments: &Arguments, stores: &[Store], origin: &Origin) -> miette::Result<()> {
    let given = [
        ("--edge", Store::Aws, arguments.edge.is_some()),
        ("--publisher", Store::Aws, !arguments.publisher.is_empty()),
        (
            "--vpc-endpoint",
            Store::Aws,
            !arguments.vpc_endpoint.is_empty(),
        ),
        ("--kms-key", Store::Aws, arguments.kms_key.is_some()),
        (
            "--access-key",
            Store::Versitygw,
            arguments.access_key.is_some(),
        ),
    ];
    for (flag, store, is_given) in given {
        if is_given && !stores.contains(&store) {
            let store = store.to_possible_value();
            let store = store.as_ref().map_or("", |value| value.get_name());
            return Err(miette!(
                "{flag} says nothing to the store of origin {:?}; it is for {store}, which --for {store} chooses",
                origin.name
            ));
        }
    }
    let expected = format!("arn:{}:", documents::partition(&origin.region));
    let arns = arguments
        .edge
        .iter()
        .chain(&arguments.publisher)
        .chain(&arguments.kms_key);
    for arn in arns {
        if !arn.starts_with(&expected) {
            return Err(miette!(
                "{arn} is of another partition than the region {}: its ARNs begin with {expected}",
                origin.region
            ));
        }
    }
    match &arguments.kms_key {
        Some(key) if key.split(':').nth(3) != Some(&origin.region) => Err(miette!(
            "{key} is of another region than the bucket, which is in {}: a store uses keys of its own region",
            origin.region
        )),
        _ => Ok(()),
    }
}

/// What would make the documents do something else than they seem to.
fn warnings(arguments: &Arguments, stores: &[Store], origin: &Origin) -> Vec<String> {
    let mut warnings = Vec::new();
    let name = &origin.name;
    let aws = stores.contains(&Store::Aws);
    if origin.signing == config::Signing::Never {
        warnings.push(format!(
            "origin {name:?} has signing = \"never\": the edge asks as nobody, and these documents refuse nobody's \
             reads. Set it to \"always\" first"
        ));
    }
    if aws
        && let Some(endpoint) = &origin.endpoint
        && endpoint.scheme == http::uri::Scheme::HTTP
    {
        warnings.push(format!(
            "origin {name:?} is asked without TLS ({endpoint}): the policy for AWS refuses that"
        ));
    }
    if stores.iter().any(|store| *store != Store::Aws) && origin.prefix.contains(['*', '?', '$']) {
        warnings.push(format!(
            "the prefix {:?} has a `*`, `?` or `$` in it, which stands for other text in a policy of MinIO and \
             versitygw: it may open more or fewer keys than the prefix",
            origin.prefix
        ));
    }
    if aws && origin.missing == config::Missing::Off && !arguments.list {
        warnings.push(format!(
            "origin {name:?} has missing = \"off\" and may not list: what does not exist is a 403 to it, and a 502 \
             to viewers. Give --list, or set missing to \"auto\""
        ));
    }
    warnings
}
