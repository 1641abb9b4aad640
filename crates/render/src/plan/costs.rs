//! What a month costs: by item, and by chain.

use plimsoll_analysis::plan::Plan;
use plimsoll_analysis::plan::cost::{Bill, Item, Line};
use plimsoll_model::{Decimal, Money};

use super::parts::Part;
use super::words::{currency, plain_money, price, quantity, share};
use crate::document::{Cell, Column, Fit, Row, Table, Tone};
use crate::verdict::Sentence;

const ITEMS: [Column; 4] = [
    Column { title: "costs a month", fit: Fit::Word, worth: Column::KEPT },
    Column { title: "quantity", fit: Fit::Number, worth: 2 },
    Column { title: "amount", fit: Fit::Number, worth: Column::KEPT },
    Column { title: "share", fit: Fit::Number, worth: 1 },
];

const CHAINS: [Column; 7] = [
    Column { title: "costs of", fit: Fit::Name, worth: Column::KEPT },
    Column { title: "instances", fit: Fit::Number, worth: 4 },
    Column { title: "queries", fit: Fit::Number, worth: 3 },
    Column { title: "egress", fit: Fit::Number, worth: 3 },
    Column { title: "fixed", fit: Fit::Number, worth: 2 },
    Column { title: "total", fit: Fit::Number, worth: Column::KEPT },
    Column { title: "per million", fit: Fit::Number, worth: 1 },
];

pub(super) fn parts(plan: &Plan) -> Vec<Part<'_>> {
    let Some(bill) = &plan.chosen.bill else { return Vec::new() };
    let mut parts = vec![Part::Table(items(bill))];
    if plan.inputs.chains.len() > 1 {
        parts.push(Part::Table(by_chain(plan, bill)));
    }
    let name = currency(plan);
    parts.push(Part::Point(
        Sentence::new(format!(
            "{} requests a month; a million costs {} ",
            quantity(bill.relays),
            price(bill.per_million)
        ))
        .own(format!(
            "{name} on average; one more, {} while the instances suffice and {} with those that it takes",
            price(bill.marginal_within),
            price(bill.marginal_with_instances)
        )),
    ));
    parts
}

/// What an item is, and of what its quantity is.
pub(crate) fn words(item: Item) -> (&'static str, &'static str) {
    match item {
        Item::OnDemand => ("instances on demand", "hours"),
        Item::Reserved => ("instances reserved", "hours"),
        Item::Spot => ("spot instances", "hours"),
        Item::Queries => ("database queries", "million"),
        Item::Egress => ("egress", "GB"),
        Item::Fixed => ("fixed", ""),
    }
}

fn is_there(line: &Line) -> bool {
    line.amount != Money::ZERO || (line.item == Item::OnDemand && !line.quantity.is_zero())
}

fn items(bill: &Bill) -> Table<'_> {
    let row = |line: &Line| {
        let (what, unit) = words(line.item);
        let part = line.amount.cents() as f64 / bill.total.cents().max(1) as f64;
        let much = if unit.is_empty() {
            String::new()
        } else {
            format!("{} {unit}", quantity(line.quantity))
        };
        let cells = vec![
            Cell::new(what),
            Cell::new(much),
            Cell::new(plain_money(line.amount)),
            Cell::new(share(part)),
        ];
        Row { cells, remarks: Vec::new() }
    };
    let mut rows: Vec<Row<'_>> = bill.items.iter().filter(|line| is_there(line)).map(row).collect();
    rows.push(Row {
        cells: vec![
            Cell::new("total").tone(Tone::Strong),
            Cell::new(""),
            Cell::new(plain_money(bill.total)).tone(Tone::Strong),
            Cell::new("100 %"),
        ],
        remarks: Vec::new(),
    });
    Table { columns: ITEMS.to_vec(), rows, rest: None }
}

fn by_chain<'a>(plan: &'a Plan, bill: &Bill) -> Table<'a> {
    let relays = |chain: usize| {
        // A chain's part of the requests is its part of the target.
        let target = plan.inputs.chains[chain].target.per_second();
        let all = plan.inputs.target().per_second();
        plimsoll_model::exact(target / all).and_then(|part| bill.relays.checked_mul(part))
    };
    let rows = plan.inputs.chains.iter().enumerate().map(|(place, chain)| {
        let of = |items: &[Item]| -> Money {
            let lines = bill.items.iter().filter(|line| items.contains(&line.item));
            lines.filter_map(|line| line.by_chain.get(place)).copied().sum()
        };
        let total = of(&Item::ALL);
        let million = Decimal::from(1_000_000);
        let each = relays(place)
            .and_then(|relays| total.per(relays.checked_div(million)?))
            .map_or_else(String::new, price);
        let cells = vec![
            Cell::foreign(&chain.name),
            Cell::new(plain_money(of(&[Item::OnDemand, Item::Reserved, Item::Spot]))),
            Cell::new(plain_money(of(&[Item::Queries]))),
            Cell::new(plain_money(of(&[Item::Egress]))),
            Cell::new(plain_money(of(&[Item::Fixed]))),
            Cell::new(plain_money(total)),
            Cell::new(each),
        ];
        Row { cells, remarks: Vec::new() }
    });
    Table { columns: CHAINS.to_vec(), rows: rows.collect(), rest: None }
}
