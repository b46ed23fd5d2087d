//! The admin listener: who may call what, and what it says.

mod a_bad_call_is_told_what_is_wrong;
mod a_caller_reference_is_one_invalidation;
mod a_failing_origin_is_a_warning;
mod calls_need_a_token_with_the_scope;
mod invalidations_are_listed_by_pages;
mod metrics_tell_what_happened;
mod one_word_says_why_everywhere;
mod pages_of_others_cannot_call;
mod ready_means_that_the_store_has_said_yes;
mod the_two_listeners_do_not_mix;

use crate::harness::Answer;

/// Holds an error to its status, its code, and words that must stand in its message.
#[track_caller]
fn assert_error(what: &str, answer: &Answer, status: u16, code: &str, words: &[&str]) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    let error = answer.json()["error"].clone();
    assert_eq!(error["code"], code, "{what}: {error}");
    let message = error["message"].as_str().unwrap();
    for word in words {
        assert!(
            message.contains(word),
            "{what}: {word:?} is not in {message:?}"
        );
    }
    assert_eq!(answer.field("cache-control"), "no-store", "{what}");
    assert_eq!(answer.field("x-content-type-options"), "nosniff", "{what}");
}
