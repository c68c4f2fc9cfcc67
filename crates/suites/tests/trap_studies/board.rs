//! Observations by hand, and cells of tables by the names of their rows and columns.

use std::collections::BTreeMap;

use unbent_core::{FaultKind, Sampling, Subject, SubjectId, UnscoredReason};
use unbent_report::{Cell, Table};
use unbent_suites::trap::analysis::{CaseInfo, Observation, Observed, State};
use unbent_suites::trap::{Category, Condition, FailureClass, Language, Marks, Scored, Verdict};

/// Observations in the making.
pub(crate) struct Board(pub(crate) Observed);

impl Board {
    /// No observations of these subjects yet.
    pub(crate) fn new(subjects: &[&str]) -> Self {
        Self(Observed {
            cases: Vec::new(),
            subjects: subjects.iter().map(|id| subject(id)).collect(),
            judges: BTreeMap::new(),
            guard: None,
            trials: Vec::new(),
            paid: BTreeMap::new(),
            foreign: 0,
        })
    }

    /// Adds a case whose prompt and template are its own.
    pub(crate) fn case(&mut self, id: &str, condition: Condition, category: Category) -> u32 {
        let place = self.0.cases.len() as u32;
        let claim = format!("prompt {id}");
        let known = self.0.cases.iter().find(|case| case.claim == claim);
        let (distinct, cluster) = known.map_or((place, place), |case| (case.distinct, case.cluster));
        self.0.cases.push(CaseInfo {
            prompt_id: id.to_owned(),
            condition,
            category,
            family: None,
            language: Language::English,
            distinct,
            cluster,
            template: None,
            claim,
        });
        place
    }

    /// Adds so many controls without a system message.
    pub(crate) fn controls(&mut self, n: usize) -> Vec<u32> {
        (0..n).map(|at| self.case(&format!("C{at:05}"), Condition::None, Category::Control)).collect()
    }

    /// Adds a trial.
    pub(crate) fn trial(&mut self, case: u32, subject: u32, repeat: u32, state: State) {
        self.0.trials.push(Observation { case, subject, repeat, state });
    }

    /// Adds a first trial of this class.
    pub(crate) fn class(&mut self, case: u32, subject: u32, class: FailureClass) {
        self.trial(case, subject, 1, classified(class));
    }

    /// Adds a trial of two subjects on each of so many new controls.
    pub(crate) fn pairs(&mut self, n: usize, first: FailureClass, second: FailureClass) {
        for _ in 0..n {
            let id = format!("P{:05}", self.0.cases.len());
            let case = self.case(&id, Condition::None, Category::Control);
            self.class(case, 0, first);
            self.class(case, 1, second);
        }
    }
}

pub(crate) fn subject(id: &str) -> Subject {
    Subject {
        id: SubjectId::new(id),
        model: format!("sim/{id}"),
        settings: Sampling::default(),
        simulated: true,
        price: None,
        price_source: None,
        regraded: None,
        null: false,
    }
}

pub(crate) fn scored(verdict: Verdict, reasoning: Option<Verdict>, marks: Marks) -> State {
    State::Scored(Scored { rules: verdict, rule: None, judge: None, reasoning, guarded: None, marks })
}

pub(crate) fn classified(class: FailureClass) -> State {
    scored(Verdict::Class(class), None, Marks::default())
}

pub(crate) fn undetermined() -> State {
    scored(Verdict::Undetermined, None, Marks::default())
}

pub(crate) fn unscored() -> State {
    State::Unscored(UnscoredReason::SubjectFault(FaultKind::Timeout))
}

/// The one row with these texts in these columns.
#[track_caller]
pub(crate) fn row<'t>(table: &'t Table, texts: &[(&str, &str)]) -> Row<'t> {
    let holds = |row: &&Vec<Cell>| {
        texts.iter().all(|(key, text)| row[table.column(key).unwrap()] == Cell::Text((*text).to_owned()))
    };
    let found: Vec<_> = table.rows.iter().filter(holds).collect();
    assert_eq!(found.len(), 1, "{texts:?} in\n{}", table.to_text(None));
    Row { table, cells: found[0] }
}

pub(crate) struct Row<'t> {
    table: &'t Table,
    cells: &'t [Cell],
}

impl Row<'_> {
    #[track_caller]
    pub(crate) fn cell(&self, key: &str) -> &Cell {
        let place = self.table.column(key);
        &self.cells[place.unwrap_or_else(|| panic!("no column {key}"))]
    }

    #[track_caller]
    pub(crate) fn count(&self, key: &str) -> u64 {
        match self.cell(key) {
            Cell::Count(count) => *count,
            other => panic!("{key} is {other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn counts<const N: usize>(&self, keys: [&str; N]) -> [u64; N] {
        keys.map(|key| self.count(key))
    }

    #[track_caller]
    pub(crate) fn number(&self, key: &str) -> f64 {
        match self.cell(key) {
            Cell::Number(number, _) => *number,
            other => panic!("{key} is {other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn range(&self, key: &str) -> (f64, f64) {
        match self.cell(key) {
            Cell::Range(low, high, _) => (*low, *high),
            other => panic!("{key} is {other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn text(&self, key: &str) -> &str {
        match self.cell(key) {
            Cell::Text(text) => text,
            other => panic!("{key} is {other:?}"),
        }
    }
}

/// Whether two numbers agree to what a table of a paper shows.
#[track_caller]
pub(crate) fn close(got: f64, expect: f64, within: f64) {
    assert!((got - expect).abs() <= within, "{got}, not {expect}");
}

/// Every row has a cell for every column, and every table can be rendered.
pub(crate) fn whole(tables: &[Table]) {
    for table in tables {
        assert!(!table.title.is_empty() && table.rows.iter().all(|row| row.len() == table.columns.len()));
        assert!(table.to_markdown().contains(&table.title) && !table.to_csv().is_empty());
        let mut keys: Vec<_> = table.columns.iter().map(|column| column.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), table.columns.len(), "{}", table.title);
    }
}
