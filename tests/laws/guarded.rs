//! Strangers stay outside: a cluster that lets one in, or that somebody told to, is not well.

use milvus_swarm::execute::Outcome;
use milvus_swarm::hear::verdicts;
use milvus_swarm::inventory::{Inventory, THREE_HOST};
use milvus_swarm::plan::Action;
use milvus_swarm::status::{Health, Status};

use crate::harness::{clean, cluster, execute, parse, plan_up, run, settled, swarm, up_well};
use crate::sim::{Sim, World};

async fn status(sim: &Sim, inventory: &Inventory) -> Status {
    let seen = sim.look();
    let cluster = cluster(inventory, &seen);
    let verdicts = verdicts(sim, &cluster.wanted, &seen).await;
    Status::of(&cluster, inventory, &seen, &verdicts.into(), None)
}

/// What `status` says of a cluster after somebody did something, and that it is well once that is
/// undone.
fn told(done: fn(&mut World), undone: fn(&mut World)) -> String {
    let inventory = parse(THREE_HOST);
    run(async {
        let sim = swarm(&inventory, 4);
        up_well(&sim, &inventory).await;
        clean(&sim);
        let before = status(&sim, &inventory).await;
        assert!(before.healthy, "{:?}", before.problems);
        sim.with(done);
        let status = self::status(&sim, &inventory).await;
        assert!(!status.healthy && !status.is_degraded());
        let [problem] = &status.problems[..] else {
            panic!("{:?}", status.problems);
        };
        let ill = |health| {
            status
                .components
                .iter()
                .filter(move |row| row.health == health)
        };
        let ill: Vec<_> = ill(Health::Unhealthy).map(|row| &row.component).collect();
        assert_eq!(ill, ["proxy"]);
        // `up` says the same in place of being done, and puts nothing right by itself.
        let (plan, seen) = plan_up(&sim, &inventory).await;
        let [step, smoke] = &plan.steps[..] else {
            panic!("{:?}", plan.steps);
        };
        assert!(matches!(&step.action, Action::Await { gate } if gate.is_guard()));
        assert!(matches!(smoke.action, Action::Smoke { .. }));
        let ended = execute(&sim, &plan, seen).await;
        assert!(
            matches!(ended.outcome, Some(Outcome::Shut(..))),
            "{:?}",
            ended.outcome
        );
        sim.with(undone);
        settled(&sim, &inventory).await;
        problem.clone()
    })
}

#[test]
fn a_setting_in_etcd_that_opens_the_proxies() {
    let said = told(
        |world| {
            let key = "common/security/authorizationEnabled".to_owned();
            world.data.config.insert(key, "false".to_owned());
        },
        |world| world.data.config.clear(),
    );
    for part in [
        "proxies: `proxy.1` lets in whoever names no password; `proxy.2` lets in",
        "`etcd` holds `milvus/config/common/security/authorizationEnabled`, which is none of this tool's",
        "in a task of etcd: etcdctl del milvus/config/common/security/authorizationEnabled; what",
    ] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn another_setting_in_etcd() {
    let said = told(
        |world| {
            for key in ["minio/address", "queryNode/gracefulStopTimeout"] {
                world
                    .data
                    .config
                    .insert(key.to_owned(), "secret".to_owned());
            }
        },
        |world| world.data.config.clear(),
    );
    assert!(
        said.starts_with(
            "proxies: `etcd` holds `milvus/config/minio/address` and \
             `milvus/config/queryNode/gracefulStopTimeout`, which are none of this tool's"
        ),
        "{said}"
    );
    assert!(!said.contains("secret"), "{said}");
}

#[test]
fn the_password_that_everybody_knows() {
    let said = told(
        |world| world.data.is_known = true,
        |world| world.data.is_known = false,
    );
    let each = "`proxy.1` takes the password of root that each Milvus begins with";
    assert!(said.contains(each), "{said}");
}

/// From 2.6.14 on Milvus writes which log it has, and `down` lends a setting for two minutes.
#[test]
fn what_milvus_and_this_tool_write() {
    let inventory = parse(THREE_HOST);
    run(async {
        let sim = swarm(&inventory, 4);
        up_well(&sim, &inventory).await;
        sim.with(|world| {
            let lent = ("queryNode/gracefulStopTimeout", "lent");
            for (key, value) in [("mqtype", "pulsar"), lent] {
                world.data.config.insert(key.to_owned(), value.to_owned());
            }
        });
        settled(&sim, &inventory).await;
        assert!(status(&sim, &inventory).await.healthy);
    });
}
