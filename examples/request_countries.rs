//! From how many countries do clients ask for consensuses, and from which the most?
//!
//!     cargo run --example request_countries -- extra-infos-2015-11.tar.xz

use std::{collections::BTreeMap, env, error::Error, ops::ControlFlow};

use descriptor_core::{
    archive::{Event, Input, Options, read},
    document::{ExtraInfo, Type},
    schema::parse,
};

fn main() -> Result<(), Box<dyn Error>> {
    let inputs = env::args().skip(1).map(|path| path.parse()).collect::<Result<Vec<Input>, _>>()?;
    let mut requests = BTreeMap::<String, i64>::new();
    let mut count = 0;
    read(
        &inputs,
        &Options::default(),
        |chunk| {
            let mut partial = BTreeMap::<String, i64>::new();
            let mut count = 0;
            for (_, frame) in chunk.frames().filter(|(_, frame)| frame.kind == Some(Type::ExtraInfo)) {
                let parsed = parse::<ExtraInfo<'_>>(frame);
                let Some(extra_info) = parsed.document() else { continue };
                count += 1;
                for (country, number) in extra_info.dirreq_v3_reqs.iter().flat_map(|counts| counts.iter()) {
                    *partial.entry(String::from_utf8_lossy(country).into_owned()).or_default() += number;
                }
            }
            (partial, count)
        },
        |event| {
            match event {
                Event::Output((partial, documents)) => {
                    count += documents;
                    for (country, number) in partial {
                        *requests.entry(country).or_default() += number;
                    }
                }
                Event::Failed(error) => eprintln!("{error}"),
            }
            ControlFlow::Continue(())
        },
    );
    println!("{count} extra-info descriptors, {} countries", requests.len());
    let mut ranking: Vec<_> = requests.into_iter().collect();
    ranking.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    for (country, number) in ranking.iter().take(10) {
        println!("{country} {number:>12}");
    }
    Ok(())
}
