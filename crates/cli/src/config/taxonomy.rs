//! `[[taxonomy]]` and `[rpc]`: what failures mean.

use plimsoll_analysis::{Class, RpcCodes, Rule, Taxonomy};
use serde::Deserialize;

use super::Config;
use super::complaint::one_line;

/// `[[taxonomy]]`: what an error text means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleTable {
    pattern: String,
    class: String,
    #[serde(default)]
    meaning: String,
    #[serde(default)]
    advice: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RpcTable {
    success_codes: Vec<i64>,
    rate_limited_codes: Vec<i64>,
}

impl Config {
    /// What error texts mean: the rules of the configuration before those that are built in.
    pub(crate) fn taxonomy(&self) -> anyhow::Result<Taxonomy> {
        let mut rules = Vec::new();
        for (number, table) in (1..).zip(&self.taxonomy) {
            let class = table.class.parse::<Class>();
            let class = class.map_err(|error| anyhow::anyhow!("[[taxonomy]] {number}: {error}"))?;
            rules.push(Rule {
                pattern: table.pattern.clone(),
                class,
                meaning: table.meaning.clone(),
                advice: table.advice.clone(),
            });
        }
        Taxonomy::new(&rules, self.rpc_codes()?)
            .map_err(|error| anyhow::anyhow!("{}", one_line(&error.to_string())))
    }

    /// The JSON-RPC errors that are not plain failures.
    pub(crate) fn rpc_codes(&self) -> anyhow::Result<RpcCodes> {
        let RpcTable { success_codes, rate_limited_codes } = &self.rpc;
        if let Some(code) = success_codes.iter().find(|code| rate_limited_codes.contains(code)) {
            anyhow::bail!(
                "[rpc]: {code} is in success_codes and in rate_limited_codes: an answer is either a success or over a limit"
            );
        }
        Ok(RpcCodes { success: success_codes.clone(), rate_limited: rate_limited_codes.clone() })
    }
}
