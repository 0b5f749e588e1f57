//! One service: from its mapping to the spec that `docker stack deploy` posts.

use std::collections::BTreeMap;

use serde_json::json;

use super::context::Context;
use super::deploy::{self, Deploy};
use super::environment::environment;
use super::error::{Problem, StackError};
use super::image::{self, IMAGE_LABEL};
use super::networks::{self, StackNetwork};
use super::node::Node;
use super::section::Section;
use super::volumes::Volume;
use super::warning::Quirk;
use super::{health, keys, linux, mounts, objects, ports};
use crate::spec::{ContainerSpec, Driver, EndpointSpec, ServiceSpec, Shared, TaskSpec};

/// What the services of a file may refer to, by the file's own names.
pub(super) struct Known<'a> {
    pub(super) configs: &'a BTreeMap<String, String>,
    pub(super) secrets: &'a BTreeMap<String, String>,
    pub(super) networks: &'a BTreeMap<String, StackNetwork>,
    pub(super) volumes: &'a BTreeMap<String, Volume>,
}

/// Reads a service; also returns the networks it joins, by the file's own names.
pub(super) fn service(
    context: &mut Context<'_>,
    key: &str,
    node: &Node,
    known: &Known<'_>,
) -> Result<(ServiceSpec, Vec<String>), StackError> {
    keys::check(context, node)?;
    let section = &node.all()?;
    let image = section
        .get("image")
        .ok_or_else(|| node.error(Problem::Missing { key: "image" }))?;
    let raw_image = image.text()?;
    let normalized = image::normalize(raw_image).map_err(|e| image.error(e.into()))?;
    let deploy = deploy::deploy(context, node, section.get("deploy"))?;
    let mut labels = deploy.labels.clone();
    labels.insert(IMAGE_LABEL.to_owned(), raw_image.to_owned());
    let (networks, joined) =
        networks::attachments(context, key, section.get("networks"), known.networks)?;
    let endpoint_spec = endpoint(context, section, &deploy)?;
    let old_restart = section.get("restart").map(deploy::restart).transpose()?;
    if let Some(restart) = section
        .get("restart")
        .filter(|_| deploy.restart_policy.is_some())
    {
        context.warn(
            restart,
            Quirk::Replaced {
                by: "deploy.restart_policy",
            },
        );
    }
    let spec = ServiceSpec {
        name: name(context, key, node)?,
        labels,
        task_template: Shared::new(TaskSpec {
            container_spec: container(context, section, normalized, known)?,
            resources: deploy.resources,
            restart_policy: deploy.restart_policy.or(old_restart.flatten()),
            placement: deploy.placement,
            networks,
            log_driver: section.get("logging").map(logging).transpose()?,
            ..TaskSpec::default()
        }),
        mode: deploy.mode,
        update_config: deploy.update_config,
        rollback_config: deploy.rollback_config,
        endpoint_spec,
        ..ServiceSpec::default()
    };
    Ok((spec, joined))
}

/// SwarmKit: at most 63 of `^[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*$`.
fn name(context: &Context<'_>, key: &str, node: &Node) -> Result<String, StackError> {
    let name = context.scope(key);
    let end = |c: char| c.is_ascii_alphanumeric();
    let legal = |c: char| end(c) || c == '-' || c == '_';
    if name.len() > 63 || !name.starts_with(end) || !name.ends_with(end) || !name.chars().all(legal)
    {
        return Err(node.invalid(
            &name,
            "a service name: at most 63 letters, digits, and `-` and `_` inside",
        ));
    }
    Ok(name)
}

fn endpoint(
    context: &mut Context<'_>,
    section: &Section<'_>,
    deploy: &Deploy,
) -> Result<EndpointSpec, StackError> {
    let Some(node) = section.get("ports") else {
        return Ok(EndpointSpec {
            mode: deploy.endpoint_mode.clone(),
            ..EndpointSpec::default()
        });
    };
    let ports = ports::ports(context, node)?;
    if deploy.endpoint_mode == "dnsrr" && ports.iter().any(|port| port.publish_mode != "host") {
        let with = "endpoint_mode: dnsrr` unless each port has `mode: host".to_owned();
        return Err(node.error(Problem::Conflict { with }));
    }
    Ok(EndpointSpec {
        mode: deploy.endpoint_mode.clone(),
        ports,
        ..EndpointSpec::default()
    })
}

fn container(
    context: &mut Context<'_>,
    section: &Section<'_>,
    image: String,
    known: &Known<'_>,
) -> Result<ContainerSpec, StackError> {
    let arguments = |name| -> Result<Vec<String>, StackError> {
        let node = section.get(name).map(Node::arguments).transpose()?;
        Ok(node.unwrap_or_default())
    };
    let (capability_add, capability_drop) = linux::capabilities(section)?;
    let mounts = match section.get("volumes") {
        Some(node) => mounts::mounts(context, node, known.volumes)?,
        None => Vec::new(),
    };
    let configs = section.get("configs");
    let secrets = section.get("secrets");
    let version = context.version;
    Ok(ContainerSpec {
        image,
        labels: context.labels(section.get("labels"))?,
        command: arguments("entrypoint")?,
        args: arguments("command")?,
        hostname: section.string("hostname")?,
        env: environment(context, section)?,
        dir: section.string("working_dir")?,
        user: section.string("user")?,
        privileges: Some(json!({
            "CredentialSpec": null,
            "SELinuxContext": null,
            "NoNewPrivileges": false,
        })),
        init: section.get("init").map(Node::boolean).transpose()?,
        stop_signal: section.string("stop_signal")?,
        tty: section.flag("tty")?,
        open_stdin: section.flag("stdin_open")?,
        read_only: section.flag("read_only")?,
        mounts,
        stop_grace_period: section.duration("stop_grace_period")?,
        healthcheck: section
            .get("healthcheck")
            .map(|node| health::healthcheck(node, version))
            .transpose()?,
        hosts: section
            .get("extra_hosts")
            .map(linux::extra_hosts)
            .transpose()?
            .unwrap_or_default(),
        dns_config: linux::dns(section)?,
        secrets: secrets
            .map(|node| objects::secret_refs(node, known.secrets))
            .transpose()?
            .unwrap_or_default(),
        configs: configs
            .map(|node| objects::config_refs(node, known.configs))
            .transpose()?
            .unwrap_or_default(),
        isolation: section.string("isolation")?,
        sysctls: section
            .get("sysctls")
            .map(Node::labels)
            .transpose()?
            .unwrap_or_default(),
        capability_add,
        capability_drop,
        ulimits: section
            .get("ulimits")
            .map(linux::ulimits)
            .transpose()?
            .unwrap_or_default(),
        ..ContainerSpec::default()
    })
}

fn logging(node: &Node) -> Result<Driver, StackError> {
    let section = node.section(&["driver", "options"], false)?;
    let options = match section.get("options") {
        Some(node) => {
            node.map()?;
            node.labels()?
        }
        None => crate::spec::Labels::new(),
    };
    Ok(Driver {
        name: section.string("driver")?,
        options,
    })
}
