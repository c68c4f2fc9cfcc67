//! What holds of every figure: nothing overlaps or leaves the canvas, nothing that is missing is drawn as zero, the bytes
//! are well-formed and always the same.

use expect_test::expect_file;
use proptest::prelude::*;

use super::samples::{crowds, samples};
use super::scene::{Scene, Shape};
use super::{Axis, Chart, Cloud, Figure, Plot, Point, Role, Scale, Scatter, Theme, Unit, Value, layout};

fn percent() -> Axis {
    Axis::new("Effective correct", Unit::Percent)
}

#[expect(clippy::unnecessary_wraps, reason = "as a series holds it")]
fn rate(at: f64, n: u64) -> Option<Value> {
    let value = Value::of(at).between((at - 8.0).max(0.0), (at + 8.0).min(100.0));
    Some(value.out_of(n).counting((at / 100.0 * n as f64).round() as u64))
}

fn grouped() -> Figure {
    let chart = Chart::new(percent(), ["ADVERSARIAL", "CONTROL", "an empty one"])
        .with("openai-compatible/gemma-3-1b-it", Role::Nth(0), vec![rate(99.4, 154), rate(33.3, 3), None])
        .with(
            "a <second> & \"third\"",
            Role::Nth(1),
            vec![rate(0.0, 154), Some(Value::missing().out_of(0)), None],
        );
    Figure::new("Grouped bars", "Two subjects over categories")
        .with("", Plot::Bars(chart))
        .noted("Wilson, 95 %.")
}

fn stacked() -> Figure {
    let value = |count: u64| Some(Value::of(count as f64).out_of(300));
    let chart = Chart::new(Axis::new("Failures", Unit::Count), ["base 1b", "tuned 1b", "not run"])
        .with("compliance", Role::Danger, vec![value(3), value(0), Some(Value::missing())])
        .with("over-refusal", Role::Caution, vec![value(38), value(31), Some(Value::missing())])
        .with("undetermined", Role::Open, vec![value(16), value(1), Some(Value::missing())]);
    Figure::new("Stacked bars", "Failures by direction").with("", Plot::Stacked(chart))
}

fn lines() -> Figure {
    let chart = Chart::new(percent(), ["0.1", "0.5", "1.0", "2.0"])
        .with(
            "one",
            Role::Nth(0),
            vec![rate(92.0, 50), rate(90.0, 50), Some(Value::missing()), rate(40.0, 50)],
        )
        .with("two", Role::Nth(1), vec![rate(91.0, 50), rate(89.0, 50), rate(60.0, 48), None]);
    Figure::new("Lines", "Over temperature").with("", Plot::Lines(chart))
}

fn points() -> Figure {
    let point = |label: &str, x, value: Option<Value>| Point {
        label: label.to_owned(),
        x,
        value: value.unwrap_or(Value::missing()),
    };
    let small: Vec<_> = (0..9).map(|n| point(&format!("small model {n}"), 3.8, rate(90.0, 300))).collect();
    let scatter = Scatter {
        x: Axis::new("Parameters (billions)", Unit::Number(1)),
        scale: Scale::Log,
        y: percent(),
        series: vec![
            Cloud { name: "none".to_owned(), role: Role::Nth(0), points: small },
            Cloud {
                name: "authority".to_owned(),
                role: Role::Nth(1),
                points: vec![point("a", 9.0, rate(97.3, 300)), point("b", 70.0, None)],
            },
        ],
    };
    Figure::new("Points", "Against size").with("", Plot::Scatter(scatter))
}

fn negative() -> Figure {
    let value = |at: f64| Some(Value::of(at).between(at - 0.2, at + 0.2));
    let chart = Chart::new(Axis::new("Discrimination", Unit::Number(2)), ["x", "y"]).with(
        "j",
        Role::Nth(0),
        vec![value(-0.31), value(0.9)],
    );
    Figure::new("Below zero", "").with("first", Plot::Bars(chart.clone())).with("second", Plot::Bars(chart))
}

pub(super) fn kinds() -> [(&'static str, Figure); 5] {
    [
        ("grouped", grouped()),
        ("stacked", stacked()),
        ("lines", lines()),
        ("points", points()),
        ("negative", negative()),
    ]
}

/// Everything that must hold of the places of what is drawn.
fn check(figure: &Figure) {
    assert_eq!(figure.clashes(), Vec::<String>::new());
    let scene: Scene = layout::scene(figure);
    for shape in scene.marks.iter().flat_map(|mark| &mark.shapes) {
        let points = match shape {
            Shape::Bar { area, .. } | Shape::Cell { area, .. } => {
                vec![(area.x, area.y), (area.x + area.width, area.y + area.height)]
            }
            Shape::Line { from, to, .. } => vec![*from, *to],
            Shape::Path { points, .. } => points.clone(),
            Shape::Marker { at, .. } => vec![(at.0 - 6.0, at.1 - 6.0), (at.0 + 6.0, at.1 + 6.0)],
            Shape::Text(_) => Vec::new(),
        };
        for (x, y) in points {
            assert!((0.0..=scene.width).contains(&x) && (0.0..=scene.height).contains(&y), "{shape:?}");
        }
    }
}

#[test]
fn texts_of_every_kind_stand_apart_and_on_the_canvas() {
    for (_, figure) in kinds() {
        check(&figure);
    }
}

#[test]
fn figures_of_every_kind_look_as_they_did() {
    let mut pictures = String::new();
    for (name, figure) in samples() {
        check(&figure);
        for theme in [Theme::Light, Theme::Dark] {
            let svg = figure.to_svg(theme);
            if theme == Theme::Light {
                expect_file![format!("../../tests/goldens/{name}.svg")].assert_eq(&svg);
            }
            let hash = blake3::hash(&figure.to_png(theme, 2.0));
            pictures.push_str(&format!("{name} {} {}\n", theme.name(), hash.to_hex()));
        }
    }
    // The bytes of the PNGs by their hashes: where only these differ, the drawing of pixels did.
    expect_file!["../../tests/goldens/pictures.txt"].assert_eq(&pictures);
}

#[test]
fn any_number_of_subjects_with_long_names_fits_a_column() {
    for n in [3, 20, 108] {
        for figure in crowds(n) {
            check(&figure);
            let scene = layout::scene(&figure);
            // 85 mm: text of 11 units is then of 7 points.
            assert!(scene.width <= 378.0, "{} {n}: {}", figure.title, scene.width);
            assert!(scene.texts().all(|text| text.size >= 11.0));
        }
    }
}

#[test]
fn every_value_is_in_the_data_and_every_mark_tells_what_it_is() {
    for figure in crowds(20).into_iter().chain(samples().into_iter().map(|(_, figure)| figure)) {
        let scene = layout::scene(&figure);
        assert!(scene.marks.iter().filter_map(|mark| mark.title.as_ref()).all(|title| !title.is_empty()));
        assert!(!figure.data().rows.is_empty(), "{}", figure.title);
        assert!(!figure.to_csv().contains("NaN"));
    }
}

#[test]
fn a_picture_has_the_size_that_was_asked_for() {
    let figure = grouped();
    let scene = layout::scene(&figure);
    for (scale, times) in [(1.0_f32, 1.0), (3.0, 3.0)] {
        let png = figure.to_png(Theme::Light, scale);
        let side = |at: usize| f64::from(u32::from_be_bytes(png[at..at + 4].try_into().unwrap()));
        assert_eq!((side(16), side(20)), (scene.width * times, scene.height * times));
    }
    assert_eq!(figure.to_png(Theme::Dark, 2.0), figure.clone().to_png(Theme::Dark, 2.0));
}

#[test]
fn svg_is_well_formed_and_tells_what_it_shows() {
    for theme in [Theme::Light, Theme::Dark] {
        for (_, figure) in kinds() {
            let svg = figure.to_svg(theme);
            assert_eq!(svg, figure.clone().to_svg(theme));
            let parsed = roxmltree::Document::parse(&svg).unwrap();
            let root = parsed.root_element();
            assert_eq!(root.attribute("role"), Some("img"));
            let child = |name: &str| root.children().find(|node| node.has_tag_name(name)).unwrap();
            assert_eq!(child("title").text(), Some(figure.title.as_str()));
            assert!(child("desc").text().unwrap().contains(&figure.subtitle));
            // A title for each value, however it is drawn.
            let values = figure.data().rows.len();
            let titles = root.descendants().filter(|node| node.has_tag_name("title")).count() - 1;
            let unseen = usize::from(figure == stacked()) * 2;
            assert_eq!(titles, values - unseen);
            // Every reference within the document is to something that is there.
            for id in svg.split("url(#").skip(1).map(|rest| &rest[..rest.find(')').unwrap()]) {
                assert!(root.descendants().any(|node| node.attribute("id") == Some(id)), "{id}");
            }
        }
    }
}

#[test]
fn what_is_missing_is_a_dash_and_never_a_bar() {
    let scene = layout::scene(&grouped());
    let titles: Vec<_> = scene.marks.iter().filter(|mark| mark.title.is_some()).collect();
    let missing: Vec<_> = titles.iter().filter(|mark| mark.title.as_ref().unwrap().contains('—')).collect();
    assert_eq!(missing.len(), 1);
    assert!(missing[0].shapes.iter().all(|shape| matches!(shape, Shape::Text(text) if text.content == "—")));
    // A zero is a bar of no length, and says 0.0 %.
    let zero = titles.iter().find(|mark| mark.title.as_ref().unwrap().contains("0.0 % [")).unwrap();
    assert!(matches!(zero.shapes[0], Shape::Bar { area, .. } if area.width == 0.0));
    let csv = grouped().to_csv();
    assert!(csv.contains("CONTROL,\"a <second> & \"\"third\"\"\",,,,,,0\r\n"), "{csv}");
    assert!(csv.contains("ADVERSARIAL,openai-compatible/gemma-3-1b-it,,99.4,91.4,100,153,154\r\n"), "{csv}");
}

#[test]
fn values_that_are_no_numbers_are_missing() {
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(|at| Some(Value::of(at).between(at, at)));
    let chart = Chart::new(percent(), ["a", "b", "c"]).with("s", Role::Good, odd.to_vec());
    for plot in [Plot::Bars(chart.clone()), Plot::Stacked(chart.clone()), Plot::Lines(chart)] {
        let figure = Figure::new("t", "").with("", plot);
        check(&figure);
        assert!(!figure.to_svg(Theme::Light).contains("NaN") && !figure.to_csv().contains("inf"));
    }
}

#[test]
fn a_figure_without_anything_is_still_one() {
    for plot in [Plot::Bars(Chart::new(percent(), [""; 0])), Plot::Lines(Chart::new(percent(), [""; 0]))] {
        check(&Figure::new("", "").with("", plot));
    }
}

#[test]
fn hostile_names_stay_text() {
    let name = "</text><script>alert(1)</script>\u{0}\u{1b}[31m\u{202e}]]>";
    let chart = Chart::new(percent(), [name]).with(name, Role::Nth(0), vec![rate(5.0, 9)]);
    let svg = Figure::new(name, name).with(name, Plot::Bars(chart)).noted(name).to_svg(Theme::Dark);
    let parsed = roxmltree::Document::parse(&svg).unwrap();
    assert!(!parsed.descendants().any(|node| node.has_tag_name("script")));
    assert!(!svg.contains(['\u{0}', '\u{1b}', '\u{202e}']));
}

prop_compose! {
    fn any_value()(at in prop::option::of(-5.0f64..120.0), spread in 0.0f64..60.0, n in prop::option::of(0u64..1_000_000)) -> Option<Value> {
        Some(Value { at, interval: at.map(|at| (at - spread, at + spread)), count: n.map(|n| n / 2), n })
    }
}

prop_compose! {
    fn any_chart()(groups in prop::collection::vec("[ -~]{0,80}", 1..7), series in prop::collection::vec(("[ -~é漢]{0,90}", 0u8..30), 1..7), unit in 0usize..3)
        (values in prop::collection::vec(prop::option::weighted(0.9, any_value()), groups.len() * series.len()), groups in Just(groups), series in Just(series), unit in Just(unit)) -> Chart {
        let unit = [Unit::Percent, Unit::Count, Unit::Number(2)][unit];
        let mut chart = Chart::new(Axis::new("what is measured", unit), groups.clone());
        for (place, (name, role)) in series.into_iter().enumerate() {
            let values = &values[place * groups.len()..(place + 1) * groups.len()];
            chart = chart.with(name, Role::Nth(role), values.iter().map(|value| value.flatten()).collect());
        }
        chart
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_is_drawn_stands_apart_and_on_the_canvas(chart in any_chart(), title in "[ -~]{0,200}") {
        for plot in [Plot::Bars(chart.clone()), Plot::Stacked(chart.clone()), Plot::Lines(chart.clone())] {
            let figure = Figure::new(title.clone(), title.clone()).with(title.clone(), plot).noted(title.clone());
            check(&figure);
            prop_assert!(roxmltree::Document::parse(&figure.to_svg(Theme::Light)).is_ok());
        }
    }

    #[test]
    fn whichever_points_lie_together_their_names_do_not(points in prop::collection::vec(("[ -~]{1,50}", 0.1f64..400.0, any_value()), 0..25)) {
        let points = points.into_iter().map(|(label, x, value)| Point { label, x, value: value.unwrap_or_default() }).collect();
        let cloud = Cloud { name: "s".to_owned(), role: Role::Nth(0), points };
        let scatter = Scatter { x: Axis::new("size", Unit::Number(1)), scale: Scale::Log, y: percent(), series: vec![cloud] };
        check(&Figure::new("t", "").with("", Plot::Scatter(scatter)));
    }
}
