//! The same model as different providers serve it: whether it matters which.

use unbent_core::{Manifest, ModelRef, Subject};
use unbent_report::{Cell, Column, Shown, Table};
use unbent_stats::{Level, holm, student_t_critical};

use super::Standings;

/// A subject's model without the provider that it is pinned to, and that provider.
///
/// Imported data name the model without, and have it in the label: `vendor--model+pin@settings`.
fn model_and_pin(subject: &Subject) -> (String, Option<String>) {
    if let Ok(reference) = subject.model.parse::<ModelRef>()
        && reference.pin.is_some()
    {
        let pin = reference.pin.clone();
        return (ModelRef { pin: None, ..reference }.to_string(), pin);
    }
    let label = subject.id.as_str();
    let named = label.split_once('@').map_or(label, |(named, _)| named);
    (subject.model.clone(), named.rsplit_once('+').map(|(_, pin)| pin.to_owned()))
}

/// What follows the settings sign in an imported label: such subjects are the same only with the same.
fn setting(subject: &Subject) -> Option<&str> {
    subject.id.as_str().split_once('@').map(|(_, setting)| setting)
}

/// The table; none if no two subjects are the same model by different providers.
pub(super) fn table(standings: &Standings, manifest: &Manifest) -> Option<Table> {
    let labels = standings.labels();
    let of = |row: usize| manifest.subjects.iter().find(|subject| subject.id == labels[row].0);
    let mut pairs = Vec::new();
    for first in 0..labels.len() {
        for second in first + 1..labels.len() {
            let Some((a, b)) = of(first).zip(of(second)) else { continue };
            let ((model, pin), (other, other_pin)) = (model_and_pin(a), model_and_pin(b));
            let is_same = model == other
                && a.settings == b.settings
                && setting(a) == setting(b)
                && labels[first].1 == labels[second].1;
            if is_same && pin != other_pin && a.regraded.is_none() && b.regraded.is_none() {
                let compared = standings.pairs(&[first, second]).first().copied();
                pairs.push((model, [pin, other_pin], (first, second), compared));
            }
        }
    }
    if pairs.is_empty() {
        return None;
    }
    let p: Vec<f64> = pairs.iter().filter_map(|(.., compared)| compared.map(|compared| compared.p)).collect();
    let mut adjusted = holm(&p).expect("every p is between 0 and 1").into_iter();
    let metric = standings.metric();
    let programs = |key| Column::number(key, "").shown(Shown::ToPrograms);
    let mut table = Table::new(
        format!("The same model by different providers: {}", metric.name),
        vec![
            Column::text("model", "Model"),
            Column::text("first", "First").shown(Shown::ToPrograms),
            Column::text("second", "Second").shown(Shown::ToPrograms),
            Column::text("first_provider", "First"),
            Column::text("second_provider", "Second"),
            Column::number("first_value", "First"),
            Column::number("second_value", "Second"),
            Column::number("gain", "Gain"),
            Column::number("interval", "95 %").shown(Shown::ToPeople),
            programs("gain_low"),
            programs("gain_high"),
            programs("p"),
            Column::number("p_adjusted", "p (Holm)"),
            Column::number("clusters", "Clusters"),
            Column::number("n", "n"),
            Column::number("missing", "Missing"),
        ],
    );
    for (model, pins, (first, second), compared) in pairs {
        let adjusted = compared.and_then(|_| adjusted.next());
        let ends = compared.filter(|compared| compared.clusters > 1).map(|compared| {
            let reach =
                student_t_critical(Level::P95, compared.clusters as f64 - 1.0) * compared.standard_error;
            (compared.gain - reach, compared.gain + reach)
        });
        let value = |row| Cell::number(standings.value(row), 1);
        let [n, missing] = standings.counts(&[first, second]);
        let [first_pin, second_pin] =
            pins.map(|pin| Cell::Text(pin.unwrap_or_else(|| "not pinned".to_owned())));
        table.rows.push(vec![
            Cell::Text(model),
            Cell::Text(labels[first].0.to_string()),
            Cell::Text(labels[second].0.to_string()),
            first_pin,
            second_pin,
            value(first),
            value(second),
            Cell::number(compared.map(|compared| compared.gain), 1),
            ends.map_or(Cell::Missing, |(low, high)| Cell::Range(low, high, 1)),
            Cell::number(ends.map(|ends| ends.0), 1),
            Cell::number(ends.map(|ends| ends.1), 1),
            Cell::number(compared.map(|compared| compared.p), 3),
            Cell::number(adjusted, 3),
            Cell::Count(compared.map_or(0, |compared| compared.clusters)),
            Cell::Count(n),
            Cell::Count(missing),
        ]);
    }
    table.notes = vec![
        "Gain: by how many points the second is better, on the cases that both were asked, clustered; p for all pairs of this \
         table together. Values that are missing are taken as they speak most against a difference in p, and are left out of \
         the values."
            .to_owned(),
    ];
    Some(table)
}

#[cfg(test)]
mod tests {
    use unbent_core::{Sampling, Subject};

    use super::model_and_pin;

    #[test]
    fn the_pin_of_a_reference_and_that_of_an_imported_label_are_found() {
        let subject = |id: &str, model: &str| Subject {
            id: id.into(),
            model: model.to_owned(),
            settings: Sampling::default(),
            simulated: false,
            price: None,
            price_source: None,
            regraded: None,
            null: false,
        };
        let check = |id: &str, model: &str, expect: (&str, Option<&str>)| {
            let (model, pin) = model_and_pin(&subject(id, model));
            assert_eq!((model.as_str(), pin.as_deref()), expect);
        };
        check("a", "openrouter/v/m+fireworks?effort=low", ("openrouter/v/m?effort=low", Some("fireworks")));
        check("v--m+fireworks@none-t0.7", "v/m", ("v/m", Some("fireworks")));
        check("v--m@none-t0.7", "v/m", ("v/m", None));
    }
}
