//! What each chain carries, as the model has it.

use std::fmt::Write as _;

use plimsoll_analysis::Slo;
use plimsoll_attack::stub::{Chain, Spread, WhenFull, load_within};
use plimsoll_model::Nanos;

/// The goals where none are given.
const LATENCY: Nanos = Nanos(100_000_000);
const SHARE: f64 = 0.99;

/// A table for the standard error.
pub(crate) fn table(chains: &[Chain], slo: Option<Slo>) -> String {
    let latency = slo.and_then(|slo| slo.latency).unwrap_or(LATENCY);
    let share = slo.and_then(|slo| slo.success_min).unwrap_or(SHARE);
    let within = format!("{} % in {} ms", trim(share * 100.0), trim(latency.as_millis_f64()));
    let mut rows = vec![
        ["chain", "workers", "service", "queue", "full", "carries", &within].map(str::to_owned),
    ];
    for chain in chains {
        let queue = chain.queue.map_or_else(|| "unbounded".to_owned(), |bound| bound.to_string());
        let carried = match chain.pool() {
            Some(pool) => match load_within(&pool, latency.as_secs_f64(), share) {
                Some(rate) => per_second(rate),
                None => "none".to_owned(),
            },
            None => "–".to_owned(),
        };
        rows.push([
            chain.name.clone(),
            chain.workers.to_string(),
            service(chain),
            queue,
            full(chain.full).to_owned(),
            per_second(chain.capacity_rps()),
            carried,
        ]);
    }
    let mut widths = [0; 7];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut table = String::new();
    for row in &rows {
        for (at, (cell, width)) in row.iter().zip(widths).enumerate() {
            // Words to the left, figures to the right.
            let _ = match at {
                0 => write!(table, "{cell:<width$}"),
                2 | 4 => write!(table, "  {cell:<width$}"),
                _ => write!(table, "  {cell:>width$}"),
            };
        }
        table.push('\n');
    }
    table
}

fn service(chain: &Chain) -> String {
    let mut text = format!("{} ms", trim(chain.service.mean.as_secs_f64() * 1e3));
    match chain.service.spread {
        Spread::Fixed => {}
        Spread::Exponential => text.push_str(" exponential"),
        Spread::LogNormal { cv } => {
            let _ = write!(text, " lognormal, cv {cv}");
        }
    }
    let contention = chain.service.contention;
    if contention.sigma > 0.0 || contention.kappa > 0.0 {
        let _ = write!(text, ", sigma {}, kappa {}", contention.sigma, contention.kappa);
    }
    text
}

fn full(full: WhenFull) -> &'static str {
    match full {
        WhenFull::Unavailable => "503",
        WhenFull::TooMany { .. } => "429",
        WhenFull::Hang => "hang",
        WhenFull::Reset => "reset",
    }
}

fn per_second(rate: f64) -> String {
    if rate.is_finite() {
        format!("{}/s", trim((rate * 10.0).round() / 10.0))
    } else {
        "any".to_owned()
    }
}

fn trim(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
