//! What the edge asks of a bucket, and what it makes of the answers.

mod the_signer_agrees_with_the_sdk;
