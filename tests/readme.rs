//! What the README, docs/plan.md and docs/gate.md show is what the binary prints.

use crate::util::root;

/// A command and what the page says that it prints.
struct Example {
    line: usize,
    args: Vec<String>,
    output: String,
}

/// The examples of the page: fenced blocks that begin with `$ plimsoll …` or `$ cargo run … -- …`.
fn examples(page: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut lines = (1..).zip(page.lines());
    while let Some((_, fence)) = lines.next() {
        if !fence.starts_with("```") {
            continue;
        }
        let block: Vec<(usize, &str)> =
            lines.by_ref().take_while(|(_, line)| !line.starts_with("```")).collect();
        let mut current: Option<Example> = None;
        for (line, text) in block {
            match text.strip_prefix("$ ") {
                Some(command) => {
                    examples.extend(current.take());
                    current = arguments(command).map(|args| Example {
                        line,
                        args,
                        output: String::new(),
                    });
                }
                None => {
                    if let Some(example) = &mut current {
                        example.output += text;
                        example.output += "\n";
                    }
                }
            }
        }
        examples.extend(current);
    }
    examples
}

/// What the command gives to plimsoll, if it runs it.
fn arguments(command: &str) -> Option<Vec<String>> {
    let args = match command.strip_prefix("plimsoll ") {
        Some(args) => args,
        None => command.strip_prefix("cargo run ")?.split_once(" -- ")?.1,
    };
    Some(args.split_whitespace().map(|arg| arg.trim_matches(['\'', '"']).to_owned()).collect())
}

#[test]
fn examples_are_found() {
    let page = "x\n```console\n$ cargo run -q -- analyze 'a b'\nout\n\nmore\n$ ls\nfile\n$ plimsoll -V\n```\n";
    let found: Vec<_> =
        examples(page).into_iter().map(|one| (one.line, one.args.join(" "), one.output)).collect();
    assert_eq!(found[0], (3, "analyze a b".to_owned(), "out\n\nmore\n".to_owned()));
    assert_eq!(found[1], (9, "-V".to_owned(), String::new()));
    assert_eq!(found.len(), 2);
}

/// Asserts that the page shows what was printed; a line with nothing but `…` stands for lines that it leaves out.
fn assert_shows(printed: &str, shown: &str, what: &str) {
    let shown = format!("{}\n", shown.trim_end());
    let parts: Vec<&str> = shown.split("\n…\n").collect();
    if let [whole] = parts[..] {
        assert_eq!(printed.trim_end(), whole.trim_end(), "{what}");
        return;
    }
    let mut rest = printed;
    for (index, part) in parts.iter().enumerate() {
        let at = rest.find(part);
        assert!(at.is_some_and(|at| index > 0 || at == 0), "{what}: expected\n{part}\nin\n{rest}");
        rest = &rest[at.unwrap() + part.len()..];
    }
    assert!(parts.last() == Some(&"") || rest.trim().is_empty(), "{what}: and then\n{rest}");
}

#[test]
fn left_out_lines_are_any() {
    assert_shows("a\nb\nc\nd\n", "a\n…\nd\n", "");
    assert_shows("a\nb\nc\nd\n", "a\nb\nc\nd", "");
    assert_shows("a\nb\nc\nd\n", "a\nb\n…\n", "");
    for shown in ["b\n…\nd", "a\n…\nc", "a\n…\nx\n…\nd"] {
        assert!(std::panic::catch_unwind(|| assert_shows("a\nb\nc\nd\n", shown, "")).is_err());
    }
}

#[test]
fn every_example_prints_what_the_page_shows() {
    for name in ["README.md", "docs/plan.md", "docs/gate.md"] {
        assert_true(name);
    }
}

fn assert_true(name: &str) {
    let page = std::fs::read_to_string(root().join(name));
    let page = page.unwrap_or_else(|error| panic!("{name}: {error}"));
    let examples = examples(&page);
    let answers = examples.iter().filter(|one| !one.output.is_empty()).count();
    assert!(answers > 0, "{name} shows no example with its output");
    for Example { line, args, output } in examples {
        // Without an output the block tells how to start, no more.
        if output.is_empty() {
            continue;
        }
        let command = std::process::Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(&args)
            .current_dir(root())
            .env_remove("NO_COLOR")
            .env("COLUMNS", "100")
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let printed = String::from_utf8(command.stdout).unwrap();
        assert_shows(&printed, &output, &format!("{name}, line {line}: {args:?}"));
    }
}
