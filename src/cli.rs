//! The command line: types only, no behaviour.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

const EXIT_CODES: &str = "\
Exit codes:
  0  done; for `status`: healthy
  1  something unexpected failed
  2  the command line is wrong
  3  the inventory or a stack file is wrong
  4  refused: the plan breaks a rule
  5  the Swarm cannot be reached or used
  6  a gate stayed shut, or `status` found the cluster unhealthy
  7  the Swarm moved since the plan was made
  10 `plan --exit-code` found something to do
  130 interrupted; run the same command again to go on

Start with `milvus-swarm init > milvus-swarm.yml`, then `milvus-swarm plan`.";

/// Turns the Docker Swarm on a list of hosts into a healthy, distributed Milvus.
#[derive(Debug, Parser)]
#[command(name = "milvus-swarm", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub verb: Verb,
}

/// Flags of every verb.
#[derive(Args, Clone, Debug)]
pub struct Global {
    /// Inventory of hosts; may be given again, a later file overlays an earlier one
    /// [default: ./milvus-swarm.yml, else the embedded one for this machine only]
    #[arg(
        short,
        long,
        global = true,
        env = "MILVUS_SWARM_INVENTORY",
        value_name = "FILE",
        value_delimiter = ':'
    )]
    pub inventory: Vec<PathBuf>,

    /// Engine of a Swarm manager: unix://, tcp:// or ssh://
    /// [default: DOCKER_HOST, else the current Docker context]
    #[arg(short = 'H', long, global = true, value_name = "URL")]
    pub host: Option<String>,

    /// Print JSON instead of text; events are one object per line
    #[arg(long, global = true)]
    pub json: bool,

    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    pub color: Colour,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Colour {
    Auto,
    Always,
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show what `up` would do, and change nothing
    Plan(PlanArgs),
    /// Make the Swarm what the inventory says, behind health gates
    Up(UpArgs),
    /// Show what runs and whether it is healthy
    Status(StatusArgs),
    /// Change the number of query, index or data nodes or proxies
    Scale(ScaleArgs),
    /// Write the stack files that `docker stack deploy` takes
    Render(RenderArgs),
    /// Take the cluster away; data stays unless you say otherwise
    Down(DownArgs),
    /// Print a commented inventory to start from
    Init,
    /// Show the credentials of the cluster
    Credentials,
    /// Print the JSON Schema of the inventory
    Schema,
}

#[derive(Args, Debug)]
pub struct PlanArgs {
    /// Exit with 10 if there is something to do
    #[arg(long)]
    pub exit_code: bool,
    /// Save the plan for `up FILE`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Templates of your own instead of the shipped ones
    #[arg(long, value_name = "DIR")]
    pub stacks: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct UpArgs {
    /// A plan saved by `plan --out`: executed exactly, or refused if the Swarm moved
    #[arg(value_name = "PLAN")]
    pub plan: Option<PathBuf>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Give up on a gate after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub gate_timeout: u64,
    /// Templates of your own instead of the shipped ones
    #[arg(long, value_name = "DIR")]
    pub stacks: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct StatusArgs {
    /// Show it again every two seconds until interrupted
    #[arg(short, long)]
    pub watch: bool,
}

#[derive(Args, Debug)]
pub struct ScaleArgs {
    /// A role and its number of tasks, such as query=8
    #[arg(required = true, value_name = "ROLE=N")]
    pub targets: Vec<String>,
    /// Hosts that get the role first
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    pub on: Vec<String>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Give up on a gate after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub gate_timeout: u64,
}

#[derive(Args, Debug)]
pub struct RenderArgs {
    /// Folder to write to
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// Templates of your own instead of the shipped ones
    #[arg(long, value_name = "DIR")]
    pub stacks: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct DownArgs {
    /// Also remove volumes, member labels and credentials: the data is lost
    #[arg(long)]
    pub data: bool,
    /// Do not ask; with --data the name of the cluster must still be typed
    #[arg(short, long)]
    pub yes: bool,
    /// The name of the cluster, to confirm --data where nobody can type
    #[arg(long, value_name = "CLUSTER", requires = "data")]
    pub confirm: Option<String>,
    /// Give up after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 2400)]
    pub gate_timeout: u64,
}
