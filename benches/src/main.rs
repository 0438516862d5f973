//! `bench DIR`: times descriptor-core on the files of `DIR` (see README), beside the peers if built with
//! `--features peers`. Prints a Markdown table.

use std::{hint::black_box, path::Path, process::ExitCode};

use benches::{Digest, paired, read_all, sanitize_all};
use descriptor_core::document::{
    BridgePoolAssignment, Consensus, ExitList, ExtraInfo, Microdescriptor, ServerDescriptor, Vote,
};

type Work = fn(&[u8]) -> usize;

struct Case {
    file: &'static str,
    /// Leaves out what the peer cannot read.
    prepare: Option<fn(Vec<u8>) -> Vec<u8>>,
    what: &'static str,
    ours: Work,
    peer: &'static str,
    theirs: Option<Work>,
}

macro_rules! peer {
    ($function:expr) => {{
        #[cfg(feature = "peers")]
        let work: Option<Work> = Some($function);
        #[cfg(not(feature = "peers"))]
        let work: Option<Work> = None;
        work
    }};
}

/// The extra-infos that stem-rs reads.
fn accepted(data: Vec<u8>) -> Vec<u8> {
    #[cfg(feature = "peers")]
    let data = benches::peers::extra_infos_accepted(&data);
    data
}

fn cases() -> Vec<Case> {
    vec![
        Case {
            file: "consensus",
            prepare: None,
            what: "consensus, 8,000 relays",
            ours: read_all!(Consensus<'_>, Digest::None),
            peer: "tor-netdoc 0.47 parse2",
            theirs: peer!(|data| benches::peers::consensus_netdoc_parse2(
                std::str::from_utf8(data).unwrap_or_default()
            )),
        },
        Case {
            file: "vote",
            prepare: None,
            what: "vote, 8,000 relays",
            ours: read_all!(Vote<'_>, Digest::None),
            peer: "stem-rs 1.2.3",
            theirs: peer!(benches::peers::vote_stem_rs),
        },
        Case {
            file: "server-descriptors",
            prepare: None,
            what: "20,000 server descriptors, SHA-1",
            ours: read_all!(ServerDescriptor<'_>, Digest::Sha1),
            peer: "stem-rs 1.2.3",
            theirs: peer!(benches::peers::server_descriptors_stem_rs),
        },
        Case {
            file: "extra-infos",
            prepare: Some(accepted),
            what: "8,000 extra-infos that stem-rs accepts, SHA-1",
            ours: read_all!(ExtraInfo<'_>, Digest::Sha1),
            peer: "stem-rs 1.2.3",
            theirs: peer!(|data| benches::peers::extra_infos_stem_rs(data).0),
        },
        Case {
            file: "extra-infos",
            prepare: None,
            what: "20,000 extra-infos, SHA-1",
            ours: read_all!(ExtraInfo<'_>, Digest::Sha1),
            peer: "(stem-rs refuses 12,000)",
            theirs: None,
        },
        Case {
            file: "microdescs",
            prepare: None,
            what: "20,000 microdescriptors, SHA-256",
            ours: read_all!(Microdescriptor<'_>, Digest::Sha256),
            peer: "stem-rs 1.2.3",
            theirs: peer!(benches::peers::microdescriptors_stem_rs),
        },
        Case {
            file: "exit-list",
            prepare: None,
            what: "exit list, 2,000 exits",
            ours: read_all!(ExitList<'_>, Digest::None),
            peer: "stem-rs 1.2.3",
            theirs: peer!(benches::peers::exit_list_stem_rs),
        },
        Case {
            file: "bridge-pool-assignment",
            prepare: None,
            what: "bridge pool assignment, 5,000 bridges",
            ours: read_all!(BridgePoolAssignment<'_>, Digest::None),
            peer: "(none)",
            theirs: None,
        },
        Case {
            file: "bridge-descriptors",
            prepare: None,
            what: "bridges' server descriptors, sanitized and guarded",
            ours: sanitize_all,
            peer: "(none)",
            theirs: None,
        },
    ]
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with("--")).collect();
    let Some(folder) = arguments.first() else {
        eprintln!("usage: bench DIR [NAME]");
        return ExitCode::from(2);
    };
    println!("| what | MB | records | ms | MB/s | peer | ms | ratio |");
    println!("| --- | --: | --: | --: | --: | --- | --: | --: |");
    for case in cases() {
        if arguments.get(1).is_some_and(|only| case.file != only) {
            continue;
        }
        let data = match std::fs::read(Path::new(folder).join(case.file)) {
            Ok(data) => data,
            Err(error) => {
                eprintln!("skipped: {}: {error}", case.file);
                continue;
            }
        };
        let data = match case.prepare {
            Some(prepare) => prepare(data),
            None => data,
        };
        let count = (case.ours)(&data);
        let theirs = case.theirs;
        if let Some(peer) = theirs
            && peer(&data) != count
        {
            eprintln!("{}: the peer reads {} records, we read {count}", case.file, peer(&data));
            return ExitCode::FAILURE;
        }
        let result = paired(
            15,
            || {
                black_box((case.ours)(&data));
            },
            || {
                black_box(theirs.map(|work| work(&data)));
            },
        );
        let (megabytes, ours) = (data.len() as f64 / 1e6, result.ours.as_secs_f64());
        print!("| {} | {megabytes:.2} | {count} | {:.2} | {:.0} |", case.what, ours * 1e3, megabytes / ours);
        match theirs {
            Some(_) => {
                println!(" {} | {:.2} | {:.1}x |", case.peer, result.theirs.as_secs_f64() * 1e3, result.ratio)
            }
            None => println!(" {} | | |", case.peer),
        }
    }
    ExitCode::SUCCESS
}
