//! A Swarm in memory that behaves as `facts/swarm.md` says, with the components that this tool
//! runs on it. Time is tokio's, so under a paused clock ten minutes take milliseconds.

mod act;
mod answer;
mod data;
mod fault;
mod needs;
mod observe;
mod orchestrate;
mod owner;
mod process;
mod random;
mod schedule;
mod task;
mod watch;
mod world;
mod zk;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use milvus_swarm::drive::Swarm;
use milvus_swarm::execute::Failure;
use milvus_swarm::gate::Asked;
use milvus_swarm::hear::Hearing;
use milvus_swarm::observed::Observed;
use milvus_swarm::plan::{Action, Registries, Wanted};
use milvus_swarm::question::Answer;
use tokio::time::{Instant, sleep};

pub use fault::{Fault, When};
pub use random::Random;
pub use world::{Millis, SimTask, Update, World};

use fault::Faults;

/// The in-memory Swarm behind the executor's loop.
pub struct Sim {
    began: Instant,
    world: RefCell<World>,
    faults: Faults,
}

impl Sim {
    /// A Swarm of nodes with these names, the first one a manager and the one that is asked.
    #[must_use]
    pub fn new(nodes: &[String], seed: u64) -> Self {
        Self {
            began: Instant::now(),
            world: RefCell::new(World::new(nodes, seed)),
            faults: Faults::default(),
        }
    }

    /// Lets something happen at the `at`-th call of `act`, counted from 1 and from now.
    pub fn plant(&self, at: usize, fault: Fault, when: When) {
        self.faults.plant(at, fault, when);
    }

    /// Calls of `act` since the last fault was planted.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.faults.calls()
    }

    /// Resolves when a planted [`Fault::Kill`] strikes.
    pub async fn killed(&self) {
        self.faults.killed().await;
    }

    /// The world as it is now.
    pub fn with<T>(&self, f: impl FnOnce(&mut World) -> T) -> T {
        let now = Millis::try_from(self.began.elapsed().as_millis()).unwrap_or(Millis::MAX);
        let mut world = self.world.borrow_mut();
        world.advance(now);
        f(&mut world)
    }

    /// What an engine would say of it.
    #[must_use]
    pub fn look(&self) -> Observed {
        self.with(|world| world.observe())
    }

    /// A call takes some milliseconds.
    async fn travel(&self) {
        let time = self.with(|world| world.random.within(2, 30));
        sleep(Duration::from_millis(time)).await;
    }
}

impl Swarm for Sim {
    async fn observe(&self) -> Result<Observed, Failure> {
        self.travel().await;
        Ok(self.look())
    }

    async fn act(&self, action: &Action) -> Result<(), Failure> {
        let call = self.faults.count();
        self.travel().await;
        self.faults.strike(self, call, When::Before, action).await?;
        let result = self.carry_out(action).await;
        self.faults.strike(self, call, When::After, action).await?;
        self.travel().await;
        result
    }

    async fn ask(&self, asked: &[Asked]) -> Vec<Answer> {
        self.travel().await;
        self.with(|world| {
            asked
                .iter()
                .map(|asked| world.answer(&asked.question))
                .collect()
        })
    }
}

impl Hearing for Sim {
    async fn can_ask(&self) -> Result<(), String> {
        Ok(())
    }

    async fn reach(&self, _: &Observed) -> Result<(), String> {
        Ok(())
    }

    /// There is none: images keep their tags.
    async fn registries(&self, _: &BTreeSet<String>) -> Registries {
        Registries::new()
    }

    async fn stand_ins(&self, _: &Wanted) -> Option<String> {
        None
    }
}
