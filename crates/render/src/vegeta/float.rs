//! Floating-point numbers as Go's `encoding/json` writes them.

/// The shortest text that reads back as `value`: `28`, `57.25`, `1e-7`, `1e+21`. Not finite is 0.
pub(super) fn json(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() || size <= 0.0 {
        return "0".to_owned();
    }
    if (1e-6..1e21).contains(&size) {
        return format!("{value}");
    }
    let text = format!("{value:e}");
    if size >= 1e21 { text.replace('e', "e+") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Printed by Go's `json.Marshal`.
    #[test]
    fn as_go_writes_them() {
        assert_eq!(json(0.0), "0");
        assert_eq!(json(28.0), "28");
        assert_eq!(json(57.25), "57.25");
        assert_eq!(json(301.836_173_577_350_9), "301.8361735773509");
        assert_eq!(json(0.000_039_395_670_415_822_86), "0.00003939567041582286");
        assert_eq!(json(1e-6), "0.000001");
        assert_eq!(json(1e-7), "1e-7");
        assert_eq!(json(1.25e-12), "1.25e-12");
        assert_eq!(json(123_456_789_012_345_680_000.0), "123456789012345680000");
        assert_eq!(json(1e21), "1e+21");
    }
}
