mod corpus;
mod foreign;
mod go;
mod properties;
mod rpc;
mod rules;
mod user;

use plimsoll_model::{BodySign, fold_error};

use super::*;

/// A failure without an answer, as it is read from a file.
fn classify_text(text: &str) -> Class {
    let template = fold(text);
    let failure = Failure { template: &template, status: 0, sign: BodySign::Nothing };
    let taxonomy = Taxonomy::default();
    taxonomy.cause(taxonomy.classify(&failure)).class
}

fn fold(text: &str) -> String {
    let mut template = String::new();
    fold_error(text, &mut template);
    template
}

/// Texts that are of one class.
type Texts = (Class, &'static [&'static str]);

fn check(tables: &[Texts]) {
    let wrong: Vec<String> = tables
        .iter()
        .flat_map(|(class, texts)| texts.iter().map(move |text| (*class, *text)))
        .filter_map(|(class, text)| {
            let found = classify_text(text);
            let pattern = BUILT_IN.deciding_pattern(&fold(text));
            (found != class).then(|| format!("{text}\n    is {found}, not {class}: {pattern:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
