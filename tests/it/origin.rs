//! What the edge asks of a bucket, and what it makes of the answers.

mod a_403_is_a_404_only_while_that_is_known;
mod a_kept_connection_may_close_at_any_time;
mod a_prefix_stands_before_every_key;
mod a_profile_is_an_identity;
mod a_range_to_be_ignored_is_not_asked_for;
mod a_silent_origin_is_given_up;
mod a_store_that_refuses_is_told_apart;
mod no_more_requests_than_allowed;
mod only_the_allow_list_reaches_the_bucket;
mod the_bucket_is_private;
mod the_signer_agrees_with_the_sdk;
mod unsigned_requests_carry_no_signature;
mod what_a_store_says_of_itself_stays_behind;
mod what_is_not_http_is_a_502;
