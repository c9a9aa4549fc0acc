//! Draws the wallboard, on a terminal or as plain text.
use super::{
    board::Board,
    rows::{Cell, Column, Table, clock},
    staff::SUMMARY,
    view::{Tab, View},
};
use ratatui::{
    Frame, Terminal,
    backend::TestBackend,
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::{Paragraph, Row, Table as Grid},
};

/// Nothing heard for so long: the figures are old. The server says something at least every second.
const STALE_MS: u64 = 3_000;
/// Width of the plain text: all columns of the wider table.
const PLAIN_WIDTH: u16 = 140;
/// A terminal of fewer lines has no room for more than the table and what says how old it is.
const ROOMY_LINES: u16 = 8;
/// And one of fewer than these not even for that.
const TINY_LINES: u16 = 4;
/// Rows of the plain text.
const PLAIN_ROWS_MAX: usize = 10_000;

/// What stands above the tables.
#[derive(Clone, Debug, Default)]
pub struct Heading {
    pub tenant: String,
    /// The cluster in a line.
    pub cluster: String,
    /// Since when the watch counts.
    pub watched_ms: u64,
    /// How long ago the server was last heard.
    pub silent_ms: u64,
}

/// Draws one frame.
pub fn draw(frame: &mut Frame<'_>, board: &Board, view: &View, heading: &Heading, now_ms: u64) {
    let lines = frame.area().height;
    let [title, around] = [lines >= TINY_LINES, lines >= ROOMY_LINES].map(u16::from);
    let [title_height, height] = [title, around].map(Constraint::Length);
    let [title, cluster, staff, body, foot] =
        Layout::vertical([title_height, height, height, Constraint::Fill(1), height]).areas(frame.area());
    frame.render_widget(Paragraph::new(title_line(board, heading)), title);
    frame.render_widget(Paragraph::new(heading.cluster.as_str()), cluster);
    frame.render_widget(Paragraph::new(staff_line(board)), staff);
    grid(frame, body, &view.table(board, now_ms), view);
    frame.render_widget(Paragraph::new(foot_line(view)), foot);
}

/// `agents 3: 1 free, 1 busy, 1 break`.
fn staff_line(board: &Board) -> String {
    let counts = board.staff.summary();
    let some = SUMMARY.iter().zip(counts).filter(|(_, count)| *count > 0);
    let some: Vec<String> = some.map(|(word, count)| format!("{count} {word}")).collect();
    let all: u64 = counts.iter().sum();
    let colon = if some.is_empty() { "" } else { ": " };
    format!("agents {all}{colon}{}", some.join(", "))
}

fn title_line(board: &Board, heading: &Heading) -> Line<'static> {
    let is_old = heading.silent_ms > STALE_MS;
    let age = format!("{}.{} s", heading.silent_ms / 1_000, heading.silent_ms % 1_000 / 100);
    let age = if is_old { format!("NOTHING HEARD for {age}") } else { format!("data {age} old") };
    let style = if is_old { Style::new().fg(Color::Red).add_modifier(Modifier::BOLD) } else { Style::new() };
    let mut spans = vec![
        Span::styled(format!("tenant {}", heading.tenant), Style::new().add_modifier(Modifier::BOLD)),
        Span::raw(" | "),
        Span::styled(age, style),
        Span::raw(format!(" | counted for {}", clock(heading.watched_ms))),
    ];
    if board.is_partial {
        spans.push(Span::raw(" | too much for this board: counts are too low"));
    }
    Line::from(spans)
}

fn foot_line(view: &View) -> String {
    let filter = if view.filter.is_empty() { String::new() } else { format!(" | only /{}", view.filter) };
    match (view.is_typing, view.tab) {
        (true, _) => format!("/{}_", view.filter),
        (false, Tab::Queues) => format!("q quit | tab agents | s sort | / filter{filter}"),
        (false, Tab::Agents) => format!("q quit | tab queues | s sort | / filter{filter}"),
    }
}

fn grid(frame: &mut Frame<'_>, area: Rect, table: &Table, view: &View) {
    let columns = table.fitting(area.width);
    let is_number = |at: usize| !table.rows.first().is_some_and(|row| matches!(row[at], Cell::Text(_)));
    let title = |at: &usize| {
        let (at, Column { title, .. }) = (*at, &table.columns[*at]);
        let sorted = Style::new().add_modifier(Modifier::UNDERLINED | Modifier::BOLD);
        let style = if at == view.column() { sorted } else { Style::new().add_modifier(Modifier::BOLD) };
        let line = Line::styled(*title, style);
        if table.rows.is_empty() || !is_number(at) { line } else { line.right_aligned() }
    };
    let cell = |cell: &Cell| {
        let late = Style::new().fg(Color::Red);
        let style = if matches!(cell, Cell::Wait { is_late: true, .. }) { late } else { Style::new() };
        let line = Line::styled(cell.text(), style);
        if matches!(cell, Cell::Text(_)) { line } else { line.right_aligned() }
    };
    // Never past the last row.
    let room = usize::from(area.height.saturating_sub(1));
    let top = view.top.min(table.rows.len().saturating_sub(room));
    let shown = |row: &Vec<Cell>| Row::new(columns.iter().map(|at| cell(&row[*at])));
    let rows = table.rows.iter().skip(top).take(room).map(shown);
    // The names have what is left over.
    let width = |at: &usize| if *at == 0 { Constraint::Min } else { Constraint::Length }(table.columns[*at].width);
    let widths = columns.iter().map(width);
    frame.render_widget(Grid::new(rows, widths).header(Row::new(columns.iter().map(title))), area);
}

/// Both tabs as plain text, for scripts and tests.
pub fn plain(board: &Board, heading: &Heading, now_ms: u64) -> anyhow::Result<String> {
    let mut text = String::new();
    for tab in [Tab::Queues, Tab::Agents] {
        let view = View::of(tab);
        let rows = view.table(board, now_ms).rows.len().min(PLAIN_ROWS_MAX);
        // Title, cluster, agents, titles of the columns, keys.
        let height = u16::try_from(rows + 5)?.max(ROOMY_LINES);
        let mut terminal = Terminal::new(TestBackend::new(PLAIN_WIDTH, height))?;
        terminal.draw(|frame| draw(frame, board, &view, heading, now_ms))?;
        let lines = lines(terminal.backend().buffer());
        // What both begin with once, the keys not at all.
        let from = if tab == Tab::Queues { 0 } else { 3 };
        text += lines[from..lines.len() - 1].join("\n").trim_end();
        text += if tab == Tab::Queues { "\n\n" } else { "\n" };
    }
    Ok(text)
}

/// What a buffer shows, without spaces at the ends of lines.
pub fn lines(buffer: &Buffer) -> Vec<String> {
    let row =
        |y: u16| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..buffer.area.height).map(row).collect()
}
