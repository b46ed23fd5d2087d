//! One origin request for all who wait, and nothing wrong ever served.

mod a_body_that_breaks_off_is_never_complete;
mod a_dripping_origin_is_given_up;
mod a_follower_waits_for_so_long_only;
mod a_full_budget_lets_answers_pass_through;
mod a_panic_ends_one_request;
mod an_answer_that_cannot_be_shared_queues_nobody;
mod an_object_over_the_bound_streams_through;
mod many_misses_cost_one_origin_request;
