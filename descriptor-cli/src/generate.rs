//! `tordesc completions` and `tordesc man`: what is made from the command line itself.

use std::path::Path;

use clap::{Command, CommandFactory};

use crate::{
    cli::Cli,
    exit::{Failure, Outcome},
    output::{Output, write_file},
};

/// Prints the completions for a shell.
pub(crate) fn completions(shell: clap_complete::Shell) -> Result<Outcome, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tordesc", &mut text);
    print(&text)
}

/// Prints the manual page, or writes one page for the program and one for each verb.
pub(crate) fn man(folder: Option<&Path>) -> Result<Outcome, Failure> {
    // Whoever reads a manual page has found the help.
    let mut program = helpless(Cli::command());
    program.build();
    let Some(folder) = folder else { return print(&page(program)?) };
    std::fs::create_dir_all(folder).map_err(|error| Failure::at(folder, &error))?;
    pages(folder, "tordesc", &program)?;
    Ok(Outcome::Done)
}

/// The same commands without those called `help`.
fn helpless(command: Command) -> Command {
    command.disable_help_subcommand(true).mut_subcommands(helpless)
}

/// Writes the page of a command and those of the commands below it, which it refers to.
fn pages(folder: &Path, name: &str, command: &Command) -> Result<(), Failure> {
    for verb in command.get_subcommands() {
        pages(folder, &format!("{name}-{}", verb.get_name()), verb)?;
    }
    let text = page(command.clone().name(name.to_owned()).display_name(name.to_owned()))?;
    write_file(&folder.join(format!("{name}.1")), &text)
}

fn page(command: Command) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command).render(&mut text)?;
    Ok(text)
}

fn print(text: &[u8]) -> Result<Outcome, Failure> {
    let mut output = Output::open(None)?;
    output.put(text)?;
    output.finish()?;
    Ok(Outcome::Done)
}
