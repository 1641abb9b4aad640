//! What a month's costs are made of.

use plimsoll_analysis::plan::Plan;
use plimsoll_analysis::plan::cost::Item;
use plimsoll_model::Money;

use super::axis::Axis;
use super::ink::Ink;
use super::sheet::{Chart, Mark, Panel, Sheet};
use crate::plan::costs::words;
use crate::plan::words::{currency, money, plain_money, share};

pub(super) fn chart(plan: &Plan) -> Option<Chart> {
    let bill = plan.chosen.bill.as_ref()?;
    let items: Vec<(Item, Money)> = Item::ALL
        .into_iter()
        .map(|item| (item, bill.of(item)))
        .filter(|(_, amount)| *amount > Money::ZERO)
        .collect();
    // A single item is the sum.
    if items.len() < 2 {
        return None;
    }
    let total = bill.total.cents().max(1) as f64;
    let most = items.iter().map(|(_, amount)| amount.cents()).max()? as f64 / 100.0;
    let names = Axis::names(items.iter().rev().map(|(item, _)| words(*item).0.to_owned()));
    let mut x = Axis::from_zero(most, 5, format!("{} a month", currency(plan)));
    // Room for the words behind the longest bar.
    x.high = x.high.max(most * 1.45);
    let mut panel = Panel::new(x, names, 26.0 * items.len() as f64);
    panel.upright = true;
    for (row, (item, amount)) in items.iter().rev().enumerate() {
        let middle = row as f64 + 0.5;
        let length = amount.cents() as f64 / 100.0;
        let ink = match item {
            Item::OnDemand | Item::Reserved | Item::Spot => Ink::Good,
            Item::Queries => Ink::Application,
            Item::Egress => Ink::Slow,
            Item::Fixed => Ink::Unknown,
        };
        let (from, to) = ((0.0, middle - 0.32), (length, middle + 0.32));
        panel.marks.push(Mark::Bar { ink, from, to });
        let part = share(amount.cents() as f64 / total);
        let text = format!("{} ({part})", plain_money(*amount));
        let at = (length + most * 0.012, middle);
        panel.marks.push(Mark::Words { at, ends: false, text });
    }
    let largest = items.iter().max_by_key(|(_, amount)| *amount)?;
    let title = format!(
        "A month costs {}, of which {} for {}",
        money(bill.total, currency(plan)),
        share(largest.1.cents() as f64 / total),
        words(largest.0).0
    );
    let listed: Vec<String> = items
        .iter()
        .map(|(item, amount)| format!("{} {}", words(*item).0, plain_money(*amount)))
        .collect();
    let sheet = Sheet {
        name: "plan-cost".to_owned(),
        title,
        note: "All chains together, for the target of today".to_owned(),
        description: format!("Bars: {}.", listed.join(", ")),
        tips: None,
        panels: vec![panel],
    };
    Some(sheet.draw())
}
