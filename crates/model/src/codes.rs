use std::fmt;
use std::str::FromStr;

/// A set of HTTP status codes, written as in `200-399` or `200,204,301-308`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeSet {
    ranges: Vec<(u16, u16)>,
}

impl CodeSet {
    /// Whether the set holds `code`. Code 0 (no complete answer) is in no set.
    #[must_use]
    pub fn contains(&self, code: u16) -> bool {
        code != 0 && self.ranges.iter().any(|&(low, high)| (low..=high).contains(&code))
    }
}

impl Default for CodeSet {
    /// `200-399`, what vegeta counts as success.
    fn default() -> Self {
        Self { ranges: vec![(200, 399)] }
    }
}

/// A text that is not a code or a range of codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCodeRange(String);

impl fmt::Display for InvalidCodeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected HTTP status codes such as `200-399` or `200,204`, found `{}`", self.0)
    }
}

impl std::error::Error for InvalidCodeRange {}

impl FromStr for CodeSet {
    type Err = InvalidCodeRange;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidCodeRange(text.to_owned());
        let code = |part: &str| -> Result<u16, InvalidCodeRange> {
            let code = part.trim().parse().map_err(|_| invalid())?;
            if (100..=999).contains(&code) { Ok(code) } else { Err(invalid()) }
        };
        let range = |part: &str| -> Result<(u16, u16), InvalidCodeRange> {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            let (low, high) = (code(low)?, code(high)?);
            if low <= high { Ok((low, high)) } else { Err(invalid()) }
        };
        Ok(Self { ranges: text.split(',').map(range).collect::<Result<_, _>>()? })
    }
}

impl fmt::Display for CodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (low, high)) in self.ranges.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            if low == high {
                write!(f, "{comma}{low}")?;
            } else {
                write!(f, "{comma}{low}-{high}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_single_codes() {
        let set: CodeSet = "200, 204,300-308".parse().unwrap();
        assert!(set.contains(200) && set.contains(204) && set.contains(308));
        assert!(!set.contains(201) && !set.contains(309) && !set.contains(0));
        assert_eq!(set.to_string(), "200,204,300-308");
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "2xx", "300-200", "0-399", "200-", "99", "1000"] {
            assert!(text.parse::<CodeSet>().is_err(), "{text}");
        }
    }
}
