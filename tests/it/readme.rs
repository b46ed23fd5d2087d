//! The README says what holds: its reference is the schema's, its presets are the program's, its examples are
//! accepted.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use seawall::config::{self, units};
use seawall::policy::cache_policy::CachePolicy;
use seawall::policy::names::Choice;

const BEGIN: &str = "<!-- reference: begin (seawall config reference) -->\n";
const END: &str = "<!-- reference: end -->";

/// With `SEAWALL_BLESS=1` the reference is written anew.
#[test]
fn the_reference_in_the_readme_is_that_of_the_schema() {
    holds(BEGIN, END, &config::reference());
}

/// And so are the presets.
#[test]
fn the_presets_in_the_readme_are_the_program_s() {
    let mut table = String::from(
        "| `cache_policy` | min / default / max TTL | 404, 410, 414 | stale when the origin fails | in the key |\n\
         |---|---|---|---|---|\n",
    );
    for name in CachePolicy::PRESETS {
        let CachePolicy {
            bounds,
            key,
            stores,
            ..
        } = CachePolicy::preset(name).unwrap();
        let time = |time: Duration| units::format_duration(time);
        let or_none = |time: Option<Duration>| {
            time.filter(|time| *time != CachePolicy::NO_MAXIMUM)
                .map_or_else(|| "none".to_owned(), units::format_duration)
        };
        let key = match &key.query {
            Choice::Except(_) => "query without tracking parameters".to_owned(),
            _ => key.to_string(),
        };
        let row = match stores {
            true => format!(
                "{} / {} / {} | {} | {} | {key}",
                time(bounds.min),
                or_none(bounds.default),
                or_none(Some(bounds.max)),
                or_none(bounds.negative),
                time(bounds.stale_on_error),
            ),
            false => "nothing is stored | | | forwarded: query all".to_owned(),
        };
        table.push_str(&format!("| `{name}` | {row} |\n"));
    }
    let (begin, end) = ("<!-- presets: begin -->\n", "<!-- presets: end -->");
    holds(begin, end, &table);
}

/// Whether the README has this text between these marks; with `SEAWALL_BLESS=1` it gets it.
pub(crate) fn holds(begin: &str, end: &str, expected: &str) {
    // Several tests write the one file.
    static FILE: Mutex<()> = Mutex::new(());
    let _one = FILE.lock().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(begin).unwrap();
    let (written, after) = rest.split_once(end).unwrap();
    if std::env::var_os("SEAWALL_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{begin}{expected}{end}{after}")).unwrap();
        return;
    }
    assert!(
        written == expected,
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
    let whole: Vec<&str> = examples.collect();
    assert!(whole.len() >= 5, "{}", whole.len());
    for example in whole {
        config::parse("README.md", example, &env)
            .unwrap_or_else(|error| panic!("{}", error.render_plain()));
    }
}
