//! Root's password stays where a proxy is, and a plan says where it cannot. That no look sends it to
//! another host is held by whatever answers in memory.

use milvus_swarm::hear;
use milvus_swarm::inventory::{Inventory, THREE_HOST};
use milvus_swarm::observed::Observed;
use milvus_swarm::plan::{Action, Heard, Plan, Step};

use crate::harness::{
    clean, done, execute, known_cluster, parse, plan_shown, plan_up, renewing, run, settled, swarm,
    up_well,
};

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

#[test]
fn what_is_made_anew_is_what_the_password_crosses() {
    // What a plan that makes networks anew says, of a cluster that was brought up so.
    let told = |was: &Inventory, is: &Inventory, by: &dyn Fn(&mut Observed)| {
        run(async {
            let sim = swarm(was, 7);
            up_well(&sim, was).await;
            let mut seen = sim.look();
            by(&mut seen);
            let plan = renewing(is, &seen).plan(is, &seen, &Heard::default());
            assert_eq!(plan.refusals, []);
            let removes = |step: &Step| matches!(step.action, Action::RemoveNetwork { .. });
            assert!(plan.steps.iter().any(removes));
            said(&plan).len()
        })
    };
    let open = parse(ELSEWHERE);
    let hidden = parse(&format!("{ELSEWHERE}network: {{ encrypted: true }}\n"));
    let nothing = |_: &mut Observed| {};
    assert_eq!(told(&open, &hidden, &nothing), 0);
    assert_eq!(told(&hidden, &open, &nothing), 1);

    // The one proxy of several hosts is here now; the next one may be anywhere.
    let few = |end: &str| {
        let text = THREE_HOST.replace(
            "roles:\n  minio",
            "roles:\n  proxy: { replicas: 1 }\n  minio",
        );
        parse(&format!("{text}{end}"))
    };
    let here = |seen: &mut Observed| {
        let this = seen.this_node.clone();
        let proxies = seen.tasks.iter_mut();
        for task in proxies.filter(|task| task.service.ends_with("_proxy")) {
            task.node_id.clone_from(&this);
        }
    };
    assert_eq!(told(&few(""), &few("network: { mtu: 1400 }\n"), &here), 1);
}

/// Hosts in the order in which they lose a label.
fn leave(plan: &Plan) -> Vec<&str> {
    let steps = plan.steps.iter();
    let leave = steps.filter_map(|step| match &step.action {
        Action::LabelNode {
            hostname, remove, ..
        } if !remove.is_empty() => Some(hostname.as_str()),
        _ => None,
    });
    leave.collect()
}

#[test]
fn who_leads_shards_is_asked_once_the_plan_is_agreed_to() {
    let of = |nodes: u32| {
        let query = format!("roles:\n  query: {{ replicas: {nodes} }}\n");
        let text = ELSEWHERE.replace("roles:\n  minio", &format!("{query}  minio"));
        // Of 2.6 streaming nodes lead.
        parse(&text.replace("name: apart\n", "name: apart\nmilvus: \"2.5\"\n"))
    };
    for seed in [3, 5, 9] {
        run(async {
            let (more, fewer) = (of(3), of(2));
            let sim = swarm(&more, seed);
            up_well(&sim, &more).await;
            // The Swarm in memory minds where the password goes until something is carried out.
            let (plan, seen) = plan_shown(&sim, &fewer).await;
            let unknown = plan.warnings.iter();
            let unknown = unknown.filter(|one| one.starts_with("nobody could say whether"));
            assert_eq!(unknown.count(), 1, "{:?}", plan.warnings);
            assert_eq!(said(&plan).len(), 1, "{:?}", plan.warnings);
            let cluster = known_cluster(&fewer, &seen);
            assert!(hear::withholds(&cluster.wanted, &seen));
            sim.with(|world| world.is_carried_out = true);
            let agreed = hear::plan_agreed(&sim, &cluster, &fewer, &seen).await;
            sim.with(|world| world.is_carried_out = false);
            let leader = sim.with(|world| {
                let leader = world.data.leader.expect("a leader");
                let mut tasks = world.tasks.iter();
                let task = tasks.find(|task| task.seen.is_at(Some(leader)));
                let id = &task.expect("a task").seen.node_id;
                world.node(id).expect("a node").hostname.clone()
            });
            assert_eq!(leave(&agreed).len(), 1);
            assert_ne!(leave(&agreed), [leader.as_str()], "{:?}", agreed.warnings);
            done(&agreed, &execute(&sim, &agreed, seen).await);
            settled(&sim, &fewer).await;
            let seen = sim.look();
            assert!(!hear::withholds(
                &known_cluster(&fewer, &seen).wanted,
                &seen
            ));
        });
    }
}
