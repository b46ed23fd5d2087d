//! HTTP origins: what they are sent, what is kept of their answers, and for whom.

mod a_body_has_its_time;
mod a_body_is_never_changed;
mod a_body_is_streamed_both_ways;
mod a_bomb_of_an_answer_is_cut;
mod a_failure_takes_nothing_away;
mod a_flood_of_interim_answers_is_cut;
mod an_answer_with_two_ends_is_the_last_on_its_connection;
mod an_edge_may_stand_before_an_edge;
mod an_origin_has_its_time;
mod an_origin_may_speak_tls;
mod an_unknown_status_passes_through;
mod an_unsafe_method_invalidates;
mod answers_are_kept_by_their_own_word;
mod conditions_are_judged_on_every_success;
mod connections_are_used_again;
mod dirty_answers_are_never_split;
mod methods_are_let_through_by_name;
mod no_more_requests_than_allowed;
mod only_what_is_forwarded_reaches_the_origin;
mod surplus_bytes_end_a_connection;
mod the_edge_adds_itself;
mod the_origin_is_told_a_host;
mod the_target_goes_on_byte_for_byte;
mod what_is_not_http_is_a_502;
mod what_is_one_viewers_own_is_not_shared;
