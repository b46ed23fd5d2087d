//! An explanation for a terminal: the verdict in a sentence first, then what it rests on, a line each.

use std::fmt::Write;

use super::explanation::{
    Attempt, Decision, Explanation, Lifetime, Live, OriginRequest, PlainAnswer, Stored,
};

/// Where the second column begins.
const COLUMN: usize = 15;

/// The lines, each with its end.
#[must_use]
pub fn of(explanation: &Explanation) -> String {
    let mut lines = Lines(String::new());
    let Explanation {
        request,
        distribution,
        behavior,
        attempts,
        decision,
        live,
    } = explanation;
    lines.0.push_str(&decision.summary);
    lines.0.push_str("\n\n");
    let host = request.host.as_deref().unwrap_or("(no host)");
    lines.add(
        "request",
        &format!("{} {host}{}", request.method, request.target),
    );
    lines.verdict(decision);
    if let Some(found) = distribution {
        let by = match &found.domain {
            Some(domain) => format!("by its domain {domain}"),
            None => "the default one".to_owned(),
        };
        lines.add("distribution", &format!("{} ({by})", found.id));
    }
    if let Some(found) = behavior {
        let path = found.path.as_deref().unwrap_or("the default one");
        let text = format!(
            "{path}: origin {}, cache policy {}, origin request {}",
            found.origin, found.cache_policy, found.origin_request
        );
        lines.add("behavior", &text);
    }
    let several = attempts.len() > 1;
    for attempt in attempts {
        if several {
            lines.0.push('\n');
            lines.add("tried", &attempt.path);
            lines.verdict(&attempt.decision);
        }
        lines.attempt(attempt);
    }
    if let Some(live) = live {
        lines.live(live);
    }
    lines.0
}

struct Lines(String);

impl Lines {
    fn add(&mut self, name: &str, text: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{name:<COLUMN$}{}", printable(text));
    }

    /// A line that goes on with what the one before it was about.
    fn more(&mut self, text: &str) {
        self.add("", text);
    }

    fn verdict(&mut self, decision: &Decision) {
        let mut text = decision.verdict.clone();
        for (name, word) in [("fwd", &decision.forward), ("detail", &decision.reason)] {
            if let Some(word) = word {
                let _ = write!(text, ", {name}={word}");
            }
        }
        if let Some(status) = decision.status {
            let _ = write!(text, ", status {status}");
        }
        let _ = write!(text, " ({})", decision.rule);
        self.add("verdict", &text);
    }

    fn attempt(&mut self, attempt: &Attempt) {
        let parts: Vec<String> = attempt
            .key
            .parts
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        self.add("key", &format!("{}: {}", attempt.key.hash, parts.join(" ")));
        for dropped in &attempt.key.dropped {
            self.more(&format!("not in it: {dropped}"));
        }
        for kind in &attempt.key.unkeyed {
            self.more(&format!("forwarded, and not in it: {kind}"));
        }
        if attempt.stored.is_empty() {
            self.add("stored", "nothing");
        }
        for stored in &attempt.stored {
            self.stored(stored);
        }
        if let Some(id) = &attempt.invalidation {
            self.add("invalidation", &format!("{id} is the newest that takes it"));
        }
        if attempt.fill_under_way {
            self.add("fill", "one is under way");
        }
        match &attempt.origin {
            Some(request) => self.origin(request),
            None => self.add("to the origin", "nothing"),
        }
        for plain in &attempt.plain_answers {
            self.plain(plain);
        }
    }

    fn stored(&mut self, stored: &Stored) {
        let which = match (&stored.differs, stored.selected) {
            (Some(differs), _) => format!("for other requests: {} differs", differs.field),
            (None, true) => "for this request".to_owned(),
            (None, false) => "for this request, and not chosen".to_owned(),
        };
        let text = format!(
            "{} of {} bytes, from {}; {which}",
            stored.status, stored.size, stored.stored_at
        );
        self.add("stored", &text);
        let age = &stored.age;
        let text = format!(
            "{} s = max({}, {} + {}) + {} (Date, Age field + delay; here since)",
            short(age.current),
            short(age.apparent),
            short(age.age_value),
            short(age.delay),
            short(age.resident)
        );
        self.add("  age", &text);
        self.add("  lifetime", &lifetime(&stored.lifetime));
        let mut state = match stored.state.as_str() {
            "fresh" => format!("fresh for {} s more", short(stored.fresh_for)),
            state if stored.fresh_for < 0.0 => {
                format!("{state} since {} s", short(-stored.fresh_for))
            }
            state => state.to_owned(),
        };
        for (window, until) in [
            ("stale-while-revalidate", &stored.while_revalidate_until),
            ("stale-if-error", &stored.if_error_until),
        ] {
            if let Some(until) = until {
                let _ = write!(state, "; {window} until {until}");
            }
        }
        self.add("  state", &state);
        if let Some(seconds) = stored.origin_rests_for {
            let text = format!("failed, and is not asked for {} s more", short(seconds));
            self.add("  origin", &text);
        }
        let validators: Vec<String> = [
            ("ETag", &stored.etag),
            ("Last-Modified", &stored.last_modified),
        ]
        .iter()
        .filter_map(|(name, value)| value.as_ref().map(|value| format!("{name} {value}")))
        .collect();
        let validators = match validators.is_empty() {
            true => "none".to_owned(),
            false => validators.join(", "),
        };
        self.add("  validators", &validators);
        let stamp = &stored.stamp;
        let mut text = format!(
            "{}; asked for at epoch {}, position {}",
            stored.liveness, stamp.epoch, stamp.seq
        );
        if let Some(taken) = &stored.taken_by {
            let _ = write!(text, "; taken by {taken}");
        }
        self.add("  purge", &text);
    }

    fn origin(&mut self, request: &OriginRequest) {
        if let Some(trouble) = &request.trouble {
            return self.add("to the origin", &format!("cannot be asked: {trouble}"));
        }
        self.add(
            "to the origin",
            &format!("{} {}", request.method, request.url),
        );
        for (name, value) in &request.fields {
            self.more(&format!("{name}: {value}"));
        }
    }

    fn plain(&mut self, plain: &PlainAnswer) {
        let text = match (&plain.lifetime, &plain.reason) {
            (Some(known), _) => format!("would be stored: {}", lifetime(known)),
            (None, Some(reason)) => format!("would not be stored: {reason}"),
            (None, None) => "would not be stored".to_owned(),
        };
        self.add(&format!("a plain {}", plain.status), &text);
    }

    fn live(&mut self, live: &Live) {
        self.0.push('\n');
        let end = match live.complete {
            true => "",
            false => ", not to its end",
        };
        let text = format!(
            "{}, X-Cache {}, {} bytes{end}",
            live.status, live.cost, live.bytes
        );
        self.add("live", &text);
        for (name, value) in &live.fields {
            self.more(&format!("{name}: {value}"));
        }
    }
}

fn lifetime(lifetime: &Lifetime) -> String {
    let mut text = format!("{} s, from {}", short(lifetime.lifetime), lifetime.source);
    if lifetime.clamp != "none" {
        let _ = write!(
            text,
            " ({} s), bounded by {}",
            short(lifetime.given),
            lifetime.clamp
        );
    }
    if lifetime.always_validate {
        text.push_str("; no-cache");
    }
    text
}

/// Seconds with as many of three decimals as say something.
fn short(seconds: f64) -> String {
    let text = format!("{seconds:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What a viewer or an origin sent must not steer a terminal.
fn printable(text: &str) -> String {
    let shown = |char: char| match char.is_control() {
        true => char::REPLACEMENT_CHARACTER,
        false => char,
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_as_short_as_they_can_be() {
        for (seconds, text) in [
            (0.0, "0"),
            (60.0, "60"),
            (0.5, "0.5"),
            (1.0004, "1"),
            (-3.25, "-3.25"),
        ] {
            assert_eq!(short(seconds), text);
        }
    }

    #[test]
    fn no_text_steers_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a\u{fffd}[2Jb\u{fffd}");
    }
}
