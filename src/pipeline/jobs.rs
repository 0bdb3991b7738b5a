//! The jobs of reading tables again, as the open connector knows them: pure.
//!
//! A job is named by its id: the same wish under the same id is the same job, another wish is
//! refused. Of those that are over the newest [`KEPT`] are kept.

use super::orders::Refusal;
use crate::codes;
use std::collections::BTreeMap;
use walbrook_core::checkpoint::{Checkpoint, Part, Updates};
use walbrook_core::error::Error;
use walbrook_core::resnapshot::{Job, Wish};

/// Jobs that are over and still shown.
pub const KEPT: usize = 50;

/// Jobs by id.
#[derive(Clone, Debug, Default)]
pub struct Jobs(BTreeMap<String, Job>);

impl Jobs {
    /// Those of a checkpoint. One that cannot be read is the source's to complain about.
    pub fn stored(checkpoint: &Checkpoint) -> Self {
        let parts = checkpoint.entries().map(|(part, _)| part);
        let jobs = parts.filter(|part| matches!(part, Part::Resnapshot(_)));
        let jobs = jobs.filter_map(|part| checkpoint.read::<Job>(part).ok().flatten());
        Self(jobs.map(|job| (job.wish.id.clone(), job)).collect())
    }

    /// All of them, the newest last.
    pub fn all(&self) -> Vec<Job> {
        let mut jobs: Vec<Job> = self.0.values().cloned().collect();
        jobs.sort_by(|a, b| (a.asked_us, &a.wish.id).cmp(&(b.asked_us, &b.wish.id)));
        jobs
    }

    /// What is known of the job called `id`.
    pub fn get(&self, id: &str) -> Option<&Job> {
        self.0.get(id)
    }

    /// The job that `wish` has become already, if it has.
    pub fn same(&self, wish: &Wish) -> Result<Option<Job>, Refusal> {
        match self.0.get(&wish.id) {
            Some(job) if job.wish == *wish => Ok(Some(job.clone())),
            Some(_) => Err(Refusal::Conflict(
                Error::definite(
                    codes::OTHER_WISH,
                    "A job of this id exists already, and it is about something else.",
                )
                .fix("Ask under another id, or leave the id out."),
            )),
            None => Ok(None),
        }
    }

    /// The job, or that there is none.
    pub fn known(&self, id: &str) -> Result<Job, Refusal> {
        self.0.get(id).cloned().ok_or_else(|| {
            let message = "There is no job of this id.";
            Refusal::Unknown(
                Error::definite(codes::UNKNOWN_JOB, message)
                    .fix("The list of jobs shows those that there are; old ones are forgotten."),
            )
        })
    }

    /// News of a job.
    pub fn put(&mut self, job: Job) {
        self.0.insert(job.wish.id.clone(), job);
    }

    /// Forgets the oldest of those that are over; what the checkpoint says of it.
    pub fn forget(&mut self) -> Updates {
        let over: Vec<Job> = self.all().into_iter().filter(|job| job.state.is_over()).collect();
        let many = over.len().saturating_sub(KEPT);
        let old: Vec<String> = over.into_iter().take(many).map(|job| job.wish.id).collect();
        old.into_iter()
            .map(|id| {
                self.0.remove(&id);
                (Part::Resnapshot(id), None)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walbrook_core::checkpoint::put;
    use walbrook_core::resnapshot::{Reason, State};

    fn job(id: &str, asked_us: i64, state: State) -> Job {
        let wish = Wish { id: id.into(), tables: vec!["public.t".into()], predicate: None };
        Job { wish, reason: Reason::Asked, asked_us, state, tables: BTreeMap::new() }
    }

    #[test]
    fn the_same_wish_is_the_same_job_and_another_is_refused() {
        let mut checkpoint = Checkpoint::default();
        let one = job("a", 1, State::Running);
        checkpoint.apply(&vec![put(Part::Resnapshot("a".into()), &one)]);
        let jobs = Jobs::stored(&checkpoint);
        assert_eq!(jobs.same(&one.wish), Ok(Some(one.clone())));
        let other = Wish { predicate: Some("id < 5".into()), ..one.wish.clone() };
        let refusal = jobs.same(&other).unwrap_err();
        assert!(matches!(refusal, Refusal::Conflict(_)));
        assert_eq!(jobs.same(&Wish { id: "b".into(), ..other }), Ok(None));
        assert!(matches!(jobs.known("b"), Err(Refusal::Unknown(_))));
    }

    #[test]
    fn old_jobs_that_are_over_are_forgotten() {
        let mut jobs = Jobs::default();
        jobs.put(job("running", 0, State::Running));
        for n in 0..KEPT + 2 {
            jobs.put(job(&format!("{n}"), n as i64, State::Done));
        }
        let gone = jobs.forget();
        let named = |id: &str| (Part::Resnapshot(id.to_owned()), None);
        assert_eq!(gone, vec![named("0"), named("1")]);
        assert_eq!(jobs.all().len(), KEPT + 1);
        assert!(jobs.get("running").is_some() && jobs.forget().is_empty());
    }
}
