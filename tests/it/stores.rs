//! The contract of an S3 origin, held against every store that can be had: one file a part of the
//! contract, one test a store, so that a failure names both. Where stores differ, the table
//! `Kind::manners` in the harness says how.

use crate::harness::tools::{self, or_skip};

/// One test for each store of a part of the contract.
macro_rules! on_every_store {
    ($contract:ident) => {
        #[tokio::test(flavor = "multi_thread")]
        async fn on_the_embedded_bucket() {
            if let Some(store) = Store::start(Kind::Embedded).await {
                $contract(store).await;
            }
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn on_versitygw() {
            if let Some(store) = Store::start(Kind::Versitygw).await {
                $contract(store).await;
            }
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn on_moto() {
            if let Some(store) = Store::start(Kind::Moto).await {
                $contract(store).await;
            }
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn on_minio() {
            if let Some(store) = Store::start(Kind::Minio).await {
                $contract(store).await;
            }
        }
    };
}

/// Builds what is not there yet. Run alone before the others, it keeps the compilers of the tools from
/// taking the machine away under tests that are under way.
#[tokio::test(flavor = "multi_thread")]
async fn the_tools_can_be_had() {
    let all = || {
        for (what, found) in [
            ("versitygw", tools::versitygw()),
            ("MinIO", tools::minio()),
            ("mc", tools::mc()),
            ("moto", tools::moto()),
        ] {
            if let Some(path) = or_skip(what, found) {
                assert!(path.exists(), "{what}: {}", path.display());
            }
        }
    };
    tokio::task::spawn_blocking(all).await.unwrap();
}

mod a_change_of_identity_heals_the_edge;
mod a_policy_taken_away_is_no_404;
mod a_rotation_of_keys_costs_no_request;
mod a_store_that_stops_costs_the_misses_only;
mod an_object_may_lead_somewhere_else;
mod conditions_hold_on_both_sides;
mod fields_of_the_publisher_reach_the_viewer;
mod head_says_what_get_would;
mod keys_are_asked_for_as_they_are;
mod no_spelling_gets_past_a_behavior;
mod only_the_edge_gets_in;
mod ranges_are_exact;
mod statuses_mean_what_they_should;
mod temporary_credentials_need_their_token;
mod the_clock_must_be_right;
mod the_doctor_finds_it_healthy;
