//! The command line: types only, no behaviour.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use crate::report::Colour;
use crate::schema::Schema;
use crate::system::STORAGE;

const EXIT_CODES: &str = "\
Exit codes:
  0  done; for `status`: healthy
  1  something unexpected failed
  2  the command line is wrong
  3  the inventory or a stack file is wrong
  4  refused or declined: nothing was changed
  5  the Swarm cannot be reached or used
  6  a gate stayed shut, `status` found the cluster not healthy, or it would not survive `what-if`
  7  the Swarm moved since the plan was made
  8  somebody else holds the cluster's lock, or took it over
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
    /// [default: the files in MILVUS_SWARM_INVENTORY with `:` between them, else
    /// ./milvus-swarm.yml, else the embedded one for this machine only]
    #[arg(short, long, global = true, value_name = "FILE", value_delimiter = ':')]
    pub inventory: Vec<PathBuf>,

    /// Engine of a Swarm manager: unix://, tcp:// or ssh://; given again, each next one is tried
    /// where those before do not answer within a second
    /// [default: DOCKER_HOST, else the current Docker context]
    #[arg(short = 'H', long, global = true, value_name = "URL")]
    pub host: Vec<String>,

    /// Talk over tcp:// without TLS to engines on other machines, which is refused otherwise: whoever
    /// is on the network then reads the passwords of the cluster and is root on its hosts. Better:
    /// ssh://, or TLS as `docker` does it, with DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH for a folder
    /// with ca.pem, cert.pem and key.pem
    #[arg(long, global = true)]
    pub insecure: bool,

    /// Folder with stack templates of your own; wins over `stacks` in the inventory
    #[arg(long, global = true, value_name = "DIR")]
    pub stacks: Option<PathBuf>,

    /// Print JSON instead of text; events are one object per line
    #[arg(long, global = true)]
    pub json: bool,

    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    pub color: Colour,
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
    /// Tell what would be left if hosts were lost; asks and changes nothing
    WhatIf(WhatIfArgs),
    /// Change the number of query, index or data nodes or proxies
    Scale(ScaleArgs),
    /// Write the stack files that `docker stack deploy` takes
    Render(RenderArgs),
    /// Write the shipped stack templates to a folder, to edit them
    Eject(EjectArgs),
    /// Take the cluster away; data stays unless you say otherwise
    Down(DownArgs),
    /// Remove the lock of a run that will never let go of it
    Unlock(UnlockArgs),
    /// Print a commented inventory to start from
    Init,
    /// Show the credentials of the cluster, or give it another one
    Credentials(CredentialsArgs),
    /// Print a JSON Schema: of the inventory, or of what `--json` prints
    Schema(SchemaArgs),
}

impl Verb {
    /// Whether `--json` makes it print events, an object per line, and not one document.
    #[must_use]
    pub const fn prints_events(&self) -> bool {
        match self {
            Self::Up(_) | Self::Scale(_) | Self::Down(_) => true,
            Self::Credentials(args) => args.change.is_some(),
            _ => false,
        }
    }
}

#[derive(Args, Debug)]
pub struct PlanArgs {
    /// Exit with 10 if there is something to do
    #[arg(long)]
    pub exit_code: bool,
    /// Save the plan for `up FILE`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Plan from what `status --record` saw, without connecting to anything
    #[arg(long, value_name = "FILE")]
    pub observed: Option<PathBuf>,
    /// Where no proxy runs on this manager, ask components through a small task that is removed again
    #[arg(long, conflicts_with = "observed")]
    pub probe: bool,
    /// Make networks anew that are not as wanted: everything is stopped and started again; data stays
    #[arg(long)]
    pub renew_networks: bool,
    /// Draw the steps and what each waits for
    #[arg(long, value_name = "FILE.svg")]
    pub graph: Option<PathBuf>,
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
    /// Write a page with a bar for each step and the critical path, also when the run fails
    #[arg(long, value_name = "FILE.html")]
    pub timings: Option<PathBuf>,
    /// Make networks anew that are not as wanted: everything is stopped and started again; data stays
    #[arg(long)]
    pub renew_networks: bool,
    #[command(flatten)]
    pub lock: LockArgs,
}

const RECORD_HELP: &str = "\
Record:
  milvus-swarm status --record swarm.json    on a machine that reaches the Swarm
  milvus-swarm plan --observed swarm.json    anywhere, with the same inventory

The file holds nodes, services, tasks and what the gates said, with names and addresses, and no
secret: what was put into a service by hand and may be a credential is left out.";

#[derive(Args, Debug)]
#[command(after_help = RECORD_HELP)]
pub struct StatusArgs {
    /// Show it again every two seconds until interrupted
    #[arg(short, long)]
    pub watch: bool,
    /// Also write what was seen, for `plan --observed` and `what-if --observed`
    #[arg(long, value_name = "FILE", conflicts_with = "watch")]
    pub record: Option<PathBuf>,
}

const WHAT_IF_HELP: &str = "\
Examples:
  milvus-swarm what-if --lose node14
  milvus-swarm what-if --lose 'node[20-21],zone-b'      ranges, and every host of a zone
  milvus-swarm what-if --lose node15 --observed swarm.json
  milvus-swarm what-if --lose zone-a --offline          while you still design the cluster

Exit code 0: reads and writes go on and no data is lost. 6: they do not.";

#[derive(Args, Debug)]
#[command(after_help = WHAT_IF_HELP)]
pub struct WhatIfArgs {
    /// Hosts, ranges of hosts, or zones; `host=NAME` and `zone=NAME` where both are called so
    #[arg(long, required = true, value_name = "HOSTS_OR_ZONES")]
    pub lose: Vec<String>,
    /// Answer from what `status --record` saw, without connecting to anything
    #[arg(long, value_name = "FILE", conflicts_with = "offline")]
    pub observed: Option<PathBuf>,
    /// Answer from the inventory alone
    #[arg(long)]
    pub offline: bool,
}

#[derive(Args, Debug)]
pub struct ScaleArgs {
    /// A role and its number of tasks, such as query=8; each of query, index, data and proxy once
    #[arg(required = true, value_name = "ROLE=N")]
    pub targets: Vec<String>,
    /// Hosts to give the role to before; Swarm chooses among all hosts that have it
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    pub on: Vec<String>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Give up on a gate after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub gate_timeout: u64,
    #[command(flatten)]
    pub lock: LockArgs,
}

#[derive(Args, Debug)]
pub struct RenderArgs {
    /// Folder to write to
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
}

#[derive(Args, Debug)]
pub struct SchemaArgs {
    /// What it describes
    #[arg(value_enum, default_value_t = Schema::Inventory, value_name = "WHAT")]
    pub what: Schema,
}

#[derive(Args, Debug)]
pub struct EjectArgs {
    /// Folder to write to; `stacks: DIR` in the inventory or `--stacks DIR` then uses it
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

#[derive(Args, Debug)]
pub struct DownArgs {
    /// Also empty the volumes, and remove member labels and credentials: the data is lost
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
    #[command(flatten)]
    pub lock: LockArgs,
}

#[derive(Args, Debug)]
pub struct CredentialsArgs {
    /// What to do other than showing them
    #[command(subcommand)]
    pub change: Option<ChangeCredential>,
}

/// What can be done to a credential.
#[derive(Debug, Subcommand)]
pub enum ChangeCredential {
    /// Give root, or Milvus itself where its objects are, another password, or tell the cluster which one
    /// a client gave root
    Set(SetArgs),
}

fn set_help() -> String {
    let (name, title) = (STORAGE.name, STORAGE.title);
    format!(
        "\
Examples:
  milvus-swarm credentials set root                           a new random password
  milvus-swarm credentials set root --password-file new.txt   this one
  milvus-swarm credentials set {name:<30} another user of {title} for Milvus

Milvus takes the new password at once and no other, then what mounts it restarts, task by task.
Where a client changed the password already, name a file with what it is now: Milvus is asked first,
and only the cluster's secret is renewed.

{title} gets a second user with the new key, Milvus restarts with it, task by task, and the first user
is removed: until then both keys are taken."
    )
}

#[derive(Args, Debug)]
#[command(after_help = set_help())]
pub struct SetArgs {
    /// Whose password
    #[arg(value_enum)]
    pub of: Account,
    /// A file with the password, without its last line break
    /// [default: the file that the inventory names under `credentials`, else a random one]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Give up on a gate after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub gate_timeout: u64,
    #[command(flatten)]
    pub lock: LockArgs,
}

/// Whose password can be changed while the cluster runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Account {
    /// Milvus' administrator
    Root,
    /// The user that Milvus is to what keeps its objects
    #[value(name = STORAGE.name)]
    Store,
}

/// Of verbs that change the cluster.
#[derive(Args, Clone, Copy, Debug)]
pub struct LockArgs {
    /// Wait so long for somebody else who works on the cluster
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub lock_wait: u64,
}

#[derive(Args, Debug)]
pub struct UnlockArgs {
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Even while the run that holds it lives; it starts nothing more from its next beat on
    #[arg(long)]
    pub force: bool,
}
