//! The question before something that cannot be undone.

use std::io::{IsTerminal, Write};

/// Whether a person agrees: `--yes`, or y at a terminal. Without a terminal nobody does.
pub(super) fn confirmed(yes: bool, question: &str) -> bool {
    if yes {
        return true;
    }
    if !std::io::stdin().is_terminal() {
        eprintln!("Nothing is done: there is no terminal to ask at. --yes does it without asking.");
        return false;
    }
    eprint!("{question} [y/N] ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer).is_ok();
    let agreed = read && matches!(answer.trim(), "y" | "Y" | "yes");
    if !agreed {
        eprintln!("Nothing is done.");
    }
    agreed
}
