//! `cargo xtask`: what a person or CI types.

#![expect(clippy::print_stdout, reason = "it speaks to the person who typed it")]
#![expect(clippy::print_stderr, reason = "see above")]
#![expect(clippy::expect_used, reason = "a build tool: a broken assumption should stop it with its reason")]

mod bench;
mod kafka_alone;
mod page;
mod serve;
mod setup;
mod signals;
mod step;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
#[command(about = "Kafka Workshop, from a fresh machine to a running page")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds what is missing, starts the workshop and opens it in the browser
    Serve(serve::Arguments),
    /// Installs what building and serving need, and nothing else
    Setup,
    /// Runs every test, and says which it had to skip and why; with CI set none may be
    Test(test::Arguments),
    /// Starts an Apache Kafka, prints its address, and stops it on Ctrl-C
    Kafka(kafka_alone::Arguments),
    /// Measures
    #[command(subcommand)]
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Setup => setup::run(),
        Command::Test(arguments) => test::run(&arguments),
        Command::Kafka(arguments) => kafka_alone::run(&arguments),
        Command::Bench(bench) => bench::run(bench),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
