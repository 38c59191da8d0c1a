//! The command line: what can be asked for, and the way from arguments to an answer or a failure. Each verb group has
//! a file; none holds a rule: it makes one call into the domain and says what came of it.

mod access;
mod admin;
mod answer;
mod completions;
mod config;
mod conflict;
mod conformance;
mod connection;
mod demo;
mod domain;
mod facility;
mod failure;
mod held;
mod invite;
mod job;
mod log;
mod mail;
mod mass;
mod migrate;
mod organization;
mod person;
mod plan;
mod provider;
mod request;
mod rule;
mod serve;
mod session;
mod token;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use tokio::runtime::{Builder, Runtime};

use crate::config::{Loaded, LogFormat, Origin, Sources, load};
use crate::telemetry;
use answer::{Answer, Format};
use failure::Failure;
use session::Session;

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 failed, 2 usage, 3 settings, 4 not found, 5 conflict, 6 waits for a decision, 7 not allowed,
8 done in part.
Try it: «secaro-gateway demo» plays an example through its own SCIM endpoint.";

/// Lets identity providers provision Secaro people, facility permissions and admin roles through SCIM 2.0.
#[derive(Debug, Parser)]
#[command(name = Command::PROGRAM, version, after_help = AFTER_HELP, max_term_width = 100)]
struct Line {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// Options of every verb, before or after it.
#[derive(Debug, Args)]
struct Common {
    /// The settings file; else the one that SECARO_CONFIG names
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The directory of the embedded database
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<String>,
    /// postgres://…, or the path of a SQLite file
    #[arg(long, global = true, value_name = "URL|PATH")]
    database: Option<String>,
    /// Decide as this person of the organization, who has to be allowed to
    #[arg(long = "as", global = true, value_name = "E-MAIL")]
    act_as: Option<String>,
    /// How answers are written; json is exactly one object on standard output
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    output: Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway
    Serve(serve::Serve),
    /// Play an example through its own endpoint, then serve it
    Demo(demo::Demo),
    /// Set up and look at organizations
    #[command(subcommand)]
    Organization(organization::Organization),
    /// Prove which e-mail domains are an organization's
    #[command(subcommand)]
    Domain(domain::Domain),
    /// Say at which OpenID providers an organization's people sign in
    #[command(subcommand)]
    Provider(provider::Provider),
    /// Add, list, archive and import facilities
    #[command(subcommand)]
    Facility(facility::Facility),
    /// Set up and look at connections to IdPs
    #[command(subcommand)]
    Connection(connection::Connection),
    /// Issue, list and revoke a connection's bearer tokens
    #[command(subcommand)]
    Token(token::Token),
    /// Say what a group or an attribute gives
    #[command(subcommand)]
    Rule(rule::Rule),
    /// See who may do what and why, and change it
    #[command(subcommand)]
    Person(person::Person),
    /// See, apply and discard changes that were planned
    #[command(subcommand)]
    Plan(plan::Plan),
    /// See who asks to join, and decide it
    #[command(subcommand)]
    Request(request::Request),
    /// Invite people
    #[command(subcommand)]
    Invite(invite::Invite),
    /// See who can decide, and recover access at the machine
    #[command(subcommand)]
    Admin(admin::Admin),
    /// See and decide what waits for an Organization admin
    #[command(subcommand)]
    Held(held::Held),
    /// See what IdPs asked, and what came of it
    #[command(subcommand)]
    Log(log::Log),
    /// See the mails that went out, and those that did not
    #[command(subcommand)]
    Mail(mail::Mail),
    /// See the work that waits, and what was given up
    #[command(subcommand)]
    Job(job::Job),
    /// See and decide which person a User stands for
    #[command(subcommand)]
    Conflict(conflict::Conflict),
    /// See what a connection took from many people at once, and undo it
    #[command(subcommand)]
    Mass(mass::Mass),
    /// Bring the database's tables up to date
    Migrate,
    /// Check and show the settings
    #[command(subcommand)]
    Config(config::Config),
    /// Replay recorded SCIM conversations against any server
    Conformance(conformance::Conformance),
    /// Print what a shell needs to complete this command line
    Completions(completions::Completions),
}

impl Command {
    const PROGRAM: &str = "secaro-gateway";

    /// Whether it runs until it is stopped.
    const fn stays(&self) -> bool {
        matches!(self, Self::Serve(_) | Self::Demo(_))
    }

    /// Its own options that are settings.
    fn flags(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Serve(serve) => serve.flags(),
            Self::Demo(demo) => demo.flags(),
            _ => Vec::new(),
        }
    }

    /// As many threads as there are processors for what stays, one for what is over in a moment.
    fn runtime(&self) -> Result<Runtime, Failure> {
        let mut builder = if self.stays() { Builder::new_multi_thread() } else { Builder::new_current_thread() };
        let built = builder.enable_all().build();
        built.map_err(|error| Failure::failed(format!("the system gives no threads: {error}; try again")))
    }
}

/// Runs a command line, the program's name first, and says how it ended.
#[must_use]
pub fn run(arguments: &[OsString]) -> ExitCode {
    let line = match Line::try_parse_from(arguments) {
        Ok(line) => line,
        Err(error) => return not_understood(&error, arguments),
    };
    let format = line.common.output;
    match perform(line) {
        Ok(code) => code,
        Err(failure) => {
            complain(&failure, format);
            failure.exit_code()
        }
    }
}

fn perform(line: Line) -> Result<ExitCode, Failure> {
    let Line { common, command } = line;
    let format = common.output;
    if let Command::Completions(completions) = command {
        completions.run().print(format);
        return Ok(ExitCode::SUCCESS);
    }
    let loaded = settings(&common, &command)?;
    let runtime = command.runtime()?;
    start_logging(&loaded, if matches!(command, Command::Serve(_)) { "info" } else { "warn" })?;
    match command {
        Command::Serve(serve) => return runtime.block_on(serve.run(loaded, format)).map(|()| ExitCode::SUCCESS),
        Command::Demo(demo) => return runtime.block_on(demo.run(loaded, format)).map(|()| ExitCode::SUCCESS),
        _ => {}
    }
    let (answer, passed) = runtime.block_on(answer(command, loaded, common.act_as, format))?;
    answer.print(format);
    Ok(if passed { answer.exit_code() } else { ExitCode::FAILURE })
}

/// The settings in force for a verb.
fn settings(common: &Common, command: &Command) -> Result<Loaded, Failure> {
    let flags = [common.flags()?, command.flags()].concat();
    let load = |flags| load(&Sources::of_process(common.config.clone(), flags));
    let loaded = load(flags.clone())?;
    if !matches!(command, Command::Demo(_)) || common.names_a_database() {
        return Ok(loaded);
    }
    // The demo never plays in an installation's own database.
    let own = loaded.settings.database.data_dir.join("demo").to_string_lossy().into_owned();
    Ok(load([flags, in_directory(own)].concat())?)
}

/// What a verb says, and whether all is well.
async fn answer(
    command: Command,
    loaded: Loaded,
    act_as: Option<String>,
    format: Format,
) -> Result<(Answer, bool), Failure> {
    // These need no database.
    let command = match command {
        Command::Config(config) => return Ok((config.run(&loaded), true)),
        Command::Conformance(conformance) => return conformance.run().await,
        other => other,
    };
    let session = Session::open(loaded, act_as).await?;
    let answer = match command {
        Command::Organization(verb) => verb.run(&session).await,
        Command::Domain(verb) => verb.run(&session).await,
        Command::Provider(verb) => verb.run(&session).await,
        Command::Facility(verb) => verb.run(&session).await,
        Command::Connection(verb) => verb.run(&session).await,
        Command::Token(verb) => verb.run(&session).await,
        Command::Rule(verb) => verb.run(&session).await,
        Command::Person(verb) => verb.run(&session).await,
        Command::Plan(verb) => verb.run(&session).await,
        Command::Request(verb) => verb.run(&session).await,
        Command::Invite(verb) => verb.run(&session).await,
        Command::Admin(verb) => verb.run(&session).await,
        Command::Held(verb) => verb.run(&session).await,
        Command::Log(verb) => verb.run(&session, format).await,
        Command::Mail(verb) => verb.run(&session).await,
        Command::Job(verb) => verb.run(&session).await,
        Command::Conflict(verb) => verb.run(&session).await,
        Command::Mass(verb) => verb.run(&session).await,
        _ => Ok(migrate::run(&session)),
    };
    session.opened.close().await;
    Ok((answer?, true))
}

impl Common {
    fn names_a_database(&self) -> bool {
        self.data_dir.is_some() || self.database.is_some()
    }

    /// The options as settings; one that names a database takes the place of any other way to name one.
    fn flags(&self) -> Result<Vec<(&'static str, String)>, Failure> {
        match (&self.data_dir, &self.database) {
            (Some(_), Some(_)) => {
                let words = "--data-dir and --database both say where the data is; keep one of them";
                Err(Failure::usage(words))
            }
            (Some(directory), None) => Ok(in_directory(directory.clone())),
            (None, Some(database)) => {
                Ok(vec![("database.url", database.clone()), ("database.url_file", String::new())])
            }
            (None, None) => Ok(Vec::new()),
        }
    }
}

/// The embedded database in this directory, whatever else names one.
fn in_directory(directory: String) -> Vec<(&'static str, String)> {
    vec![("database.data_dir", directory), ("database.url", String::new()), ("database.url_file", String::new())]
}

/// A verb that runs for a moment says nothing below `quiet`, unless a level was asked for.
fn start_logging(loaded: &Loaded, quiet: &str) -> Result<(), Failure> {
    let log = &loaded.settings.log;
    let by_default = loaded.entries.iter().any(|entry| entry.key == "log.level" && entry.origin == Origin::Default);
    let level = if by_default { quiet } else { &log.level };
    let pretty = match log.format {
        LogFormat::Pretty => true,
        LogFormat::Json => false,
        LogFormat::Auto => telemetry::on_terminal(),
    };
    let started = if pretty { telemetry::pretty(level) } else { telemetry::json(level) };
    started.map_err(|error| Failure::failed(format!("log.level cannot be used: {error}; write it like info")))
}

fn complain(failure: &Failure, format: Format) {
    if let Some(answer) = failure.answer() {
        answer.print(format);
    }
    match format {
        Format::Table => answer::complain(&format!("{}: {}", Command::PROGRAM, failure.message())),
        Format::Json => answer::complain(&failure.json().to_string()),
    }
}

/// Help and version are answers; anything else is a failure, in the form that was asked for.
fn not_understood(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let asks_for_json = arguments.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json")
        || arguments.iter().any(|argument| argument == "--output=json");
    if !error.use_stderr() || !asks_for_json {
        let _ = error.print();
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    }
    let text = error.to_string();
    let sentence: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    let sentence = sentence.join(" ");
    let failure = Failure::usage(format!(
        "{}; «{} --help» shows what is possible",
        sentence.trim_start_matches("error: "),
        Command::PROGRAM
    ));
    complain(&failure, Format::Json);
    failure.exit_code()
}
