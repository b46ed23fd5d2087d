//! Does a document have the shape that the schema describes: only known keys, only the right TOML types?
//!
//! Serde would stop at the first such fault and know no near miss; this walk finds them all and quotes the
//! same schema that editors get. Values are not judged here.

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::error::{Fault, Faults};
use super::rule::{nearest, quoted};
use super::units::shortened;

/// Adds a fault for every unknown key and every value of a wrong type.
pub(super) fn check(document: &DeTable<'_>, schema: &Value, faults: &mut Faults) {
    table(document, schema, "", faults);
}

/// The type word of JSON Schema for what a place allows.
fn accepts(schema: &Value, kind: &str) -> bool {
    match &schema["type"] {
        Value::String(word) => word == kind,
        Value::Array(words) => words.iter().any(|word| word == kind),
        _ => false,
    }
}

fn value(value: &Spanned<DeValue<'_>>, schema: &Value, path: &str, faults: &mut Faults) {
    let kind = kind(value.get_ref());
    let alternatives = schema["anyOf"].as_array().map_or(&[][..], Vec::as_slice);
    let Some(matching) = std::iter::once(schema)
        .chain(alternatives)
        .find(|schema| accepts(schema, kind))
    else {
        faults.add(mismatch(value, schema, path));
        return;
    };
    match value.get_ref() {
        DeValue::Table(inner) => table(inner, matching, path, faults),
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                self::value(
                    item,
                    &matching["items"],
                    &format!("{path}[{index}]"),
                    faults,
                );
            }
        }
        DeValue::Integer(number)
            if i64::from_str_radix(number.as_str(), number.radix()).is_err() =>
        {
            let number = shortened(&number.to_string());
            let found = format!("{path}: found {number}, which does not fit in 64 bits");
            faults.add(with_allowed(Fault::new(value.span(), found), schema));
        }
        _ => {}
    }
}

fn table(table: &DeTable<'_>, schema: &Value, path: &str, faults: &mut Faults) {
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let path = join(path, name);
        let inner = match &schema["properties"][name] {
            Value::Null => &schema["additionalProperties"],
            known => known,
        };
        if inner.is_object() {
            self::value(value, inner, &path, faults);
        } else if faults.is_full() {
            faults.omit();
        } else {
            faults.add(unknown(key, &path, schema));
        }
    }
}

fn unknown(key: &Spanned<DeString<'_>>, path: &str, schema: &Value) -> Fault {
    let known: Vec<&str> = schema["properties"]
        .as_object()
        .into_iter()
        .flat_map(|properties| properties.keys().map(String::as_str))
        .collect();
    Fault::new(key.span(), format!("{path}: found an unknown key"))
        .allowed(known.join(", "))
        .nearest(nearest(key.get_ref(), known).map(|word| format!("`{word}`")))
}

fn mismatch(value: &Spanned<DeValue<'_>>, schema: &Value, path: &str) -> Fault {
    let found = match value.get_ref() {
        // Where a table belongs, as that of a token, the text may be the token itself.
        DeValue::String(_) if accepts(schema, "object") => "a text (not shown here)".to_owned(),
        DeValue::String(text) => format!("text {}", quoted(text)),
        DeValue::Integer(number) => format!("the number {}", shortened(&number.to_string())),
        DeValue::Float(number) => format!("the number {}", shortened(number.as_str())),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(time) => format!("the time {time}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    };
    with_allowed(
        Fault::new(value.span(), format!("{path}: found {found}")),
        schema,
    )
}

fn with_allowed(fault: Fault, schema: &Value) -> Fault {
    match schema["x-allowed"].as_str() {
        Some(allowed) => fault.allowed(allowed),
        None if accepts(schema, "object") => fault.allowed("a table"),
        None => fault,
    }
}

/// A key as it would be written, in quotes if it is not a bare one, so that a path stays readable.
fn join(path: &str, key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let key = if !key.is_empty() && key.len() <= 64 && key.chars().all(bare) {
        key.to_owned()
    } else {
        quoted(key)
    };
    if path.is_empty() {
        key
    } else {
        format!("{path}.{key}")
    }
}

const fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "string",
        DeValue::Integer(_) => "integer",
        DeValue::Float(_) => "number",
        DeValue::Boolean(_) => "boolean",
        // JSON has no such type, so no schema accepts it.
        DeValue::Datetime(_) => "datetime",
        DeValue::Array(_) => "array",
        DeValue::Table(_) => "object",
    }
}
