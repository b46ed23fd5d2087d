//! What the edge asks of a bucket, and what it makes of the answers.

mod a_range_to_be_ignored_is_not_asked_for;
mod the_signer_agrees_with_the_sdk;
mod what_a_store_says_of_itself_stays_behind;
