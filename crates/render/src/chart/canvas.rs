//! A drawing backend of plotters that writes SVG as it is to be read: tenths of a pixel, classes instead of colours, and
//! texts as texts.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt::{self, Display, Formatter, Write as _};

use plotters::style::RGBAColor;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontStyle, FontTransform,
};

use super::ink::Ink;
use super::lettering;
use crate::escape::is_hidden;

/// Units of plotters, which counts in whole ones, per pixel.
pub(super) const UNITS: f64 = 10.0;

/// How a line is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Dash {
    #[default]
    Solid,
    Dashed,
}

/// Elements of an SVG, and the inks that they are drawn with.
#[derive(Debug, Default)]
pub(super) struct Drawing {
    pub(super) elements: String,
    pub(super) inks: BTreeSet<Ink>,
}

/// Where plotters draws.
pub(super) struct Canvas<'a> {
    drawing: &'a mut Drawing,
    size: (u32, u32),
}

/// An ink as plotters takes it: what it is and how it is drawn stand in the place of red and green.
pub(super) fn colour(ink: Ink, dash: Dash) -> RGBAColor {
    RGBAColor(ink as u8, dash as u8, 0, 1.0)
}

fn ink(colour: BackendColor) -> Ink {
    Ink::ALL.get(usize::from(colour.rgb.0)).copied().unwrap_or(Ink::Text)
}

impl<'a> Canvas<'a> {
    /// `size` is in pixels.
    pub(super) fn new(drawing: &'a mut Drawing, (width, height): (u32, u32)) -> Self {
        Self { drawing, size: (width * 10, height * 10) }
    }

    fn put(&mut self, element: fmt::Arguments<'_>) {
        self.drawing.elements.write_fmt(element).expect("writing to a string cannot fail");
        self.drawing.elements.push('\n');
    }

    fn uses(&mut self, colour: BackendColor) -> &'static str {
        let ink = ink(colour);
        self.drawing.inks.insert(ink);
        ink.name()
    }

    fn stroke<S: BackendStyle>(&mut self, style: &S) -> String {
        let name = self.uses(style.color());
        let width = f64::from(style.stroke_width()) / UNITS;
        let dash = if style.color().rgb.1 == Dash::Dashed as u8 {
            " stroke-dasharray=\"5 4\""
        } else {
            ""
        };
        format!("class=\"l s-{name}\" stroke-width=\"{width}\"{dash}")
    }

    fn shape<S: BackendStyle>(&mut self, style: &S, fill: bool) -> String {
        if fill { format!("class=\"f-{}\"", self.uses(style.color())) } else { self.stroke(style) }
    }
}

impl DrawingBackend for Canvas<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn present(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn draw_pixel(
        &mut self,
        (x, y): BackendCoord,
        colour: BackendColor,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.draw_rect((x, y), (x + 10, y + 10), &colour, true)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let (left, right) = ordered(upper_left.0, bottom_right.0);
        let (top, bottom) = ordered(upper_left.1, bottom_right.1);
        let shape = self.shape(style, fill);
        self.put(format_args!(
            "<rect {shape} x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
            Pixels(left),
            Pixels(top),
            Pixels(right - left),
            Pixels(bottom - top)
        ));
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let stroke = self.stroke(style);
        let path = path_data(path);
        self.put(format_args!("<path {stroke} d=\"{path}\"/>"));
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let shape = self.shape(style, fill);
        let radius = f64::from(radius) / UNITS;
        self.put(format_args!(
            "<circle {shape} cx=\"{}\" cy=\"{}\" r=\"{radius}\"/>",
            Pixels(x),
            Pixels(y)
        ));
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let shape = self.shape(style, true);
        let path = path_data(corners);
        self.put(format_args!("<path {shape} d=\"{path}Z\"/>"));
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &T,
        (x, y): BackendCoord,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let name = self.uses(style.color());
        let size = style.size() / UNITS;
        let anchor = match style.anchor().h_pos {
            HPos::Left => "",
            HPos::Center => " text-anchor=\"middle\"",
            HPos::Right => " text-anchor=\"end\"",
        };
        // The heights of capitals and of what hangs below the line, which fonts have in common to a few hundredths.
        let down = match style.anchor().v_pos {
            VPos::Top => 0.74,
            VPos::Center => 0.35,
            VPos::Bottom => -0.22,
        };
        #[expect(clippy::cast_possible_truncation, reason = "a size of letters")]
        let down = (down * style.size()).round() as i32;
        let bold =
            if matches!(style.style(), FontStyle::Bold) { " font-weight=\"600\"" } else { "" };
        let (place, turned) = match style.transform() {
            FontTransform::None => ((x, y + down), String::new()),
            _ => (
                (x + down, y),
                format!(" transform=\"rotate(-90 {} {})\"", Pixels(x + down), Pixels(y)),
            ),
        };
        self.put(format_args!(
            "<text class=\"f-{name}\" x=\"{}\" y=\"{}\" font-size=\"{size}\"{bold}{anchor}{turned}>{}</text>",
            Pixels(place.0),
            Pixels(place.1),
            Escaped(text)
        ));
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a text's width"
        )]
        let size = |value: f64| value.ceil() as u32;
        Ok((size(lettering::width(text, style.size())), size(style.size())))
    }
}

fn ordered(one: i32, other: i32) -> (i32, i32) {
    (one.min(other), one.max(other))
}

/// Steps between the points, which are shorter than their places.
fn path_data(points: impl IntoIterator<Item = BackendCoord>) -> String {
    let mut data = String::new();
    let mut before: Option<BackendCoord> = None;
    for (x, y) in points {
        match before {
            None => write!(data, "M{} {}", Pixels(x), Pixels(y)),
            Some(before) if before == (x, y) => continue,
            Some((_, before)) if before == y => write!(data, "H{}", Pixels(x)),
            Some((before, _)) if before == x => write!(data, "V{}", Pixels(y)),
            Some(_) => write!(data, "L{} {}", Pixels(x), Pixels(y)),
        }
        .expect("writing to a string cannot fail");
        before = Some((x, y));
    }
    data
}

/// Tenths of a pixel as pixels.
pub(super) struct Pixels(pub(super) i32);

impl Display for Pixels {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (whole, tenth) = (self.0.abs() / 10, self.0.abs() % 10);
        let sign = if self.0 < 0 { "-" } else { "" };
        match tenth {
            0 => write!(f, "{sign}{whole}"),
            _ => write!(f, "{sign}{whole}.{tenth}"),
        }
    }
}

/// A text within XML or HTML. What would act there, or hide what stands beside it, shows itself.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\t' => f.write_str("\\t")?,
                '\n' => f.write_str("\\n")?,
                // No XML holds these.
                '\u{fffe}' | '\u{ffff}' => write!(f, "{}", c.escape_unicode())?,
                c if is_hidden(c) => write!(f, "{}", c.escape_unicode())?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_tenths_of_pixels() {
        assert_eq!(
            path_data([(0, 5), (10, 5), (10, 25), (10, 25), (33, -7)]),
            "M0 0.5H1V2.5L3.3 -0.7"
        );
    }

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(
            Escaped("<a b='c' d=\"e\">&\x1b[0m\u{202e}\u{ffff}]]>").to_string(),
            "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;\\u{1b}[0m\\u{202e}\\u{ffff}]]&gt;"
        );
    }
}
