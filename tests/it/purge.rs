//! Invalidation is a fence.

mod a_purge_holds_although_its_caller_hangs_up;
mod a_purge_names_what_goes;
mod a_purge_overtakes_a_fill_in_flight;
mod a_purge_survives_a_restart;
mod another_bucket_makes_what_was_cached_dead;
