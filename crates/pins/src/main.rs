//! The command line: which images, where, and how the answer is told.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, anyhow};
use clap::Parser;
use milvus_swarm_pins::registry::Registries;
use milvus_swarm_pins::{ask, defaults, exit_code, table};
use reqwest::Url;

/// Asks the registries whether the images that milvus-swarm defaults to are there. Exit code 0:
/// all are; 1: one is not; 2: not all could be asked for.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// Ask for these images instead
    images: Vec<String>,
    /// A registry that answers elsewhere, e.g. docker.io=http://127.0.0.1:5000
    #[arg(long = "registry", value_name = "HOST=URL", value_parser = elsewhere)]
    registries: Vec<(String, Url)>,
    /// How long to wait for what is to be known of an image
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    timeout: u64,
    #[arg(long)]
    json: bool,
}

fn elsewhere(text: &str) -> Result<(String, Url)> {
    let (host, url) = text
        .split_once('=')
        .ok_or_else(|| anyhow!("write HOST=URL"))?;
    let url = Url::parse(url)?;
    match url.scheme() {
        "http" | "https" => Ok((host.to_owned(), url)),
        _ => Err(anyhow!("write a URL with http or https")),
    }
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli) -> Result<u8> {
    let registries = cli.registries.into_iter().collect();
    let registries = Registries::new(registries, Duration::from_secs(cli.timeout))?;
    let images = if cli.images.is_empty() {
        defaults()
    } else {
        let named = cli.images.into_iter();
        named.map(|image| (image, Vec::new())).collect()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let pins = runtime.block_on(ask(&registries, images));
    let text = if cli.json {
        serde_json::to_string_pretty(&pins)? + "\n"
    } else {
        table(&pins)
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(exit_code(&pins))
}
