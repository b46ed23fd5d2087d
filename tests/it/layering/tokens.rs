//! The shapes of tokens that the layer rule asks for.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;

/// The tokens as a list, so that one can look back.
pub(super) fn trees(tokens: TokenStream) -> Vec<TokenTree> {
    tokens.into_iter().collect()
}

/// The path below the crate root, if `segments` are written from `crate`, `self` or `super`; an error if there are more
/// `super` than modules.
pub(super) fn resolve<'a>(
    segments: &[&'a str],
    module: &'a [String],
) -> Option<Result<Vec<&'a str>, ()>> {
    let (first, rest) = segments.split_first()?;
    if *first == "crate" {
        return Some(Ok(rest.to_vec()));
    }
    // A lone `self` is a value.
    if !(*first == "super" || (*first == "self" && !rest.is_empty())) {
        return None;
    }
    let ups = segments
        .iter()
        .skip(usize::from(*first == "self"))
        .take_while(|s| **s == "super")
        .count();
    let Some(base) = module.len().checked_sub(ups) else {
        return Some(Err(()));
    };
    let below = &segments[ups + usize::from(*first == "self")..];
    Some(Ok(module[..base]
        .iter()
        .map(String::as_str)
        .chain(below.iter().copied())
        .collect()))
}

/// Whether a path may begin with this word: any name, but of the keywords only these.
pub(super) fn starts_path(ident: &Ident) -> bool {
    let text = ident.to_string();
    matches!(text.as_str(), "crate" | "self" | "super")
        || syn::parse_str::<syn::Ident>(&text).is_ok()
}

/// `extern crate` at `at`.
pub(super) fn is_extern_crate(tokens: &[TokenTree], at: usize) -> bool {
    let is = |at: usize, text: &str| tokens.get(at).and_then(word).as_deref() == Some(text);
    is(at, "extern") && is(at + 1, "crate")
}

/// `mod name { … }` at `at`.
pub(super) fn inline_module(tokens: &[TokenTree], at: usize) -> Option<(String, &Group)> {
    match tokens.get(at..at + 3)? {
        [
            TokenTree::Ident(word),
            TokenTree::Ident(name),
            TokenTree::Group(body),
        ] if word == "mod" && body.delimiter() == Delimiter::Brace => {
            Some((name.unraw().to_string(), body))
        }
        _ => None,
    }
}

/// Whether this is the punctuation `wanted`.
pub(super) fn punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(p)) if p.as_char() == wanted)
}

/// The identifier or keyword that this is.
pub(super) fn word(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(ident) => Some(ident.to_string()),
        _ => None,
    }
}
