//! The description of the file for machines ([`schema()`]) and people ([`reference()`]), both made from `raw` and `keys`.

use std::sync::LazyLock;

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::{Value, json};

use super::raw::Raw;

/// JSON Schema (draft 2020-12) of a configuration file, for editors and `seawall config schema`.
///
/// Every key has a description; `default`, `enum`, `pattern`, `minimum` and `maximum` stand where they can say
/// it. What JSON Schema cannot say stands in `x-allowed` (a phrase: what may be written) and `x-default` (a
/// phrase: what holds without the key).
pub fn schema() -> Value {
    SCHEMA.clone()
}

/// All keys as a Markdown table: key, what is allowed, default, meaning. Tables in the order in which a file
/// has them, keys of a table by name. Ends with a line end.
pub fn reference() -> String {
    let mut rows = Vec::new();
    for table in TABLES {
        collect(&SCHEMA["properties"][table], table, &mut rows);
    }
    let mut text = String::from("| Key | Allowed | Default | Meaning |\n|---|---|---|---|\n");
    for row in rows {
        text.push_str(&row);
    }
    text
}

pub(super) static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let mut settings = SchemaSettings::draft2020_12();
    // Flat, so that a walk needs no references; no table is nested in itself.
    settings.inline_subschemas = true;
    let mut schema = settings.into_generator().into_root_schema_for::<Raw>();
    RecursiveTransform(tidy).transform(&mut schema);
    schema.to_value()
});

const TABLES: &[&str] = &[
    "edge",
    "admin",
    "log",
    "journal",
    "origins",
    "cache_policies",
    "origin_requests",
    "response_headers",
    "distributions",
];

/// An absent key is an absent `Option` in `raw`, which schemars takes for optional with the default `null`:
/// neither is what the file means.
fn tidy(schema: &mut Schema) {
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    // `int64` says how the number is held, not what may be written.
    schema.remove("format");
    let mut required = Vec::new();
    for (key, inner) in schema
        .get_mut("properties")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        if inner
            .as_object_mut()
            .and_then(|inner| inner.remove("x-required"))
            .is_some()
        {
            required.push(key.clone());
        }
    }
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
}

/// Adds the rows of a table's keys; a list of tables counts as its item, a map as its value.
fn collect(schema: &Value, path: &str, rows: &mut Vec<String>) {
    if schema["additionalProperties"].is_object() {
        return collect(
            &schema["additionalProperties"],
            &format!("{path}.NAME"),
            rows,
        );
    }
    if schema["items"]["properties"].is_object() {
        return collect(&schema["items"], path, rows);
    }
    let mut keys: Vec<(&String, &Value)> = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .collect();
    keys.sort_by_key(|(key, _)| *key);
    for (key, inner) in keys {
        let required = schema["required"]
            .as_array()
            .is_some_and(|names| names.iter().any(|name| name == key));
        let path = format!("{path}.{key}");
        rows.push(row(&path, inner, required));
        collect(inner, &path, rows);
        for alternative in inner["anyOf"].as_array().into_iter().flatten() {
            collect(alternative, &path, rows);
        }
    }
}

fn row(path: &str, schema: &Value, required: bool) -> String {
    let default = match (&schema["default"], schema["x-default"].as_str()) {
        (_, Some(phrase)) => phrase.to_owned(),
        (Value::Null, None) if required => "required".to_owned(),
        (Value::Null, None) => String::new(),
        (value, None) => format!("`{value}`"),
    };
    let allowed = schema["x-allowed"].as_str().unwrap_or_default();
    let meaning = schema["description"].as_str().unwrap_or_default();
    format!(
        "| `{path}` | {} | {} | {} |\n",
        cell(allowed),
        cell(&default),
        cell(meaning)
    )
}

fn cell(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace('|', "\\|").replace("*.", "\\*.")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key below `schema`, tables too, with its path.
    fn keys(schema: &Value, path: &str, found: &mut Vec<(String, Value)>) {
        for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{key}");
            found.push((path.clone(), inner.clone()));
            keys(inner, &path, found);
            keys(&inner["items"], &path, found);
            keys(&inner["additionalProperties"], &path, found);
            for alternative in inner["anyOf"].as_array().into_iter().flatten() {
                keys(alternative, &path, found);
            }
        }
    }

    #[test]
    fn every_key_is_described_and_says_what_is_allowed_and_what_holds_without_it() {
        let mut found = Vec::new();
        keys(&schema(), "", &mut found);
        assert!(found.len() > 50, "{}", found.len());
        let reference = reference();
        for (path, schema) in found {
            assert!(schema["description"].is_string(), "{path}: {schema}");
            if schema["type"] == "object" || path == ".distributions" {
                continue;
            }
            assert!(schema["x-allowed"].is_string(), "{path}: {schema}");
            let key = path.rsplit('.').next().unwrap();
            let lines: Vec<&str> = reference
                .lines()
                .filter(|line| line.contains(&format!(".{key}` |")))
                .collect();
            assert!(!lines.is_empty(), "{path} is not in the reference");
            for line in lines {
                assert!(!line.contains("|  |"), "an empty cell: {line}");
            }
        }
    }

    #[test]
    fn the_reference_has_every_table_of_the_schema() {
        let schema = schema();
        let mut tables: Vec<&str> = schema["properties"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let mut known = TABLES.to_vec();
        tables.sort_unstable();
        known.sort_unstable();
        assert_eq!(tables, known);
        let reference = reference();
        for row in [
            "| `edge.workers` | a whole number from 1 to 512 | the number of cores | Threads that serve viewers. |",
            "| `origins.NAME.signing` | \"always\", \"never\" | `\"always\"` |",
            "| `origins.NAME.credentials.access_key_env` |",
            "| `admin.tokens.name` | 1 to 64 of A-Z a-z 0-9 _ - | required |",
            "| `distributions.id` | 1 to 64 of A-Z a-z 0-9 _ - | required |",
        ] {
            assert!(reference.contains(row), "{row} is not in\n{reference}");
        }
        assert!(
            reference
                .lines()
                .all(|line| line.matches(" | ").count() == 3 || line.starts_with("|---"))
        );
    }

    #[test]
    fn required_keys_are_said_to_be() {
        let schema = schema();
        for (table, expected) in [
            (&schema, &["distributions", "origins"][..]),
            (
                &schema["properties"]["origins"]["additionalProperties"],
                // Which ones are needed depends on its type.
                &[],
            ),
            (
                &schema["properties"]["distributions"]["items"],
                &["id", "origin"],
            ),
            (
                &schema["properties"]["admin"]["properties"]["tokens"]["items"],
                &["env", "name", "scopes"],
            ),
            (&schema["properties"]["edge"], &[]),
        ] {
            let mut required: Vec<&str> = table["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            required.sort_unstable();
            assert_eq!(required, expected, "{table}");
            assert_eq!(table["additionalProperties"], false);
        }
    }

    #[test]
    fn numbers_and_words_are_said_in_json_schema_too() {
        let edge = &schema()["properties"]["edge"]["properties"];
        assert_eq!(edge["workers"]["maximum"], 512);
        assert_eq!(edge["memory"]["default"], "256MiB");
        assert_eq!(
            edge["memory"]["type"],
            serde_json::json!(["string", "integer"])
        );
        assert_eq!(edge["runtime"]["enum"][1], "work-stealing");
        assert_eq!(edge["listen"]["maxItems"], 16);
        assert_eq!(edge["listen"]["default"][0], "127.0.0.1:8080");
        assert_eq!(edge["shutdown_grace"]["default"], "30s");
    }
}
