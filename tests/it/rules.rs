//! The rules of a shared cache, one row a sentence, each with the number of its rule in the project's
//! specification of shared-cache semantics and the section of the RFC that it comes from.
//!
//! A row asks the pure functions through the library's public interface and says, as text, what they
//! answer. A rule that only a running edge can show stands in [`SCENARIOS`] with the test that shows it.

mod laws;
mod laws_of_selection;
mod scenarios;
mod second_opinion;
mod section_10_forwarding;
mod section_11_never;
mod section_1_storing;
mod section_2_freshness;
mod section_3_age;
mod section_4_validation;
mod section_5_stale;
mod section_6_requests;
mod section_7_ranges;
mod section_8_variants;
mod strict;
mod words;

use scenarios::SCENARIOS;

/// Rule, source, question, answer.
type Row = (&'static str, &'static str, fn() -> String, &'static str);

/// The numbered rules; those of several sentences by number and sentence.
const RULES: &[&str] = &[
    "1.1",
    "1.2",
    "1.3",
    "1.4",
    "1.5",
    "1.6",
    "1.7",
    "1.8",
    "1.9",
    "1.10",
    "1.11",
    "1 fields",
    "1 newer",
    "2.1",
    "2.2",
    "2.3",
    "2.4",
    "2.5",
    "3",
    "4.1",
    "4.2",
    "4.3",
    "4.4",
    "4.5",
    "5",
    "6",
    "6 cookie",
    "6 authorization",
    "6 accept",
    "6 expect",
    "7",
    "7 several",
    "7 from the origin",
    "7 never instead",
    "8 key",
    "8 match",
    "8 each by its own",
    "8 limit",
    "9 forwarded",
    "9 invalidates",
    "9 kept",
    "9 named",
    "9 local",
    "9 order",
    "10 fields",
    "10 interim",
    "10 framing",
    "10 retries",
    "10 unknown",
    "10 collapsing",
    "10 no-transform",
    "10 cache-status",
    "11",
];

/// All rows, section by section.
const SECTIONS: &[&[Row]] = &[
    section_1_storing::ROWS,
    section_2_freshness::ROWS,
    section_3_age::ROWS,
    section_4_validation::ROWS,
    section_5_stale::ROWS,
    section_6_requests::ROWS,
    section_7_ranges::ROWS,
    section_8_variants::ROWS,
    section_10_forwarding::ROWS,
    section_11_never::ROWS,
];

/// Asks every row and tells of all that do not hold.
fn hold(rows: &[Row]) {
    let wrong: Vec<String> = rows
        .iter()
        .enumerate()
        .filter_map(|(place, (rule, source, question, answer))| {
            let got = question();
            (got != *answer).then(|| {
                format!("row {place}, rule {rule} ({source}): expected {answer:?}, got {got:?}")
            })
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_its_row() {
    let rows = || SECTIONS.iter().copied().flatten();
    let shown = |rule: &str| {
        rows().any(|(number, ..)| *number == rule)
            || SCENARIOS.iter().any(|(number, ..)| *number == rule)
    };
    for rule in RULES {
        assert!(shown(rule), "nothing shows rule {rule}");
    }
    for number in rows()
        .map(|row| row.0)
        .chain(SCENARIOS.iter().map(|row| row.0))
    {
        assert!(RULES.contains(&number), "there is no rule {number}");
    }
}

#[test]
fn every_scenario_that_is_cited_exists() {
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    for (rule, _, file, test) in SCENARIOS {
        let text = std::fs::read_to_string(tests.join(file)).unwrap_or_default();
        let before = text.split_once(&format!("\nasync fn {test}()"));
        let mark = before.and_then(|(before, _)| before.lines().next_back());
        assert!(
            mark.is_some_and(|mark| mark.starts_with("#[tokio::test")),
            "rule {rule}: {file} has no test {test}"
        );
    }
}
