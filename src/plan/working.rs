//! Whether all of Milvus works, or will without anybody's doing: then what must restart does so
//! one after the other, else at once.

use jiff::Timestamp;

use super::build::Builder;
use super::wanted::Phase;
use crate::gate::Verdict;
use crate::observed::Task;

/// A Milvus process serves within this many seconds of its start or does not work. A coordinator
/// of 2.3.5 takes over 30 s where the one before it left its lease in etcd.
const STARTS_WITHIN: i64 = 60;

impl Builder<'_> {
    /// Whether no part of Milvus is missing or known not to work. One that could not be asked may
    /// work, one of which more is wanted than there is works as well as it does now, and one
    /// that a run was killed over, or that Swarm restarts, works in a moment. A part by
    /// itself says too little: a coordinator that crashes again and again registers
    /// and calls itself healthy each time, and only those who need it tell that it is not.
    pub(super) fn milvus_works(&self) -> bool {
        let mut parts = self.wanted.phases.iter().filter(|phase| phase.is_milvus);
        parts.all(|phase| {
            let mut services = phase.services.iter();
            services.all(|spec| self.seen.services.contains_key(&spec.name))
                && (self.stands_open(phase) || self.is_held_up(phase))
        })
    }

    fn stands_open(&self, phase: &Phase) -> bool {
        let mut gates = phase.opens.iter().chain(&phase.settles);
        gates.all(|gate| {
            let verdict = self.verdicts.get(&gate.standing(self.seen));
            verdict.is_none_or(Verdict::is_open)
        })
    }

    /// Whether a part, or one that others need, has only begun: who needs it takes a moment longer.
    /// Coordinators need each other, whatever the order in which they are started.
    fn is_held_up(&self, phase: &Phase) -> bool {
        let phases = || self.wanted.phases.iter();
        let is_needed = |name: &String| phases().any(|other| other.needs.contains(name));
        self.is_starting(phase)
            || phases().any(|other| is_needed(&other.name) && self.is_starting(other))
    }

    /// Whether some task of a part is on its way, and none of its present spec has failed.
    fn is_starting(&self, phase: &Phase) -> bool {
        let names = phase.services.iter().map(|spec| spec.name.as_str());
        let tasks: Vec<&Task> = names.flat_map(|name| self.seen.tasks_of(name)).collect();
        let failed = |task: &&Task| task.state == "failed" && self.seen.is_current(task);
        !tasks.iter().any(failed) && tasks.iter().any(|task| self.is_on_its_way(task))
    }

    fn is_on_its_way(&self, task: &Task) -> bool {
        let starts = match task.state.as_str() {
            "pending" => task.error.is_empty(),
            "running" => self.has_just_started(task),
            state => matches!(
                state,
                "new" | "allocated" | "assigned" | "accepted" | "preparing" | "ready" | "starting"
            ),
        };
        task.is_wanted() && starts
    }

    fn has_just_started(&self, task: &Task) -> bool {
        let time = |text: &str| text.parse::<Timestamp>().ok();
        let (Some(now), Some(since)) = (time(&self.seen.seen_at), time(&task.state_at)) else {
            return false;
        };
        (now - since).get_seconds() < STARTS_WITHIN
    }
}
