//! `--set key=value`: the configuration as it would be otherwise.

use std::str::FromStr;

use toml::{Table, Value};

/// A key and its value, as in `cost.on_demand_per_hour=0.12`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Set {
    /// As it was typed.
    pub(crate) text: String,
    /// The key in dots, as complaints name it.
    pub(crate) key: String,
    table: Table,
}

impl FromStr for Set {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "expected KEY=VALUE, as in cost.on_demand_per_hour=0.12".to_owned();
        let (key, value) = text.split_once('=').ok_or_else(wrong)?;
        let (key, value) = (key.trim(), value.trim());
        let parse = |value: &str| Table::from_str(&format!("{key} = {value}"));
        // Words need no quotes: fleet.pooling=per_chain.
        let table = parse(value).or_else(|_| parse(&Value::from(value).to_string()));
        let table = table.map_err(|_| wrong())?;
        if key.is_empty() || value.is_empty() || table.len() != 1 {
            return Err(wrong());
        }
        Ok(Self { text: text.to_owned(), key: key.replace('"', ""), table })
    }
}

impl Set {
    /// Changes what a file says.
    pub(crate) fn apply(&self, to: &mut Table) {
        merge(to, &self.table);
    }
}

fn merge(to: &mut Table, from: &Table) {
    for (key, value) in from {
        match (to.get_mut(key), value) {
            (Some(Value::Table(inner)), Value::Table(value)) => merge(inner, value),
            _ => {
                to.insert(key.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_set_among_the_others() {
        let mut table =
            Table::from_str("[fleet]\nzones = 3\n[chains.kava]\ncapacity_rps = 5\n").unwrap();
        for text in [
            "fleet.pooling=per_chain",
            "fleet.zones = 2",
            "chains.kava.capacity_rps.point=800",
            "chains.\"a.b\".target_rps=1e3",
        ] {
            text.parse::<Set>().unwrap().apply(&mut table);
        }
        let expected = "fleet = { zones = 2, pooling = \"per_chain\" }\n\
            chains = { kava = { capacity_rps = { point = 800 } }, \"a.b\" = { target_rps = 1000.0 } }\n";
        assert_eq!(table, Table::from_str(expected).unwrap());
        for text in ["", "zones", "=3", "zones=", "a b=3", "a\nb=3"] {
            assert!(text.parse::<Set>().is_err(), "{text}");
        }
    }
}
