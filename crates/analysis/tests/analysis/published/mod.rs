//! Figures against published ones (`vectors/`, see its SOURCE.md).

mod change_points;
mod design_effect;
mod gate;
mod histogram;
mod kneedle;
mod mlrsearch;
mod plan;
mod proportion;
mod quantile_interval;
mod queueing;
mod sustained;
mod usl;

use serde_json::Value;

/// The cases of a collection.
fn cases(collection: &str) -> Vec<Value> {
    let collection: Value = serde_json::from_str(collection).expect("a collection is JSON");
    collection["cases"].as_array().expect("a collection has cases").clone()
}

/// A number of a case.
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// A count of a case.
fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no count"))
}

/// The numbers of a case.
fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("numbers are in a list").iter().map(number).collect()
}

/// Fails where `found` is further from `expected` than `tolerance`.
#[track_caller]
fn assert_near(what: &str, found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{what}: {found}, expected {expected}");
}
