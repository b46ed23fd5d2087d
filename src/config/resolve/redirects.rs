//! `redirects` of a distribution: a file of its own, read and judged with the configuration.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;

use super::Base;
use crate::config::keys;
use crate::config::section::Section;
use crate::policy::redirects::{LONGEST_FILE, Redirects};

const KEY: &str = "redirects";

/// The rules; the inner `None`: there is no such file. A fault names the file and its line.
pub(super) fn resolve(
    section: &mut Section<'_>,
    written: &Option<Spanned<String>>,
    base: Base<'_>,
) -> Option<Option<Arc<Redirects>>> {
    let Some(path) = section.take(KEY, written, &keys::site::REDIRECTS)? else {
        return Some(None);
    };
    let span = written.as_ref().map_or(0..0, Spanned::span);
    let name = path.display();
    let text = match read(&base.join(&path)) {
        Ok(text) => text,
        Err(why) => {
            let found = format!("{name}: {why}");
            let allowed = format!("a file of UTF-8 text, of at most {LONGEST_FILE} bytes");
            section.fault(KEY, span, &found, Some(&allowed));
            return None;
        }
    };
    match Redirects::parse(&text) {
        Ok(rules) => Some((!rules.is_empty()).then(|| Arc::new(rules))),
        Err(flaws) => {
            for flaw in flaws {
                section.fault(KEY, span.clone(), &format!("{name}: {flaw}"), None);
            }
            None
        }
    }
}

fn read(path: &Path) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    // One byte more than allowed, to see that there is more; a device without an end stops here too.
    let most = u64::try_from(LONGEST_FILE).unwrap_or(u64::MAX);
    file.take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() > LONGEST_FILE {
        return Err(format!("found more than {LONGEST_FILE} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "found a byte that is not UTF-8".to_owned())
}
