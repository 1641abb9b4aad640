//! Instances and costs, month by month.

use plimsoll_analysis::plan::Plan;

use super::axis::Axis;
use super::canvas::Dash;
use super::ink::Ink;
use super::sheet::{Chart, Mark, Panel, Sheet};
use crate::numbers::{count, counted};
use crate::plan::words::{currency, money};

/// Months that are drawn.
const MOST: usize = 120;

pub(super) fn chart(plan: &Plan) -> Option<Chart> {
    let growing = plan.growing.as_ref()?;
    let months: Vec<_> = growing.months.iter().take(MOST).collect();
    let (first, last) = (months.first()?, months.last()?);
    if months.len() < 2 {
        return None;
    }
    let every = months.len().div_ceil(24);
    let names = months.iter().enumerate().map(|(place, month)| {
        if place % every == 0 { month.number.to_string() } else { String::new() }
    });
    let x = || {
        let mut axis = Axis::names(names.clone());
        axis.ticks.retain(|(_, text)| !text.is_empty());
        "month".clone_into(&mut axis.title);
        axis
    };
    let most = months.iter().map(|month| month.instances).max().unwrap_or(1) as f64;
    let mut panel = Panel::new(x(), Axis::from_zero(most, 4, "instances"), 150.0);
    let today = plan.chosen.instances as f64;
    let full_in = growing.full.and_then(|full| full.month);
    for (place, month) in months.iter().enumerate() {
        let place = place as f64;
        let is_more = full_in.is_some_and(|full| month.number >= full);
        let ink = if is_more { Ink::Slow } else { Ink::Good };
        let to = (place + 0.88, month.instances as f64);
        panel.marks.push(Mark::Bar { ink, from: (place + 0.12, 0.0), to });
    }
    panel.marks.push(Mark::Across { ink: Ink::Line, dash: Dash::Dashed, at: today });
    panel.label(Ink::Line, today, format!("today {}", count(plan.chosen.instances)));
    let bills: Vec<f64> = months
        .iter()
        .filter_map(|month| Some(month.bill.as_ref()?.total.cents() as f64 / 100.0))
        .collect();
    let mut panels = vec![panel];
    if bills.len() == months.len() {
        let most = bills.iter().copied().fold(0.0, f64::max);
        let title = format!("{} a month", currency(plan));
        let mut costs = Panel::new(x(), Axis::from_zero(most, 3, title), 110.0);
        for (place, bill) in bills.iter().enumerate() {
            let place = place as f64;
            let (from, to) = ((place + 0.12, 0.0), (place + 0.88, *bill));
            costs.marks.push(Mark::Bar { ink: Ink::Generator, from, to });
        }
        panels[0].has_x = false;
        panels.push(costs);
    }
    let full = full_in.map_or_else(
        || "today's suffice until then".to_owned(),
        |month| format!("today's are full in month {}", count(month.into())),
    );
    let cost = last
        .bill
        .as_ref()
        .map(|bill| format!(" for {} a month", money(bill.total, currency(plan))));
    let title = format!(
        "From {} to {} in {}{}: {full}",
        counted(first.instances, "instance", "instances"),
        count(last.instances),
        counted(u64::from(last.number.saturating_sub(first.number)), "month", "months"),
        cost.unwrap_or_default()
    );
    let sheet = Sheet {
        name: "plan-growth".to_owned(),
        description: format!("Bars for each of {} months. {title}.", months.len()),
        title,
        note: "Instances that the growing target takes, with redundancy; in the other colour, more than today's".to_owned(),
        tips: None,
        panels,
    };
    Some(sheet.draw())
}
