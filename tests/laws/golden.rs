//! What the shipped inventories become, held byte by byte: rendered files, specs, plans, what a
//! plan says is missed, states and losses. `UPDATE=1` renews what is held, for a change that
//! means to change it.
//!
//! Of one inventory the text itself is in `golden/`, of all others the digest. The texts behind
//! digests are kept in the target directory when they are renewed, so that a later difference
//! can be shown.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use milvus_swarm::digest::sha256;
use milvus_swarm::hear::verdicts;
use milvus_swarm::inventory::{Image, Inventory, LAB, LOCAL, PRODUCTION_26, Source, THREE_HOST};
use milvus_swarm::observed::Observed;
use milvus_swarm::plan::Plan;
use milvus_swarm::render::Sources;
use milvus_swarm::report::{Style, plan_text, what_if_text};
use milvus_swarm::role::Role;
use milvus_swarm::status::Status;
use milvus_swarm::wanted::Cluster;
use milvus_swarm::what_if::{Losses, Question, answer};

use crate::harness::{named, plan_down, plan_up, run, swarm, up_well};
use crate::inventories::{LOG, SERVICE};

/// The inventory whose texts are committed whole.
const WHOLE: &str = "three-host/";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/laws/golden")
}

fn inventory(texts: &[&str]) -> Inventory {
    let sources = texts.iter().enumerate().map(|(at, text)| Source {
        name: format!("{at}.yml"),
        text: (*text).to_owned(),
    });
    match Inventory::parse(&sources.collect::<Vec<_>>()) {
        Ok(inventory) => named(inventory),
        Err(errors) => panic!("{}", errors.render()),
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).expect("JSON") + "\n"
}

/// Everything that is held, by its name.
struct Held(BTreeMap<String, String>);

impl Held {
    fn keep(&mut self, case: &str, what: &str, text: String) {
        let former = self.0.insert(format!("{case}/{what}"), text);
        assert_eq!(former, None, "{case}/{what}");
    }

    /// What an inventory becomes without a Swarm, and on an empty one.
    fn of(&mut self, case: &str, inventory: &Inventory) {
        let sources = Sources::shipped();
        let cluster = Cluster::work_out(inventory, None, &sources).expect("a cluster");
        for file in &cluster.files {
            self.keep(case, &format!("{}.yml", file.name), file.text.clone());
            for (name, text) in &file.files {
                self.keep(case, name, text.clone());
            }
        }
        let specs: Vec<_> = cluster.wanted.services().collect();
        self.keep(case, "specs.json", json(&specs));
        self.keep(case, "wanted", format!("{:#?}\n", cluster.wanted));
        run(async {
            let sim = swarm(inventory, 1);
            let (plan, _) = plan_up(&sim, inventory).await;
            self.keep(case, "first-plan.json", json(&plan));
        });
    }

    fn plan(&mut self, case: &str, what: &str, plan: &Plan) {
        self.keep(case, &format!("{what}.json"), json(plan));
        let text = plan_text(plan, Style::default());
        self.keep(case, &format!("{what}.txt"), text);
    }

    /// The verbs on a cluster that runs.
    fn running(&mut self, case: &str, inventory: &Inventory) {
        run(async {
            let sim = swarm(inventory, 1);
            up_well(&sim, inventory).await;
            for (what, changed) in changes(inventory) {
                let (plan, _) = plan_up(&sim, &changed).await;
                self.plan(case, what, &plan);
            }
            for (what, data) in [("down", false), ("down-data", true)] {
                let (plan, _) = plan_down(&sim, inventory, data);
                self.plan(case, what, &plan);
            }
            let seen = sim.look();
            let cluster = Cluster::work_out(inventory, Some(&seen), &Sources::shipped());
            let cluster = cluster.expect("a cluster");
            let verdicts = verdicts(&sim, &cluster.wanted, &seen).await;
            let status = Status::of(&cluster, inventory, &seen, &verdicts.into(), None);
            self.keep(case, "status.json", json(&status));
            self.losses(case, inventory, &cluster, &seen);
        });
    }

    fn losses(&mut self, case: &str, inventory: &Inventory, cluster: &Cluster, seen: &Observed) {
        let mut text = String::new();
        let question = Question {
            inventory,
            topology: &cluster.topology,
            seen: Some(seen),
        };
        for host in &inventory.hosts {
            let losses = Losses::read(&host.name, inventory, Some(seen)).expect("a host");
            let answer = answer(&question, &losses);
            text += &json(&answer);
            text += &what_if_text(&answer, Style::default());
        }
        self.keep(case, "losses", text);
    }
}

/// Changes that restart or end something of every system.
fn changes(inventory: &Inventory) -> Vec<(&'static str, Inventory)> {
    let mut images = inventory.clone();
    for image in Image::all() {
        let (major, minor) = inventory.line();
        let other = format!("example/{}:v{major}.{minor}.99", image.name);
        images.images.overrides.insert(image, other);
    }
    let mut sizes = inventory.clone();
    for settings in sizes.roles.values_mut() {
        settings.memory.limit = Some(77 << 30);
    }
    let mut log = inventory.clone();
    log.config = serde_json::json!({ "log": { "level": "warn" } });
    let mut fewer = inventory.clone();
    for role in Role::ALL {
        if let Some(settings) = fewer.roles.get_mut(&role)
            && !role.is_stateful()
        {
            settings.replicas = settings.replicas.min(1);
        }
    }
    vec![
        ("other-images", images),
        ("other-sizes", sizes),
        ("other-log", log),
        ("fewer-tasks", fewer),
    ]
}

fn held() -> Held {
    let mut held = Held(BTreeMap::new());
    let shipped = [
        ("local", LOCAL),
        ("three-host", THREE_HOST),
        ("production-26", PRODUCTION_26),
    ];
    for (name, text) in shipped {
        let plain = inventory(&[text]);
        held.of(name, &plain);
        held.running(&format!("running-{name}"), &plain);
        held.of(&format!("lab-{name}"), &inventory(&[text, LAB]));
    }
    let log = inventory(&[THREE_HOST, LOG]);
    held.of("woodpecker", &log);
    held.running("running-woodpecker", &log);
    let service = inventory(&[THREE_HOST, "milvus: \"3.0\"\n", SERVICE]);
    held.of("woodpecker-service", &service);
    held.running("running-woodpecker-service", &service);
    let balanced = inventory(&[&THREE_HOST.replace("[manager,", "[balancer, manager,")]);
    held.of("balancer", &balanced);
    held.running("running-balancer", &balanced);
    let objects = inventory(&[
        &THREE_HOST.replace("[manager,", "[balancer, manager,"),
        "publish: { minio: 9000 }\n",
    ]);
    held.of("balancer-of-objects", &objects);
    for minor in ["2.2", "2.4", "2.5", "3.0"] {
        let accepts = if minor == "2.2" {
            "accept: CVE-2025-64513\n"
        } else {
            ""
        };
        let version = format!("milvus: \"{minor}\"\n{accepts}");
        let other = inventory(&[THREE_HOST, &version]);
        held.of(&format!("milvus-{minor}"), &other);
        held.running(&format!("running-{minor}"), &other);
    }
    held
}

/// The first lines that differ, each way.
fn difference(was: &str, now: &str) -> String {
    let (was, now): (Vec<&str>, Vec<&str>) = (was.lines().collect(), now.lines().collect());
    let same = was.iter().zip(&now).take_while(|(a, b)| a == b).count();
    let around = |lines: &[&str], sign: char| {
        let here = lines.iter().skip(same).take(6);
        here.map(|line| format!("  {sign} {line}\n"))
            .collect::<String>()
    };
    format!(
        "  line {}\n{}{}",
        same + 1,
        around(&was, '-'),
        around(&now, '+')
    )
}

#[test]
fn shipped_inventories_become_what_they_became() {
    let update = std::env::var_os("UPDATE").is_some();
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("golden");
    let (folder, held) = (folder(), held());
    let write = |path: &Path, text: &str| {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    let mut digests = String::new();
    for (name, text) in &held.0 {
        let _ = writeln!(digests, "{}  {name}", &sha256(text.as_bytes())[..16]);
    }
    let is_whole = |name: &str| {
        name.starts_with(WHOLE) && !name.ends_with("json") && !name.ends_with("wanted")
    };
    if update {
        for old in [folder.join(WHOLE), kept.clone()] {
            let _ = fs::remove_dir_all(old);
        }
        write(&folder.join("digests.txt"), &digests);
        for (name, text) in &held.0 {
            write(&kept.join(name), text);
            if is_whole(name) {
                write(&folder.join(name), text);
            }
        }
        return;
    }
    let committed = fs::read_to_string(folder.join("digests.txt")).expect("UPDATE=1 makes it");
    let known: BTreeMap<&str, &str> = committed
        .lines()
        .filter_map(|line| line.split_once("  ").map(|(digest, name)| (name, digest)))
        .collect();
    let mut wrong = String::new();
    for (name, text) in &held.0 {
        if known.get(name.as_str()) == Some(&&sha256(text.as_bytes())[..16]) {
            continue;
        }
        let whole = if is_whole(name) { &folder } else { &kept };
        let was = fs::read_to_string(whole.join(name));
        let shown = was.map_or_else(
            |_| "  its former text was not kept here\n".to_owned(),
            |was| difference(&was, text),
        );
        let _ = writeln!(wrong, "{name}\n{shown}");
    }
    let gone = known.keys().filter(|name| !held.0.contains_key(**name));
    for name in gone {
        let _ = writeln!(wrong, "{name}\n  is there no more");
    }
    assert!(
        wrong.is_empty(),
        "differs from what is held (UPDATE=1 renews):\n{wrong}"
    );
}
