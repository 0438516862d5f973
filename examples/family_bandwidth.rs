//! Which families of relays advertise most bandwidth? A family counts only if its members name each other.
//!
//!     cargo run --example family_bandwidth -- server-descriptors-2020-01.tar.xz

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    error::Error,
    ops::ControlFlow,
};

use descriptor_core::{
    archive::{Event, Input, Options, read},
    document::{ServerDescriptor, Type},
    schema::parse,
    value::{Fingerprint, Timestamp},
};

/// What is kept of a relay's newest descriptor.
type Relay = (Timestamp, String, u64, BTreeSet<Fingerprint>);

fn main() -> Result<(), Box<dyn Error>> {
    let inputs = env::args().skip(1).map(|path| path.parse()).collect::<Result<Vec<Input>, _>>()?;
    let mut relays = BTreeMap::<Fingerprint, Relay>::new();
    read(
        &inputs,
        &Options::default(),
        |chunk| {
            let mut relays = Vec::new();
            for (_, frame) in chunk.frames().filter(|(_, frame)| frame.kind == Some(Type::ServerDescriptor)) {
                let parsed = parse::<ServerDescriptor<'_>>(frame);
                let Some(it) = parsed.document() else { continue };
                let Some(fingerprint) = it.fingerprint else { continue };
                // A member is `$` and a fingerprint, perhaps with `=` or `~` and a nickname after it.
                let family = it
                    .family
                    .iter()
                    .flat_map(|family| family.iter())
                    .filter_map(|member| Fingerprint::from_hex(member.strip_prefix(b"$")?.get(..40)?));
                let bandwidth = it.bandwidth.average.min(it.bandwidth.observed.unwrap_or(0));
                let nickname = String::from_utf8_lossy(it.router.nickname).into_owned();
                relays.push((fingerprint.0, (it.published, nickname, bandwidth, family.collect())));
            }
            relays
        },
        |event| {
            match event {
                Event::Output(newer) => {
                    for (fingerprint, relay) in newer {
                        let known = relays.entry(fingerprint).or_insert_with(|| relay.clone());
                        if known.0 < relay.0 {
                            *known = relay;
                        }
                    }
                }
                Event::Failed(error) => eprintln!("{error}"),
            }
            ControlFlow::Continue(())
        },
    );
    let mut families = BTreeMap::<BTreeSet<&Fingerprint>, u64>::new();
    for (fingerprint, (.., family)) in &relays {
        let mut members: BTreeSet<_> = family
            .iter()
            .filter(|member| relays.get(member).is_some_and(|(.., theirs)| theirs.contains(fingerprint)))
            .collect();
        members.insert(fingerprint);
        let sum = members.iter().map(|member| relays[*member].2).sum();
        families.insert(members, sum);
    }
    let mut ranking: Vec<_> = families.into_iter().filter(|(members, _)| members.len() > 1).collect();
    ranking.sort_by_key(|(_, bandwidth)| std::cmp::Reverse(*bandwidth));
    println!("{} relays, {} families", relays.len(), ranking.len());
    for (members, bandwidth) in ranking.iter().take(10) {
        let names: Vec<_> = members.iter().map(|member| relays[*member].1.as_str()).collect();
        println!("{bandwidth:>12} B/s  {}", names.join(" "));
    }
    Ok(())
}
