//! Parts of objects: from the cache, and past it.

mod a_range_of_a_stored_object_is_cut_from_it;
mod a_range_of_an_unknown_object_is_passed_on;
mod an_origin_that_answers_another_range_is_not_believed;
mod parts_are_never_put_together;
mod several_ranges_come_as_parts_of_one_answer;
