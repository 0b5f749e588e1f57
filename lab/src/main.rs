//! The command line of the lab.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use milvus_swarm_lab::host::{Size, parse_size};
use milvus_swarm_lab::{
    Lab, Paths, Progress, Release, UpOptions, client, images, oracle, toolchain,
};

/// A real Docker Swarm of N hosts on this Linux machine, for milvus-swarm's demo and tests.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Bring the lab up, building the images on first use
    Up {
        /// How many hosts
        #[arg(short = 'n', long, default_value_t = 3)]
        hosts: u8,
        /// How many of them are Swarm managers [default: 1 for one or two hosts, else 3]
        #[arg(long)]
        managers: Option<u8>,
        /// The size a host reports: NAME=MEMORY[/CPUS], e.g. node04=64G; `*` is every host
        #[arg(long = "size", value_parser = parse_size)]
        sizes: Vec<(String, Size)>,
        /// MTU of the hosts' network
        #[arg(long, default_value_t = 1500)]
        mtu: u32,
        /// The release of Docker that the hosts run
        #[arg(long, value_enum, default_value = "20.10")]
        engine: Release,
    },
    /// Take the lab away, leaving nothing but the cache
    Down,
    /// Show the hosts
    Status {
        #[arg(long)]
        json: bool,
    },
    /// Build the images that are missing and list all
    Images {
        /// Only tell: exit code 1 if any is missing or out of date
        #[arg(long)]
        check: bool,
        /// Start each image's main command and see that it answers
        #[arg(long)]
        verify: bool,
    },
    /// Let an accident happen to a host
    Host {
        #[command(subcommand)]
        fault: Fault,
    },
    /// Run a command in a host's network namespace
    Exec {
        name: String,
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
    /// Make a Python environment with pymilvus and print its interpreter
    Client,
    /// Print the path of a Docker command line that the lab's engines speak to
    DockerCli,
    /// Print version and path of the Docker command lines of Debian's packages, one a line:
    /// exit code 1 if one cannot be had
    Oracles,
}

#[derive(Subcommand)]
enum Fault {
    /// Stop the engine gracefully
    Stop { name: String },
    /// Power cut: kill the engine and its containers
    Kill { name: String },
    /// Start a stopped or killed host
    Start { name: String },
    /// Stop every process where it is, the network staying up: a host that hangs
    Freeze { name: String },
    /// Let a frozen host go on
    Thaw { name: String },
    /// Pull the network cable
    Partition { name: String },
    /// Put the network cable back
    Heal { name: String },
}

fn main() -> ExitCode {
    match run(Cli::parse().verb) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: Verb) -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    match verb {
        Verb::Up {
            hosts,
            managers,
            sizes,
            mtu,
            engine,
        } => {
            let options = UpOptions {
                hosts,
                managers,
                mtu,
                sizes,
                engine,
                images: Vec::new(),
            };
            let progress = Progress::new();
            let lab = Lab::up_with(&options, &progress);
            progress.finish();
            write!(out, "{}", usage(&lab?))?;
        }
        Verb::Down => {
            let progress = Progress::new();
            let down = Lab::down(&progress);
            progress.finish();
            down?;
        }
        Verb::Status { json } => return status(json, &mut out),
        Verb::Images { check, verify } => return list_images(check, verify, &mut out),
        Verb::Host { fault } => {
            let lab = Lab::attach()?;
            match fault {
                Fault::Stop { name } => lab.stop_host(&name)?,
                Fault::Kill { name } => lab.kill_host(&name)?,
                Fault::Start { name } => lab.start_host(&name)?,
                Fault::Freeze { name } => lab.freeze_host(&name)?,
                Fault::Thaw { name } => lab.thaw_host(&name)?,
                Fault::Partition { name } => lab.partition_host(&name)?,
                Fault::Heal { name } => lab.heal_host(&name)?,
            }
        }
        Verb::Exec { name, command } => {
            let status = Lab::attach()?.command(&name)?.args(command).status()?;
            return Ok(ExitCode::from(
                u8::try_from(status.code().unwrap_or(1)).unwrap_or(1),
            ));
        }
        Verb::Client => {
            let progress = Progress::new();
            let python = client::python(&Paths::from_env()?, &progress);
            progress.finish();
            writeln!(out, "{}", python?.display())?;
        }
        Verb::DockerCli => {
            let docker = match Lab::attach() {
                Ok(lab) => lab.docker(),
                Err(_) => {
                    let paths = Paths::from_env()?;
                    toolchain::ensure(&paths, &Progress::silent())?;
                    toolchain::docker(&paths)
                }
            };
            writeln!(out, "{}", docker.display())?;
        }
        Verb::Oracles => return oracles(&mut out),
    }
    Ok(ExitCode::SUCCESS)
}

fn usage(lab: &Lab) -> String {
    let swarm = match lab.hosts().len() {
        1 => "1 host, node01 on 10.99.0.1".to_owned(),
        last => {
            format!("{last} hosts, node01 to node{last:02} on 10.99.0.1 to 10.99.0.{last}")
        }
    };
    format!(
        "A Swarm of {swarm}, is ready:\n\n  \
         export DOCKER_HOST={}\n  docker node ls\n\n\
         Hosts: `milvus-swarm-lab status`.\n\
         Images: `milvus-swarm-lab images`. End: `milvus-swarm-lab down`.\n",
        lab.docker_host()
    )
}

fn status(json: bool, out: &mut impl Write) -> Result<ExitCode> {
    let hosts = Lab::attach()?.status()?;
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&hosts)?)?;
    } else {
        writeln!(
            out,
            "HOST    ADDRESS      ENGINE  CABLE  NODE     ROLE     CONTAINERS  SOCKET"
        )?;
        for host in &hosts {
            writeln!(
                out,
                "{:<7} {:<12} {:<7} {:<6} {:<8} {:<8} {:>10}  {}",
                host.name,
                host.address,
                match (host.frozen, host.engine) {
                    (true, _) => "frozen",
                    (false, true) => "up",
                    (false, false) => "down",
                },
                if host.plugged { "in" } else { "out" },
                host.node,
                host.role,
                host.containers,
                host.socket
            )?;
        }
    }
    let well = hosts
        .iter()
        .all(|host| host.engine && host.plugged && host.node == "ready");
    Ok(if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Those that can be had are printed even where others cannot.
fn oracles(out: &mut impl Write) -> Result<ExitCode> {
    let paths = Paths::from_env()?;
    let progress = Progress::new();
    let mut code = ExitCode::SUCCESS;
    for oracle in oracle::ORACLES {
        match oracle.path(&paths, &progress) {
            Ok(path) => writeln!(out, "{} {}", oracle.version, path.display())?,
            Err(error) => {
                eprintln!("error: Debian's docker {}: {error:#}", oracle.version);
                code = ExitCode::FAILURE;
            }
        }
    }
    progress.finish();
    Ok(code)
}

fn list_images(check: bool, verify: bool, out: &mut impl Write) -> Result<ExitCode> {
    let paths = Paths::from_env()?;
    let progress = Progress::new();
    if !check {
        let built = toolchain::ensure(&paths, &progress)
            .and_then(|()| images::ensure(&paths, &[], &progress));
        if let Err(error) = built {
            progress.finish();
            return Err(error);
        }
    }
    let verified = if verify {
        images::verify(&paths, &progress)
    } else {
        Ok(())
    };
    progress.finish();
    verified?;
    let mut complete = true;
    for image in images::list(&paths)? {
        complete &= image.current;
        writeln!(
            out,
            "{:<52} {:>5} MB  {}  {}",
            image.name,
            image.bytes / 1_000_000,
            image.id.as_deref().unwrap_or("not built"),
            if image.current { "" } else { "out of date" }
        )?;
    }
    Ok(if complete {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
