use plimsoll_render::text::{TextStyle, render};
use unicode_width::UnicodeWidthStr;

use crate::samples;

#[test]
fn at_every_width() {
    for (name, sample) in samples::all() {
        let pages = [40, 60, 80, 120, 200].map(|width| {
            let text = render(&sample.summary(), &TextStyle { width, colour: false });
            format!("{}\n{text}", "─".repeat(width))
        });
        insta::assert_snapshot!(name, pages.concat());
    }
}

#[test]
fn in_colour() {
    let text = render(&samples::troubled().summary(), &TextStyle { width: 120, colour: true });
    insta::assert_snapshot!("troubled_colour", text.replace('\u{1b}', "␛"));
}

#[test]
fn colour_changes_no_word() {
    for (name, sample) in samples::all() {
        let plain = render(&sample.summary(), &TextStyle { width: 100, colour: false });
        let coloured = render(&sample.summary(), &TextStyle { width: 100, colour: true });
        let stripped: String = coloured
            .split('\u{1b}')
            .enumerate()
            .map(|(index, part)| if index == 0 { part } else { part.split_once('m').unwrap().1 })
            .collect();
        assert_eq!(stripped, plain, "{name}");
    }
}

#[test]
fn no_width_is_too_small_or_too_large() {
    for (_, sample) in samples::all() {
        for width in (0..60).chain([usize::MAX]) {
            assert!(!render(&sample.summary(), &TextStyle { width, colour: true }).is_empty());
        }
    }
}

#[test]
fn lines_stay_within_the_width() {
    for (name, sample) in samples::all() {
        for width in 20..200 {
            let text = render(&sample.summary(), &TextStyle { width, colour: false });
            for line in text.lines() {
                assert!(UnicodeWidthStr::width(line) <= width, "{name} at {width}: {line}");
            }
        }
    }
}
