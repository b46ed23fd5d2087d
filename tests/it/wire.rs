//! What shows only on the wire, over HTTP/1.1 and over cleartext HTTP/2: each scenario runs over both.

mod a_body_that_breaks_off_is_cut;
mod a_cookie_reaches_the_first_viewer_only;
mod a_head_says_what_a_get_would;
mod a_held_copy_is_confirmed_without_a_body;
mod a_hit_follows_a_miss_and_tells_its_age;
mod a_range_comes_as_it_was_asked;
mod a_stale_copy_comes_while_the_origin_is_asked;
mod an_unsafe_method_streams_and_invalidates;
mod each_viewer_gets_its_variant;
mod what_concerns_a_connection_stays_on_it;
