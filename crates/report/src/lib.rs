//! Tables and figures: pure data to bytes.
//!
//! A table knows its columns, cells and notes, and renders itself as text for a terminal, Markdown, CSV or JSON; a figure
//! knows its panels and series, and renders itself as SVG. They do not know what they are about, and never print.

pub mod document;
pub mod figure;
mod number;
mod render;
mod table;

pub use figure::Figure;
pub use number::{fixed, thousands, usd};
pub use table::{Align, Cell, Column, Shown, Table};
