//! The front end under attack: what hides a request, what poisons a key, what floods a connection.
//! What is merely malformed is in `serve`.

mod a_flood_over_http_2_ends_its_connection;
mod a_list_of_fields_in_connection_takes_nothing_away;
mod a_malformed_http_2_request_goes_nowhere;
mod a_private_page_is_given_to_nobody_else;
mod a_request_is_one_line_of_the_log;
mod a_viewer_that_takes_nothing_is_cut;
mod an_expectation_is_met_or_refused;
mod an_upgrade_does_not_happen;
mod cookies_in_crumbs_are_one_field;
mod dribbling_viewers_leave_room_for_others;
mod fields_of_an_origin_steer_nothing;
mod http_1_0_has_its_own_rules;
mod no_byte_of_an_unread_body_is_a_request;
mod no_request_chooses_where_the_edge_connects;
mod one_address_does_not_take_every_place;
mod one_viewers_error_is_nobody_elses;
mod options_of_everything_are_the_edges;
mod reader;
mod the_client_is_who_trusted_proxies_say;
mod trailers_of_a_request_stay_behind;
mod two_targets_are_two_objects;
mod unkeyed_fields_reach_no_origin;
mod whatever_comes_what_goes_on_is_spotless;

/// What a body asks for if it is taken for a request.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nhost: localhost\r\n\r\n";
