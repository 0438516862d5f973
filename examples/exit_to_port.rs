//! How many relays allow connections to port 80, by their microdescriptors?
//!
//!     cargo run --example exit_to_port -- microdescs-2015-11.tar.xz

use std::{env, error::Error, ops::ControlFlow};

use descriptor_core::{
    archive::{Event, Input, Options, read},
    document::{Microdescriptor, Type},
    schema::parse,
};

const PORT: u16 = 80;

fn main() -> Result<(), Box<dyn Error>> {
    let inputs = env::args().skip(1).map(|path| path.parse()).collect::<Result<Vec<Input>, _>>()?;
    let (mut count, mut exits) = (0, 0);
    read(
        &inputs,
        &Options::default(),
        |chunk| {
            let mut partial = (0, 0);
            for (_, frame) in chunk.frames().filter(|(_, frame)| frame.kind == Some(Type::Microdescriptor)) {
                let parsed = parse::<Microdescriptor<'_>>(frame);
                let Some(microdescriptor) = parsed.document() else { continue };
                partial.0 += 1;
                // A microdescriptor without a policy rejects everything (dir-spec §3.3).
                partial.1 +=
                    usize::from(microdescriptor.exit_policy.is_some_and(|policy| policy.allows(PORT)));
            }
            partial
        },
        |event| {
            match event {
                Event::Output(partial) => (count, exits) = (count + partial.0, exits + partial.1),
                Event::Failed(error) => eprintln!("{error}"),
            }
            ControlFlow::Continue(())
        },
    );
    let share = 100.0 * exits as f64 / count.max(1) as f64;
    println!("{count} microdescriptors, {exits} exit to port {PORT}: {share:.2} %");
    Ok(())
}
