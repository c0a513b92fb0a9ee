//! The scenario's keys and values as they were written, for people who ask in what two runs differ.

use serde_json::{Map, Value, json};
use toml::de::DeValue;

use super::overrides::Overrides;
use super::written::Node;

/// The keys and values of a file, with what the command line set over them; without the number of
/// paths and the gates, which make no other run.
pub(super) fn keys(root: &Node<'_>, overrides: &Overrides) -> Value {
    let mut keys = root.value().map_or_else(|| json!({}), json_of);
    if let Value::Object(keys) = &mut keys {
        keys.remove("gate");
    }
    let file_name = |path: &std::path::PathBuf| {
        // Folders differ between machines.
        Value::from(path.file_name().unwrap_or_default().to_string_lossy().into_owned())
    };
    let mut set = |key: &str, value: Option<Value>| {
        if let (Some(value), Value::Object(keys)) = (value, &mut keys) {
            keys.insert(key.to_owned(), value);
        }
    };
    set("book", overrides.book.as_ref().map(file_name));
    set("--assets", overrides.assets.as_ref().map(file_name));
    let of_run = [("steps", overrides.steps.map(u64::from)), ("seed", overrides.seed)];
    if let Some(Value::Object(run)) = keys.get_mut("run") {
        run.remove("paths");
        let given = of_run.into_iter().filter_map(|(key, value)| Some((key, value?)));
        run.extend(given.map(|(key, value)| (key.to_owned(), value.into())));
    }
    keys
}

fn json_of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Integer(value) => i64::from_str_radix(value.as_str(), value.radix())
            .map_or_else(|_| value.to_string().into(), Value::from),
        DeValue::Float(value) => value.as_str().parse::<f64>().ok().into(),
        DeValue::Boolean(value) => (*value).into(),
        DeValue::Datetime(time) => time.to_string().into(),
        DeValue::Array(values) => values.iter().map(|it| json_of(it.get_ref())).collect(),
        DeValue::Table(table) => {
            let values = table.iter();
            let values = values.map(|(key, it)| (key.get_ref().to_string(), json_of(it.get_ref())));
            Value::Object(values.collect::<Map<String, Value>>())
        }
    }
}
