//! Is a run on disk the run: whole, resumable, mergeable, and refused once a byte of it changes?

#[path = "archive/programs.rs"]
mod programs;
