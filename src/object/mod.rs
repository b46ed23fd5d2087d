//! A stored representation: its identity in the store, and its head in compact form.

pub mod fields;
pub mod head;
pub mod id;
