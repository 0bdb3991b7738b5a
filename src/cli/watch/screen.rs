//! Draws the screen: all connectors above, the chosen one below.

use super::model::{Bar, FLOWS, Model, View};
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
        Constraint::Length(lines(&[around.away.unwrap_or_default()], frame.area().width)),
        Constraint::Length(rows),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(title(around), head);
    let mut state = TableState::default().with_selected(Some(around.chosen));
    frame.render_stateful_widget(connectors(&model.now), list, &mut state);
    if around.away.is_some() {
        // What is shown is of a while ago.
        frame.buffer_mut().set_style(list.union(detail), Style::new().dim());
    }
    if let Some(view) = model.now.get(around.chosen) {
        chosen(frame, detail, view);
    }
    frame.render_widget(Line::from("↑ ↓ choose   q end").dim(), foot);
}

/// Lines that texts take below each other, and room for the word that does not fit in each.
fn lines(texts: &[&str], width: u16) -> u16 {
    let width = usize::from(width.max(20)) - 10;
    let lines = texts.iter().map(|text| text.chars().count().div_ceil(width).max(1)).sum::<usize>();
    u16::try_from(lines).unwrap_or(u16::MAX).min(8)
}

fn title<'a>(around: &Around<'a>) -> Paragraph<'a> {
    let name = Span::from("Walbrook ").bold();
    let line = match around.away {
        Some(text) => Line::from(vec![name, text.red()]),
        None => Line::from(vec![name, around.base.dim()]),
    };
    Paragraph::new(line).wrap(Wrap { trim: true })
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
        Constraint::Length(12),
        Constraint::Length(7),
        Constraint::Length(9),
        Constraint::Length(8),
        Constraint::Length(9),
        Constraint::Length(10),
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
    let texts = view.error.as_ref().map(|(sentence, fix)| match fix.as_str() {
        "" => vec![sentence.clone()],
        fix => vec![sentence.clone(), format!("= {fix}")],
    });
    let texts = texts.unwrap_or_default();
    let error = lines(&texts.iter().map(String::as_str).collect::<Vec<_>>(), inside.width);
    let error = if texts.is_empty() { 0 } else { error + 1 };
    let bars = u16::try_from(view.bars.len()).unwrap_or(u16::MAX).min(12);
    let [flow, wrong, tables, curve] = Layout::vertical([
        Constraint::Length(3),
        Constraint::Length(error),
        Constraint::Length(bars),
        Constraint::Min(0),
    ])
    .areas(inside);
    frame.render_widget(river(view), flow);
    let said = texts.iter().enumerate().map(|(n, text)| match n {
        0 => Line::from(text.as_str()).red(),
        _ => Line::from(text.as_str()),
    });
    frame.render_widget(Paragraph::new(said.collect::<Vec<_>>()).wrap(Wrap { trim: true }), wrong);
    for (bar, row) in view.bars.iter().zip(tables.rows()) {
        table(frame, row, bar);
    }
    if curve.height > 2 {
        let [label, picture] =
            Layout::vertical([Constraint::Length(1), Constraint::Max(8)]).areas(curve);
        frame.render_widget(Line::from("records a second, last minute").dim(), label);
        // Where it is too narrow for all of them the newest are shown.
        let old = view.curve.len().saturating_sub(usize::from(picture.width));
        let newest = view.curve.get(old..).unwrap_or_default();
        let line = Sparkline::default().data(newest).style(Style::new().fg(Color::Cyan));
        frame.render_widget(line, picture);
    }
}

/// source ══▶ walbrook ══▶ Kafka, with what flows between them.
fn river(view: &View) -> Paragraph<'_> {
    let flows = FLOWS.contains(&view.phase.as_str());
    let (pipe, paint) = if flows {
        ("══════▶", Color::Cyan)
    } else {
        ("── ✕ ──", color(&view.phase))
    };
    let arrow = || Span::from(format!("  {pipe}  ")).fg(paint);
    let flow = format!("{:.0} records/s   {}/s", view.records, size(view.bytes as u64));
    Paragraph::new(vec![
        Line::from(vec![
            Span::from(view.source.clone()).bold(),
            arrow(),
            Span::from("walbrook").bold(),
            arrow(),
            Span::from("Kafka").bold(),
        ]),
        Line::from(match (view.behind.as_str(), flows) {
            (_, false) => view.phase.clone(),
            ("-", true) => flow,
            (behind, true) => format!("{} behind ({behind})   {flow}", view.lag),
        }),
    ])
}

fn table(frame: &mut Frame<'_>, area: Rect, bar: &Bar) {
    let width = (area.width / 2).saturating_sub(2).min(48);
    let [name, _, gauge] =
        Layout::horizontal([Constraint::Length(width), Constraint::Length(1), Constraint::Fill(1)])
            .areas(area);
    frame.render_widget(Line::from(short(&bar.table, usize::from(width))), name);
    let gauge_of = Gauge::default().ratio(bar.share.clamp(0.0, 1.0)).label(bar.say.as_str());
    frame.render_widget(gauge_of.gauge_style(Style::new().fg(Color::Cyan)), gauge);
}

/// A name in so many columns: its end says more than its beginning.
fn short(name: &str, width: usize) -> String {
    let many = name.chars().count();
    if many <= width {
        return name.to_owned();
    }
    let rest = name.chars().skip(many.saturating_sub(width.saturating_sub(1)));
    std::iter::once('…').chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::answer;
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use std::time::Duration;

    fn shown(chosen: usize) -> String {
        let (first, then) = (answer(1000, 100), answer(3000, 300));
        drawn((90, 16), &[first, then], None, chosen)
    }

    fn drawn(
        (width, height): (u16, u16),
        answers: &[serde_json::Value],
        away: Option<&str>,
        chosen: usize,
    ) -> String {
        let mut model = Model::default();
        for (n, answer) in answers.iter().enumerate() {
            model.take(answer, None, Duration::from_secs(1 + 4 * n as u64));
        }
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let around = Around { base: "http://127.0.0.1:8083", away, chosen };
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
        assert!(!crm.contains("in time") && !crm.contains("records/s"), "it flows in\n{crm}");
    }

    #[test]
    fn long_names_and_sentences_are_whole_at_80_columns() {
        let mut answer = answer(1000, 100);
        let mut shop = answer["shop"].take();
        let status = &mut shop["status"]["walbrook"];
        let table = "public.customers_of_the_shop_in_the_city";
        status["resnapshots"][0]["tables"][0]["table"] = table.into();
        let words = "The connection to PostgreSQL failed while it asked for something. ".repeat(4);
        let message = format!("{words}last word");
        status["error"] = serde_json::json!({ "code": "WB-PG-001", "message": message, "fix": "" });
        let long = serde_json::json!({ "inventory-shops": shop });
        let away = "The daemon does not answer at http://127.0.0.1:8083: Connection refused (os error 111). Is it on?";
        let screen = drawn((80, 24), std::slice::from_ref(&long), Some(away), 0);
        for part in ["inventory-shops ", "last word", "Is it on?", "…", "in_the_city"] {
            assert!(screen.contains(part), "{part} is missing in\n{screen}");
        }
        assert!(!screen.contains("│=") && !screen.contains(" = "), "no empty advice\n{screen}");
        let wide = drawn((120, 40), &[long], None, 0);
        assert!(wide.contains(table), "{wide}");
    }
}
