//! How wide a text is, before a browser says.

use unicode_width::UnicodeWidthChar as _;

/// Widths of the characters from the space to `~`, in thousandths of the size: Helvetica's, from Adobe's font metrics. Arial,
/// Liberation Sans and Nimbus Sans have the same.
#[rustfmt::skip]
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// What another font may take more.
const SLACK: f64 = 1.12;

/// The room that a text takes, in the unit of its size.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let thousandths: u32 = text.chars().map(|c| u32::from(of(c))).sum();
    f64::from(thousandths) / 1000.0 * size * SLACK
}

fn of(c: char) -> u16 {
    let c = if c == '\u{a0}' { ' ' } else { c };
    let place = (c as usize).checked_sub(' ' as usize);
    place.and_then(|place| WIDTHS.get(place).copied()).unwrap_or(match c.width() {
        Some(2) => 1000,
        Some(0) | None => 0,
        Some(_) => 620,
    })
}

/// The beginning of the text that has room, with a mark where some of it is missing.
pub(crate) fn fitted(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut fitted: String = String::new();
    let room = room - width("…", size);
    for c in text.chars() {
        fitted.push(c);
        if width(&fitted, size) > room {
            fitted.pop();
            break;
        }
    }
    fitted.truncate(fitted.trim_end().len());
    fitted.push('…');
    fitted
}

/// The text in at most so many lines, broken at spaces where that is possible.
pub(crate) fn lines(text: &str, size: f64, room: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut rest = text;
    while lines.len() + 1 < most && width(rest, size) > room {
        let mut end = 0;
        let mut space = None;
        for (place, c) in rest.char_indices() {
            if c == ' ' {
                space = Some(place);
            }
            end = place + c.len_utf8();
            if width(&rest[..end], size) > room {
                end = place;
                break;
            }
        }
        // A letter wider than the whole line still has to go somewhere.
        let end = if end == 0 { rest.chars().next().map_or(0, char::len_utf8) } else { end };
        let end = space.filter(|&space| space > end / 2).unwrap_or(end);
        lines.push(rest[..end].trim_end().to_owned());
        rest = rest[end..].trim_start();
    }
    lines.push(fitted(rest, size, room));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_helveticas() {
        // Adobe's Helvetica.afm: W 944, i 222, space 278.
        assert!((width("Wi ", 1.0) - (0.944 + 0.222 + 0.278) * SLACK).abs() < 1e-9);
        assert!(width("日本", 10.0) > width("ab", 10.0));
    }

    #[test]
    fn what_does_not_fit_is_cut_and_marked() {
        assert_eq!(fitted("abc", 10.0, 100.0), "abc");
        assert_eq!(fitted("aaaaaaaaaa", 10.0, 30.0), "aaa…");
        assert_eq!(fitted("aaaa", 10.0, 0.0), "…");
        assert_eq!(lines("one two three", 10.0, 50.0, 3), ["one two", "three"]);
        assert_eq!(lines("onetwothree four", 10.0, 40.0, 2).len(), 2);
        assert_eq!(lines("日本語日本語", 10.0, 1.0, 2), ["日", "…"]);
    }
}
