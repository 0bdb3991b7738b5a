//! Draws the screen: all connectors above, the chosen one below.

use super::model::{Bar, Model, View};
use crate::cli::status::size;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Gauge, Paragraph, Row, Sparkline, Table, TableState, Wrap};

/// What is drawn besides the connectors.
pub(super) struct Around<'a> {
    /// Where the daemon is.
    pub(super) base: &'a str,
    /// Why it was not reached, if it was not.
    pub(super) away: Option<&'a str>,
    /// The chosen connector.
    pub(super) chosen: usize,
}

pub(super) fn draw(frame: &mut Frame<'_>, model: &Model, around: &Around<'_>) {
    let rows = u16::try_from(model.now.len()).unwrap_or(u16::MAX).saturating_add(1).min(12);
    let [head, list, detail, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(rows),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(title(around), head);
    let mut state = TableState::default().with_selected(Some(around.chosen));
    frame.render_stateful_widget(connectors(&model.now), list, &mut state);
    if let Some(view) = model.now.get(around.chosen) {
        chosen(frame, detail, view);
    }
    frame.render_widget(Line::from("↑ ↓ choose   q end").dim(), foot);
}

fn title<'a>(around: &Around<'a>) -> Line<'a> {
    let name = Span::from("Walbrook ").bold();
    match around.away {
        Some(text) => Line::from(vec![name, text.red()]),
        None => Line::from(vec![name, around.base.dim()]),
    }
}

fn color(phase: &str) -> Color {
    match phase {
        "streaming" | "snapshotting" => Color::Green,
        "failed" | "fenced" => Color::Red,
        "retrying" | "starting" | "paused" => Color::Yellow,
        _ => Color::Gray,
    }
}

fn connectors(views: &[View]) -> Table<'_> {
    let row = |view: &View| {
        Row::new(vec![
            Span::from(view.name.clone()),
            Span::from(view.phase.clone()).fg(color(&view.phase)),
            Span::from(view.behind.clone()),
            Span::from(view.lag.clone()),
            Span::from(format!("{:.0}/s", view.records)),
            Span::from(view.retained.clone()),
            Span::from(view.delivered.to_string()),
        ])
    };
    let widths = [
        Constraint::Fill(2),
        Constraint::Length(13),
        Constraint::Length(9),
        Constraint::Length(10),
        Constraint::Length(10),
        Constraint::Length(10),
        Constraint::Length(12),
    ];
    let head = ["NAME", "PHASE", "BEHIND", "LAG", "RECORDS", "RETAINED", "DELIVERED"];
    Table::new(views.iter().map(row), widths)
        .header(Row::new(head).style(Style::new().dim()))
        .row_highlight_style(Style::new().reversed())
}

fn chosen(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let block =
        Block::bordered().title(format!(" {} ", view.name)).border_style(Style::new().dim());
    let inside = block.inner(area);
    frame.render_widget(block, area);
    let error = if view.error.is_some() { 4 } else { 0 };
    let bars = u16::try_from(view.bars.len()).unwrap_or(u16::MAX).min(12);
    let [flow, wrong, tables, curve] = Layout::vertical([
        Constraint::Length(3),
        Constraint::Length(error),
        Constraint::Length(bars),
        Constraint::Min(0),
    ])
    .areas(inside);
    frame.render_widget(river(view), flow);
    if let Some((sentence, fix)) = &view.error {
        let lines = vec![Line::from(sentence.as_str()).red(), Line::from(format!("= {fix}"))];
        frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: true }), wrong);
    }
    for (bar, row) in view.bars.iter().zip(tables.rows()) {
        table(frame, row, bar);
    }
    if curve.height > 2 {
        let [label, picture] =
            Layout::vertical([Constraint::Length(1), Constraint::Max(8)]).areas(curve);
        frame.render_widget(Line::from("records a second, last minute").dim(), label);
        let line = Sparkline::default().data(&view.curve).style(Style::new().fg(Color::Cyan));
        frame.render_widget(line, picture);
    }
}

/// source ══▶ walbrook ══▶ Kafka, with what flows between them.
fn river(view: &View) -> Paragraph<'_> {
    let flows = ["streaming", "snapshotting"].contains(&view.phase.as_str());
    let (pipe, paint) = if flows {
        ("══════▶", Color::Cyan)
    } else {
        ("── ✕ ──", color(&view.phase))
    };
    let arrow = || Span::from(format!("  {pipe}  ")).fg(paint);
    Paragraph::new(vec![
        Line::from(vec![
            Span::from(view.source.clone()).bold(),
            arrow(),
            Span::from("walbrook").bold(),
            arrow(),
            Span::from("Kafka").bold(),
        ]),
        Line::from(format!(
            "{} behind ({})   {:.0} records/s   {}/s",
            view.lag,
            view.behind,
            view.records,
            size(view.bytes as u64)
        )),
    ])
}

fn table(frame: &mut Frame<'_>, area: Rect, bar: &Bar) {
    let [name, gauge] = Layout::horizontal([Constraint::Max(30), Constraint::Fill(1)]).areas(area);
    frame.render_widget(Line::from(bar.table.as_str()), name);
    let gauge_of = Gauge::default().ratio(bar.share.clamp(0.0, 1.0)).label(bar.say.as_str());
    frame.render_widget(gauge_of.gauge_style(Style::new().fg(Color::Cyan)), gauge);
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::answer;
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use std::time::Duration;

    fn shown(chosen: usize) -> String {
        let mut model = Model::default();
        model.take(&answer(1000, 100), None, Duration::from_secs(1));
        model.take(&answer(3000, 300), None, Duration::from_secs(5));
        let mut terminal = Terminal::new(TestBackend::new(90, 16)).unwrap();
        let around = Around { base: "http://127.0.0.1:8083", away: None, chosen };
        terminal.draw(|frame| draw(frame, &model, &around)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn the_screen_shows_flow_bars_and_advice() {
        let (shop, crm) = (shown(0), shown(1));
        for part in
            ["PostgreSQL db:5432/shop", "500 records/s", "public.orders", "14 s left", "══▶"]
        {
            assert!(shop.contains(part), "{part} is missing in\n{shop}");
        }
        for part in ["WB-PG-014 The slot is lost.", "= Take a new snapshot.", "✕"] {
            assert!(crm.contains(part), "{part} is missing in\n{crm}");
        }
    }
}
