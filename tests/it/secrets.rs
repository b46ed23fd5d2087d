//! No secret leaves (promise I20): whatever the program prints, logs, counts, stores or answers holds
//! none of the secrets that it was given, nor what viewers and callers sent as theirs.

mod a_command_keeps_its_secrets;
mod a_serving_edge_keeps_its_secrets;
mod finder;
mod what_is_printed_to_debug_holds_none;

use finder::Finder;

/// The token of the admin API.
const ADMIN: &str = "aDm1n/Zq7vK2+tWx9pLr4Hs==";
/// The secret key that the edge signs with.
const EDGE: &str = "eDg3/hGt6Rf+Bn2Mk8Lp0QwXz5Vc7JyTs4Ua1Oi9";
/// The session token that the key comes with.
const SESSION: &str = "IQoJ/s3sS+Wd8Kf3Hg5Tr7Yu2Io9Pl4Mn6Bv==";
/// The secret key that stands in the environment, or in what it names, for the AWS chain.
const CHAIN: &str = "cHa1n/Jm5Nq8+Rv2Ty4Uw6Xa9Zb1Cd3Ef7Gh0Ki";
/// The session token there.
const CHAIN_SESSION: &str = "FwoG/cH5eS+Pk3Lj6Hg9Fd2Sa4Qw7Er1Ty8Ui==";
/// What somebody has pasted where the name of a variable, or a word, belongs.
const PASTED: &str = "pAst3d/Vb7Nm4+Lk2Jh9Gf5Ds8Aq1We6Rt3Yu0Io";
/// A token that opens nothing.
const WRONG: &str = "wr0Ng/Ca11er+Nb6Vc3Xz8Lk1Jh5Gf==";
/// A viewer's `Authorization`.
const BEARER: &str = "v1eWer/Bt4Yh7Uj2+Mk9Lo5Pz8Xc3Vb6";
/// A viewer's cookie.
const COOKIE: &str = "c00kIe/Ed6Rf9Tg3+Yh1Uj4Ik8Ol2Pm5";
/// What opens a signed URL.
const SIGNED: &str = "s1gNed~Wq2Er5Ty8-Ui1Op4As7Df0Gh3Jk";

/// Finds any of them.
fn finder() -> Finder {
    let mut finder = Finder::default();
    for (name, secret) in [
        ("the admin token", ADMIN),
        ("the edge's secret key", EDGE),
        ("the edge's session token", SESSION),
        ("the chain's secret key", CHAIN),
        ("the chain's session token", CHAIN_SESSION),
        ("what was pasted into a configuration", PASTED),
        ("the token that opens nothing", WRONG),
        ("a viewer's Authorization", BEARER),
        ("a viewer's cookie", COOKIE),
        ("what opens a signed URL", SIGNED),
    ] {
        finder.seed(name, secret);
    }
    finder
}

/// Every variable that a secret can come by, and the logs as talkative as they can be.
fn variables() -> Vec<(&'static str, &'static str)> {
    vec![
        ("SEAWALL_ADMIN_TOKEN", ADMIN),
        ("EDGE_ACCESS_KEY", "AKIAEDGE"),
        ("EDGE_SECRET_KEY", EDGE),
        ("EDGE_SESSION_TOKEN", SESSION),
        ("AWS_ACCESS_KEY_ID", "AKIACHAIN"),
        ("AWS_SECRET_ACCESS_KEY", CHAIN),
        ("AWS_SESSION_TOKEN", CHAIN_SESSION),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("SEAWALL_LOG", "trace"),
        ("RUST_LOG", "trace"),
        ("RUST_BACKTRACE", "1"),
    ]
}
