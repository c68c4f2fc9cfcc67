//! Digests: what the events of a finished trial come to, without the note of its outcome, in a few bytes.
//!
//! A digest holds nothing that events do not say, and is believed only while its event is the last one of its trial. So a
//! writer that knows no digests does no harm, and a file without any is only slower to read. `docs/format/run.md` describes
//! them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use unbent_core::{
    FaultKind, Kept, ModelRole, Outcome, RoleMeters, Scores, TrialKey, TrialNo, TrialState, TrialView,
    UnscoredReason, Usage,
};

use crate::error::{InFile, StoreError};
use crate::format::DIGESTED_KEY;
use crate::gist::{Notes, read_scores};
use crate::portion::Portion;
use crate::read::PORTION;

/// Whether there is a table of digests.
pub(crate) fn are_in(conn: &Connection) -> rusqlite::Result<bool> {
    conn.prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'digest'")?.exists([])
}

/// Makes the table of digests, where there is none.
pub(crate) fn make_table(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch(
        "CREATE TABLE IF NOT EXISTS digest (
             trial INTEGER PRIMARY KEY,
             event INTEGER NOT NULL,
             body  BLOB NOT NULL
         ) STRICT",
    )
}

/// Trials that ended and have no digest of their last event, after ?1, at most ?2, with the number of that event.
///
/// Goes along the index of the ends, so that all portions together look at each of them once.
pub(crate) const WANTED: &str = "
SELECT ended.trial, ended.id
FROM event AS ended INDEXED BY event_finished LEFT JOIN digest ON digest.trial = ended.trial
WHERE ended.kind = 'finished' AND ended.trial > ?1 AND digest.event IS NOT ended.id
  AND NOT EXISTS (SELECT 1 FROM event AS later WHERE later.trial = ended.trial AND later.id > ended.id)
ORDER BY ended.trial LIMIT ?2";

/// Writes the digests of the next trials after this one that want one; returns the last of them, if there were any.
pub(crate) fn write_some(
    conn: &Connection,
    path: &Path,
    after: TrialNo,
) -> Result<Option<TrialNo>, StoreError> {
    let wanted: Vec<(i64, i64)> = conn
        .prepare_cached(WANTED)
        .and_then(|mut query| {
            query
                .query_map((after.0.cast_signed(), PORTION), |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()
        })
        .in_file(path)?;
    // How a trial stands does not depend on what it is called.
    let nobody = TrialKey { suite: "".into(), case: "".into(), subject: "".into(), repeat: 0 };
    let pending = |(no, _): &(i64, i64)| TrialView::pending(TrialNo(no.cast_unsigned()), nobody.clone());
    let mut portion = Portion::of(conn, wanted.iter().map(pending).collect()).in_file(path)?;
    let trials = portion.fold(path, Notes::LeftOut)?;
    let mut insert = conn
        .prepare_cached(
            "INSERT INTO digest (trial, event, body) VALUES (?1, ?2, ?3)
             ON CONFLICT (trial) DO UPDATE SET event = excluded.event, body = excluded.body",
        )
        .in_file(path)?;
    for (view, (trial, event)) in trials.iter().zip(&wanted) {
        if let Some(digest) = Digest::of(view) {
            insert.execute(params![trial, event, digest.pack()]).in_file(path)?;
        }
    }
    Ok(trials.last().map(|view| view.no))
}

/// Takes away the digests whose trials went on, and notes that all others are of the last event of theirs.
pub(crate) fn settle(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch(
        "DELETE FROM digest WHERE event < (SELECT max(id) FROM event WHERE event.trial = digest.trial)",
    )?;
    conn.execute(
        "INSERT INTO manifest (key, value) SELECT ?1, CAST(max(id) AS TEXT) FROM event WHERE true
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [DIGESTED_KEY],
    )?;
    Ok(())
}

/// Whether every digest is of the last event of its trial.
pub(crate) fn are_settled(conn: &Connection) -> rusqlite::Result<bool> {
    conn.prepare_cached(
        "SELECT 1 FROM manifest WHERE key = ?1 AND value = CAST((SELECT max(id) FROM event) AS TEXT)",
    )?
    .exists([DIGESTED_KEY])
}

/// The digest of a trial in the file, and the number of the event that it was made after.
pub(crate) fn stored(conn: &Connection, trial: TrialNo) -> rusqlite::Result<Option<(i64, Vec<u8>)>> {
    let mut query = conn.prepare_cached("SELECT event, body FROM digest WHERE trial = ?1")?;
    let mut rows = query.query([trial.0.cast_signed()])?;
    rows.next()?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

/// How a finished trial stands. It is stored as an array, whose shape is fixed: another one needs a table of another name.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Digest {
    #[serde(deserialize_with = "read_scores")]
    scores: Scores,
    /// Of a trial without scores: why, and what happened.
    unscored: Option<(UnscoredReason, String)>,
    voided: u32,
    subject: Option<Metered>,
    judge: Option<Metered>,
    guard: Option<Metered>,
}

/// [`RoleMeters`] of a role of which anything was asked.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Metered {
    answers: u64,
    usage: Tokens,
    cost_usd: f64,
    odd: Option<Box<Odd>>,
}

/// What most trials have nothing of.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Odd {
    cached: u64,
    faults: u64,
    unpriced: u64,
    /// Answers, tokens and dollars that count, where that is not all that was paid.
    kept: Option<(u64, Tokens, f64)>,
    fault_kinds: BTreeMap<FaultKind, u64>,
    served_by: BTreeMap<String, u64>,
    unsent: BTreeSet<String>,
}

/// [`Usage`]: input, output, cached input, written to the cache, reasoning.
type Tokens = [u64; 5];

fn tokens(usage: Usage) -> Tokens {
    let Usage { input, output, cached_input, cache_write, reasoning } = usage;
    [input, output, cached_input, cache_write, reasoning]
}

fn usage([input, output, cached_input, cache_write, reasoning]: Tokens) -> Usage {
    Usage { input, output, cached_input, cache_write, reasoning }
}

impl Digest {
    /// Of a trial; none if it has not ended.
    pub(crate) fn of(view: &TrialView) -> Option<Self> {
        let (scores, unscored) = match view.outcome()? {
            Outcome::Scored { scores, .. } => (scores.clone(), None),
            Outcome::Unscored { reason, detail } => (Scores::default(), Some((*reason, detail.clone()))),
        };
        let [subject, judge, guard] = ModelRole::ALL.map(|role| Metered::of(&view.meters[role]));
        Some(Self { scores, unscored, voided: view.voided, subject, judge, guard })
    }

    /// From its bytes.
    pub(crate) fn unpack(bytes: &[u8]) -> Result<Self, rmp_serde::decode::Error> {
        rmp_serde::from_slice(bytes)
    }

    /// Its bytes.
    pub(crate) fn pack(&self) -> Vec<u8> {
        rmp_serde::to_vec(self).expect("what goes into memory is written")
    }

    /// Makes a pending trial stand as its events would.
    pub(crate) fn stand_in(self, view: &mut TrialView) {
        view.state = TrialState::Finished(match self.unscored {
            None => Outcome::Scored { scores: self.scores, note: None },
            Some((reason, detail)) => Outcome::Unscored { reason, detail },
        });
        let meters = [self.subject, self.judge, self.guard];
        for (place, metered) in view.meters.values_mut().into_iter().zip(meters) {
            *place = metered.map_or_else(RoleMeters::default, Metered::into_meters);
        }
        view.voided = self.voided;
    }
}

impl Metered {
    /// Of a role; none if nothing was asked of it.
    fn of(meters: &RoleMeters) -> Option<Self> {
        let RoleMeters {
            answers,
            cached,
            faults,
            usage,
            cost_usd,
            unpriced,
            kept,
            fault_kinds,
            served_by,
            unsent,
        } = meters.clone();
        let is_all_kept = kept == Kept { answers, usage, cost_usd };
        let odd = Odd {
            cached,
            faults,
            unpriced,
            kept: (!is_all_kept).then(|| (kept.answers, tokens(kept.usage), kept.cost_usd)),
            fault_kinds,
            served_by,
            unsent,
        };
        let odd = (odd != Odd::default()).then(|| Box::new(odd));
        (*meters != RoleMeters::default()).then(|| Self { answers, usage: tokens(usage), cost_usd, odd })
    }

    fn into_meters(self) -> RoleMeters {
        let Self { answers, usage: paid, cost_usd, odd } = self;
        let odd = odd.map(|odd| *odd).unwrap_or_default();
        let kept = odd.kept.unwrap_or((answers, paid, cost_usd));
        RoleMeters {
            answers,
            cached: odd.cached,
            faults: odd.faults,
            usage: usage(paid),
            cost_usd,
            unpriced: odd.unpriced,
            kept: Kept { answers: kept.0, usage: usage(kept.1), cost_usd: kept.2 },
            fault_kinds: odd.fault_kinds,
            served_by: odd.served_by,
            unsent: odd.unsent,
        }
    }
}
