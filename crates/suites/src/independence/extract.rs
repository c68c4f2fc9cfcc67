//! Rebuilds the reference's subject-side texts from recorded requests, so that a run can be compared with published
//! numbers while this project ships only its own texts.
