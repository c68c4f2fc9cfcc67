//! What a sandbox may use.

/// What one sandbox may use, at most.
///
/// Memory, processes and processor time are held by a control group where one can be made; without one, by limits of
/// each process, which is weaker: [`crate::bubblewrap::probe`] says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Memory of all processes and files together, in bytes. 512 MiB.
    pub memory: u64,
    /// Processes at once. 128.
    pub processes: u32,
    /// Processors, in parts of one. 1.
    pub processors: f64,
    /// All files together, in bytes, spread evenly over the places that can be written. 256 MiB.
    pub disk: u64,
    /// How much of each output of a command, and of a file that is read, is shown, in bytes. 16 KiB.
    pub output: u64,
    /// Open files of each process. 1,024.
    pub open_files: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 512 << 20,
            processes: 128,
            processors: 1.0,
            disk: 256 << 20,
            output: 16 << 10,
            open_files: 1_024,
        }
    }
}
