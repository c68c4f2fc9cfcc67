//! What a run file says about its own making.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ModelRole, Subject, SubjectId, SuiteId};

/// How a run was made: enough to make it again, and to know when two runs may be compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// When the file was made, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// The program that made it.
    pub program: Program,
    /// Where the answers come from.
    pub origin: Origin,
    /// The suites that run in it.
    pub suites: Vec<SuiteRecord>,
    /// The subjects in the order in which they were named.
    pub subjects: Vec<Subject>,
    /// The judge, where one grades.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<Subject>,
    /// The guard, where one stands between the subjects and their user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<Subject>,
    /// The seed that every stream of chance is derived from.
    pub seed: u64,
    /// How often each case is put to each subject.
    pub repeats: u32,
    /// Which credentials were there, by the name of their variable. Never their values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub credentials: BTreeMap<String, bool>,
    /// The sandboxes that its trials act in, where they act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<SandboxRecord>,
    /// When outcomes were computed again from what is recorded, and by which program. The outcomes of before stay in the log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rescored: Vec<Rescoring>,
    /// The state of the working tree that the run was started in, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<GitState>,
}

impl Manifest {
    /// Every model that the run asks, with its role: the subjects in their order, then the judge, then the guard.
    pub fn models(&self) -> impl Iterator<Item = (ModelRole, &Subject)> {
        let subjects = self.subjects.iter().map(|subject| (ModelRole::Subject, subject));
        let judge = self.judge.iter().map(|judge| (ModelRole::Judge, judge));
        subjects.chain(judge).chain(self.guard.iter().map(|guard| (ModelRole::Guard, guard)))
    }
}

/// The program that made a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// That outcomes were computed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rescoring {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// The program that did it.
    pub program: Program,
    /// How many trials got another outcome.
    pub trials: u64,
}

/// The sandboxes of a run, as they were when it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxRecord {
    /// The back end, such as `bubblewrap`.
    pub backend: String,
    /// Its version, as it says itself.
    pub version: String,
    /// What is inside: BLAKE3 of our program there, and the digest of the image where there is one.
    pub digests: BTreeMap<String, String>,
    /// What each sandbox may use, by name: bytes, counts, thousandths of a processor.
    pub limits: BTreeMap<String, u64>,
    /// What is weaker than it could be, in sentences for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<String>,
}

/// The state of a git working tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitState {
    /// The commit.
    pub commit: String,
    /// Whether tracked files differ from it.
    pub dirty: bool,
}

/// Where the answers of a run come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// They were asked for by this program.
    Asked,
    /// They were read from someone else's files.
    Imported {
        /// The importer.
        importer: String,
        /// How many files were read.
        files: u64,
        /// How many files could not be read, or not to their end.
        damaged: u64,
        /// Where each subject's answers were read, where a subject's answers are those of one file.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        sources: BTreeMap<SubjectId, SourceFile>,
        /// What must be known of the data to read them well, in sentences for people.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notes: Vec<String>,
    },
}

/// A file that answers were imported from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Its path, as it was named.
    pub path: String,
    /// The BLAKE3 hash of its bytes, in hexadecimal digits.
    pub hash: String,
}

/// A suite as it ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SuiteRecord {
    /// The suite.
    pub id: SuiteId,
    /// Its parameters, as given and defaulted.
    #[serde(default)]
    pub params: Map<String, Value>,
    /// Its pack; none where the texts are the source's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pack: Option<PackRef>,
    /// The files of the pack, so that the run can be resumed and read wherever it goes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
}

/// Which texts and rules a suite used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackRef {
    /// The pack's name.
    pub id: String,
    /// Its version.
    pub version: String,
    /// BLAKE3 of its content.
    pub hash: String,
    /// Where it was read from; none for the built-in pack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}
