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
    let mut program = Cli::command();
    program.build();
    let Some(folder) = folder else { return print(&page(program)?) };
    std::fs::create_dir_all(folder).map_err(|error| Failure::at(folder, &error))?;
    for verb in program.get_subcommands() {
        let name = format!("tordesc-{}", verb.get_name());
        let verb = verb.clone().name(name.clone());
        write_file(&folder.join(format!("{name}.1")), &page(verb)?)?;
    }
    write_file(&folder.join("tordesc.1"), &page(program)?)?;
    Ok(Outcome::Done)
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
