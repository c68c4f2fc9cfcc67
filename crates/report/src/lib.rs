//! Tables: pure data to bytes.
//!
//! A table knows its columns, cells and notes, and renders itself as text for a terminal, Markdown, CSV or JSON. It
//! does not know what it is about, and it never prints.

mod number;
mod render;
mod table;

pub use number::{fixed, thousands, usd};
pub use table::{Align, Cell, Column, Shown, Table};
