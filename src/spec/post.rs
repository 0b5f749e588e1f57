//! The spec to post over one that is there, so that Swarm replaces the tasks that must change
//! and no others.

use super::diff::is_pin;
use super::{Placement, ServiceSpec, TaskSpec, canonical};

/// `to` as it is to be posted over `found`: in its own words where they mean something else, in
/// those of `found` where they mean the same. SwarmKit compares words: it replaces a task whose
/// copy of the template or of the endpoint is not the service's, letter by letter
/// (`orchestrator.IsTaskDirty`), and whoever posted `found` may have spelt a default out, or
/// listed variables in another order.
///
/// Restarts that somebody forced by hand are kept: a lower number would restart again. One more
/// is forced where nothing but the endpoint is new to the tasks, since SwarmKit may then not look
/// at it: once it finds that of a task's template only the placement is not the service's, it
/// asks no more than whether the node fits. The placement of a task may be an older one than the
/// service's, so that holds even where the placement stays.
#[must_use]
pub fn posted(found: &ServiceSpec, to: &ServiceSpec) -> ServiceSpec {
    let mut spec = to.clone();
    if is_pin(found, to) {
        let image = &found.task_template.container_spec.image;
        spec.task_template.container_spec.image.clone_from(image);
    }
    spec.task_template.force_update = found.task_template.force_update;
    let (was, is) = (canonical(found), canonical(&spec));
    let same_template = unplaced(&was) == unplaced(&is);
    if same_template {
        let template = std::mem::replace(&mut spec.task_template, found.task_template.clone());
        if was.task_template.placement != is.task_template.placement {
            let placement = &mut spec.task_template.placement;
            // Platforms follow from the image, which is the same.
            *placement = Placement {
                platforms: std::mem::take(&mut placement.platforms),
                ..template.placement.clone()
            };
        }
    }
    if was.endpoint_spec == is.endpoint_spec {
        spec.endpoint_spec.clone_from(&found.endpoint_spec);
    } else if same_template {
        spec.task_template.force_update += 1;
    }
    spec
}

/// What tasks are made from, wherever they are.
fn unplaced(canonical: &ServiceSpec) -> TaskSpec {
    TaskSpec {
        placement: Placement::default(),
        ..(*canonical.task_template).clone()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::spec::{Restart, diff, restarts};

    fn spec(published: u64, constraints: Value, env: Value) -> ServiceSpec {
        serde_json::from_value(json!({
            "Name": "st_web",
            "TaskTemplate": {
                "ContainerSpec": {"Image": "nginx:1", "Env": env},
                "Placement": {"Constraints": constraints},
                "ForceUpdate": 0
            },
            "Mode": {"Replicated": {"Replicas": 3}},
            "EndpointSpec": {"Ports": [{"TargetPort": 80, "PublishedPort": published}]}
        }))
        .unwrap()
    }

    #[test]
    fn a_restart_is_forced_where_swarm_may_not_look_at_the_ports() {
        let (anywhere, worker) = (json!([]), json!(["node.role==worker"]));
        let mut found = spec(80, anywhere.clone(), json!(["A=1"]));
        found.task_template.force_update = 4;
        let case = |wanted: ServiceSpec, forced: u64, restart: Restart| {
            let to = posted(&found, &wanted);
            assert_eq!(to.task_template.force_update, forced);
            assert_eq!(restarts(&found, &to), restart);
            // The restart that was forced is no difference when all is looked at again.
            assert_eq!(diff(&to, &posted(&to, &wanted)), []);
            assert_eq!(diff(&to, &wanted), []);
        };
        let same = json!(["A=1"]);
        let overlooked = spec(81, worker.clone(), same.clone());
        assert_eq!(
            restarts(&found, &overlooked),
            Restart::OnlyWhereConstraintsFail
        );
        case(spec(80, anywhere.clone(), same.clone()), 4, Restart::None);
        case(spec(81, anywhere.clone(), same.clone()), 5, Restart::All);
        case(spec(81, worker.clone(), same.clone()), 5, Restart::All);
        case(
            spec(80, worker.clone(), same),
            4,
            Restart::OnlyWhereConstraintsFail,
        );
        case(spec(81, worker, json!(["A=2"])), 4, Restart::All);
    }

    #[test]
    fn what_means_the_same_is_posted_in_the_words_that_are_there() {
        let (anywhere, worker) = (json!([]), json!(["node.role==worker"]));
        let mut found = spec(80, anywhere.clone(), json!(["B=2", "A=1"]));
        let template = &mut found.task_template;
        template.container_spec.isolation = "default".to_owned();
        template.container_spec.dns_config = Some(Default::default());
        template.placement.platforms = vec![json!({"OS": "linux"})];
        found.endpoint_spec.mode = "vip".to_owned();
        let mut wanted = spec(80, anywhere, json!(["A=1", "B=2"]));
        wanted.labels.insert("a".to_owned(), "b".to_owned());
        let mut expected = found.clone();
        expected.labels.clone_from(&wanted.labels);
        assert_eq!(posted(&found, &wanted), expected);
        wanted.task_template.placement.constraints = vec!["node.role==worker".to_owned()];
        let placement = &mut expected.task_template.placement;
        placement.constraints = vec!["node.role==worker".to_owned()];
        assert_eq!(posted(&found, &wanted), expected);
        // Where tasks are replaced in any case there is nothing to keep.
        let other = spec(80, worker, json!(["A=2"]));
        let to = posted(&found, &other);
        assert_eq!(to.task_template, other.task_template);
        assert_eq!(to.endpoint_spec, found.endpoint_spec);
    }
}
