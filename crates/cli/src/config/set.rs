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
    /// The same in its parts.
    pub(crate) path: Vec<String>,
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
        let table = table.map_err(|_| match path(key) {
            None if key.starts_with("chains.") => format!(
                "{}; a name with anything but letters, digits, - and _ takes quotes, and these take others for the shell: --set 'chains.\"a name\".target_rps=5'",
                wrong()
            ),
            _ => wrong(),
        })?;
        if value.is_empty() && !key.is_empty() {
            return Err(format!("{key} has no value: {}", wrong()));
        }
        if key.is_empty() || table.len() != 1 {
            return Err(wrong());
        }
        let path = path(key).ok_or_else(wrong)?;
        Ok(Self { text: text.to_owned(), key: path.join("."), path, table })
    }
}

/// The parts of a key, however they are quoted.
fn path(key: &str) -> Option<Vec<String>> {
    let mut table = Table::from_str(&format!("{key} = 0")).ok()?;
    let mut path = Vec::new();
    loop {
        let (name, value) = std::mem::take(&mut table).into_iter().next()?;
        path.push(name);
        match value {
            Value::Table(inner) => table = inner,
            _ => return Some(path),
        }
    }
}

impl Set {
    /// Changes what a file says.
    pub(crate) fn apply(&self, to: &mut Table) {
        let chains = |table: &Table| table.get("chains").and_then(Value::as_table).cloned();
        for (name, own) in chains(&self.table).unwrap_or_default() {
            let chain = to.get_mut("chains").and_then(|chains| chains.get_mut(&name));
            if let (Some(Value::Table(chain)), Value::Table(own)) = (chain, own) {
                take_capacity(&own, chain);
            }
        }
        merge(to, &self.table);
    }
}

/// What is typed of a capacity takes the place of what a chain has of it, in whatever form.
fn take_capacity(own: &Table, chain: &mut Table) {
    for (key, other) in [("capacity_rps", "capacity_from"), ("capacity_from", "capacity_rps")] {
        if own.contains_key(key) {
            chain.remove(other);
        }
    }
    // `capacity_rps.low=400` beside `capacity_rps = 450`: that is the point.
    let is_end = own.get("capacity_rps").is_some_and(Value::is_table);
    if let Some(point) = chain.get_mut("capacity_rps").filter(|point| is_end && !point.is_table()) {
        *point = Value::Table(Table::from_iter([("point".to_owned(), point.clone())]));
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
            "chains.kava.capacity_rps.low=700",
        ] {
            text.parse::<Set>().unwrap().apply(&mut table);
        }
        let expected = "fleet = { zones = 2, pooling = \"per_chain\" }\n\
            chains = { kava = { capacity_rps = { point = 800, low = 700 } }, \"a.b\" = { target_rps = 1000.0 } }\n";
        assert_eq!(table, Table::from_str(expected).unwrap());
        let mut table = Table::from_str("[chains.a]\ncapacity_rps = 5\n").unwrap();
        let apply = |text: &str, table: &mut Table| {
            text.parse::<Set>().unwrap().apply(table);
            table["chains"]["a"].to_string()
        };
        assert_eq!(
            apply("chains.a.capacity_rps.low=4", &mut table),
            "{ capacity_rps = { point = 5, low = 4 } }"
        );
        assert_eq!(
            apply("chains.a.capacity_from=[\"x\"]", &mut table),
            "{ capacity_from = [\"x\"] }"
        );
        assert_eq!(apply("chains.a.capacity_rps=3", &mut table), "{ capacity_rps = 3 }");
        for (text, path) in [
            ("chains.'a.b'.target_rps=1", &["chains", "a.b", "target_rps"][..]),
            ("chains.\"a b\".capacity_rps={ point = 1 }", &["chains", "a b", "capacity_rps"]),
            ("fleet . zones=2", &["fleet", "zones"]),
        ] {
            let set: Set = text.parse().unwrap();
            assert_eq!(
                (set.path, set.key),
                (path.iter().map(|&part| part.to_owned()).collect(), path.join("."))
            );
        }
        let said = "chains.a b.target_rps=3".parse::<Set>().unwrap_err();
        assert!(said.contains("takes quotes"), "{said}");
        for text in ["", "zones", "=3", "zones=", "a b=3", "a\nb=3"] {
            assert!(text.parse::<Set>().is_err(), "{text}");
        }
    }
}
