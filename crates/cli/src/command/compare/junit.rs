//! What came of a gate as JUnit XML: a test case for each part of the condition, and one for the whole.
//!
//! Pure. A part that does not hold in a gate that does is *skipped*: a machine that reads the file passes what the gate passes.

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};
use unbent_suites::inference::{GateResult, Ruling};

/// The file.
pub(super) fn xml(text: &str, subject: &str, result: &GateResult) -> Result<String, SerializeError> {
    let mut suite = TestSuite::new(format!("unbent gate on {subject}"));
    for leaf in &result.leaves {
        suite.add_test_case(case(&leaf.text, status(leaf.ruling, result.ruling, &leaf.why)));
    }
    let whole = format!("the condition as a whole {}", result.ruling.name());
    suite.add_test_case(case(text, status(result.ruling, result.ruling, &whole)));
    let mut report = Report::new("unbent");
    report.add_test_suite(suite);
    report.to_string()
}

fn case(name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname("unbent.gate");
    case
}

fn status(ruling: Ruling, whole: Ruling, why: &str) -> TestCaseStatus {
    let mut status = match (ruling, whole) {
        (Ruling::Holds, _) => return TestCaseStatus::success(),
        (_, Ruling::Holds) => TestCaseStatus::skipped(),
        (Ruling::Fails, _) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        (Ruling::Undecided, _) => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    status.set_message(why);
    status
}
