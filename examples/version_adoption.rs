//! Which versions of tor ran when? The share of relays by version series, consensus by consensus.
//!
//!     cargo run --example version_adoption -- consensuses-2020-01.tar.xz

use std::{collections::BTreeMap, env, error::Error, ops::ControlFlow};

use descriptor_core::{
    archive::{Event, Input, Options, read},
    document::{Consensus, Type},
    schema::parse,
};

fn main() -> Result<(), Box<dyn Error>> {
    let inputs = env::args().skip(1).map(|path| path.parse()).collect::<Result<Vec<Input>, _>>()?;
    read(
        &inputs,
        &Options::default(),
        |chunk| {
            let mut lines = Vec::new();
            for (_, frame) in chunk.frames().filter(|(_, frame)| frame.kind == Some(Type::Consensus)) {
                let parsed = parse::<Consensus<'_>>(frame);
                let Some(consensus) = parsed.document() else { continue };
                let mut series = BTreeMap::<String, usize>::new();
                for version in consensus.entries.iter().filter_map(|entry| entry.version) {
                    // `Tor 0.4.2.5-rc` belongs to the series 0.4.2.
                    let text = String::from_utf8_lossy(version.0);
                    let number = text.rsplit(' ').next().unwrap_or_default();
                    let name: Vec<_> = number.split('.').take(3).collect();
                    *series.entry(name.join(".")).or_default() += 1;
                }
                let shares: Vec<String> = series
                    .iter()
                    .map(|(name, count)| {
                        format!("{name} {:.1} %", 100.0 * *count as f64 / consensus.entries.len() as f64)
                    })
                    .collect();
                lines.push(format!("{}  {}", consensus.valid_after, shares.join("  ")));
            }
            lines
        },
        |event| {
            match event {
                Event::Output(lines) => lines.iter().for_each(|line| println!("{line}")),
                Event::Failed(error) => eprintln!("{error}"),
            }
            ControlFlow::Continue(())
        },
    );
    Ok(())
}
