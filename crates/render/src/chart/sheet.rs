//! A chart as data, and its drawing: panels one below the other, what is in them by plotters, what they mean in words beside them.

use std::collections::BTreeSet;
use std::convert::Infallible;

use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::drawing::{DrawingArea, IntoDrawingArea as _};
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color as _, FontDesc, FontFamily, FontStyle, FontTransform, ShapeStyle, TextStyle,
};

use super::axis::Axis;
use super::canvas::{Canvas, Dash, Drawing, Escaped, UNITS, colour};
use super::ink::{Ink, style_sheet};
use super::lettering::{self, fitted, width};

/// The width of every chart, in pixels.
const WIDTH: f64 = 780.0;

const TITLE: f64 = 15.0;
const NOTE: f64 = 12.0;
const TICK: f64 = 11.0;
const LABEL: f64 = 12.0;

/// The most that labels at the right take of the width.
const LABELS: f64 = 170.0;

/// A finished chart.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    /// Its file's name, without an ending.
    pub(crate) name: String,
    /// What it shows, in a sentence.
    pub(crate) title: String,
    /// What one sees there, for those who see it not.
    pub(crate) description: String,
    /// What is told of the place under the pointer.
    pub(crate) tips: Option<Tips>,
    elements: String,
    inks: BTreeSet<Ink>,
    height: f64,
}

/// Values by place along a chart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tips {
    /// What the values are.
    pub(crate) heads: Vec<&'static str>,
    /// From where on, and the values there: first by the axis of the first panel, once it is drawn in pixels.
    pub(crate) rows: Vec<(f64, Vec<String>)>,
    /// Until where the last of them are good, in pixels.
    pub(crate) end: f64,
}

impl Tips {
    /// By place on the axis.
    pub(super) fn new(
        heads: impl IntoIterator<Item = &'static str>,
        rows: impl IntoIterator<Item = (f64, Vec<String>)>,
    ) -> Self {
        Self { heads: heads.into_iter().collect(), rows: rows.into_iter().collect(), end: 0.0 }
    }
}

impl Chart {
    /// A file of its own.
    pub(crate) fn file(&self) -> String {
        let style = style_sheet(&self.inks);
        format!("{}<style>{SHAPES}{style}</style>\n{}</svg>\n", self.head("t"), self.elements)
    }

    /// A part of a page that has the style sheet. `id` is one of the page's own.
    pub(crate) fn inline(&self, id: &str) -> String {
        format!("{}{}</svg>\n", self.head(id), self.elements)
    }

    fn head(&self, id: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
             height=\"{height}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\" \
             font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\">\n\
             <title id=\"{id}-t\">{}</title>\n<desc id=\"{id}-d\">{}</desc>\n",
            Escaped(&self.title),
            Escaped(&self.description),
            height = self.height,
        )
    }
}

/// What all drawings have in common; the colours are apart.
pub(crate) const SHAPES: &str = ".l{fill:none;stroke-linejoin:round;stroke-linecap:butt}";

/// A chart that is being put together.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) title: String,
    /// What is drawn, in which unit.
    pub(super) note: String,
    pub(super) description: String,
    pub(super) panels: Vec<Panel>,
    pub(super) tips: Option<Tips>,
}

/// A pair of axes and what is between them.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) height: f64,
    pub(super) marks: Vec<Mark>,
    /// At the right, beside where things end.
    pub(super) labels: Vec<Label>,
    /// Above, along the axis.
    pub(super) strip: Vec<Strip>,
    /// From where to where what is seen does not count.
    pub(super) spoilt: Vec<(f64, f64)>,
    /// Whether values are told at the horizontal axis, and lines go up from them.
    pub(super) has_x: bool,
    pub(super) upright: bool,
}

impl Panel {
    pub(super) fn new(x: Axis, y: Axis, height: f64) -> Self {
        Self {
            x,
            y,
            height,
            marks: Vec::new(),
            labels: Vec::new(),
            strip: Vec::new(),
            spoilt: Vec::new(),
            has_x: true,
            upright: false,
        }
    }

    pub(super) fn label(&mut self, ink: Ink, at: f64, text: impl Into<String>) {
        self.labels.push(Label { ink, at, text: text.into() });
    }
}

/// A thing that is drawn, in the values of the axes.
#[derive(Clone, Debug)]
pub(super) enum Mark {
    Line {
        ink: Ink,
        dash: Dash,
        width: f64,
        points: Vec<(f64, f64)>,
    },
    Area {
        ink: Ink,
        corners: Vec<(f64, f64)>,
    },
    /// From one place of the horizontal axis to another, all the way up.
    Span {
        ink: Ink,
        from: f64,
        to: f64,
    },
    Bar {
        ink: Ink,
        from: (f64, f64),
        to: (f64, f64),
    },
    Dots {
        ink: Ink,
        radius: f64,
        filled: bool,
        points: Vec<(f64, f64)>,
    },
    Across {
        ink: Ink,
        dash: Dash,
        at: f64,
    },
    Upright {
        ink: Ink,
        dash: Dash,
        width: f64,
        at: f64,
    },
    /// The mark on a ship's hull: a ring with a line through it, at the top.
    Plimsoll {
        at: f64,
    },
    /// Words that begin at a place, or end there.
    Words {
        at: (f64, f64),
        ends: bool,
        text: String,
    },
}

#[derive(Clone, Debug)]
pub(super) struct Label {
    ink: Ink,
    at: f64,
    text: String,
}

/// A span above a panel.
#[derive(Clone, Debug)]
pub(super) struct Strip {
    pub(super) ink: Ink,
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) text: String,
    /// What is said where there is no room for that.
    pub(super) short: String,
}

type Area<'a> = DrawingArea<Canvas<'a>, Shift>;

impl Sheet {
    pub(super) fn draw(self) -> Chart {
        let across = WIDTH - 24.0;
        // A number and its unit stay together.
        let title = self.title.replace(" %", "\u{a0}%").replace(" ms", "\u{a0}ms");
        let title = lettering::lines(&title, TITLE * 1.06, across, 2);
        let note = lettering::lines(&self.note, NOTE, across, 2);
        let head = 14.0 + title.len() as f64 * 19.0 + note.len() as f64 * 16.0;
        let of = |panel: &Panel| {
            let strip = if panel.strip.is_empty() { 0.0 } else { 16.0 };
            let below = if panel.has_x { 42.0 } else { 14.0 };
            (strip, panel.height, below)
        };
        let height: f64 = head
            + 6.0
            + self
                .panels
                .iter()
                .map(|panel| {
                    let (strip, height, below) = of(panel);
                    strip + height + below + 14.0
                })
                .sum::<f64>();
        let left = self.panels.iter().map(left_margin).fold(0.0, f64::max);
        let right = self.panels.iter().map(right_margin).fold(0.0, f64::max);
        let (from, to) = (left, WIDTH - right);
        let mut drawing = Drawing::default();
        {
            let canvas = Canvas::new(&mut drawing, (whole(WIDTH), whole(height)));
            let root = canvas.into_drawing_area();
            rectangle(&root, Ink::Paper, (0.0, 0.0), (WIDTH, height));
            let mut y = 14.0;
            for line in &title {
                write(&root, Ink::Text, TITLE, true, (HPos::Left, VPos::Top), (12.0, y), line);
                y += 19.0;
            }
            for line in &note {
                write(
                    &root,
                    Ink::Quiet,
                    NOTE,
                    false,
                    (HPos::Left, VPos::Top),
                    (12.0, y + 1.0),
                    line,
                );
                y += 16.0;
            }
            y += 6.0;
            for panel in &self.panels {
                let (strip, height, below) = of(panel);
                y += strip + 14.0;
                panel.draw(&root, (from, to), (y, y + height));
                y += height + below;
            }
        }
        let tips = self.tips.and_then(|tips| {
            let axis = &self.panels.first()?.x;
            let place = |at: f64| ((from + axis.share(at) * (to - from)) * 10.0).round() / 10.0;
            let rows = tips.rows.into_iter().map(|(at, values)| (place(at), values)).collect();
            Some(Tips { rows, end: to, ..tips })
        });
        Chart {
            name: self.name,
            title: self.title,
            description: self.description,
            tips,
            elements: drawing.elements,
            inks: drawing.inks,
            height: height.round(),
        }
    }
}

fn left_margin(panel: &Panel) -> f64 {
    let widest = panel.y.ticks.iter().map(|(_, text)| width(text, TICK)).fold(0.0, f64::max);
    let title = if panel.y.title.is_empty() { 0.0 } else { 18.0 };
    (10.0 + title + widest.min(230.0) + 8.0).max(52.0)
}

fn right_margin(panel: &Panel) -> f64 {
    let widest = panel.labels.iter().map(|label| width(&label.text, LABEL)).fold(0.0, f64::max);
    let labels = if panel.labels.is_empty() { 0.0 } else { widest.min(LABELS) + 24.0 };
    // The last value below sticks out by half of itself.
    labels.max(30.0)
}

impl Panel {
    fn draw(&self, root: &Area<'_>, (left, right): (f64, f64), (top, bottom): (f64, f64)) {
        let pixels = (units(left)..units(right), units(bottom)..units(top));
        let axes = Cartesian2d::<Axis, Axis>::new(self.x.clone(), self.y.clone(), pixels);
        let inside = root.apply_coord_spec(axes);
        for (from, to) in &self.spoilt {
            let span = Mark::Span { ink: Ink::Untold, from: *from, to: *to };
            span.draw(root, &inside, self, (top, bottom));
        }
        for mark in self.marks.iter().filter(|mark| mark.is_behind()) {
            mark.draw(root, &inside, self, (top, bottom));
        }
        self.grid(root, (left, right), (top, bottom));
        for mark in self.marks.iter().filter(|mark| !mark.is_behind()) {
            mark.draw(root, &inside, self, (top, bottom));
        }
        // Below as well: what stands above may be as high as the panel.
        for (from, to) in &self.spoilt {
            let [from, to] = [from, to].map(|at| left + self.x.share(*at) * (right - left));
            rectangle(root, Ink::Axis, (from, bottom), (to, bottom + 5.0));
        }
        line(root, Ink::Axis, Dash::Solid, 1.0, &[(left, bottom), (right, bottom)]);
        for strip in &self.strip {
            let [from, to] =
                [strip.from, strip.to].map(|at| left + self.x.share(at) * (right - left));
            let (from, to) = (from + 0.5, (to - 0.5).max(from + 1.0));
            rectangle(root, strip.ink, (from, top - 19.0), (to, top - 4.0));
            let free = to - from - 4.0;
            let fits = |text: &&String| !text.is_empty() && width(text, TICK) <= free;
            if let Some(text) = [&strip.text, &strip.short].into_iter().find(fits) {
                let place = (f64::midpoint(from, to), top - 11.5);
                let ink = if matches!(strip.ink, Ink::Untold | Ink::Bracket | Ink::Grid) {
                    Ink::Text
                } else {
                    Ink::Paper
                };
                write(root, ink, TICK, false, (HPos::Center, VPos::Center), place, text);
            }
        }
        self.labels(root, right, (top, bottom));
    }

    fn grid(&self, root: &Area<'_>, (left, right): (f64, f64), (top, bottom): (f64, f64)) {
        for (at, text) in &self.y.ticks {
            let y = bottom - self.y.share(*at) * (bottom - top);
            if self.y.is_values() && bottom - y > 0.5 {
                line(root, Ink::Grid, Dash::Solid, 1.0, &[(left, y), (right, y)]);
            }
            let text = fitted(text, TICK, left - 15.0);
            write(
                root,
                Ink::Quiet,
                TICK,
                false,
                (HPos::Right, VPos::Center),
                (left - 7.0, y),
                &text,
            );
        }
        let turned = !self.y.title.is_empty();
        if turned {
            let place = (8.0, f64::midpoint(top, bottom));
            let text = fitted(&self.y.title, TICK, bottom - top + 24.0);
            turned_text(root, place, &text);
        }
        let mut free = f64::NEG_INFINITY;
        for (at, text) in &self.x.ticks {
            let x = left + self.x.share(*at) * (right - left);
            if self.upright {
                line(root, Ink::Grid, Dash::Solid, 1.0, &[(x, top), (x, bottom)]);
            }
            if !self.has_x {
                continue;
            }
            line(root, Ink::Axis, Dash::Solid, 1.0, &[(x, bottom), (x, bottom + 4.0)]);
            let half = width(text, TICK) / 2.0;
            if x - half >= free && x + half <= WIDTH {
                let place = (x, bottom + 7.0);
                write(root, Ink::Quiet, TICK, false, (HPos::Center, VPos::Top), place, text);
                free = x + half + 6.0;
            }
        }
        if self.has_x && !self.x.title.is_empty() {
            let place = (f64::midpoint(left, right), bottom + 24.0);
            let text = fitted(&self.x.title, TICK, right - left);
            write(root, Ink::Quiet, TICK, false, (HPos::Center, VPos::Top), place, &text);
        }
    }

    /// Labels beside where things end, moved apart where they would lie on each other.
    fn labels(&self, root: &Area<'_>, right: f64, (top, bottom): (f64, f64)) {
        const LINE: f64 = 16.0;
        let mut places: Vec<(f64, &Label)> = self
            .labels
            .iter()
            .map(|label| (bottom - self.y.share(label.at) * (bottom - top), label))
            .collect();
        places.sort_by(|left, right| left.0.total_cmp(&right.0));
        let mut free = top - 4.0;
        for (y, _) in &mut places {
            *y = y.max(free);
            free = *y + LINE;
        }
        let mut free = bottom - 5.0;
        for (y, _) in places.iter_mut().rev() {
            *y = y.min(free);
            free = *y - LINE;
        }
        for (y, label) in places {
            rectangle(root, label.ink, (right + 8.0, y - 4.0), (right + 16.0, y + 4.0));
            let text = fitted(&label.text, LABEL, LABELS);
            let place = (right + 20.0, y);
            write(root, Ink::Text, LABEL, false, (HPos::Left, VPos::Center), place, &text);
        }
    }
}

impl Axis {
    /// Whether it has values, and not names.
    fn is_values(&self) -> bool {
        !self.title.is_empty()
    }
}

impl Mark {
    fn is_behind(&self) -> bool {
        matches!(self, Self::Span { .. })
    }

    fn draw<'a>(
        &self,
        root: &Area<'a>,
        inside: &DrawingArea<Canvas<'a>, Cartesian2d<Axis, Axis>>,
        panel: &Panel,
        (top, _): (f64, f64),
    ) {
        let (lowest, highest) = (panel.y.low, panel.y.high);
        match self {
            Self::Line { ink, dash, width, points } => {
                let style = stroke(*ink, *dash, *width);
                drawn(inside.draw(&PathElement::new(finite(points), style)));
            }
            Self::Area { ink, corners } => {
                drawn(inside.draw(&Polygon::new(finite(corners), filled(*ink))));
            }
            Self::Span { ink, from, to } => {
                let corners = [(*from, lowest), (*to, highest)];
                drawn(inside.draw(&Rectangle::new(corners, filled(*ink))));
            }
            Self::Bar { ink, from, to } => {
                drawn(inside.draw(&Rectangle::new([*from, *to], filled(*ink))));
            }
            Self::Dots { ink, radius, filled: is_filled, points } => {
                for point in finite(points) {
                    if *is_filled {
                        drawn(inside.draw(&Circle::new(point, units(*radius), filled(*ink))));
                    } else {
                        drawn(inside.draw(&Circle::new(point, units(*radius), filled(Ink::Paper))));
                        let style = stroke(*ink, Dash::Solid, 1.6);
                        drawn(inside.draw(&Circle::new(point, units(*radius), style)));
                    }
                }
            }
            Self::Across { ink, dash, at } => {
                let points = [(panel.x.low, *at), (panel.x.high, *at)];
                drawn(inside.draw(&PathElement::new(points, stroke(*ink, *dash, 1.2))));
            }
            Self::Upright { ink, dash, width, at } => {
                let points = [(*at, lowest), (*at, highest)];
                drawn(inside.draw(&PathElement::new(points, stroke(*ink, *dash, *width))));
            }
            Self::Plimsoll { at } => {
                let (x, _) = inside.map_coordinate(&(*at, lowest));
                let x = f64::from(x) / UNITS;
                let ring = |style| Circle::new((units(x), units(top)), units(8.0), style);
                drawn(root.draw(&ring(filled(Ink::Paper))));
                drawn(root.draw(&ring(stroke(Ink::Line, Dash::Solid, 2.2))));
                line(root, Ink::Line, Dash::Solid, 2.2, &[(x - 14.0, top), (x + 14.0, top)]);
            }
            Self::Words { at, ends, text } => {
                let (x, y) = inside.map_coordinate(at);
                let place = (f64::from(x) / UNITS, f64::from(y) / UNITS);
                let side = if *ends { HPos::Right } else { HPos::Left };
                write(root, Ink::Text, LABEL, false, (side, VPos::Center), place, text);
            }
        }
    }
}

fn finite(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).collect()
}

/// Writing to a string cannot fail.
fn drawn(result: Result<(), plotters::drawing::DrawingAreaErrorKind<Infallible>>) {
    result.expect("drawing into a string cannot fail");
}

#[expect(clippy::cast_possible_truncation, reason = "pixels of a page")]
fn units(pixels: f64) -> i32 {
    (pixels * UNITS).round() as i32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels of a page")]
fn whole(pixels: f64) -> u32 {
    pixels.round() as u32
}

fn filled(ink: Ink) -> ShapeStyle {
    ShapeStyle { color: colour(ink, Dash::Solid), filled: true, stroke_width: 10 }
}

fn stroke(ink: Ink, dash: Dash, width: f64) -> ShapeStyle {
    ShapeStyle { color: colour(ink, dash), filled: false, stroke_width: whole(width * UNITS) }
}

fn rectangle(root: &Area<'_>, ink: Ink, from: (f64, f64), to: (f64, f64)) {
    let corners = [(units(from.0), units(from.1)), (units(to.0), units(to.1))];
    drawn(root.draw(&Rectangle::new(corners, filled(ink))));
}

fn line(root: &Area<'_>, ink: Ink, dash: Dash, width: f64, points: &[(f64, f64)]) {
    let points: Vec<(i32, i32)> = points.iter().map(|(x, y)| (units(*x), units(*y))).collect();
    drawn(root.draw(&PathElement::new(points, stroke(ink, dash, width))));
}

fn text_style(ink: Ink, size: f64, bold: bool, (h_pos, v_pos): (HPos, VPos)) -> TextStyle<'static> {
    let weight = if bold { FontStyle::Bold } else { FontStyle::Normal };
    let font = FontDesc::new(FontFamily::SansSerif, size * UNITS, weight);
    let mut style = TextStyle::from(font);
    style.color = colour(ink, Dash::Solid).to_backend_color();
    style.pos(Pos::new(h_pos, v_pos))
}

fn write(
    root: &Area<'_>,
    ink: Ink,
    size: f64,
    bold: bool,
    anchor: (HPos, VPos),
    (x, y): (f64, f64),
    text: &str,
) {
    let style = text_style(ink, size, bold, anchor);
    drawn(root.draw(&Text::new(text, (units(x), units(y)), style)));
}

/// Along the vertical axis, upwards.
fn turned_text(root: &Area<'_>, (x, y): (f64, f64), text: &str) {
    let style = text_style(Ink::Quiet, TICK, false, (HPos::Center, VPos::Top));
    let style = style.transform(FontTransform::Rotate270);
    drawn(root.draw(&Text::new(text, (units(x), units(y)), style)));
}
