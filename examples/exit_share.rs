//! What share of the running relays are exits?
//!
//!     cargo run --example exit_share -- consensuses-2015-11.tar.xz

use std::{env, error::Error, ops::ControlFlow};

use descriptor_core::{
    archive::{Event, Input, Options, read},
    document::{Consensus, Type},
    schema::parse,
    value::Flags,
};

fn main() -> Result<(), Box<dyn Error>> {
    let inputs = env::args().skip(1).map(|path| path.parse()).collect::<Result<Vec<Input>, _>>()?;
    let (mut consensuses, mut relays, mut exits) = (0, 0, 0);
    read(
        &inputs,
        &Options::default(),
        |chunk| {
            let mut partial = (0, 0, 0);
            for (_, frame) in chunk.frames().filter(|(_, frame)| frame.kind == Some(Type::Consensus)) {
                let parsed = parse::<Consensus<'_>>(frame);
                let Some(consensus) = parsed.document() else { continue };
                partial.0 += 1;
                partial.1 += consensus.entries.len();
                partial.2 += consensus.entries.iter().filter(|entry| entry.has_flag(Flags::EXIT)).count();
            }
            partial
        },
        |event| {
            match event {
                Event::Output(partial) => {
                    (consensuses, relays, exits) =
                        (consensuses + partial.0, relays + partial.1, exits + partial.2);
                }
                Event::Failed(error) => eprintln!("{error}"),
            }
            ControlFlow::Continue(())
        },
    );
    let share = 100.0 * exits as f64 / (relays.max(1)) as f64;
    println!("{consensuses} consensuses, {relays} entries, {exits} with the Exit flag: {share:.2} %");
    Ok(())
}
