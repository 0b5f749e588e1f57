//! `up` reaches what it planned, without a failed task, and then has nothing to do.

use crate::harness::{clean, parse, run, settled, swarm, up_well};
use crate::inventories;

fn comes_up_clean(text: &str, seed: u64) {
    let inventory = parse(text);
    run(async {
        let sim = swarm(&inventory, seed);
        up_well(&sim, &inventory).await;
        clean(&sim);
        settled(&sim, &inventory).await;
        // Nothing that `up` left behind moves by itself afterwards.
        tokio::time::sleep(std::time::Duration::from_secs(120)).await;
        clean(&sim);
        settled(&sim, &inventory).await;
    });
}

#[test]
fn shipped_inventories_come_up_clean_and_then_nothing_is_left_to_do() {
    for (at, text) in inventories::shipped().into_iter().enumerate() {
        for seed in 0..3 {
            comes_up_clean(text, 10 * at as u64 + seed);
        }
    }
}

#[test]
fn generated_inventories_come_up_clean_and_then_nothing_is_left_to_do() {
    for seed in 0..24 {
        comes_up_clean(&inventories::generated(seed), seed);
    }
}
