//! A Swarm on which others run tens of thousands of tasks.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use milvus_swarm::inventory::LOCAL;
use serde_json::json;

use crate::fake::{Fake, Reply};
use crate::play::{Swarm, program};

const ROWS: usize = 60_000;
/// In KiB.
const MOST: u64 = 200 << 10;

/// Rows as an engine of 28.0 writes them, some 2 KiB each: a task and the spec that it was made from.
fn rows(count: usize, service: &str) -> String {
    let environment: Vec<String> = (0..24)
        .map(|at| format!("SHOP_SETTING_{at:02}=the value of setting number {at} of the shop"))
        .collect();
    let row = json!({
        "ID": "ID-OF-TASK", "ServiceID": service, "NodeID": "n1", "Slot": 1,
        "Version": { "Index": 10 }, "CreatedAt": "2026-11-01T00:00:00Z",
        "Spec": {
            "ContainerSpec": {
                "Image": "shop/web:1.0", "Env": environment, "Labels": { "team": "shop" },
            },
            "Resources": { "Reservations": { "NanoCPUs": 1000, "MemoryBytes": 1 << 20 } },
        },
        "DesiredState": "running",
        "Status": { "State": "running", "ContainerStatus": { "ContainerID": "c9" } },
    });
    let row = row.to_string();
    let rows: Vec<String> = (0..count)
        .map(|at| row.replace("ID-OF-TASK", &format!("task{at}")))
        .collect();
    format!("[{}]", rows.join(","))
}

#[tokio::test]
async fn a_plan_beside_sixty_thousand_tasks_keeps_within_its_memory() {
    let (theirs, ours) = (rows(ROWS, "shop"), rows(ROWS / 10, "id-gone"));
    assert!(theirs.len() > 64 << 20, "{}", theirs.len());
    let swarm = Mutex::new(Swarm::default());
    let fake = Fake::manager(move |heard| match heard.line.split_once('?') {
        Some(("GET /v1.41/tasks", query)) if query.contains("label") => {
            Reply::Say(200, ours.clone())
        }
        Some(("GET /v1.41/tasks", _)) => Reply::Say(200, theirs.clone()),
        _ => swarm.lock().unwrap().answer(heard),
    });
    let folder = fake.socket.parent().unwrap();
    std::fs::write(folder.join("local.yml"), LOCAL).unwrap();
    std::fs::write(
        folder.join("more.yml"),
        "roles: { proxy: { memory: { reserve: 6GiB } } }\n",
    )
    .unwrap();
    let arguments = ["-i", "local.yml", "-i", "more.yml", "plan"];
    let child = program(&fake, &arguments).spawn().unwrap();
    let peak = Arc::new(Mutex::new(0));
    let looks = tokio::spawn(look_on(child.id().unwrap(), Arc::clone(&peak)));
    let output = child.wait_with_output().await.unwrap();
    looks.abort();
    // What they hold is counted to the last row.
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = said + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    let taken = "`node01` has 16 CPUs and 64GiB, of which 0.06 CPUs and 60000MiB are taken";
    assert!(said.contains(taken), "{said}");
    let peak = *peak.lock().unwrap();
    assert!((1..MOST).contains(&peak), "{peak} KiB");
}

/// Notes the most memory that a process had until it ends.
async fn look_on(process: u32, peak: Arc<Mutex<u64>>) {
    while let Ok(status) = std::fs::read_to_string(format!("/proc/{process}/status")) {
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let found = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        if let Some(found) = found {
            *peak.lock().unwrap() = found;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
