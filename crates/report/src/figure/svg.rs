//! A scene as SVG.

use std::fmt::Write as _;

use super::palette::{Paint, Pattern, Role, Theme};
use super::scene::{Anchor, Scene, Shape, Text};
use super::text::Weight;
use super::{Figure, layout};

/// The font that text was measured with, and others without serifs that are there on most systems, none of them wider.
const FONTS: &str = "'DejaVu Sans', Inter, 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif";

impl Figure {
    /// The figure as an SVG document. Equal figures give equal bytes.
    ///
    /// The document needs no font, no script and nothing from elsewhere. Title, description and the title of each mark
    /// say what is seen to those who do not see it.
    pub fn to_svg(&self, theme: Theme) -> String {
        let scene = layout::scene(self);
        let id = format!("unbent-{}-{}", slug(&self.title), theme.name());
        let mut svg = Svg { out: String::new(), theme, id };
        svg.document(self, &scene);
        svg.out
    }

    /// The figure in words: what is measured, how it is drawn, and its notes.
    fn description(&self) -> String {
        let mut parts = vec![self.subtitle.clone()];
        for panel in &self.panels {
            let heading =
                if panel.heading.is_empty() { String::new() } else { format!("{}: ", panel.heading) };
            let names: Vec<_> = panel.plot.keys().into_iter().map(|(name, _)| name).collect();
            let names = if names.is_empty() { String::new() } else { format!(": {}", names.join("; ")) };
            let told = panel.plot.told();
            parts.push(format!("{heading}{}, {} in number, of {}{names}", told.kind, told.n, told.of));
        }
        parts.extend(self.notes.iter().cloned());
        parts.retain(|part| !part.is_empty());
        parts.join("\n")
    }
}

struct Svg {
    out: String,
    theme: Theme,
    id: String,
}

impl Svg {
    fn document(&mut self, figure: &Figure, scene: &Scene) {
        let (id, width, height) = (self.id.clone(), number(scene.width), number(scene.height));
        self.line(&format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" font-family=\"{FONTS}\">"
        ));
        self.line(&format!("<title id=\"{id}-title\">{}</title>", escape(&figure.title)));
        self.line(&format!("<desc id=\"{id}-desc\">{}</desc>", escape(&figure.description())));
        self.patterns(scene);
        let ground = self.colour(Paint::Ground);
        self.line(&format!("<rect width=\"{width}\" height=\"{height}\" fill=\"{ground}\"/>"));
        for mark in &scene.marks {
            if let Some(title) = &mark.title {
                self.line(&format!("<g><title>{}</title>", escape(title)));
            }
            mark.shapes.iter().for_each(|shape| self.shape(shape));
            if mark.title.is_some() {
                self.line("</g>");
            }
        }
        self.line("</svg>");
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn colour(&self, paint: Paint) -> String {
        format!("#{:06x}", self.theme.colour(paint))
    }

    fn pattern_id(&self, role: Role) -> String {
        format!("{}-{}-{:06x}", self.id, role.pattern().name(), self.theme.colour(Paint::Role(role)))
    }

    /// Defines the patterns that the scene needs.
    fn patterns(&mut self, scene: &Scene) {
        let mut roles: Vec<Role> = Vec::new();
        for shape in scene.marks.iter().flat_map(|mark| &mark.shapes) {
            if let Shape::Bar { role, .. } = shape
                && role.pattern() != Pattern::Solid
                && !roles.contains(role)
            {
                roles.push(*role);
            }
        }
        if roles.is_empty() {
            return;
        }
        self.line("<defs>");
        for role in roles {
            let (ground, colour) = (self.colour(Paint::Ground), self.colour(Paint::Role(role)));
            let drawn = match role.pattern() {
                Pattern::Solid => String::new(),
                Pattern::Stripes => format!(
                    "<path d=\"M-2 2L2 -2M0 8L8 0M6 10L10 6\" stroke=\"{colour}\" stroke-width=\"3\"/>"
                ),
                Pattern::Dots => format!(
                    "<circle cx=\"2\" cy=\"2\" r=\"1.8\" fill=\"{colour}\"/><circle cx=\"6\" cy=\"6\" r=\"1.8\" fill=\"{colour}\"/>"
                ),
                Pattern::Crossed => {
                    format!("<path d=\"M0 0L8 8M0 8L8 0\" stroke=\"{colour}\" stroke-width=\"1.8\"/>")
                }
            };
            let id = self.pattern_id(role);
            self.line(&format!(
                "<pattern id=\"{id}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\"><rect width=\"8\" height=\"8\" fill=\"{ground}\"/>{drawn}</pattern>"
            ));
        }
        self.line("</defs>");
    }

    fn fill(&self, role: Role) -> String {
        match role.pattern() {
            Pattern::Solid => self.colour(Paint::Role(role)),
            _ => format!("url(#{})", self.pattern_id(role)),
        }
    }

    fn shape(&mut self, shape: &Shape) {
        let ink = self.colour(Paint::Ink);
        let line = match shape {
            // A bar of no length is a line where it would begin.
            Shape::Bar { area, .. } if area.width < 0.005 => format!(
                "<line x1=\"{0}\" y1=\"{1}\" x2=\"{0}\" y2=\"{2}\" stroke=\"{ink}\" stroke-width=\"1.5\"/>",
                number(area.x),
                number(area.y),
                number(area.y + area.height)
            ),
            Shape::Bar { area, role } => format!(
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\" stroke=\"{ink}\" stroke-width=\"0.6\"/>",
                number(area.x),
                number(area.y),
                number(area.width),
                number(area.height),
                self.fill(*role)
            ),
            Shape::Line { from, to, paint, width } => format!(
                "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\" stroke-width=\"{}\"/>",
                number(from.0),
                number(from.1),
                number(to.0),
                number(to.1),
                self.colour(*paint),
                number(*width)
            ),
            Shape::Path { points, role } => format!(
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" stroke-linejoin=\"round\"/>",
                pairs(points),
                self.colour(Paint::Role(*role))
            ),
            Shape::Marker { at, role, hollow } => {
                let colour = self.colour(Paint::Role(*role));
                let style = if *hollow {
                    format!("fill=\"{}\" stroke=\"{colour}\" stroke-width=\"2\"", self.colour(Paint::Ground))
                } else {
                    format!("fill=\"{colour}\" stroke=\"{ink}\" stroke-width=\"0.8\"")
                };
                marker(*at, *role, &style)
            }
            Shape::Cell { area, heat, edged } => {
                let edge =
                    if *edged { format!(" stroke=\"{ink}\" stroke-width=\"2\"") } else { String::new() };
                format!(
                    "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"{edge}/>",
                    number(area.x),
                    number(area.y),
                    number(area.width),
                    number(area.height),
                    self.colour(Paint::Heat(*heat))
                )
            }
            Shape::Text(text) => self.text(text),
        };
        self.line(&line);
    }

    fn text(&self, text: &Text) -> String {
        let mut style = String::new();
        match text.anchor {
            Anchor::Start => {}
            Anchor::Middle => style.push_str(" text-anchor=\"middle\""),
            Anchor::End => style.push_str(" text-anchor=\"end\""),
        }
        if text.weight == Weight::Bold {
            style.push_str(" font-weight=\"700\"");
        }
        if text.halo {
            let ground = self.colour(Paint::Ground);
            style.push_str(&format!(
                " stroke=\"{ground}\" stroke-width=\"5\" stroke-linejoin=\"round\" paint-order=\"stroke\""
            ));
        }
        format!(
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\"{style} xml:space=\"preserve\">{}</text>",
            number(text.x),
            number(text.y),
            number(text.size),
            self.colour(text.paint),
            escape(&text.content)
        )
    }
}

impl Pattern {
    const fn name(self) -> &'static str {
        match self {
            Self::Solid => "solid",
            Self::Stripes => "stripes",
            Self::Dots => "dots",
            Self::Crossed => "crossed",
        }
    }
}

/// A point of a series; series differ in form too.
fn marker((x, y): (f64, f64), role: Role, style: &str) -> String {
    let form = match role {
        Role::Nth(n) => n % 5,
        Role::Good => 0,
        Role::Caution => 1,
        Role::Danger => 2,
        Role::Open => 3,
    };
    let polygon = |points: &[(f64, f64)]| {
        let points: Vec<_> = points.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
        format!("<polygon points=\"{}\" {style}/>", pairs(&points))
    };
    match form {
        0 => format!("<circle cx=\"{}\" cy=\"{}\" r=\"4.2\" {style}/>", number(x), number(y)),
        1 => polygon(&[(-3.8, -3.8), (3.8, -3.8), (3.8, 3.8), (-3.8, 3.8)]),
        2 => polygon(&[(0.0, -5.2), (5.2, 0.0), (0.0, 5.2), (-5.2, 0.0)]),
        3 => polygon(&[(0.0, -4.8), (4.8, 3.9), (-4.8, 3.9)]),
        _ => polygon(&[(0.0, 4.8), (4.8, -3.9), (-4.8, -3.9)]),
    }
}

fn pairs(points: &[(f64, f64)]) -> String {
    let pairs = points.iter().map(|(x, y)| format!("{},{}", number(*x), number(*y)));
    pairs.collect::<Vec<_>>().join(" ")
}

/// A coordinate with two decimals at most.
fn number(value: f64) -> String {
    let text = crate::fixed(value, 2);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The text as XML holds it. What XML cannot hold, or what would reorder the text around it, becomes a replacement mark.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' => out.push('\n'),
            '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                out.push('\u{fffd}');
            }
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// The title as part of an id.
fn slug(title: &str) -> String {
    let mut out = String::new();
    for c in title.chars() {
        match c {
            'a'..='z' | '0'..='9' => out.push(c),
            'A'..='Z' => out.push(c.to_ascii_lowercase()),
            // A title in another script still gives an id of its own.
            c if c.is_alphanumeric() => {
                let _ = write!(out, "{:x}", c as u32);
            }
            _ if !out.ends_with('-') => out.push('-'),
            _ => {}
        }
        if out.len() >= 60 {
            break;
        }
    }
    out.trim_matches('-').to_owned()
}
