//! What `unbent figures` is told.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct FiguresArgs {
    /// The run files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The suite, where the files hold several
    #[arg(long)]
    pub(crate) suite: Option<String>,
    /// Only the figure of this name, such as fig4_failure_taxonomy or fig4. May be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<String>,
    /// Which files are written of each figure, beside its data as CSV
    #[arg(long, value_name = "FORMATS", value_enum, value_delimiter = ',', default_value = "svg,png")]
    pub(crate) format: Vec<Format>,
    /// Dark ink on white, light ink on a dark ground, or both
    #[arg(long, value_enum, default_value_t = Themes::Light)]
    pub(crate) theme: Themes,
    /// Pixels of a PNG for each unit of the SVG: 3 is 338 to the inch where a figure is 85 mm wide
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=8))]
    pub(crate) scale: u8,
    /// The folder to write NAME.svg, NAME.png and NAME.csv to, those of the dark theme as NAME.dark.svg; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Draw subjects whose answers were served by different providers all the same, with a note that says so
    #[arg(long)]
    pub(crate) pool_providers: bool,
}

/// The formats of a drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Lines and text
    Svg,
    /// Pixels
    Png,
}

/// Themes that figures are drawn in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Themes {
    /// Dark ink on white
    Light,
    /// Light ink on a dark ground
    Dark,
    /// Each
    Both,
}

/// The figures that a command draws beside its tables, where they are asked for.
#[derive(Debug, Args)]
pub(crate) struct BesideArgs {
    /// Draw it too, and write NAME.svg, NAME.png and NAME.csv to this folder; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub(crate) figures: Option<PathBuf>,
    /// Which files are written of each figure, beside its data as CSV
    #[arg(
        id = "figure_format",
        long = "format",
        value_name = "FORMATS",
        value_enum,
        value_delimiter = ',',
        default_value = "svg,png",
        requires = "figures"
    )]
    pub(crate) format: Vec<Format>,
    /// Figures in dark ink on white, light ink on a dark ground, or both
    #[arg(long, value_enum, default_value_t = Themes::Light, requires = "figures")]
    pub(crate) theme: Themes,
    /// Pixels of a PNG for each unit of the SVG
    #[arg(
        long,
        value_name = "N",
        default_value_t = 3,
        value_parser = clap::value_parser!(u8).range(1..=8),
        requires = "figures"
    )]
    pub(crate) scale: u8,
}
