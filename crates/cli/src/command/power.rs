//! `unbent power`: how large a study must be, and what a study of some size can find; from a pilot, or from what the suite
//! takes for granted.

mod known;
mod studies;

use serde_json::{Value, json};
use unbent_report::Table;

use self::known::Known;
use crate::args::PowerArgs;
use crate::error::{CommandError, Exit};
use crate::output;

pub(super) fn power(args: &PowerArgs, json: bool) -> Result<Exit, CommandError> {
    let known = match &args.pilot {
        Some(pilot) => Known::of_pilot(pilot, args)?,
        None => Known::assumed(args)?,
    };
    let is_asked = args.difference.is_some() || args.cases_each.is_some() || args.budget.is_some();
    if !is_asked && args.pilot.is_none() {
        return Err(CommandError::usage("nothing is asked of the study")
            .hint("how many cases to find a difference: unbent power SUITE --difference 5")
            .hint("what so many cases can find: unbent power SUITE --cases-each 300 --repeats 3")
            .hint("what money can find: unbent power SUITE --budget 20 --model REF --judge REF"));
    }
    let mut tables = vec![known.told(args)];
    if let Some(difference) = args.difference {
        tables.push(known.needed(difference, args)?);
    }
    let pilot_cases = known.pilot.as_ref().map(|pilot| pilot.cases).filter(|_| !is_asked);
    if let Some(cases) = args.cases_each.map(Into::into).or(pilot_cases) {
        tables.push(known.detectable(cases, args)?);
    }
    if let Some(budget) = args.budget {
        tables.push(known.bought(budget, args)?);
    }
    if json {
        let row = |(name, table): (&str, &Table)| {
            (name.to_owned(), json!({ "rows": table.to_json(), "notes": table.notes }))
        };
        let names = std::iter::once("spread")
            .chain(args.difference.map(|_| "needed"))
            .chain((args.cases_each.is_some() || pilot_cases.is_some()).then_some("detectable"))
            .chain(args.budget.map(|_| "budget"));
        let mut made: serde_json::Map<String, Value> = names.zip(&tables).map(row).collect();
        made.insert("metric".to_owned(), known.metric.id.into());
        made.insert("suite".to_owned(), known.suite.clone().into());
        output::out(&format!("{:#}\n", Value::from(made)));
    } else {
        let width = output::terminal_width();
        let texts: Vec<String> = tables.iter().map(|table| table.to_text(width)).collect();
        output::out(&texts.join("\n"));
    }
    Ok(Exit::Done)
}
