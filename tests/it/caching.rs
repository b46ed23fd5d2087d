//! What is kept, for how long, and what is served meanwhile.

mod a_miss_is_followed_by_a_hit;
