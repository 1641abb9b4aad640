use plimsoll_render::markdown::render;

use crate::samples;

#[test]
fn of_every_sample() {
    for (name, sample) in samples::all() {
        insta::assert_snapshot!(name, render(&sample.summary()));
    }
}

#[test]
fn every_row_of_a_table_has_the_heads_number_of_cells() {
    for (name, sample) in samples::all() {
        let markdown = render(&sample.summary());
        let mut cells = None;
        for line in markdown.lines() {
            let here = line.starts_with('|').then(|| line.replace("\\|", "").matches('|').count());
            assert!(cells.is_none() || here.is_none() || cells == here, "{name}: {line}");
            cells = here;
        }
    }
}
