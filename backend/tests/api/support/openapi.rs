//! Check of responses against the API's own description: every response that a test receives must be described.

use serde_json::Value;
use std::sync::LazyLock;

static OPENAPI: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(latchkey::server::description()).unwrap());

/// Fails if a described request got a response that its description does not contain.
#[track_caller]
pub fn assert_described(method: &str, path: &str, status: u16) {
    let Some(operation) = operation(method, path) else { return };
    let described = operation["responses"].get(status.to_string()).is_some();
    assert!(described, "{method} {path} answered {status}, which its description does not name");
}

fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let path = path.split('?').next().unwrap_or_default();
    let paths = OPENAPI["paths"].as_object().unwrap();
    let (_, methods) = paths.iter().find(|(template, _)| matches(template, path))?;
    methods.get(method.to_lowercase())
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let same = |(part, actual): (&&str, &&str)| part.starts_with('{') || part == actual;
    template.len() == path.len() && template.iter().zip(&path).all(same)
}
