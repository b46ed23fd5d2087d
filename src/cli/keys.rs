//! `seawall keys`: asks an edge which parts of its keys split the cache for nothing.

use std::fmt::Write as _;

use miette::{WrapErr, miette};

use super::call::Connection;
use crate::store::splits::report::{BehaviorReport, Report, Row, Verdict, shown};

/// Parts of a behaviour that are shown; `--json` has all.
const ROWS: usize = 20;

/// Arguments of `seawall keys`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only this distribution; without it all
    #[arg(long)]
    distribution: Option<String>,
    #[command(flatten)]
    connection: Connection,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments) -> miette::Result<()> {
    let query = arguments.distribution.as_deref();
    let query: Vec<(&str, &str)> = query.iter().map(|id| ("distribution", *id)).collect();
    let answer = arguments.connection.get("/v1/keys", &query).await?;
    if arguments.json {
        super::print(&format!("{answer:#}\n"));
        return Ok(());
    }
    let report: Report = serde_json::from_value(answer)
        .map_err(|error| miette!("{error}"))
        .wrap_err("the edge is of another version; --json shows what it says")?;
    super::print(&text(&report));
    Ok(())
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    for behavior in &report.behaviors {
        of_behavior(&mut text, behavior);
    }
    if report.behaviors.is_empty() {
        text.push_str(
            "Nothing has been stored that could be split: a bucket's key is its path.\n\n",
        );
    }
    if report.too_large > 0 {
        let _ = writeln!(
            text,
            "Answers that were too large to be compared: {}\n",
            report.too_large
        );
    }
    let _ = writeln!(
        text,
        "A sample of what this edge stored in the last {} hours, since it was started or its behaviors changed.\n\
         That answers were the same so far is no proof that they will be: judge by what the parts are for.",
        report.window_seconds / 3_600
    );
    text
}

fn of_behavior(text: &mut String, behavior: &BehaviorReport) {
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{} {} (cache policy {}): {} answers stored, {} compared, paths: {}",
        behavior.distribution,
        behavior.behavior,
        behavior.cache_policy,
        behavior.answers,
        behavior.samples,
        behavior.paths
    );
    if behavior.parts.is_empty() {
        text.push_str("  nothing but the path was in a key\n\n");
        return;
    }
    let rows = &behavior.parts[..behavior.parts.len().min(ROWS)];
    let longest = rows.iter().map(|row| shown(row).len()).max();
    let width = longest.unwrap_or(0).max("part".len());
    let _ = writeln!(
        text,
        "  {:width$}  {:18}  {:>7}  {:>6}  {:>6}  {:>9}  stored again",
        "part", "", "answers", "values", "same", "different"
    );
    for row in rows {
        let Row {
            verdict,
            answers,
            values,
            alike,
            different,
            bytes,
            ..
        } = row;
        let _ = writeln!(
            text,
            "  {:width$}  {:18}  {answers:>7}  {values:>6}  {alike:>6}  {different:>9}  {bytes} bytes",
            shown(row),
            verdict.as_str(),
        );
    }
    let more = behavior.parts.len() - rows.len();
    if more > 0 {
        let _ = writeln!(text, "  and {more} more (--json)");
    }
    if behavior.names_left_out > 0 {
        let left = behavior.names_left_out;
        let _ = writeln!(text, "  {left} times a name left to make room for another");
    }
    if !behavior.paste.is_empty() {
        text.push('\n');
        for line in behavior.paste.lines() {
            let _ = writeln!(text, "    {line}");
        }
    } else if behavior
        .parts
        .iter()
        .all(|row| row.verdict != Verdict::Splits)
    {
        text.push_str("  nothing splits for nothing, as far as is known\n");
    }
    for hint in &behavior.hints {
        let _ = writeln!(text, "  - {hint}");
    }
    text.push('\n');
}
