//! Offered, good and failing requests over time.

use plimsoll_analysis::WindowFindings;
use plimsoll_model::Rate;

use super::Subject;
use super::axis::Axis;
use super::canvas::Dash;
use super::ink::Ink;
use super::sheet::{Chart, Mark, Panel, Sheet, Tips};
use super::timeline::Timeline;
use crate::numbers::{count, percent, rate};

pub(super) fn chart(subject: Subject<'_>) -> Option<Chart> {
    let chain = subject.chain;
    let time = Timeline::of(chain)?;
    let windows = time.windows();
    let has_slo = windows.iter().any(|window| window.good.is_some());
    let has_schedule = windows.iter().any(|window| window.offered.is_some());
    let most = windows.iter().map(|window| Stack::of(window).most()).fold(0.0, f64::max);
    let mut panel = Panel::new(time.axis(), Axis::from_zero(most, 5, "requests per second"), 220.0);
    let shaded = time.shade(&mut panel);
    time.stages(&mut panel, &chain.stages);
    let mut layer = |ink, name, between: fn(&Stack) -> (f64, f64)| {
        let areas = time.layer(|window| between(&Stack::of(window)));
        let middle = windows.iter().rev().map(|window| between(&Stack::of(window)));
        // Beside what it is last, where it is more than a sliver.
        let seen = middle.clone().find(|(low, high)| high - low > most * 0.03);
        let last = seen.or_else(|| middle.clone().find(|(low, high)| high > low));
        if let Some((low, high)) = last {
            panel.marks.extend(areas.into_iter().map(|corners| Mark::Area { ink, corners }));
            panel.label(ink, f64::midpoint(low, high), name);
        }
    };
    layer(Ink::Good, if has_slo { "good" } else { "succeeded" }, |at| (0.0, at.good));
    layer(Ink::Slow, "too slow", |at| (at.good, at.good + at.slow));
    layer(Ink::Bad, "failed", |at| (at.good + at.slow, at.sent));
    for points in time.steps(|window| Stack::of(window).offered) {
        panel.marks.push(Mark::Line { ink: Ink::Offered, dash: Dash::Dashed, width: 1.4, points });
    }
    if let Some(last) = windows.iter().rev().find_map(|window| Stack::of(window).offered) {
        panel.label(Ink::Offered, last, "due (dashed)");
    }
    let mut note = if has_schedule {
        "Requests by when they were due, stacked".to_owned()
    } else {
        "Requests by when they were sent, stacked; when they were due is not known".to_owned()
    };
    if shaded {
        note += "; grey: windows that the generator spoilt, which do not count";
    }
    let name = subject.name();
    let succeeded = percent(chain.successes, chain.requests);
    let mut title = format!("{name}: {succeeded} of {} requests succeeded", count(chain.requests));
    let worst = windows.iter().max_by_key(|window| (window.sent - window.successes, window.start));
    if let Some(worst) = worst.filter(|worst| worst.sent > worst.successes) {
        let failing = Rate::over(worst.sent - worst.successes, worst.span);
        let when = time.clock.show(worst.start);
        title = format!("{title}, up to {}/s failed (at {when})", rate(failing));
    }
    let peak = Rate(most);
    let description = format!(
        "Area chart of requests per second over time, {} windows, at most {}/s. {} requests, {} failed.",
        count(windows.len() as u64),
        rate(Some(peak)),
        count(chain.requests),
        count(chain.failures)
    );
    let tips = windows.iter().map(|window| {
        let stack = Stack::of(window);
        let shown = |value: f64| format!("{}/s", rate(Some(Rate(value))));
        let due = stack.offered.map_or_else(|| "–".to_owned(), shown);
        let values = vec![
            time.moment(window),
            due,
            shown(stack.good),
            shown(stack.slow),
            shown(stack.failed()),
        ];
        (time.ends(window).0, values)
    });
    let heads = ["", "due", if has_slo { "good" } else { "succeeded" }, "too slow", "failed"];
    let sheet = Sheet {
        name: subject.file("rate"),
        title,
        note,
        description,
        tips: Some(Tips::new(heads, tips)),
        panels: vec![panel],
    };
    Some(sheet.draw())
}

/// A window's rates, one on top of the other.
struct Stack {
    offered: Option<f64>,
    good: f64,
    slow: f64,
    sent: f64,
}

impl Stack {
    fn of(window: &WindowFindings) -> Self {
        let rate = |count: u64| Rate::over(count, window.span).map_or(0.0, Rate::per_second);
        let good = window.good.unwrap_or(window.successes);
        Self {
            offered: window.offered.map(rate),
            good: rate(good),
            slow: rate(window.successes - good),
            sent: rate(window.sent),
        }
    }

    fn failed(&self) -> f64 {
        (self.sent - self.good - self.slow).max(0.0)
    }

    fn most(&self) -> f64 {
        self.sent.max(self.offered.unwrap_or(0.0))
    }
}
