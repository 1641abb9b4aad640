//! The whole report: what each file holds, and that it is sound.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use html5ever::driver::ParseOpts;
use html5ever::parse_document;
use html5ever::tendril::TendrilSink as _;
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use plimsoll_render::report::{File, Planned, Report, files};
use proptest::prelude::*;
use roxmltree::Document;

use crate::samples::{self, Sample};

const COMMAND: &str = "plimsoll analyze results --report report";

fn report(sample: &Sample) -> Vec<File> {
    files(&Report {
        summary: &sample.summary(),
        plan: Planned::NotAsked,
        command: COMMAND,
        configuration: Some(("plimsoll.toml", "[slo] # <b>\u{1b}[31m\n```\nlatency_ms = 200\n")),
    })
}

fn content<'a>(files: &'a [File], path: &str) -> &'a str {
    &files.iter().find(|file| file.path == path).unwrap().content
}

fn charts(files: &[File]) -> impl Iterator<Item = &File> {
    files.iter().filter(|file| file.path.starts_with("charts/"))
}

/// The page's elements, after it was found to be valid.
fn elements(page: &str) -> Vec<Element> {
    let dom = parse_document(RcDom::default(), ParseOpts::default()).one(page);
    let errors = dom.errors.borrow();
    assert!(errors.is_empty(), "{errors:?}");
    let mut elements = Vec::new();
    collect(&dom.document, &mut elements);
    elements
}

struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
}

impl Element {
    fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.attributes.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str())
    }
}

fn collect(node: &Handle, elements: &mut Vec<Element>) {
    if let NodeData::Element { name, attrs, .. } = &node.data {
        let attributes = attrs.borrow();
        let attributes = attributes.iter();
        let text = node.children.borrow().iter().fold(String::new(), |mut text, child| {
            if let NodeData::Text { contents } = &child.data {
                text += &contents.borrow();
            }
            text
        });
        elements.push(Element {
            name: name.local.to_string(),
            attributes: attributes
                .map(|a| (a.name.local.to_string(), a.value.to_string()))
                .collect(),
            text,
        });
    }
    for child in node.children.borrow().iter() {
        collect(child, elements);
    }
}

#[test]
fn markdown_of_samples() {
    for name in ["stepped", "troubled", "all_failed", "no_records", "hostile"] {
        let (_, sample) = samples::all().into_iter().find(|(known, _)| *known == name).unwrap();
        insta::assert_snapshot!(name, content(&report(&sample), "report.md"));
    }
}

/// What is drawn, with what it means, and not where.
fn structure(svg: &str) -> String {
    let document = Document::parse(svg).unwrap();
    let mut lines = String::new();
    let mut before: Option<(String, usize)> = None;
    let mut put = |line: String| match &mut before {
        Some((same, times)) if *same == line => *times += 1,
        _ => {
            if let Some((line, times)) = before.replace((line, 1)) {
                let times = if times > 1 { format!(" × {times}") } else { String::new() };
                writeln!(lines, "{line}{times}").unwrap();
            }
        }
    };
    for node in document.root_element().descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        let class = node.attribute("class").unwrap_or_default();
        let text = if name == "style" { "" } else { node.text().unwrap_or_default().trim() };
        put(format!("{name} {class} {text}").trim_end().to_owned());
    }
    put(String::new());
    lines
}

#[test]
fn structure_of_charts() {
    for name in ["stepped", "troubled", "all_failed"] {
        let (_, sample) = samples::all().into_iter().find(|(known, _)| *known == name).unwrap();
        let files = report(&sample);
        let all = charts(&files).fold(String::new(), |mut all, file| {
            write!(all, "{}\n{}\n", file.path, structure(&file.content)).unwrap();
            all
        });
        insta::assert_snapshot!(format!("charts_{name}"), all);
    }
}

#[test]
fn the_same_findings_give_the_same_bytes() {
    for (name, sample) in samples::all() {
        assert_eq!(report(&sample), report(&sample), "{name}");
    }
}

#[test]
fn pages_are_valid_and_ask_nothing_of_anybody() {
    for (name, sample) in samples::all() {
        let files = report(&sample);
        let page = content(&files, "report.html");
        let elements = elements(page);
        let charts = charts(&files).count();
        let of = |name: &'static str| elements.iter().filter(move |element| element.name == name);
        assert_eq!(of("svg").count(), charts, "{name}");
        // Our own, and the values of charts over time.
        let own = of("script").filter(|script| script.get("type").is_none()).count();
        assert_eq!(own, 1, "{name}");
        for script in of("script").filter(|script| script.get("type").is_some()) {
            assert_eq!(script.get("type"), Some("application/json"), "{name}");
            serde_json::from_str::<serde_json::Value>(&script.text).unwrap();
        }
        for element in &elements {
            for (key, value) in &element.attributes {
                assert!(!key.starts_with("on") && key != "src" && key != "style", "{name}: {key}");
                assert!(!key.ends_with("href") || value.starts_with('#'), "{name}: {key}={value}");
            }
            assert!(
                !["img", "iframe", "object", "link", "use", "image"].contains(&&element.name[..])
            );
        }
        let policy = of("meta").find_map(|meta| {
            meta.get("http-equiv").is_some().then(|| meta.get("content")).flatten()
        });
        assert!(policy.unwrap().starts_with("default-src 'none';"), "{name}");
    }
}

#[test]
fn pictures_have_words_for_those_who_do_not_see_them() {
    for (name, sample) in samples::all() {
        let files = report(&sample);
        let elements = elements(content(&files, "report.html"));
        let mut ids = BTreeSet::new();
        for id in elements.iter().filter_map(|element| element.get("id")) {
            assert!(ids.insert(id.to_owned()), "{name}: {id} is there twice");
        }
        for svg in elements.iter().filter(|element| element.name == "svg") {
            assert_eq!(svg.get("role"), Some("img"));
            for id in svg.get("aria-labelledby").unwrap().split(' ') {
                let told = elements.iter().find(|element| element.get("id") == Some(id)).unwrap();
                assert!(told.text.len() > 10, "{name}: {id}: {}", told.text);
            }
        }
        let links = elements.iter().filter_map(|element| element.get("href"));
        for link in links {
            assert!(ids.contains(link.trim_start_matches('#')), "{name}: {link}");
        }
        let markdown = content(&files, "report.md");
        let images: Vec<&str> = markdown.lines().filter(|line| line.starts_with("![")).collect();
        assert_eq!(images.len(), charts(&files).count(), "{name}");
        for file in charts(&files) {
            let image = images.iter().find(|line| line.ends_with(&format!("]({})", file.path)));
            assert!(image.unwrap().len() > file.path.len() + 15, "{name}: {}", file.path);
        }
    }
}

#[test]
fn drawings_are_small_and_nothing_but_drawings() {
    const KNOWN: [&str; 8] = ["svg", "title", "desc", "style", "rect", "path", "circle", "text"];
    for (name, sample) in samples::all() {
        for file in charts(&report(&sample)) {
            assert!(file.content.len() < 200_000, "{name}: {}", file.path);
            let document = Document::parse(&file.content).unwrap();
            for node in document.descendants().filter(roxmltree::Node::is_element) {
                assert!(KNOWN.contains(&node.tag_name().name()), "{name}: {node:?}");
                let mut keys = node.attributes().map(|attribute| attribute.name());
                assert!(!keys.any(|key| key.starts_with("on") || key.ends_with("href")), "{name}");
            }
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-/.".contains(c);
            assert!(file.path.chars().all(plain), "{name}: {}", file.path);
        }
    }
}

/// What is drawn lies within the picture, whatever its texts are.
#[test]
fn nothing_is_drawn_beside_the_paper() {
    for (name, sample) in samples::all() {
        for file in charts(&report(&sample)) {
            let document = Document::parse(&file.content).unwrap();
            let root = document.root_element();
            let size = |key| root.attribute(key).unwrap().parse::<f64>().unwrap();
            let (width, height) = (size("width"), size("height"));
            for node in root.descendants().filter(roxmltree::Node::is_element) {
                for (keys, most) in [(["x", "cx"], width), (["y", "cy"], height)] {
                    for at in keys.into_iter().filter_map(|key| node.attribute(key)) {
                        let at: f64 = at.parse().unwrap();
                        assert!((0.0..=most).contains(&at), "{name}: {}: {node:?}", file.path);
                    }
                }
            }
        }
    }
}

#[test]
fn lines_to_be_copied_stay_lines() {
    let files = report(&samples::healthy());
    let markdown = content(&files, "report.md");
    assert!(markdown.contains("````sh\n[slo] # <b>\\x1b[31m\n```\n"), "{markdown}");
    assert!(content(&files, "report.html").contains("[slo] # &lt;b&gt;\\u{1b}[31m\n```\n"));
}

/// GitHub takes 65,536 characters in a comment.
#[test]
fn a_comment_has_room_for_the_compact_report() {
    let mut sample = samples::hostile();
    let chain = sample.findings.chains[0].clone();
    sample.findings.chains = (0..101)
        .map(|number| plimsoll_analysis::ChainFindings {
            name: format!("{number} {}", "`|<é".repeat(60)),
            ..chain.clone()
        })
        .collect();
    let ledger = sample.ledgers[0].clone();
    sample.ledgers = (0..5_000)
        .map(|number| plimsoll_model::Ledger {
            name: format!("{number}-{}", "`".repeat(380)),
            named: true,
            refused: Some("no format that is known here".to_owned()),
            ..ledger.clone()
        })
        .collect();
    let markdown = plimsoll_render::markdown::render(&sample.summary());
    assert!(markdown.chars().count() < 65_536, "{}", markdown.chars().count());
    assert!(
        markdown.contains("Left out for its length: inputs, "),
        "{}",
        &markdown[markdown.len() - 300..]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_stays_a_text_on_the_page(
        text in "[<>&\"'=/` \n\x1b\u{202e}a-]{0,30}|</?(script|title|svg)>|\\PC{0,30}"
    ) {
        let files = report(&samples::of_text(&text));
        let elements = elements(content(&files, "report.html"));
        let own = elements.iter().filter(|one| one.name == "script" && one.get("type").is_none());
        prop_assert_eq!(own.count(), 1);
        for file in charts(&files) {
            prop_assert!(Document::parse(&file.content).is_ok(), "{}", file.content);
        }
    }
}
