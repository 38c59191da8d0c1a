//! The command line as scripts and people use it: the built program, its two forms of answer, its exit codes.

mod bad_input;
mod beside_a_server;
mod deciding;
mod demo;
mod help;
mod verbs;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The program with these arguments and this environment, and nothing else that says where its data is.
fn bare(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_secaro-gateway"));
    command.env_clear().envs(environment.iter().copied()).args(arguments).stdin(Stdio::null());
    command.output().expect("the program starts")
}

/// The same with `--data-dir`.
fn in_directory(directory: &Path, arguments: &[&str]) -> Output {
    let directory = directory.to_str().expect("UTF-8");
    bare(&[&["--data-dir", directory], arguments].concat(), &[])
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "nothing on standard error when all is well");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Its exit code and what it complains of; nothing may stand on standard output then.
fn complaint(output: &Output) -> (i32, String) {
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    let complaint = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    (output.status.code().expect("an exit code"), complaint)
}

/// The texts of one member of every object of a list.
fn texts<'a>(list: &'a Value, member: &str) -> Vec<&'a str> {
    let objects = list.as_array().expect("a list");
    objects.iter().map(|object| object[member].as_str().expect("a text")).collect()
}
