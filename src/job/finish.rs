//! What a job makes of all paths once they are walked.

use super::ask::{Job, Stop, Store};
use super::error::JobError;
use super::machine::Machine;
use super::outcome::{Ended, Walked};
use super::watch::{InMemory, Watch};
use crate::archive::{Counted, Results};
use crate::report::{RunFacts, UntilFigures};

impl Job {
    /// What all paths come to. Where there is a baseline, they are walked once more beside it: what
    /// was kept are sums, and pairs need both.
    pub(super) fn finished(
        &self,
        counted: Counted,
        results: Results,
        run: Option<RunFacts>,
        watch: &mut dyn Watch,
    ) -> Result<Ended, JobError> {
        let mut walked = Walked::of(counted, results, run);
        if let Stop::Until(until) = &self.stop {
            walked.until = Some(UntilFigures::of(until, walked.summary()));
        }
        if let Some(baseline) = &self.baseline {
            let (subject, other) = (&self.subject, Some(baseline.program()));
            let mut machine = Machine::open(&self.backend, self.batch, subject, other, watch)?;
            let mut told = InMemory { watch, n_paths: 0 };
            let Some((tally, figures)) = baseline.walk(&mut machine, subject, &mut told)? else {
                let (n_paths, n_all) = (told.n_paths, subject.plan.n_paths);
                return Ok(Ended::Stopped { n_paths, n_all });
            };
            let (there, found) = (walked.summary().outcome_digest, tally.outcome_digest());
            if there != found {
                return Err(JobError::OtherOutcomes { whose: self.named(), there, found });
            }
            walked.baseline = Some(figures);
        }
        Ok(Ended::Finished(Box::new(walked)))
    }

    /// Where it is kept, as it was named.
    fn named(&self) -> String {
        match &self.store {
            Store::Memory => "this run".to_owned(),
            Store::Directory { place, .. } => place.root.display().to_string(),
        }
    }
}
