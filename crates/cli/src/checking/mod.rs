//! What one cheap question says of a model and of the API that it is behind. Pure: nothing here asks, reads or prints.

mod parameters;
mod question;
mod report;
mod told;
mod trouble;

pub(crate) use self::question::{Asking, question};
pub(crate) use self::report::{Checked, Report};
pub(crate) use self::trouble::trouble;
