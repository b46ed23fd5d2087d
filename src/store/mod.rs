//! What the edge keeps: entries in tiers, in order. Today there is one tier, memory. And what of their keys
//! splits it for nothing ([`splits`]).

pub mod entry;
pub mod memory;
pub mod splits;
pub mod variants;
