//! The verbs: each reads like the job it does.

mod alone;
mod by_hand;
mod context;
mod credentials;
mod down;
mod eject;
mod error;
mod init;
mod interrupt;
mod password;
mod plan;
mod render;
mod run;
mod scale;
mod status;
mod unlock;
mod up;
mod watch;
mod what_if;
mod written;

use std::process::ExitCode;

pub use error::CommandError;

use crate::cli::{ChangeCredential, Cli, Verb};
use crate::report::{self, Output};
use context::Context;

/// Runs a command line to its exit code.
pub async fn run(cli: Cli) -> ExitCode {
    let no_color = crate::source::variable("NO_COLOR").is_some();
    let output = Output::new(
        cli.global.json,
        cli.verb.prints_events(),
        cli.global.color,
        no_color,
    );
    let result = execute(cli, output).await;
    let result = match (result, report::lost()) {
        (Ok(_), Some(error)) => Err(CommandError::Failed(format!("standard output: {error}"))),
        (result, _) => result,
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            error::report(&error, output);
            ExitCode::from(error.code())
        }
    }
}

async fn execute(cli: Cli, output: Output) -> Result<u8, CommandError> {
    let context = Context::new(cli.global, output);
    match cli.verb {
        Verb::Plan(args) => plan::plan(&context, &args).await,
        Verb::Up(args) => up::up(&context, &args).await,
        Verb::Status(args) => status::status(&context, &args).await,
        Verb::WhatIf(args) => what_if::what_if(&context, &args).await,
        Verb::Scale(args) => scale::scale(&context, &args).await,
        Verb::Render(args) => render::render(&context, &args),
        Verb::Eject(args) => eject::eject(&context, &args),
        Verb::Down(args) => down::down(&context, &args).await,
        Verb::Unlock(args) => unlock::unlock(&context, &args).await,
        Verb::Init => init::init(&context),
        Verb::Credentials(args) => match &args.change {
            None => credentials::credentials(&context).await,
            Some(ChangeCredential::Set(args)) => credentials::set(&context, args).await,
        },
        Verb::Schema(args) => init::schema(&context, &args),
    }
}
