//! What the person before the wallboard has chosen to see.
use super::{
    board::Board,
    rows::{self, Table},
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Characters of a filter.
const FILTER_MAX: usize = 64;
/// Rows that page up and page down move.
const PAGE_ROWS: usize = 10;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Queues,
    Agents,
}

/// What is shown.
#[derive(Clone, Debug, Default)]
pub struct View {
    pub tab: Tab,
    /// Column it is sorted by, for each tab.
    sorted: [usize; 2],
    pub filter: String,
    /// Keys go to the filter.
    pub is_typing: bool,
    /// Rows scrolled past.
    pub top: usize,
}

/// What a key asks for beyond another view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Nothing,
    Quit,
}

impl View {
    /// The same view of another tab.
    pub fn of(tab: Tab) -> View {
        View { tab, ..View::default() }
    }

    /// The column of this tab that it is sorted by.
    pub fn column(&self) -> usize {
        self.sorted[self.tab as usize]
    }

    /// What the board shows in this view.
    pub fn table(&self, board: &Board, now_ms: u64) -> Table {
        let mut table = match self.tab {
            Tab::Queues => rows::queues(board, now_ms),
            Tab::Agents => rows::agents(board),
        };
        table.filter(&self.filter);
        table.sort(self.column());
        table
    }

    /// A key was pressed.
    pub fn press(&mut self, key: KeyEvent) -> Asked {
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            return Asked::Quit;
        }
        if self.is_typing {
            self.type_filter(key.code);
            return Asked::Nothing;
        }
        match key.code {
            KeyCode::Char('q') => return Asked::Quit,
            KeyCode::Tab => {
                self.tab = if self.tab == Tab::Queues { Tab::Agents } else { Tab::Queues };
                self.top = 0;
            }
            KeyCode::Char('s') => {
                let columns = self.table(&Board::default(), 0).columns.len();
                self.sorted[self.tab as usize] = (self.column() + 1) % columns;
            }
            KeyCode::Char('/') => self.is_typing = true,
            KeyCode::Esc => self.filter.clear(),
            KeyCode::Down => self.top += 1,
            KeyCode::Up => self.top = self.top.saturating_sub(1),
            KeyCode::PageDown => self.top += PAGE_ROWS,
            KeyCode::PageUp => self.top = self.top.saturating_sub(PAGE_ROWS),
            KeyCode::Home => self.top = 0,
            _ => {}
        }
        Asked::Nothing
    }

    fn type_filter(&mut self, key: KeyCode) {
        match key {
            KeyCode::Enter => self.is_typing = false,
            KeyCode::Esc => {
                self.filter.clear();
                self.is_typing = false;
            }
            KeyCode::Backspace => _ = self.filter.pop(),
            KeyCode::Char(typed) if self.filter.len() < FILTER_MAX => self.filter.push(typed),
            _ => {}
        }
        self.top = 0;
    }
}
