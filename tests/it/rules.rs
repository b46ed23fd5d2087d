//! The rules of a shared cache, one row a sentence, each with the number of its rule in the project's
//! specification of shared-cache semantics and the section of the RFC that it comes from.
//!
//! A row asks the pure functions through the library's public interface and says, as text, what they
//! answer. A rule that only a running edge can show stands in [`SCENARIOS`] with the file that shows it.

mod laws;
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
mod strict;
mod words;

/// Rule, source, question, answer.
type Row = (&'static str, &'static str, fn() -> String, &'static str);

/// The numbered rules.
const RULES: &[&str] = &[
    "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "1.9", "1.10", "1.11", "1 fields",
    "1 newer", "2.1", "2.2", "2.3", "2.4", "2.5", "3", "4.1", "4.2", "4.3", "4.4", "4.5", "5", "6",
    "7", "10", "11",
];

/// Rules that need a running edge: rule, source, file.
const SCENARIOS: &[(&str, &str, &str)] = &[
    (
        "1.8",
        "RFC 9111 3.3",
        "fill/a_body_that_breaks_off_is_never_complete.rs",
    ),
    (
        "1.10",
        "policy",
        "fill/an_object_over_the_bound_streams_through.rs",
    ),
    (
        "1 newer",
        "policy",
        "caching/what_is_private_is_never_kept.rs",
    ),
    (
        "3",
        "RFC 9111 5.1",
        "caching/an_age_from_before_the_edge_counts.rs",
    ),
    (
        "3",
        "RFC 9111 5.1",
        "caching/a_miss_is_followed_by_a_hit.rs",
    ),
    (
        "4.1",
        "RFC 9111 4.3.2",
        "caching/conditions_are_answered_from_the_cache.rs",
    ),
    (
        "4.1",
        "RFC 9110 13.1.1",
        "caching/some_conditions_only_the_origin_can_judge.rs",
    ),
    (
        "4.2",
        "RFC 9111 4.3.1",
        "caching/a_stale_object_is_validated.rs",
    ),
    (
        "4.3",
        "RFC 9111 4.3.3",
        "caching/a_stale_object_is_validated.rs",
    ),
    (
        "4.3",
        "RFC 9111 4.3.3",
        "caching/errors_are_never_stored.rs",
    ),
    (
        "4.4",
        "RFC 9111 3.2",
        "caching/a_304_that_forbids_storing_is_the_last_use.rs",
    ),
    (
        "4.5",
        "RFC 9111 4.3.5",
        "caching/a_forwarded_head_tells_of_the_stored_answer.rs",
    ),
    (
        "4.5",
        "RFC 9110 9.3.2",
        "caching/head_is_answered_like_get.rs",
    ),
    (
        "5",
        "RFC 9111 5.2.2.2",
        "caching/must_revalidate_is_never_served_stale.rs",
    ),
    (
        "5",
        "RFC 5861 3",
        "caching/stale_while_revalidate_serves_at_once.rs",
    ),
    (
        "5",
        "RFC 5861 4",
        "caching/a_failing_origin_is_covered_by_the_stale_copy.rs",
    ),
    (
        "6",
        "RFC 9111 5.2.1",
        "caching/a_viewer_may_ask_for_validation_where_it_is_listened_to.rs",
    ),
    (
        "6",
        "RFC 9111 5.2.1.7",
        "caching/only_if_cached_asks_nobody.rs",
    ),
    (
        "7",
        "RFC 9110 14",
        "range/a_range_of_a_stored_object_is_cut_from_it.rs",
    ),
    (
        "7",
        "RFC 9110 15.3.7",
        "range/an_origin_that_answers_another_range_is_not_believed.rs",
    ),
    (
        "10",
        "RFC 9111 4",
        "fill/many_misses_cost_one_origin_request.rs",
    ),
    (
        "10",
        "RFC 9111 4",
        "fill/an_answer_that_cannot_be_shared_queues_nobody.rs",
    ),
    (
        "11",
        "RFC 9111 3",
        "caching/what_is_private_is_never_kept.rs",
    ),
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
    for (rule, _, file) in SCENARIOS {
        let text = std::fs::read_to_string(tests.join(file)).unwrap_or_default();
        assert!(
            text.contains("test]\n") || text.contains("test("),
            "rule {rule}: {file} tests nothing"
        );
    }
}
