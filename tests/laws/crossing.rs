//! Root's password stays where a proxy is, and a plan says where it cannot. That no look sends it to
//! another host is held by whatever answers in memory.

use milvus_swarm::inventory::{Inventory, THREE_HOST};
use milvus_swarm::plan::Plan;

use crate::harness::{clean, parse, plan_up, run, settled, swarm, up_well};

/// The first manager, which is asked, has no proxy.
const ELSEWHERE: &str = "\
name: apart
groups:
  - hosts: node[01-03]
    roles: [manager, etcd, minio, bookie, query, index]
  - hosts: node[01-02]
    roles: [broker, coord]
  - hosts: node[02-03]
    roles: [proxy]
roles:
  minio: { drives: 2 }
";

fn said(plan: &Plan) -> Vec<&str> {
    let all = plan.warnings.iter().map(String::as_str);
    all.filter(|one| one.contains("root's password")).collect()
}

/// What the first plan says of it; the second has nothing to do, and nothing to say of it.
fn first_plan(inventory: &Inventory) -> Vec<String> {
    run(async {
        let sim = swarm(inventory, 7);
        let (plan, _) = plan_up(&sim, inventory).await;
        let first = said(&plan).into_iter().map(str::to_owned).collect();
        up_well(&sim, inventory).await;
        clean(&sim);
        settled(&sim, inventory).await;
        let (plan, _) = plan_up(&sim, inventory).await;
        assert_eq!(said(&plan), [""; 0]);
        first
    })
}

#[test]
fn a_plan_says_that_the_password_crosses_the_network() {
    assert_eq!(
        first_plan(&parse(ELSEWHERE)),
        [
            "no proxy is sure to run on `node01`, the manager that is asked: root's password crosses the \
          cluster's network, which is not encrypted; asked through `node02` and `node03`, with `--host`, \
          it stays within one host"
        ]
    );
    let hidden = format!("{ELSEWHERE}network: {{ encrypted: true }}\n");
    assert_eq!(first_plan(&parse(&hidden)), [""; 0]);
    assert_eq!(first_plan(&parse(THREE_HOST)), [""; 0]);
    let few = THREE_HOST.replace(
        "roles:\n  minio",
        "roles:\n  proxy: { replicas: 1 }\n  minio",
    );
    assert_ne!(few, THREE_HOST);
    let [few] = &first_plan(&parse(&few))[..] else {
        panic!("nothing is sure of one proxy of three hosts");
    };
    assert!(
        few.ends_with("a proxy on each manager would keep it within one host"),
        "{few}"
    );
}
