//! What README and docs tell people to type can be typed: every `walbrook …` is a command line that
//! this program takes, every `make …` a target, every link leads somewhere.

use super::arguments::Line;
use clap::Parser;
use clap::error::ErrorKind;
use std::path::{Path, PathBuf};

/// README and every page of the manual.
fn pages() -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("README.md")];
    let mut folders = vec![PathBuf::from("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The commands of a page: indented or fenced lines, joined where they go on, and what is between
/// backquotes in the text.
///
/// What is mentioned in the text may leave out what it needs: those are `false`.
fn commands(text: &str) -> Vec<(bool, String)> {
    let mut out = Vec::new();
    let (mut fenced, mut open) = (false, String::new());
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        if fence {
            continue;
        }
        if fenced || line.starts_with("    ") || !open.is_empty() {
            open.push_str(line.trim().trim_start_matches("$ "));
            if let Some(part) = open.strip_suffix('\\') {
                open.truncate(part.len());
                continue;
            }
            let whole = std::mem::take(&mut open);
            out.extend(whole.split(" && ").map(|it| (true, it.to_owned())));
        } else {
            let mentioned = line.split('`').skip(1).step_by(2);
            out.extend(mentioned.map(|it| (false, it.to_owned())));
        }
    }
    out
}

/// The words of a command line, up to a comment or a redirection.
fn words(line: &str) -> Vec<String> {
    let (mut out, mut word, mut quote) = (Vec::new(), String::new(), None);
    let mut begun = false;
    for c in line.chars() {
        match (quote, c) {
            (None, '#' | '>' | '|' | ';') if word.is_empty() && !begun => break,
            (None, ' ') => {
                if begun {
                    out.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            (None, '\'' | '"') => (quote, begun) = (Some(c), true),
            (Some(end), c) if end == c => quote = None,
            _ => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        out.push(word);
    }
    out
}

/// Whether only something is missing.
fn is_short(kind: ErrorKind) -> bool {
    use ErrorKind::{
        DisplayHelpOnMissingArgumentOrSubcommand, MissingRequiredArgument, MissingSubcommand,
    };
    let missing =
        [DisplayHelpOnMissingArgumentOrSubcommand, MissingRequiredArgument, MissingSubcommand];
    missing.contains(&kind)
}

/// Whether the text shows what a command looks like, and is not one.
fn is_picture(words: &[String]) -> bool {
    let blank = |word: &String| {
        word.contains('…') || word.contains('|') || word.contains('[') || word.starts_with('<')
    };
    words.len() < 2 || words.iter().any(blank)
}

#[test]
fn every_command_in_readme_and_docs_is_one() {
    let (mut seen, makefile) = (0, std::fs::read_to_string("Makefile").unwrap());
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for (whole, command) in commands(&text) {
            let words = words(&command);
            let Some(first) = words.first() else { continue };
            if first == "make" && !is_picture(&words) {
                for target in words.iter().skip(1).filter(|word| !word.contains('=')) {
                    let known = makefile.contains(&format!("\n{target}:"));
                    assert!(known, "{}: make has no {target}", page.display());
                }
            }
            if !matches!(first.as_str(), "walbrook" | "target/ci/walbrook") || is_picture(&words) {
                continue;
            }
            if let Err(error) = Line::try_parse_from(&words)
                && error.use_stderr()
                && (whole || !is_short(error.kind()))
            {
                panic!("{}: `{command}`: {error}", page.display());
            }
            seen += 1;
        }
    }
    assert!(seen >= 30, "only {seen} commands were found");
}

/// The targets of a page's links.
fn links(text: &str) -> Vec<String> {
    let after = text.split("](").skip(1);
    after.filter_map(|rest| rest.split_once(')')).map(|(link, _)| link.to_owned()).collect()
}

#[test]
fn every_link_leads_somewhere_and_the_book_has_every_page() {
    let summary = std::fs::read_to_string("docs/SUMMARY.md").unwrap();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in links(&text).iter().filter(|link| !link.contains("://")) {
            let file = link.split('#').next().unwrap_or_default();
            let target = page.parent().unwrap_or(Path::new("")).join(file);
            assert!(file.is_empty() || target.exists(), "{}: {link}", page.display());
        }
        let Ok(own) = page.strip_prefix("docs") else { continue };
        let apart = ["SUMMARY.md", "STATUS.md"].contains(&own.to_str().unwrap());
        let listed = summary.contains(&format!("]({})", own.display()));
        assert!(
            apart || own.starts_with("acceptance") || listed,
            "{} is in no book",
            page.display()
        );
    }
}
