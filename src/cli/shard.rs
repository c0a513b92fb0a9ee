//! `--shard`: which part of a run this machine walks, said outright or by a scheduler.

use clap::Args;
use thiserror::Error;

use shortfall::archive::Shard;
use shortfall::archive::layout::MOST_SHARDS;

use super::number;

#[derive(Debug, Args)]
pub(super) struct ShardArgs {
    /// Walk one part of the run, number I of N from 0 (0/64 to 63/64); all share one --out, and
    /// `shortfall merge` joins them. `auto`: as the job array of Slurm, Kubernetes or AWS Batch
    /// says
    #[arg(long, value_name = "I/N|auto", value_parser = written, requires = "out")]
    shard: Option<Written>,
    /// How many shards there are, where --shard auto cannot know (Kubernetes: .spec.completions)
    #[arg(long, value_name = "N", value_parser = number::count::<u64>(1, MOST_SHARDS),
          requires = "shard")]
    shards: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Auto,
    Is(Shard),
}

/// Why a shard is not known.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum ShardError {
    #[error("not a shard: write I/N with I from 0 to N - 1, as in 0/64, or auto")]
    NotAShard,
    #[error("must be below {count}, for shards count from 0: 0/{count} to {}/{count}", count - 1)]
    IndexTooLarge { count: u64 },
    #[error("a run has 1 to {MOST_SHARDS} shards, not {count}")]
    Count { count: u64 },
    #[error(
        "--shard auto: no job array is in the environment (SLURM_ARRAY_TASK_ID, \
         JOB_COMPLETION_INDEX, AWS_BATCH_JOB_ARRAY_INDEX): write --shard I/N"
    )]
    NoArray,
    #[error("--shard auto: {variable} is there, but not how many shards there are: give --shards")]
    NoCount { variable: &'static str },
    #[error("--shard auto: {variable} = {value:?} is no number: write --shard I/N")]
    NotANumber { variable: &'static str, value: String },
    #[error(
        "--shard auto: {variable} counts {count} tasks from {first} to {last}, which is a part of \
         an array, or one that does not begin at 0: give --shards with how many shards there are"
    )]
    PartOfArray { variable: &'static str, first: u64, last: u64, count: u64 },
    #[error("--shards goes with --shard auto: I/N says how many there are")]
    NotAuto,
}

/// A scheduler's job array: where it writes which task this is, and of how many.
struct JobArray {
    index: &'static str,
    count: Option<&'static str>,
    /// The least and the largest index of the tasks that were submitted together.
    bounds: Option<[&'static str; 2]>,
}

/// The one list of schedulers.
const JOB_ARRAYS: [JobArray; 3] = [
    JobArray {
        index: "SLURM_ARRAY_TASK_ID",
        count: Some("SLURM_ARRAY_TASK_COUNT"),
        bounds: Some(["SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX"]),
    },
    JobArray { index: "JOB_COMPLETION_INDEX", count: None, bounds: None },
    JobArray {
        index: "AWS_BATCH_JOB_ARRAY_INDEX",
        count: Some("AWS_BATCH_JOB_ARRAY_SIZE"),
        bounds: None,
    },
];

impl ShardArgs {
    /// Which shard this is; none for the whole run.
    pub(super) fn shard(&self) -> Result<Option<Shard>, ShardError> {
        match self.shard {
            None => Ok(None),
            Some(Written::Is(_)) if self.shards.is_some() => Err(ShardError::NotAuto),
            Some(Written::Is(shard)) => Ok(Some(shard)),
            Some(Written::Auto) => of_array(self.shards, |name| std::env::var(name).ok()).map(Some),
        }
    }
}

fn written(written: &str) -> Result<Written, ShardError> {
    if written == "auto" {
        return Ok(Written::Auto);
    }
    let (index, count) = written.split_once('/').ok_or(ShardError::NotAShard)?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| ShardError::NotAShard);
    checked(number(index)?, number(count)?).map(Written::Is)
}

fn checked(index: u64, count: u64) -> Result<Shard, ShardError> {
    if !(1..=MOST_SHARDS).contains(&count) {
        return Err(ShardError::Count { count });
    }
    if index >= count {
        return Err(ShardError::IndexTooLarge { count });
    }
    Ok(Shard { index, count })
}

/// The shard of a task of a job array: its index, as the scheduler counts it. What a scheduler says
/// of the array's size holds unless a part of it was submitted again; `shards` always does.
fn of_array(
    shards: Option<u64>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Shard, ShardError> {
    let is_there = |array: &&JobArray| variable(array.index).is_some();
    let array = JOB_ARRAYS.iter().find(is_there).ok_or(ShardError::NoArray)?;
    let number = |name: &'static str| {
        let Some(value) = variable(name) else { return Ok(None) };
        let number = value.trim().parse::<u64>();
        number.map(Some).map_err(|_| ShardError::NotANumber { variable: name, value })
    };
    let index = number(array.index)?.unwrap_or(0);
    if let Some(shards) = shards {
        return checked(index, shards);
    }
    let count = array.count.map(number).transpose()?.flatten();
    let count = count.ok_or(ShardError::NoCount { variable: array.index })?;
    if let Some([least, largest]) = array.bounds
        && let (Some(first), Some(last)) = (number(least)?, number(largest)?)
        && (first != 0 || last.checked_add(1) != Some(count))
    {
        return Err(ShardError::PartOfArray { variable: array.index, first, last, count });
    }
    checked(index, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Answer = Result<Shard, ShardError>;

    fn of(shards: Option<u64>, variables: &[(&str, &str)]) -> Answer {
        of_array(shards, |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn slurm(id: &str, bounds: [&str; 2], count: &str, shards: Option<u64>) -> Answer {
        let variables = [
            ("SLURM_ARRAY_TASK_ID", id),
            ("SLURM_ARRAY_TASK_MIN", bounds[0]),
            ("SLURM_ARRAY_TASK_MAX", bounds[1]),
            ("SLURM_ARRAY_TASK_COUNT", count),
        ];
        of(shards, &variables)
    }

    #[test]
    fn every_scheduler_s_array_is_read() {
        assert_eq!(slurm("7", ["0", "63"], "64", None), Ok(Shard { index: 7, count: 64 }));
        let kubernetes = [("JOB_COMPLETION_INDEX", "0")];
        assert_eq!(of(Some(64), &kubernetes), Ok(Shard { index: 0, count: 64 }));
        let aws = [("AWS_BATCH_JOB_ARRAY_INDEX", "9"), ("AWS_BATCH_JOB_ARRAY_SIZE", "10")];
        assert_eq!(of(None, &aws), Ok(Shard { index: 9, count: 10 }));
    }

    #[test]
    fn a_part_of_an_array_that_is_submitted_again_needs_to_know_how_many_there_are() {
        for (bounds, count) in [(["3", "9"], "4"), (["3", "9"], "7"), (["0", "9"], "3")] {
            assert!(matches!(slurm("7", bounds, count, None), Err(ShardError::PartOfArray { .. })));
            let known = slurm("7", bounds, count, Some(64));
            assert_eq!(known, Ok(Shard { index: 7, count: 64 }));
        }
    }

    #[test]
    fn what_is_no_array_is_told_with_its_remedy() {
        assert_eq!(of(None, &[]), Err(ShardError::NoArray));
        let variable = "JOB_COMPLETION_INDEX";
        assert_eq!(of(None, &[(variable, "1")]), Err(ShardError::NoCount { variable }));
        assert_eq!(of(Some(2), &[(variable, "2")]), Err(ShardError::IndexTooLarge { count: 2 }));
        let value = "x".to_owned();
        let not = Err(ShardError::NotANumber { variable, value });
        assert_eq!(of(Some(2), &[(variable, "x")]), not);
    }

    #[test]
    fn shards_are_written_from_zero() {
        assert_eq!(written("0/64"), Ok(Written::Is(Shard { index: 0, count: 64 })));
        assert_eq!(written("auto"), Ok(Written::Auto));
        assert_eq!(written("64/64"), Err(ShardError::IndexTooLarge { count: 64 }));
        assert_eq!(written("0/0"), Err(ShardError::Count { count: 0 }));
        for text in ["", "1", "/", "1/", "-1/2", "a/b", "1/2/3"] {
            assert_eq!(written(text), Err(ShardError::NotAShard), "{text}");
        }
    }
}
