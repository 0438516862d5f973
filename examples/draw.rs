//! How did the number of relays develop? A drawing, of the documents themselves.
//!
//!     cargo run --example draw -- recent/ > relays.svg

use std::{env, error::Error, ops::ControlFlow, time::SystemTime};

use descriptor_core::{
    archive::{self, Chunk, Event, Input},
    plot::{Plot, Size},
    stats::{Name, Options, Pool, graphs::Query},
    value::Timestamp,
};

fn main() -> Result<(), Box<dyn Error>> {
    let inputs = env::args().skip(1).map(|path| path.parse()).collect::<Result<Vec<Input>, _>>()?;
    let names = [Name::Servers];
    let options = archive::Options { types: Some(Name::types_of(&names)), ..archive::Options::default() };
    let pool = Pool::new(&names);
    let count = |chunk: &Chunk| pool.add(chunk.frames().map(|(source, frame)| (source.to_string(), frame)));
    archive::read(&inputs, &options, count, |event| {
        if let Event::Failed(error) = event {
            eprintln!("{error}");
        }
        ControlFlow::Continue(())
    });
    // Days just before the run are left out, for they are not complete.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs().cast_signed();
    let tables = pool.finish().finish(&Options::at(Timestamp(now)));

    let plot = Plot::of_id("relayflags").ok_or("no such plot")?;
    let figure = plot.figure(&tables, &Query::parse("flag=Running&flag=Guard&flag=Exit"))?;
    for series in figure.series() {
        eprintln!("{}: {} days", series.name, series.values.len());
    }
    println!("{}", figure.to_svg(Size::default()));
    Ok(())
}
