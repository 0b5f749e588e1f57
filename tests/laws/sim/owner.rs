//! Who may write to a volume: what root wrote another user can't, until it is given.

use std::collections::BTreeSet;
use std::time::Duration;

use milvus_swarm::execute::Failure;
use milvus_swarm::gate::short;
use milvus_swarm::plan::Action;
use tokio::time::sleep;

use super::Sim;
use super::act::fail;
use super::world::{Millis, World};

/// A volume or directory: node and name.
type Place = (String, String);

/// What is whose.
#[derive(Default)]
pub struct Owners {
    /// Places with files of root.
    pub of_root: BTreeSet<Place>,
    /// Images that nodes have.
    images: BTreeSet<(String, String)>,
    under_way: Vec<Giving>,
    /// Services whose data was given, in order.
    pub given: Vec<String>,
}

/// Places that a task is giving to a user.
struct Giving {
    service: String,
    places: Vec<Place>,
    uid: u32,
    ends: Millis,
}

/// The user that upstream's image runs as, where the tag says which one it is. Of those that keep
/// data here, Pulsar's alone ever was another than root's.
fn user(image: &str) -> Option<u32> {
    let (_, tag) = image.split('@').next()?.rsplit_once(':')?;
    let numbers: Vec<u32> = tag.split('.').map_while(|part| part.parse().ok()).collect();
    let [major, minor, _] = numbers[..] else {
        return None;
    };
    let is_root = !image.contains("/pulsar:") || (major, minor) < (2, 10);
    Some(if is_root { 0 } else { 10_000 })
}

impl Sim {
    /// A task gives the data of a member away, which takes it a while, whoever waits for it.
    pub(super) async fn give(&self, action: &Action) -> Result<(), Failure> {
        let ends = self.with(|world| {
            world.give(action).map_err(|why| {
                world.watch.violations.push(why.clone());
                fail(why)
            })
        })?;
        let now = self.with(|world| world.clock);
        sleep(Duration::from_millis(ends.saturating_sub(now) + 1)).await;
        Ok(())
    }
}

impl World {
    fn give(&mut self, action: &Action) -> Result<Millis, String> {
        let Action::GiveVolumes {
            node_id,
            hostname,
            service,
            volumes,
            uid,
            image,
        } = action
        else {
            return Err("gives nothing".to_owned());
        };
        let node = self.node(node_id).ok_or("no such node")?;
        if node.hostname != *hostname {
            return Err(format!("{node_id} is not {hostname}"));
        }
        if !self
            .owners
            .images
            .contains(&(node_id.clone(), image.clone()))
        {
            return Err(format!("{hostname} has no image {image}"));
        }
        let place = |volume: &String| (node_id.clone(), volume.clone());
        let places: Vec<Place> = volumes.iter().map(place).collect();
        let of: BTreeSet<&Place> = self
            .data
            .volumes
            .iter()
            .filter(|(_, owner)| *owner == short(service))
            .map(|(place, _)| place)
            .collect();
        if of != places.iter().collect() {
            return Err(format!("{service} keeps {of:?}, and {places:?} are given"));
        }
        let ends = self.clock + self.random.within(500, 4_000);
        // What a run that died left is taken away first.
        let others = |giving: &Giving| giving.service != *service;
        self.owners.under_way.retain(others);
        self.owners.under_way.push(Giving {
            service: service.clone(),
            places,
            uid: *uid,
            ends,
        });
        self.at(ends);
        Ok(ends)
    }

    /// Nothing of a service may run while its data is given.
    pub fn hand_over(&mut self) {
        for giving in &self.owners.under_way {
            let service = &giving.service;
            let runs = |task: &&super::SimTask| {
                task.seen.service == *service && !task.seen.container_id.is_empty()
            };
            if let Some(task) = self.tasks.iter().find(runs) {
                let line = format!("{} runs while its data is given", task.seen.service);
                if !self.watch.violations.contains(&line) {
                    self.watch.violations.push(line);
                }
            }
        }
        let clock = self.clock;
        let ended = |giving: &mut Giving| giving.ends <= clock;
        for giving in self.owners.under_way.extract_if(.., ended) {
            for place in &giving.places {
                if giving.uid == 10_000 {
                    self.owners.of_root.remove(place);
                }
            }
            self.owners.given.push(giving.service);
        }
    }

    /// A task takes its image to its node and writes to its volumes; says why it can't.
    pub fn write(&mut self, at: usize) -> Result<(), String> {
        let seen = &self.tasks[at].seen;
        let (node, image) = (seen.node_id.clone(), seen.image.clone());
        self.owners.images.insert((node.clone(), image.clone()));
        let member = short(&seen.service);
        let theirs = self.data.volumes.iter();
        let places: Vec<Place> = theirs
            .filter(|((home, _), owner)| *owner == member && *home == node)
            .map(|(place, _)| place.clone())
            .collect();
        match user(&image) {
            Some(uid) if uid > 0 => {
                let mut places = places.iter();
                match places.find(|place| self.owners.of_root.contains(place)) {
                    Some((_, volume)) => Err(format!("{volume}: Permission denied")),
                    None => Ok(()),
                }
            }
            Some(_) => {
                self.owners.of_root.extend(places);
                Ok(())
            }
            None => Ok(()),
        }
    }
}
