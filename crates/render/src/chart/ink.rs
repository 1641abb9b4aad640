//! Colours by what they mean, for a light and a dark page.
//!
//! The hues are those of Okabe and Ito (Color Universal Design, 2008), which people with any colour vision tell apart, made
//! darker for white paper and lighter for a dark screen until each stands out by 3 to 1, and text by 4.5 to 1 (WCAG 2.2,
//! 1.4.11 and 1.4.3). A drawing names the meaning only: its class, to which a style sheet gives the colour.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use plimsoll_analysis::Side;

/// What a line, an area or a text stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ink {
    Paper,
    Text,
    Quiet,
    Grid,
    Axis,
    /// What does not count: windows that the generator spoilt, a curve beyond its data.
    Untold,
    Good,
    Slow,
    Bad,
    Offered,
    /// Between a rate that held and one that did not.
    Bracket,
    /// The load line.
    Line,
    Low,
    Middle,
    High,
    Highest,
    Generator,
    Setup,
    Path,
    Server,
    Application,
    Unknown,
}

impl Ink {
    pub(crate) const ALL: [Self; 22] = [
        Self::Paper,
        Self::Text,
        Self::Quiet,
        Self::Grid,
        Self::Axis,
        Self::Untold,
        Self::Good,
        Self::Slow,
        Self::Bad,
        Self::Offered,
        Self::Bracket,
        Self::Line,
        Self::Low,
        Self::Middle,
        Self::High,
        Self::Highest,
        Self::Generator,
        Self::Setup,
        Self::Path,
        Self::Server,
        Self::Application,
        Self::Unknown,
    ];

    /// The class's name behind `s-` for lines and `f-` for areas and texts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Text => "text",
            Self::Quiet => "quiet",
            Self::Grid => "grid",
            Self::Axis => "axis",
            Self::Untold => "untold",
            Self::Good => "good",
            Self::Slow => "slow",
            Self::Bad => "bad",
            Self::Offered => "offered",
            Self::Bracket => "bracket",
            Self::Line => "line",
            Self::Low => "low",
            Self::Middle => "middle",
            Self::High => "high",
            Self::Highest => "highest",
            Self::Generator => "generator",
            Self::Setup => "setup",
            Self::Path => "path",
            Self::Server => "server",
            Self::Application => "application",
            Self::Unknown => "unknown",
        }
    }

    /// The colours on a light and on a dark page.
    fn colours(self) -> [&'static str; 2] {
        match self {
            Self::Paper => ["#ffffff", "#12161c"],
            Self::Text | Self::Offered => ["#1b2129", "#e8ecf1"],
            Self::Quiet => ["#56606d", "#a3adb9"],
            Self::Grid => ["#e1e5ea", "#323a45"],
            Self::Axis => ["#7d8793", "#77828f"],
            Self::Untold => ["#eceff2", "#272e38"],
            Self::Good | Self::Highest => ["#0072b2", "#56b4e9"],
            Self::Slow => ["#bb8000", "#ffe099"],
            Self::Setup => ["#5f4100", "#ffe099"],
            Self::Bad => ["#a33a00", "#ff7f3f"],
            Self::Server => ["#c24a00", "#ff7f3f"],
            Self::Bracket => ["#f3dcc6", "#4a3423"],
            Self::Line => ["#007a5a", "#2fc295"],
            Self::Path => ["#007a5a", "#1f9a70"],
            Self::Low => ["#688da8", "#4f7d9b"],
            Self::Middle => ["#4a8fbf", "#6aa9d2"],
            Self::High => ["#004f80", "#a5d8f7"],
            Self::Generator => ["#4b3fa0", "#a79bff"],
            Self::Application => ["#8f2d6b", "#d98fbf"],
            Self::Unknown => ["#8a8f96", "#e3ebf5"],
        }
    }

    pub(crate) fn of_side(side: Side) -> Self {
        match side {
            Side::Generator => Self::Generator,
            Side::Setup => Self::Setup,
            Side::Path => Self::Path,
            Side::Server => Self::Server,
            Side::Application => Self::Application,
            Side::Unknown => Self::Unknown,
        }
    }
}

/// The style sheet for drawings with these inks: light, and dark where the reader prefers that.
pub(crate) fn style_sheet(inks: &BTreeSet<Ink>) -> String {
    // No custom properties: not all that show an SVG know them.
    let rules = |page: usize| {
        inks.iter().fold(String::new(), |mut rules, ink| {
            let (name, colour) = (ink.name(), ink.colours()[page]);
            write!(rules, ".s-{name}{{stroke:{colour}}}.f-{name}{{fill:{colour}}}")
                .expect("writing to a string cannot fail");
            rules
        })
    };
    format!("{}@media screen and (prefers-color-scheme:dark){{{}}}", rules(0), rules(1))
}

/// How much a colour stands out from another, by WCAG 2.2.
#[cfg(test)]
pub(crate) mod contrast {
    pub(crate) fn linear(colour: &str) -> [f64; 3] {
        // IEC 61966-2-1, as WCAG 2.2 has it.
        [1, 3, 5].map(|at| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        })
    }

    fn luminance([red, green, blue]: [f64; 3]) -> f64 {
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    pub(crate) fn contrast(left: &str, right: &str) -> f64 {
        let (left, right) = (luminance(linear(left)), luminance(linear(right)));
        (left.max(right) + 0.05) / (left.min(right) + 0.05)
    }
}

#[cfg(test)]
mod tests {
    use super::contrast::{contrast, linear};
    use super::*;

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 1e-9);
        // Published by WebAIM: the darkest grey that fails and the lightest that passes at 4.5.
        assert!((contrast("#777777", "#ffffff") - 4.48).abs() < 0.005);
        assert!((contrast("#767676", "#ffffff") - 4.54).abs() < 0.005);
    }

    #[test]
    fn everything_stands_out_from_its_page() {
        let backdrops = [Ink::Paper, Ink::Grid, Ink::Untold, Ink::Bracket];
        for ink in Ink::ALL.into_iter().filter(|ink| !backdrops.contains(ink)) {
            for page in 0..2 {
                let found = contrast(ink.colours()[page], Ink::Paper.colours()[page]);
                let least = match ink {
                    Ink::Text | Ink::Quiet => 4.5,
                    _ => 3.0,
                };
                assert!(found >= least, "{ink:?} on page {page}: {found:.2}");
            }
        }
        for page in 0..2 {
            for backdrop in [Ink::Untold, Ink::Bracket] {
                let found = contrast(Ink::Text.colours()[page], backdrop.colours()[page]);
                assert!(found >= 4.5, "text on {backdrop:?}, page {page}: {found:.2}");
            }
        }
    }

    /// What may stand side by side stays apart for those who see no red, or no green (Viénot, Brettel and Mollon 1999).
    #[test]
    fn neighbours_are_told_apart_with_any_colour_vision() {
        const SEEN: [[[f64; 3]; 3]; 3] = [
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            [[0.112_38, 0.887_62, 0.0], [0.112_38, 0.887_62, 0.0], [0.004_01, -0.004_01, 1.0]],
            [[0.292_75, 0.707_25, 0.0], [0.292_75, 0.707_25, 0.0], [-0.022_34, 0.022_34, 1.0]],
        ];
        let sides = Side::ALL.map(Ink::of_side);
        let outcomes = [Ink::Good, Ink::Slow, Ink::Bad];
        for vision in SEEN {
            for page in 0..2 {
                let seen = |ink: Ink| {
                    let light = linear(ink.colours()[page]);
                    lab(vision.map(|row| row.iter().zip(light).map(|(a, b)| a * b).sum::<f64>()))
                };
                let of = |inks: &[Ink]| -> Vec<(Ink, Ink)> {
                    let pairs = |(place, left): (usize, &Ink)| {
                        inks[place + 1..].iter().map(|right| (*left, *right)).collect::<Vec<_>>()
                    };
                    inks.iter().enumerate().flat_map(pairs).collect()
                };
                for (left, right) in of(&sides).into_iter().chain(of(&outcomes)) {
                    let (one, other) = (seen(left), seen(right));
                    let apart: f64 = one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum();
                    let apart = apart.sqrt();
                    assert!(apart > 12.0, "page {page}: {left:?}, {right:?}: {apart:.1}");
                }
            }
        }
    }

    /// CIE 1976 L*a*b* of linear sRGB, D65.
    fn lab([red, green, blue]: [f64; 3]) -> [f64; 3] {
        let curve = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        let x = curve((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505);
        let y = curve(0.2126 * red + 0.7152 * green + 0.0722 * blue);
        let z = curve((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    #[test]
    fn inks_are_numbered_in_order() {
        for (number, ink) in Ink::ALL.into_iter().enumerate() {
            assert_eq!(ink as usize, number);
        }
    }
}
