use plimsoll_analysis::Evidence;
use plimsoll_render::report::{Planned, Report, files};
use plimsoll_render::text::TextStyle;
use plimsoll_render::{Summary, json, markdown, text, vegeta};
use proptest::prelude::*;
use unicode_width::UnicodeWidthChar;

use crate::samples;

/// Characters that act on a terminal or turn text around.
fn acts(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn reports(summary: &Summary<'_>) -> Vec<String> {
    let whole = Report { summary, plan: Planned::NotAsked, command: "", configuration: None };
    let files = files(&whole).into_iter().map(|file| file.content);
    pages(summary).into_iter().chain(files).collect()
}

/// Those that are one text.
fn pages(summary: &Summary<'_>) -> [String; 6] {
    [
        text::render(summary, &TextStyle::default()),
        text::brief(summary, &TextStyle::default()),
        markdown::render(summary),
        json::render(summary),
        vegeta::text(summary),
        vegeta::json(summary),
    ]
}

#[test]
fn nothing_acts_on_the_terminal() {
    for report in reports(&samples::hostile().summary()) {
        assert!(!report.contains(acts), "{report:?}");
    }
    for warning in plimsoll_render::warnings(&samples::hostile().summary()) {
        assert!(!warning.contains(|c| acts(c) || c == '\n'), "{warning:?}");
    }
}

/// Names also stand within a sentence: what their chains count as success.
#[test]
fn names_with_codes_of_their_own_stay_names() {
    let mut sample = samples::hostile();
    let chains = sample.findings.chains.iter().map(|chain| plimsoll_render::ConfiguredChain {
        name: chain.name.clone(),
        success_codes: Some("204".to_owned()),
    });
    sample.config.chains = chains.cycle().take(6).collect();
    for report in reports(&sample.summary()) {
        assert!(!report.contains(acts), "{report:?}");
    }
    let markdown = markdown::render(&sample.summary());
    assert!(markdown.contains(": 204; others for 2 more chains)"), "{markdown}");
    let outside = outside_of_code(&markdown);
    for word in ["octocat", "evil", "img", "gateway"] {
        assert!(!outside.contains(word), "{word} stands outside of code in\n{outside}");
    }
}

#[test]
fn foreign_words_are_code_in_markdown() {
    let sample = samples::hostile();
    let summary = sample.summary();
    let outside = outside_of_code(&markdown::render(&summary));
    for word in ["octocat", "evil", "img", "heading", "CAUTION", "details", "gateway"] {
        assert!(!outside.contains(word), "{word} stands outside of code in\n{outside}");
    }
}

/// What a configuration says of a failure is prose, whatever is in it.
#[test]
fn configured_words_are_no_markup() {
    let mut sample = samples::all_failed();
    let words = "<img src=x> [a](http://evil.example) **b** `c` | \u{1b}[31m";
    for one in &mut sample.findings.total.verdict.evidence {
        if let Evidence::Failures(class) = one {
            words.clone_into(&mut class.meaning);
            words.clone_into(&mut class.advice);
        }
    }
    for report in reports(&sample.summary()) {
        assert!(!report.contains(acts), "{report:?}");
    }
    let markdown = markdown::render(&sample.summary());
    let escaped = r"\<img src=x\> \[a\](http://evil.example) \*\*b\*\* \`c\` \| \\x1b\[31m";
    assert_eq!(markdown.matches(escaped).count(), 2, "{markdown}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_stays_a_text(text in r"[`|\\ \n\x1b\u{202e}<#a日é]{0,40}|\PC{0,60}") {
        let sample = samples::of_text(&text);
        let summary = sample.summary();
        for report in pages(&summary) {
            prop_assert!(!report.contains(acts), "{:?}", report);
        }
        for line in text::render(&summary, &TextStyle { width: 60, colour: false }).lines() {
            let width: usize = line.chars().filter_map(UnicodeWidthChar::width).sum();
            prop_assert!(width <= 60, "{}", line);
        }
    }

    #[test]
    fn any_text_is_code_in_markdown(text in r"[`|\\ \nx]{0,40}") {
        let markdown = markdown::render(&samples::of_text(&text).summary());
        let plain = markdown::render(&samples::of_text("y").summary());
        let bare = |markdown: &str| outside_of_code(markdown).replace("(empty)", "");
        prop_assert_eq!(bare(&markdown), bare(&plain));
    }
}

/// The Markdown without its code spans, cell by cell in tables, by GitHub's rules.
pub(crate) fn outside_of_code(markdown: &str) -> String {
    let bare = |line: &str| match line.strip_prefix('|') {
        Some(row) => cells(row).iter().map(|cell| without_code(cell)).collect::<Vec<_>>().join("|"),
        None => without_code(line),
    };
    markdown.lines().map(bare).collect::<Vec<_>>().join("\n")
}

/// A backslash takes the next character along; a pipe by itself ends the cell.
fn cells(row: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut chars = row.chars();
    while let Some(c) = chars.next() {
        let cell = cells.last_mut().unwrap();
        match c {
            '|' => cells.push(String::new()),
            '\\' => match chars.next() {
                Some('|') => cell.push('|'),
                next => cell.extend(['\\'].into_iter().chain(next)),
            },
            c => cell.push(c),
        }
    }
    cells
}

/// A span ends at a run of backticks as long as its first.
fn without_code(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(start) = rest.find('`') {
        let run = backticks(&rest[start..]);
        let inside = &rest[start + run..];
        let Some(end) = run_of(inside, run) else { break };
        out.push_str(&rest[..start]);
        rest = &inside[end + run..];
    }
    out + rest
}

fn run_of(text: &str, length: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(start) = text[at..].find('`').map(|start| at + start) {
        let run = backticks(&text[start..]);
        if run == length {
            return Some(start);
        }
        at = start + run;
    }
    None
}

fn backticks(text: &str) -> usize {
    text.chars().take_while(|&c| c == '`').count()
}
