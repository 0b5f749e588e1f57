//! The program: argv in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

/// Planning thousands of hosts is a million small allocations: a third faster than with glibc's
/// allocator (`docs/scale.md`), and far more than that with musl's in a static binary.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let cli = milvus_swarm::cli::Cli::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => {
            let code = runtime.block_on(milvus_swarm::command::run(cli));
            // A look-up of a name that hangs in the system is not waited for.
            runtime.shutdown_background();
            code
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
