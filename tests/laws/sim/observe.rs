//! The world as the engine of a manager tells it.

use milvus_swarm::observed::{Observed, Service, Task};

use super::world::{SimService, Update, World};

impl World {
    pub fn observe(&self) -> Observed {
        Observed {
            seen_at: self.stamp(),
            swarm_id: "swarm-in-memory".to_owned(),
            this_node: self
                .nodes
                .first()
                .map_or_else(String::new, |node| node.id.clone()),
            api_version: "1.45".to_owned(),
            nodes: self.nodes.clone(),
            services: self
                .services
                .iter()
                .map(|(name, service)| (name.clone(), told(service)))
                .collect(),
            tasks: self.tasks.iter().map(|task| self.task(task)).collect(),
            configs: self.configs.clone(),
            secrets: self.secrets.clone(),
            networks: self.networks.clone(),
            lock: None,
            others: self.others.clone(),
        }
    }

    /// A task, with its service's version if it is made from the present spec.
    fn task(&self, task: &super::world::SimTask) -> Task {
        let service = self.services.get(&task.seen.service);
        let fresh = service.filter(|service| {
            service.id == task.seen.service_id && service.edition == task.edition
        });
        Task {
            spec_version: fresh.map_or(0, |service| service.version),
            ..task.seen.clone()
        }
    }
}

fn told(service: &SimService) -> Service {
    let (state, message) = match service.update {
        Update::Never | Update::Posted => ("", ""),
        Update::Updating => ("updating", "update in progress"),
        Update::Completed => ("completed", "update completed"),
        Update::Paused => (
            "paused",
            "update paused due to failure or early termination of a task",
        ),
    };
    Service {
        id: service.id.clone(),
        version: service.version,
        spec: (*service.spec).clone(),
        previous_spec: None,
        update_state: state.to_owned(),
        update_message: message.to_owned(),
    }
}
