//! Diagnostic events (`tracing`) to standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// The environment variable that sets the level, in `tracing`'s filter syntax; default `info`.
pub const FILTER_VARIABLE: &str = "SEAWALL_LOG";

/// Directives that always hold: the signing code of the AWS SDK writes credentials at TRACE, and
/// the embedded bucket's server calls every refusal of a client an error.
const ALWAYS: [&str; 4] = [
    "aws_sigv4=warn",
    "aws_runtime=info",
    "aws_smithy_runtime=info",
    "s3s=off",
];

/// Sends events to standard error. A second call in one process does nothing.
pub fn init() {
    let mut filter = EnvFilter::builder()
        .with_default_directive(tracing::Level::INFO.into())
        .with_env_var(FILTER_VARIABLE)
        .from_env_lossy();
    for directive in ALWAYS {
        // The directives are constants that a test parses.
        if let Ok(directive) = directive.parse() {
            filter = filter.add_directive(directive);
        }
    }
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .finish();
    // Only a subscriber that is set already can make this fail; that one stays.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::Directive;

    #[test]
    fn the_fixed_directives_are_directives() {
        for directive in super::ALWAYS {
            assert!(directive.parse::<Directive>().is_ok(), "{directive}");
        }
    }
}
