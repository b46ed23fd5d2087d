//! Which cookies of a request count, as one field value that is the same for every order of them.
//!
//! A Cookie field is a list of pairs between `;` (RFC 6265 section 4.2.1); over HTTP/2 it may come in several
//! lines (RFC 9113 section 8.2.3). Their order has no meaning, but for two of one name: those keep theirs,
//! since servers disagree on which of the two counts. Names are compared byte for byte.

use http::{HeaderMap, HeaderValue, header};
use smallvec::SmallVec;

/// A Cookie field, most often without an allocation.
pub type Field = SmallVec<[u8; 256]>;

/// The pairs that `takes` takes, sorted by name: `a=1; b=2`. `None` if there is none.
#[must_use]
pub fn rebuilt(viewer: &HeaderMap, takes: impl Fn(&[u8]) -> bool) -> Option<Field> {
    let mut kept: SmallVec<[&[u8]; 8]> = pairs(viewer).filter(|pair| takes(name(pair))).collect();
    if kept.is_empty() {
        return None;
    }
    kept.sort_by(|one, other| name(one).cmp(name(other)));
    let mut field = Field::new();
    for (at, pair) in kept.iter().enumerate() {
        if at > 0 {
            field.extend_from_slice(b"; ");
        }
        field.extend_from_slice(pair);
    }
    Some(field)
}

/// Whether there is a cookie that `takes` takes.
#[must_use]
pub fn has_any(viewer: &HeaderMap, takes: impl Fn(&[u8]) -> bool) -> bool {
    pairs(viewer).any(|pair| takes(name(pair)))
}

/// All pairs, without the blanks around them.
pub(crate) fn pairs(viewer: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    viewer
        .get_all(header::COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .flat_map(|line| line.split(|&byte| byte == b';'))
        .map(<[u8]>::trim_ascii)
        .filter(|pair| !pair.is_empty())
}

/// The name of a pair; what has no `=` is all name.
pub(crate) fn name(pair: &[u8]) -> &[u8] {
    let end = pair.iter().position(|&byte| byte == b'=');
    pair[..end.unwrap_or(pair.len())].trim_ascii_end()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::names::{Choice, Names};
    use super::*;

    fn map(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_str(line).unwrap());
        }
        headers
    }

    fn text(lines: &[&str], choice: &Choice) -> Option<String> {
        let field = rebuilt(&map(lines), |name| choice.takes(name))?;
        Some(String::from_utf8(field.to_vec()).unwrap())
    }

    #[test]
    fn what_each_choice_keeps() {
        let names = || Names::new(["a", "s_*"]).unwrap();
        let (allow, except) = (Choice::Allow(names()), Choice::Except(names()));
        for (lines, choice, expected) in [
            (&[][..], &Choice::All, None),
            (&[""], &Choice::All, None),
            (&["; ;"], &Choice::All, None),
            (&["b=2; a=1"], &Choice::All, Some("a=1; b=2")),
            (&["b=2", "a=1"], &Choice::All, Some("a=1; b=2")),
            (&["b=2;a=1;"], &allow, Some("a=1")),
            (&["A=2; aa=3"], &allow, None),
            (&["a = 1; s_x=2; s_=3"], &allow, Some("a = 1; s_=3; s_x=2")),
            // Of one name: in their order.
            (&["a=2; b=0; a=1"], &allow, Some("a=2; a=1")),
            (&["a; b=a=1"], &allow, Some("a")),
            (&["c=\"a=1; a=2\""], &allow, Some("a=2\"")),
            (&["b=2; a=1; c"], &except, Some("b=2; c")),
            (&["b=2"], &Choice::None, None),
        ] {
            assert_eq!(
                text(lines, choice).as_deref(),
                expected,
                "{lines:?} {choice}"
            );
        }
    }

    proptest! {
        #[test]
        fn order_and_lines_mean_nothing(
            values in prop::collection::vec("[a-z]{0,3}", 0..6),
            turn in 0..6_usize,
            cut in 0..6_usize,
        ) {
            let pairs: Vec<String> =
                values.iter().enumerate().map(|(n, value)| format!("n{n}={value}")).collect();
            let mut turned = pairs.clone();
            turned.rotate_left(turn.min(pairs.len()));
            let (one, other) = turned.split_at(cut.min(pairs.len()));
            let found = text(&[&one.join(";"), &other.join("; ")], &Choice::All);
            prop_assert_eq!(found.unwrap_or_default(), pairs.join("; "));
        }

        #[test]
        fn there_is_one_where_one_is_kept(line in "[ab=; ]{0,10}") {
            let choice = Choice::Allow(Names::new(["a"]).unwrap());
            let viewer = map(&[&line]);
            let kept = rebuilt(&viewer, |name| choice.takes(name));
            prop_assert_eq!(has_any(&viewer, |name| choice.takes(name)), kept.is_some());
        }
    }
}
