//! The benchmark suites.
//!
//! A suite is one folder here and one line in [`registry`]. It holds what it asks, when a trial is done, what that
//! means and how it is tabulated; its texts and rubrics are packs, which are data. Pure: files are read elsewhere.

pub mod choices;
pub mod independence;
pub mod inference;
pub mod kit;
pub mod trap;

use kit::Registration;

/// Every suite that there is.
pub fn registry() -> &'static [Registration] {
    const { &[choices::REGISTRATION, independence::REGISTRATION, trap::REGISTRATION] }
}

/// The suite of this name.
pub fn find(id: &str) -> Option<&'static Registration> {
    registry().iter().find(|registration| registration.id == id)
}
