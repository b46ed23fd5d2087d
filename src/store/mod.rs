//! What the edge keeps: entries in tiers, in order. Today there is one tier, memory.

pub mod entry;
pub mod memory;
pub mod variants;
