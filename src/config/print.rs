//! The merged configuration as TOML, each setting with its origin.

use super::place::without_url_password;
use super::reader::{Shown, header_name};
use std::fmt::Write;

/// The settings as TOML, in the order in which they were read.
pub(super) fn print(shown: &[Shown]) -> String {
    let mut out = String::new();
    let mut sections: Vec<&Vec<String>> = Vec::new();
    for setting in shown {
        if !sections.contains(&&setting.section) {
            sections.push(&setting.section);
        }
    }
    for section in sections {
        let lines = shown.iter().filter(|setting| setting.section == *section);
        let gap = if out.is_empty() { "" } else { "\n" };
        // Writing to a String does not fail.
        let _ = writeln!(out, "{gap}[{}]", header_name(section));
        for Shown { key, value, origin, .. } in lines {
            let line = match value {
                Some(value) => {
                    let value = without_url_password(value).unwrap_or_else(|| value.clone());
                    format!("{key} = {value}")
                }
                None => format!("# {key} ="),
            };
            let _ = writeln!(out, "{line:<50} # {origin}");
        }
    }
    out
}
