//! `walbrook status --watch`: a screen that follows the daemon.
//!
//! ```text
//!  a task asks every second ──▶ channel ──▶ Model ──▶ screen
//!                                            keys ──▶ choose, end
//! ```

mod model;
mod screen;

use super::FAILED;
use super::api::Client;
use model::Model;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyModifiers};
use screen::Around;
use serde_json::Value;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How often the daemon is asked.
const EVERY: Duration = Duration::from_secs(1);
/// How often keys are looked at.
const KEYS: Duration = Duration::from_millis(150);
/// Statuses and settings of all connectors.
const PATH: &str = "/connectors?expand=status&expand=info";

/// Follows until somebody presses q.
pub(super) fn watch(
    runtime: &tokio::runtime::Runtime,
    client: Client,
    only: Option<&str>,
) -> ExitCode {
    if !std::io::stdout().is_terminal() {
        eprintln!("error: --watch needs a terminal; --json is for programs.");
        return ExitCode::from(FAILED);
    }
    // The first question decides whether there is anything to follow.
    let first = match runtime.block_on(client.get(PATH)) {
        Ok(first) => first,
        Err(failure) => return failure.tell(),
    };
    let base = client.base().to_owned();
    let (send, answers) = channel();
    let _ = send.send(Ok(first));
    runtime.spawn(async move {
        loop {
            tokio::time::sleep(EVERY).await;
            let answer = client.get(PATH).await.map_err(|failure| failure.sentence());
            if send.send(answer).is_err() {
                return;
            }
        }
    });
    let mut terminal = ratatui::init();
    let ended = follow(&mut terminal, &answers, &base, only);
    ratatui::restore();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: The terminal cannot be used: {error}.");
            ExitCode::from(FAILED)
        }
    }
}

fn follow(
    terminal: &mut ratatui::DefaultTerminal,
    answers: &Receiver<Result<Value, String>>,
    base: &str,
    only: Option<&str>,
) -> std::io::Result<()> {
    let begin = Instant::now();
    let (mut model, mut away, mut chosen) = (Model::default(), None, 0_usize);
    loop {
        for answer in answers.try_iter() {
            match answer {
                Ok(answer) => {
                    model.take(&answer, only, begin.elapsed());
                    away = None;
                }
                Err(sentence) => away = Some(sentence),
            }
        }
        chosen = chosen.min(model.now.len().saturating_sub(1));
        let around = Around { base, away: away.as_deref(), chosen };
        terminal.draw(|frame| screen::draw(frame, &model, &around))?;
        if !event::poll(KEYS)? {
            continue;
        }
        if let Event::Key(KeyEvent { code, modifiers, .. }) = event::read()? {
            match code {
                KeyCode::Char('c') if modifiers.contains(KeyModifiers::CONTROL) => return Ok(()),
                KeyCode::Char('q') | KeyCode::Esc => return Ok(()),
                KeyCode::Down | KeyCode::Char('j') => chosen = chosen.saturating_add(1),
                KeyCode::Up | KeyCode::Char('k') => chosen = chosen.saturating_sub(1),
                _ => {}
            }
        }
    }
}
