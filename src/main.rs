//! The program: hands its arguments to the command line, which is in `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    secaro_gateway::cli::run(&std::env::args_os().collect::<Vec<_>>())
}
