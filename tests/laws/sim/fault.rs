//! What goes wrong on purpose, at which call.

use std::cell::{Cell, RefCell};

use milvus_swarm::execute::Failure;
use milvus_swarm::observed::{ObjectKind, TakenName};
use milvus_swarm::plan::Action;
use tokio::sync::Notify;

use super::Sim;

/// What goes wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The process of the tool ends: nothing of it goes on.
    Kill,
    /// The engine answers with an error.
    Refuse,
    /// Somebody touches the service first without changing it.
    Touch,
    /// Somebody changes the service first.
    Change,
    /// Somebody makes an object of that name for themselves first.
    Take,
}

/// Whether it goes wrong before the call takes effect or after.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum When {
    Before,
    After,
}

#[derive(Default)]
pub(super) struct Faults {
    calls: Cell<usize>,
    planted: RefCell<Option<(usize, Fault, When)>>,
    killed: Notify,
}

impl Faults {
    pub fn plant(&self, at: usize, fault: Fault, when: When) {
        self.calls.set(0);
        self.planted.replace(Some((at, fault, when)));
    }

    pub fn calls(&self) -> usize {
        self.calls.get()
    }

    pub fn count(&self) -> usize {
        self.calls.set(self.calls.get() + 1);
        self.calls.get()
    }

    pub async fn killed(&self) {
        self.killed.notified().await;
    }

    pub async fn strike(
        &self,
        sim: &Sim,
        call: usize,
        when: When,
        action: &Action,
    ) -> Result<(), Failure> {
        let due = *self.planted.borrow();
        let Some((_, fault, _)) = due.filter(|(at, _, then)| *at == call && *then == when) else {
            return Ok(());
        };
        self.planted.replace(None);
        match fault {
            Fault::Kill => {
                self.killed.notify_one();
                std::future::pending().await
            }
            Fault::Refuse => Err(Failure {
                message: "the engine is out of sorts".to_owned(),
                hint: None,
                moved: false,
            }),
            Fault::Touch | Fault::Change => {
                if let Action::UpdateService { name, .. } = action {
                    sim.with(|world| world.meddle(name, fault == Fault::Change));
                }
                Ok(())
            }
            Fault::Take => {
                sim.with(|world| world.others.names.extend(named(action)));
                Ok(())
            }
        }
    }
}

/// An object of somebody else with the name that an action would give to its own.
fn named(action: &Action) -> Option<TakenName> {
    let (kind, name) = match action {
        Action::CreateNetwork { spec } => (ObjectKind::Network, &spec.name),
        Action::CreateSecret { name, .. } | Action::RenewPassword { name, .. } => {
            (ObjectKind::Secret, name)
        }
        Action::CreateConfig { name, .. } => (ObjectKind::Config, name),
        Action::CreateService { spec } => (ObjectKind::Service, &spec.name),
        _ => return None,
    };
    Some(TakenName {
        kind,
        name: name.clone(),
        owner: Some("com.docker.stack.namespace=shop".to_owned()),
    })
}
