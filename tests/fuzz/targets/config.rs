//! Configurations: no text makes reading one panic, each refusal can be shown, and what is accepted means the same
//! when its TOML is written anew.

#![no_main]

use libfuzzer_sys::fuzz_target;
use seawall::config::{self, Config, ConfigError};

fuzz_target!(|text: &str| {
    let Ok(document) = text.parse::<toml::Table>() else {
        shown(parse(text));
        return;
    };
    // Any file of redirects may be named; those of the machine are none of this.
    if text.contains("redirects") {
        return;
    }
    let written = toml::to_string(&document).expect("what was read as TOML can be written");
    match (parse(text), parse(&written)) {
        (Ok(before), Ok(after)) => {
            assert_eq!(format!("{before:?}"), format!("{after:?}"), "{written}");
        }
        (Err(_), Ok(_)) => panic!("refused, and accepted when written so:\n{written}"),
        (Ok(_), Err(error)) => {
            panic!("accepted, and refused when written so:\n{written}\n{error:?}")
        }
        (before, after) => {
            shown(before);
            shown(after);
        }
    }
});

fn parse(text: &str) -> Result<Config, ConfigError> {
    let env = |name: &str| (name != "UNSET").then(|| format!("secret-of-at-least-16-{name}"));
    config::parse("fuzz.toml", text, &env)
}

/// As the program shows it: with the lines that are wrong.
fn shown(parsed: Result<Config, ConfigError>) {
    if let Err(error) = parsed {
        let report = format!("{:?}", miette::Report::new(error));
        assert!(!report.contains("secret-of-at-least-16"), "{report}");
    }
}
