//! How a run ends when it is asked to, and when it is asked to once more.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use milvus_swarm::lock::BEAT;
use tokio::process::{Child, Command};

use crate::fake::{Fake, Reply};
use crate::play::{Shared, program, said, signal, swarm, until};

/// Waits until a run holds the lock and works.
async fn works(shared: &Shared) {
    until(shared, |swarm| {
        swarm.locks() == 1 && !swarm.networks.is_empty()
    })
    .await;
}

#[tokio::test]
async fn whoever_asks_a_run_to_end_has_the_lock_let_go_of() {
    for name in ["-INT", "-TERM", "-HUP"] {
        let (fake, shared) = swarm();
        // Tests may have been started with `nohup`.
        let child = started_with("env --default-signal=HUP", &fake).spawn();
        let child = child.unwrap();
        works(&shared).await;
        signal(child.id().unwrap(), name);
        let (code, text) = said(child.wait_with_output().await.unwrap());
        assert_eq!(code, Some(130), "{name}: {text}");
        assert_eq!(shared.lock().unwrap().locks(), 0, "{name}");
    }
}

/// `up` as a program before it starts it.
fn started_with(before: &str, fake: &Fake) -> Command {
    let up = program(fake, &["up", "--yes"]);
    let mut child = Command::new("sh");
    child
        .args(["-c", &format!("exec {before} \"$@\""), "sh"])
        .arg(up.as_std().get_program())
        .args(up.as_std().get_args())
        .current_dir(up.as_std().get_current_dir().unwrap())
        .env_remove("MILVUS_SWARM_INVENTORY")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    child
}

#[tokio::test]
async fn a_run_that_is_to_outlive_its_terminal_does() {
    let (fake, shared) = swarm();
    let mut child = started_with("nohup", &fake).spawn().unwrap();
    works(&shared).await;
    signal(child.id().unwrap(), "-HUP");
    tokio::time::sleep(BEAT).await;
    assert!(is_running(&mut child));
    assert_eq!(shared.lock().unwrap().locks(), 1);
    signal(child.id().unwrap(), "-TERM");
    let (code, text) = said(child.wait_with_output().await.unwrap());
    assert_eq!(code, Some(130), "{text}");
}

fn is_running(child: &mut Child) -> bool {
    child.try_wait().unwrap().is_none()
}

/// An engine that answers nothing any more from the first service on.
fn hangs(shared: &Shared) -> (Fake, Arc<AtomicBool>) {
    let hung = Arc::<AtomicBool>::default();
    let (shared, is_hung) = (Arc::clone(shared), Arc::clone(&hung));
    let fake = Fake::manager(move |heard| {
        if heard.line.starts_with("POST /v1.41/services/create") {
            is_hung.store(true, Ordering::SeqCst);
        }
        if is_hung.load(Ordering::SeqCst) {
            Reply::Hang(Vec::new())
        } else {
            shared.lock().unwrap().answer(heard)
        }
    });
    (fake, hung)
}

#[tokio::test]
async fn who_insists_waits_for_no_engine_that_hangs() {
    for (first, second) in [("-INT", "-INT"), ("-TERM", "-INT"), ("-HUP", "-TERM")] {
        let (fake, hung) = hangs(&Shared::default());
        let mut child = started_with("env --default-signal=HUP", &fake)
            .spawn()
            .unwrap();
        let process = child.id().unwrap();
        for _ in 0..600 {
            if hung.load(Ordering::SeqCst) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        signal(process, first);
        tokio::time::sleep(BEAT).await;
        assert!(is_running(&mut child), "what is under way is waited for");

        signal(process, second);
        let asked = Instant::now();
        let ended = tokio::time::timeout(BEAT * 5, child.wait_with_output()).await;
        let took = asked.elapsed();
        let (code, text) = said(ended.expect("it waits on").unwrap());
        // A second, and one more for a machine with other things to do.
        assert!(took < Duration::from_secs(2), "{took:?}");
        assert_eq!(code, Some(130), "{text}");
        assert!(text.contains("under way; once more ends at once"), "{text}");
        assert!(text.contains("ended at once"), "{text}");
        assert!(
            text.contains("`milvus-swarm -H unix:///")
                && text.contains(".sock up` goes on from here"),
            "{text}"
        );
    }
}
