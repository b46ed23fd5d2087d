//! Reads one source file and judges its paths.
//!
//! A path is followed where it is written: through nested `use` groups, `self` and `super` in inline modules, macro
//! bodies and strings in attributes. Nothing here touches the disk.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::ext::IdentExt;

use super::tokens::{inline_module, is_extern_crate, punct, resolve, starts_path, trees, word};
use super::{DATES, IMPURE, ORDER, PURE, Violation};

/// Judges the file `path` (relative to `src/`, with `/`) by its text alone.
pub(super) fn check(path: &str, source: &str) -> Vec<Violation> {
    let mut judge = Judge::new(path);
    let file = match syn::parse_file(source) {
        Ok(file) => file,
        Err(e) => {
            judge.accuse(e.span().start().line, format!("does not parse: {e}"));
            return judge.violations;
        }
    };
    if judge.room.is_none() && path != "lib.rs" {
        let room = path
            .split('/')
            .next()
            .unwrap_or(path)
            .trim_end_matches(".rs");
        judge.accuse(1, unknown(room));
    }
    for item in &file.items {
        judge.root_item(item);
    }
    match source.parse::<TokenStream>() {
        Ok(tokens) => judge.scan(&trees(tokens), &judge.module.clone(), Context::default()),
        // A byte order mark or a `#!` line, which only whole files may have.
        Err(e) => judge.accuse(1, format!("cannot be cut into tokens: {e}")),
    }
    judge.violations.sort_by_key(|v| v.line);
    judge.violations.dedup();
    judge.violations
}

/// What is said of a room that is not in the picture.
fn unknown(room: &str) -> String {
    format!(
        "`{room}` is not a room of the picture; a new room goes into ORDER and src/lib.rs first"
    )
}

fn rank(room: &str) -> Option<usize> {
    ORDER.iter().position(|r| *r == room)
}

/// What surrounds the tokens at hand.
#[derive(Clone, Copy, Default)]
struct Context {
    /// Inside `pub(…)`, where `crate` and `super` say who may look, not who is used.
    visibility: bool,
    /// Inside an attribute, where a string may be a path (`#[serde(with = "crate::x")]`).
    attribute: bool,
    /// The line of the string that these tokens were written in.
    line: Option<usize>,
}

struct Judge {
    file: String,
    /// The file's room, as its place in `ORDER`; none for `lib.rs` and for strangers.
    room: Option<usize>,
    /// The file's module path below the crate root.
    module: Vec<String>,
    violations: Vec<Violation>,
}

impl Judge {
    fn new(path: &str) -> Self {
        let mut module: Vec<String> = path
            .trim_end_matches(".rs")
            .split('/')
            .map(Into::into)
            .collect();
        let room = module.first().and_then(|first| rank(first));
        if matches!(path, "lib.rs" | "main.rs") || module.last().is_some_and(|last| last == "mod") {
            module.pop();
        }
        Self {
            file: path.into(),
            room,
            module,
            violations: Vec::new(),
        }
    }

    fn accuse(&mut self, line: usize, what: String) {
        self.violations.push(Violation {
            file: self.file.clone(),
            line,
            what,
        });
    }

    /// `lib.rs` holds nothing but its rooms, and `main.rs` includes no files: a room compiled there would be a second
    /// copy under another root.
    fn root_item(&mut self, item: &syn::Item) {
        use syn::spanned::Spanned;
        let line = item.span().start().line;
        match (self.file.as_str(), item) {
            ("lib.rs", syn::Item::Mod(m)) if m.content.is_none() => {
                let name = m.ident.unraw().to_string();
                if name == "main" || rank(&name).is_none() {
                    self.accuse(line, unknown(&name));
                }
            }
            ("lib.rs", _) => {
                self.accuse(line, "lib.rs only declares rooms (`pub mod room;`)".into())
            }
            ("main.rs", syn::Item::Mod(m)) if m.content.is_none() => {
                self.accuse(
                    line,
                    "main.rs includes no modules; it uses `seawall::room`".into(),
                );
            }
            _ => {}
        }
    }

    fn is_pure(&self) -> bool {
        self.room.is_some_and(|room| room < PURE)
    }

    /// Walks one level of tokens; `module` is where they stand.
    fn scan(&mut self, tokens: &[TokenTree], module: &[String], context: Context) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let line = context.line.unwrap_or_else(|| token.span().start().line);
            let before = |back: usize| at.checked_sub(back).and_then(|i| tokens.get(i));
            match token {
                TokenTree::Group(group) => {
                    let attribute = group.delimiter() == Delimiter::Bracket
                        && (punct(before(1), '#')
                            || (punct(before(1), '!') && punct(before(2), '#')));
                    let inner = Context {
                        attribute: attribute || context.attribute,
                        visibility: before(1).is_some_and(|t| word(t).as_deref() == Some("pub")),
                        line: context.line,
                    };
                    self.group(group, module, inner);
                    at += 1;
                }
                TokenTree::Literal(literal) => {
                    let named = before(2).and_then(word);
                    if context.attribute && punct(before(1), '=') && named.as_deref() != Some("doc")
                    {
                        self.string(
                            &literal.to_string(),
                            named.as_deref(),
                            line,
                            module,
                            context,
                        );
                    }
                    at += 1;
                }
                TokenTree::Punct(_) => at += 1,
                TokenTree::Ident(_) if punct(before(1), '.') && !punct(before(2), '.') => {
                    // A field or a method: no path, but perhaps `.await`.
                    self.keyword(token, tokens.get(at + 1), line);
                    at += 1;
                }
                TokenTree::Ident(ident) => {
                    self.keyword(token, tokens.get(at + 1), line);
                    if is_extern_crate(tokens, at) {
                        if tokens.get(at + 2).and_then(word).as_deref() == Some("self") {
                            self.accuse(
                                line,
                                "`extern crate self` gives the crate root a second name".into(),
                            );
                        }
                        at += 2;
                    } else if let Some((name, body)) = inline_module(tokens, at) {
                        let inner: Vec<String> = module.iter().cloned().chain([name]).collect();
                        self.group(body, &inner, context);
                        at += 3;
                    } else if !starts_path(ident) {
                        at += 1; // so that `use ::x` is not read as the path `use::x`
                    } else {
                        at = self.path(tokens, at, Vec::new(), module, context);
                    }
                }
            }
        }
    }

    fn group(&mut self, group: &Group, module: &[String], context: Context) {
        self.scan(&trees(group.stream()), module, context);
    }

    /// Words that break a rule wherever they stand. As raw identifiers (`r#async`) they are only names.
    fn keyword(&mut self, token: &TokenTree, next: Option<&TokenTree>, line: usize) {
        let text = token.to_string();
        match text.as_str() {
            "async" | "await" if self.is_pure() => {
                self.accuse(line, format!("`{text}` in ring 0, which is pure"))
            }
            "elapsed" if self.file == DATES => {
                self.accuse(line, "`elapsed` asks the clock; ring 0 has none".into())
            }
            "macro_use" | "macro_export" => {
                self.accuse(
                    line,
                    format!("`{text}` puts macros outside every room; `pub(crate) use` them"),
                );
            }
            "include" if punct(next, '!') => {
                self.accuse(
                    line,
                    "`include!` hides code from the picture; make it a module".into(),
                );
            }
            _ => {}
        }
    }

    /// A string in an attribute: judged if it is written like a type or a bound, so that prose is left alone.
    fn string(
        &mut self,
        literal: &str,
        named: Option<&str>,
        line: usize,
        module: &[String],
        context: Context,
    ) {
        let Ok(text) = syn::parse_str::<syn::LitStr>(literal).map(|s| s.value()) else {
            return;
        };
        if named == Some("path") && text.ends_with(".rs") {
            self.accuse(
                line,
                "`#[path]` makes the picture lie; put the file where its module stands".into(),
            );
        }
        let is_code = syn::parse_str::<syn::Type>(&text).is_ok()
            || syn::parse_str::<syn::WherePredicate>(&text).is_ok();
        if let (true, true, Ok(tokens)) = (is_code, text.contains("::"), text.parse()) {
            self.scan(
                &trees(tokens),
                module,
                Context {
                    line: Some(line),
                    ..context
                },
            );
        }
    }

    /// Reads the path (or `use` tree) that begins at `at` below `prefix`, judges each of its leaves, and returns where
    /// it ends.
    fn path(
        &mut self,
        tokens: &[TokenTree],
        mut at: usize,
        mut prefix: Vec<String>,
        module: &[String],
        context: Context,
    ) -> usize {
        let line = tokens
            .get(at)
            .map_or(1, |t| context.line.unwrap_or_else(|| t.span().start().line));
        while let Some(TokenTree::Ident(segment)) = tokens.get(at) {
            prefix.push(segment.unraw().to_string());
            at += 1;
            if !(punct(tokens.get(at), ':') && punct(tokens.get(at + 1), ':')) {
                let is_key = punct(tokens.get(at), '=') && context.attribute; // `#[serde(crate = "…")]`
                if !is_key {
                    self.leaf(&prefix, line, module, context);
                }
                return at;
            }
            at += 2;
        }
        match tokens.get(at) {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inside = trees(group.stream());
                for branch in inside.split(|t| punct(Some(t), ',')) {
                    let end = self.path(branch, 0, prefix.clone(), module, context);
                    self.scan(branch.get(end..).unwrap_or_default(), module, context);
                }
                at + 1
            }
            // A glob, generic arguments (`Vec::<T>::new`), a macro's fragment (`crate::$room`), or an empty branch.
            _ => {
                if !prefix.is_empty() && !tokens.is_empty() {
                    self.leaf(&prefix, line, module, context);
                }
                at
            }
        }
    }

    fn leaf(&mut self, path: &[String], line: usize, module: &[String], context: Context) {
        let mut segments: Vec<&str> = path.iter().map(String::as_str).collect();
        // `use a::{self}` is `use a`.
        segments.pop_if(|last| *last == "self" && path.len() > 1);
        // In a macro's own syntax `crate` may stand further in (`m!(x::{crate::y})`).
        let root = segments.iter().rposition(|s| *s == "crate");
        segments.drain(..root.unwrap_or(0));
        let shown = path.join("::");
        if let Some(absolute) = resolve(&segments, module) {
            match absolute {
                Ok(absolute) => self.room_path(&absolute, &shown, line, context),
                Err(()) => self.accuse(line, format!("`{shown}` leads out of the crate")),
            }
        } else if segments.first() == Some(&"seawall") && segments.len() > 1 {
            self.room_path(&segments[1..], &shown, line, context);
        } else if self.is_pure() {
            self.outside_path(&segments, &shown, line);
        }
    }

    /// A path below the crate root.
    fn room_path(&mut self, absolute: &[&str], shown: &str, line: usize, context: Context) {
        // `main.rs` is a crate of its own: its `crate::` is itself.
        if self.file == "main.rs" && !shown.starts_with("seawall") {
            return;
        }
        let Some(room) = absolute.first() else {
            if !context.visibility {
                self.accuse(
                    line,
                    format!(
                        "`{shown}` names the crate root without a room, which hides who is used"
                    ),
                );
            }
            return;
        };
        match (rank(room), self.room) {
            (None, _) => self.accuse(line, format!("`{shown}`: {}", unknown(room))),
            (Some(used), Some(own)) if used > own => {
                let own = ORDER[own];
                self.accuse(
                    line,
                    format!("{own} uses {room} (`{shown}`), which stands to the right of {own}"),
                );
            }
            (Some(_), None) if self.file == "lib.rs" => {
                self.accuse(
                    line,
                    format!("lib.rs only declares rooms, but it uses `{shown}`"),
                );
            }
            _ => {}
        }
    }

    /// A path to another crate, or a relative one, in ring 0.
    fn outside_path(&mut self, segments: &[&str], shown: &str, line: usize) {
        let is_dates = self.file == DATES;
        if is_dates && segments.len() > 1 && segments.last() == Some(&"now") {
            self.accuse(line, format!("`{shown}` asks the clock; ring 0 has none"));
        }
        for (impure, why) in IMPURE {
            let (name, parents) = impure.split_last().expect("no entry of IMPURE is empty");
            let is_date = matches!(*name, "SystemTime" | "UNIX_EPOCH");
            if is_dates && is_date {
                continue;
            }
            // By way of another import. A bare `Instant` is ring 0's own.
            let is_tick =
                *name == "Instant" && segments.windows(2).any(|w| w == ["time", "Instant"]);
            if segments.starts_with(impure) || is_tick || (is_date && segments.contains(name)) {
                return self.accuse(line, format!("`{shown}` in ring 0: {why}"));
            }
            if parents.starts_with(segments) {
                let what = "import the items that are used, not their module";
                return self.accuse(line, format!("`{shown}` in ring 0: {what}"));
            }
        }
    }
}
