//! From the files of the library to templates and slots: what is checked on the way, and where it is said.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use super::census::fold;
use super::encoding::spell;
use super::family::Family;
use super::library::{FamilyLibrary, PLAIN, Piece, SHARED_FILE, Slot, Template, Value, Values};
use super::source::{FamilyText, Reading, SharedText, SlotText, TemplateText, ValueText};
use super::template::{Part, parse};

type SlotTexts = BTreeMap<String, Spanned<SlotText>>;
type Shared = BTreeMap<String, Values>;

/// Reads the slots that families share.
pub(super) fn read_shared(reading: &mut Reading<'_>) -> Shared {
    reading
        .parse()
        .map(|shared: SharedText| read_slots(shared.slots, &Shared::new(), reading))
        .unwrap_or_default()
}

/// Reads the file of a family; what is wrong with it is noted.
pub(super) fn read_family(
    family: Family,
    shared: &Shared,
    reading: &mut Reading<'_>,
) -> Option<FamilyLibrary> {
    let text: FamilyText = reading.parse()?;
    if text.family != family.name() {
        reading.note(
            None,
            format!("this is the file of {family}, and says that it is that of {:?}", text.family),
        );
    }
    if text.description.trim().is_empty() {
        reading.note(None, "the description is empty");
    }
    let slots = in_order(family, read_slots(text.slots, shared, reading), reading);
    let mut published: Vec<_> = text.templates.into_iter().map(placed).collect();
    let mut more: Vec<_> = text.more.into_iter().map(placed).collect();
    for group in text.groups {
        for (into, texts, mark) in [(&mut published, group.texts, ""), (&mut more, group.more, "m")] {
            into.extend(texts.into_iter().enumerate().map(|(n, text)| {
                let (place, text) = placed(text);
                let id = format!("{}-{mark}{:02}", group.id, n + 1);
                (
                    place,
                    TemplateText { id, language: group.language, text: format!("{}{text}", group.before) },
                )
            }));
        }
    }
    let contract = family.contract();
    if published.len() != contract.templates as usize {
        reading.note(None, of_another_length("templates", contract.templates, published.len()));
    }
    let n_published = published.len();
    let mut templates = Vec::new();
    let (mut ids, mut texts) = (BTreeSet::new(), BTreeSet::new());
    for (n, (place, text)) in published.into_iter().chain(more).enumerate() {
        if !ids.insert(text.id.clone()) {
            reading.note(Some(place), format!("the template {:?} stands twice", text.id));
        }
        if !texts.insert(text.text.clone()) {
            reading.note(Some(place), format!("the text of {:?} stands twice", text.id));
        }
        // What only the distinct profile has stands behind the slots of the contract.
        let reach = if n < n_published { contract.draws.len() } else { slots.len() };
        match read_template(family, &text, &slots[..reach.min(slots.len())], reading) {
            Ok(template) => templates.push(template),
            Err(why) => reading.note(Some(place), format!("the template {:?}: {why}", text.id)),
        }
    }
    let used: BTreeSet<_> =
        templates.iter().flat_map(|template| &template.uses).map(|(slot, _)| *slot).collect();
    for (_, unused) in slots.iter().enumerate().skip(contract.draws.len()).filter(|(n, _)| !used.contains(n))
    {
        reading.note(None, format!("no template has the slot {:?}", unused.name));
    }
    Some(FamilyLibrary { family, description: text.description.into(), templates, slots })
}

fn placed<T>(spanned: Spanned<T>) -> (usize, T) {
    (spanned.span().start, spanned.into_inner())
}

fn of_another_length(what: &str, expected: u32, found: usize) -> String {
    format!(
        "the published profile draws from {expected} {what}, not {found}; what only the distinct profile has stands \
         under `more`"
    )
}

/// The slots of the contract first, in its order.
fn in_order(family: Family, mut read: Shared, reading: &mut Reading<'_>) -> Vec<Slot> {
    let mut slots = Vec::new();
    for draw in family.contract().draws {
        let Some(values) = read.remove(draw.slot) else {
            reading.note(
                None,
                format!("the published profile draws the slot {:?}, which is not there", draw.slot),
            );
            continue;
        };
        if !values.serves(draw.length as usize) {
            let published = values.published();
            reading
                .note(None, of_another_length(&format!("values of {:?}", draw.slot), draw.length, published));
        }
        slots.push(Slot { name: draw.slot.into(), values });
    }
    slots.extend(read.into_iter().map(|(name, values)| Slot { name: name.into(), values }));
    slots
}

fn read_slots(texts: SlotTexts, shared: &Shared, reading: &mut Reading<'_>) -> Shared {
    let mut slots = Shared::new();
    for (name, text) in texts {
        let (place, text) = placed(text);
        match read_slot(text, shared, reading) {
            Ok(values) => {
                slots.insert(name, values);
            }
            Err(why) => reading.note(Some(place), format!("the slot {name:?}: {why}")),
        }
    }
    slots
}

fn read_slot(text: SlotText, shared: &Shared, reading: &mut Reading<'_>) -> Result<Values, String> {
    let has_values = !text.values.is_empty() || !text.more.is_empty();
    match (has_values, text.shared, text.target, text.range) {
        (true, None, None, None) => Ok(read_values(text.values, text.more, text.blank, reading)),
        (false, Some(of), None, None) => {
            shared.get(&of).cloned().ok_or_else(|| format!("{SHARED_FILE} has no slot {of:?}"))
        }
        (false, None, Some(list), None) => {
            let target = reading.target;
            let entries = target
                .list(&list)
                .ok_or_else(|| format!("the target profile {:?} has no list {list:?}", target.id))?;
            let values = entries
                .iter()
                .map(|text| Value { language: None, texts: vec![text.as_str().into()] })
                .collect();
            Ok(Values::List { fields: vec![PLAIN.to_owned()], values, published: None })
        }
        (false, None, None, Some([from, to])) if from <= to => {
            Ok(Values::Range { from, to, hex_digits: text.hex_digits })
        }
        (false, None, None, Some(_)) => Err("the range ends before it begins".to_owned()),
        _ => Err("it needs one of values, shared, target and range".to_owned()),
    }
}

fn read_values(
    values: Vec<Spanned<ValueText>>,
    more: Vec<Spanned<ValueText>>,
    blank: bool,
    reading: &mut Reading<'_>,
) -> Values {
    let published = Some(values.len());
    let mut fields = None;
    let mut seen = BTreeSet::new();
    let mut read = Vec::new();
    for value in values.into_iter().chain(more) {
        let (place, value) = placed(value);
        match read_value(value, blank, &mut fields, reading) {
            Ok(value) => {
                if !seen.insert(value.texts.iter().map(|text| fold(text)).collect::<Vec<_>>()) {
                    reading.note(Some(place), format!("the value {:?} stands twice", value.texts[0]));
                }
                read.push(value);
            }
            Err(why) => reading.note(Some(place), why),
        }
    }
    Values::List { fields: fields.unwrap_or_default(), values: read, published }
}

fn read_value(
    value: ValueText,
    blank: bool,
    fields: &mut Option<Vec<String>>,
    reading: &Reading<'_>,
) -> Result<Value, String> {
    let mut texts = match value {
        ValueText::Plain(text) => BTreeMap::from([(PLAIN.to_owned(), text)]),
        ValueText::Fields(texts) => texts,
    };
    let language = texts
        .remove("language")
        .map(|tag| tag.parse())
        .transpose()
        .map_err(|error: super::case::UnknownLanguage| error.to_string())?;
    let names: Vec<_> = texts.keys().cloned().collect();
    if names.is_empty() || *fields.get_or_insert_with(|| names.clone()) != names {
        return Err(format!("a value has the fields {names:?}, others have {fields:?}"));
    }
    let texts = texts
        .into_values()
        .map(|text| {
            if !blank && (text.is_empty() || text.trim() != text) {
                return Err(format!("the value {text:?} is empty, or begins or ends with white space"));
            }
            let mut filled = String::new();
            for part in parse(&text)? {
                match fill(part, reading)? {
                    Part::Literal(text) => filled.push_str(&text),
                    _ => return Err(format!("the value {text:?} has a slot; only templates have slots")),
                }
            }
            Ok(filled.into())
        })
        .collect::<Result<_, String>>()?;
    Ok(Value { language, texts })
}

/// A part with the name of the target in its place.
fn fill(part: Part, reading: &Reading<'_>) -> Result<Part, String> {
    let Part::Target(named) = part else { return Ok(part) };
    let target = reading.target;
    let Some(name) = target.name(&named.name) else {
        let known: Vec<_> = target.names().collect();
        return Err(format!(
            "{{@{}}} is not in the target profile {:?}, which has {}",
            named.name,
            target.id,
            known.join(", ")
        ));
    };
    Ok(Part::Literal(spell(&named.encodings, name)))
}

fn read_template(
    family: Family,
    text: &TemplateText,
    slots: &[Slot],
    reading: &Reading<'_>,
) -> Result<Template, String> {
    if text.text.is_empty() || text.text.trim() != text.text {
        return Err("the text is empty, or begins or ends with white space".to_owned());
    }
    let mut pieces: Vec<Piece> = Vec::new();
    let mut uses: Vec<(usize, usize)> = Vec::new();
    for part in parse(&text.text)? {
        match fill(part, reading)? {
            Part::Slot(named) => {
                let slot = slots.iter().position(|slot| *slot.name == named.name).ok_or_else(|| {
                    let known: Vec<_> = slots.iter().map(|slot| &*slot.name).collect();
                    format!("there is no slot {:?} here; there are {}", named.name, known.join(", "))
                })?;
                let field = slots[slot].values.field(named.field.as_deref()).ok_or_else(|| {
                    format!("the values of {:?} have no field {:?}", named.name, named.field)
                })?;
                if !uses.iter().any(|(used, _)| *used == slot) {
                    uses.push((slot, field));
                }
                pieces.push(Piece::Slot { slot, field, encodings: named.encodings });
            }
            Part::Literal(text) => match pieces.last_mut() {
                Some(Piece::Literal(before)) => before.push_str(&text),
                _ => pieces.push(Piece::Literal(text)),
            },
            Part::Target(_) => {}
        }
    }
    uses.sort_unstable();
    let id = format!("{family}/{}", text.id).into();
    Ok(Template { id, language: text.language, pieces, uses })
}
