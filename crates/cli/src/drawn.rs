//! Figures as files: each as SVG, as PNG or as both, in the themes that are wanted, with its data as CSV beside it.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use unbent_report::Figure;
use unbent_report::figure::Theme;

use crate::args::{BesideArgs, Format, Themes};
use crate::error::{CommandError, Exit};
use crate::output::{self, harmless};
use crate::whole_file;

/// Where and how figures are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drawing<'a> {
    /// The folder, made if it is not there.
    pub(crate) folder: &'a Path,
    /// The option that names the folder.
    pub(crate) option: &'static str,
    pub(crate) formats: &'a [Format],
    pub(crate) themes: Themes,
    /// Pixels of a PNG for each unit of the SVG.
    pub(crate) scale: u8,
}

/// A figure by the name of its files, or why it cannot be drawn.
pub(crate) type Named = (String, Result<Figure, String>);

/// What was written, and what was not.
pub(crate) struct Drawn {
    pub(crate) written: Vec<Written>,
    /// The names of figures that cannot be drawn, with the reasons.
    pub(crate) left_out: Vec<(String, String)>,
}

/// A figure that was written.
pub(crate) struct Written {
    name: String,
    title: String,
    drawn: Vec<(Theme, Format, PathBuf)>,
    csv: PathBuf,
    rows: usize,
}

impl<'a> Drawing<'a> {
    /// What a command draws beside its tables, if it is asked to.
    pub(crate) fn beside(args: &'a BesideArgs) -> Option<Self> {
        Some(Self {
            folder: args.figures.as_deref()?,
            option: "--figures",
            formats: &args.format,
            themes: args.theme,
            scale: args.scale,
        })
    }

    /// Writes figures, each file whole or not at all.
    pub(crate) fn write(self, figures: Vec<Named>) -> Result<Drawn, CommandError> {
        std::fs::create_dir_all(self.folder).map_err(|error| self.refused(self.folder, &error))?;
        let mut drawn = Drawn { written: Vec::new(), left_out: Vec::new() };
        for (name, figure) in figures {
            match figure {
                Ok(figure) => drawn.written.push(self.write_one(&name, &figure)?),
                Err(why) => drawn.left_out.push((name, why)),
            }
        }
        Ok(drawn)
    }

    fn write_one(self, name: &str, figure: &Figure) -> Result<Written, CommandError> {
        let put = |path: &Path, bytes: &[u8]| {
            whole_file::write(path, bytes).map_err(|error| self.refused(path, &error))
        };
        let themes: &[Theme] = match self.themes {
            Themes::Light => &[Theme::Light],
            Themes::Dark => &[Theme::Dark],
            Themes::Both => &[Theme::Light, Theme::Dark],
        };
        let mut drawn = Vec::new();
        for theme in themes {
            let dark = if *theme == Theme::Dark { ".dark" } else { "" };
            for (format, form) in [(Format::Svg, "svg"), (Format::Png, "png")] {
                if self.formats.contains(&format) {
                    let path = self.folder.join(format!("{name}{dark}.{form}"));
                    match format {
                        Format::Svg => put(&path, figure.to_svg(*theme).as_bytes())?,
                        Format::Png => put(&path, &figure.to_png(*theme, f32::from(self.scale)))?,
                    }
                    drawn.push((*theme, format, path));
                }
            }
        }
        let csv = self.folder.join(format!("{name}.csv"));
        put(&csv, figure.to_csv().as_bytes())?;
        let rows = figure.data().rows.len();
        Ok(Written { name: name.to_owned(), title: figure.title.clone(), drawn, csv, rows })
    }

    fn refused(self, path: &Path, error: &io::Error) -> CommandError {
        CommandError::new(Exit::Io, format!("{} cannot be written: {error}", path.display()))
            .hint(format!("name a folder that can be written to, and that has room, with {}", self.option))
    }
}

impl Drawn {
    /// What was written, for people: a line a file, and what is left out.
    pub(crate) fn lines(&self) -> Vec<String> {
        let file = |figure: &Written| {
            let line =
                |(_, _, path): &(Theme, Format, PathBuf)| format!("{}  {}", path.display(), figure.title);
            figure.drawn.iter().map(line).collect::<Vec<_>>()
        };
        let left_out = |(name, why): &(String, String)| format!("left out: {name}: {}", harmless(why));
        let mut lines: Vec<String> = self.written.iter().flat_map(file).collect();
        lines.extend(self.left_out.iter().map(left_out));
        let what = if self.written.len() == 1 { "figure, with its" } else { "figures, each with its" };
        lines.push(format!("{} {what} data as CSV beside it", self.written.len()));
        lines
    }

    /// The same for programs.
    pub(crate) fn to_json(&self) -> Value {
        let file = |(theme, format, path): &(Theme, Format, PathBuf)| {
            let format = if *format == Format::Svg { "svg" } else { "png" };
            json!({ "theme": theme.name(), "format": format, "file": path })
        };
        let figure = |figure: &Written| {
            let drawn: Vec<_> = figure.drawn.iter().map(file).collect();
            json!({ "name": figure.name, "title": figure.title, "drawn": drawn, "csv": figure.csv, "rows": figure.rows })
        };
        let missed = |(name, why): &(String, String)| json!({ "name": name, "why": why });
        json!({
            "figures": self.written.iter().map(figure).collect::<Vec<Value>>(),
            "left_out": self.left_out.iter().map(missed).collect::<Vec<Value>>(),
        })
    }

    /// Prints it, for people or for programs.
    pub(crate) fn tell(&self, json: bool) {
        if json {
            output::line(&format!("{:#}", self.to_json()));
        } else {
            self.lines().iter().for_each(|line| output::line(line));
        }
    }
}
