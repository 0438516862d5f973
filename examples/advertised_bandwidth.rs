//! How much bandwidth does the average relay advertise?
//!
//!     cargo run --example advertised_bandwidth -- server-descriptors-2015-11.tar.xz

use std::{env, error::Error, ops::ControlFlow};

use descriptor_core::{
    archive::{Event, Input, Options, read},
    document::{ServerDescriptor, Type},
    schema::parse,
};

fn main() -> Result<(), Box<dyn Error>> {
    let inputs = env::args().skip(1).map(|path| path.parse()).collect::<Result<Vec<Input>, _>>()?;
    let (mut sum, mut count) = (0u64, 0u64);
    read(
        &inputs,
        &Options::default(),
        // Runs in parallel, once a chunk of documents.
        |chunk| {
            let mut partial = (0, 0);
            for (_, frame) in chunk.frames().filter(|(_, frame)| frame.kind == Some(Type::ServerDescriptor)) {
                // What a relay advertises is the least of the three (dir-spec §2.1.1).
                if let Some(descriptor) = parse::<ServerDescriptor<'_>>(frame).document() {
                    let bandwidth = &descriptor.bandwidth;
                    partial.0 += bandwidth.average.min(bandwidth.burst).min(bandwidth.observed.unwrap_or(0));
                    partial.1 += 1;
                }
            }
            partial
        },
        // Runs here, in the order of the input.
        |event| {
            match event {
                Event::Output(partial) => (sum, count) = (sum + partial.0, count + partial.1),
                Event::Failed(error) => eprintln!("{error}"),
            }
            ControlFlow::Continue(())
        },
    );
    println!("{count} server descriptors, {} bytes per second on average", sum / count.max(1));
    Ok(())
}
