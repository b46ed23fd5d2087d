//! The README says what holds: its reference is the schema's, its example is accepted.

use std::path::Path;

use seawall::config;

const BEGIN: &str = "<!-- reference: begin (seawall config reference) -->\n";
const END: &str = "<!-- reference: end -->";

/// With `SEAWALL_BLESS=1` the reference is written anew.
#[test]
fn the_reference_in_the_readme_is_that_of_the_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    let reference = config::reference();
    if std::env::var_os("SEAWALL_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{reference}{END}{after}")).unwrap();
        return;
    }
    assert!(
        written == reference,
        "SEAWALL_BLESS=1 cargo test --test it readme writes it anew"
    );
}

#[test]
fn the_examples_in_the_readme_are_accepted() {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let env = |_: &str| Some("a-value-of-some-length".to_owned());
    let examples = text.split("```toml\n").skip(1);
    let examples = examples.filter_map(|rest| rest.split("```").next());
    // One shows an application only, and names no bucket.
    let whole: Vec<&str> = examples
        .filter(|example| example.contains("[origins.site]"))
        .collect();
    assert_eq!(whole.len(), 3);
    for example in whole {
        config::parse("README.md", example, &env)
            .unwrap_or_else(|error| panic!("{}", error.render_plain()));
    }
}
