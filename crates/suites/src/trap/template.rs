//! Templates: texts with slots, cut into pieces once so that a prompt is made by joining them.
//!
//! `{slot}`, `{slot.field}`, `{@name}` of the target profile, `{=a fixed text}`; each may end with `|encoding`, more
//! than once. `{{` and `}}` are braces.

use super::encoding::{Encoding, spell};

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Text as it stands.
    Literal(String),
    /// The value of a slot.
    Slot(Named),
    /// A name of the target profile.
    Target(Named),
}

/// What a part names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) field: Option<String>,
    pub(super) encodings: Vec<Encoding>,
}

/// Cuts a text into its parts.
///
/// # Errors
///
/// Says what cannot be read: a brace without its other, an empty name, an unknown encoding.
pub(super) fn parse(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(place) = rest.find(['{', '}']) {
        literal.push_str(&rest[..place]);
        let (brace, after) = rest[place..].split_at(1);
        if let Some(after) = after.strip_prefix(brace) {
            literal.push_str(brace);
            rest = after;
            continue;
        }
        if brace == "}" {
            return Err("a } closes nothing; write }} for the brace itself".to_owned());
        }
        let end = after.find('}').ok_or("a { is never closed; write {{ for the brace itself")?;
        match placeholder(&after[..end])? {
            Part::Literal(text) => literal.push_str(&text),
            part => {
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                parts.push(part);
            }
        }
        rest = &after[end + 1..];
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok(parts)
}

fn placeholder(text: &str) -> Result<Part, String> {
    let mut pieces = text.split('|');
    let head = pieces.next().unwrap_or_default();
    let encodings = pieces
        .map(|name| {
            Encoding::find(name).ok_or_else(|| {
                let known: Vec<_> = Encoding::NAMES.iter().map(|(name, _)| *name).collect();
                format!("{{{text}}}: there is no encoding {name:?}; there are {}", known.join(", "))
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(fixed) = head.strip_prefix('=') {
        return Ok(Part::Literal(spell(&encodings, fixed)));
    }
    let (head, is_target) = head.strip_prefix('@').map_or((head, false), |head| (head, true));
    let (name, field) =
        head.split_once('.').map_or((head, None), |(name, field)| (name, Some(field.to_owned())));
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    if !is_name(name) || field.as_deref().is_some_and(|field| !is_name(field) || is_target) {
        return Err(format!("{{{text}}} names nothing; names are of a-z, 0-9 and _"));
    }
    let named = Named { name: name.to_owned(), field, encodings };
    Ok(if is_target { Part::Target(named) } else { Part::Slot(named) })
}

#[cfg(test)]
mod tests {
    use super::{Named, Part, parse};
    use crate::trap::encoding::Encoding;

    fn named(name: &str, field: Option<&str>, encodings: &[Encoding]) -> Named {
        Named { name: name.to_owned(), field: field.map(str::to_owned), encodings: encodings.to_vec() }
    }

    #[test]
    fn a_template_is_cut_at_its_placeholders() {
        let parts = parse("{{a}} {x.y|reverse|upper}{@system}, {=ab|reverse}!").unwrap();
        assert_eq!(
            parts,
            [
                Part::Literal("{a} ".to_owned()),
                Part::Slot(named("x", Some("y"), &[Encoding::Reverse, Encoding::Upper])),
                Part::Target(named("system", None, &[])),
                Part::Literal(", ba!".to_owned()),
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, part) in [
            ("a } b", "closes nothing"),
            ("a {b", "never closed"),
            ("{}", "names nothing"),
            ("{a|gz}", "\"gz\""),
        ] {
            assert!(parse(text).unwrap_err().contains(part), "{text}");
        }
    }
}
