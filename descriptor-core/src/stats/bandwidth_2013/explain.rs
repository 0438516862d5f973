//! How the bandwidth of 2013 came about.

use super::{Bandwidth2013, Sums, class, whole};
use crate::{
    stats::{
        Cell, Day, Id, Options,
        bandwidth::Seen,
        explain::{Explanation, List, Question, Unexplained},
        number::divide_half_away,
        registry,
    },
    value::{Hex, Timestamp},
};

const KEYS: &[&str] = &["isexit", "isguard"];

/// A relay's bytes: read, written, and both for directory requests.
type Of = (Id, Seen, [Option<u128>; 4]);

pub(super) fn explain(
    bandwidth: &Bandwidth2013,
    question: &Question,
    options: &Options,
) -> Result<Explanation, Unexplained> {
    question.only_in_2013(KEYS, options)?;
    let by_flags = KEYS.iter().any(|key| !question.value(key).is_empty());
    let (exit, guard) = (question.is_true("isexit"), question.is_true("isguard"));
    let title = match by_flags {
        true => {
            format!("Bandwidth of relays with Exit {exit} and Guard {guard} on {}, as of 2013", question.day)
        }
        false => format!("Bandwidth of all relays on {}, as of 2013", question.day),
    };
    let mut it = Explanation::new(title, "bandwidth", question);
    let cell = |flag: bool| if by_flags { Cell::from(flag).written() } else { String::new() };
    it.key = [("isexit", cell(exit)), ("isguard", cell(guard))].into();
    let sums = bandwidth.sums(options.choices).remove(&question.day).unwrap_or_default();
    advertised(bandwidth, &sums, by_flags.then(|| class(exit, guard)), &mut it);
    let (bytes, whose) = match by_flags {
        true => (
            sums.consumed[class(exit, guard)],
            "by these relays while they had the flags in a consensus of the day",
        ),
        false => (sums.all, "by all relays, whether in a consensus or not"),
    };
    let columns =
        [("R", "bwread", "read", "floor({R} / 86400)"), ("V", "bwwrite", "written", "floor({V} / 86400)")];
    for ((symbol, mean, what, formula), sum) in columns.into_iter().zip(bytes) {
        let about = format!("{what} {whose}: of each quarter of an hour the greatest that was reported");
        it.given(symbol, sum.map(whole), "bytes", about);
        if let Some(sum) = sum {
            it.reckoned(
                mean,
                whole(sum / 86400),
                "bytes per second",
                format!("{what}, rounded down"),
                formula,
            );
        }
    }
    if !by_flags {
        directory(&sums, &mut it);
    }
    let mut relays: Vec<Of> = Vec::new();
    bandwidth.consumed.each(options.choices, |day, id, seen, bytes| {
        let flags = (seen.is_exit(options.choices), seen.is_guard());
        let is_one = !by_flags || seen.is_running() && flags == (exit, guard);
        if day == question.day && is_one {
            relays.push((id, seen, bytes));
        }
    });
    relays.sort_unstable_by_key(|(id, ..)| *id);
    it.lists.push(list(bandwidth, question.day, &relays));
    let tables = registry::close::<Bandwidth2013>(vec![bandwidth.table(options.choices)], options);
    if it.row(&tables) {
        return Ok(it);
    }
    Ok(it.without_row(match question.day >= options.today().plus(-3) {
        true => "the day is not over for long enough",
        false => "nothing of the kind is known of that day",
    }))
}

/// What the relays of a class, or of all, advertise.
fn advertised(bandwidth: &Bandwidth2013, sums: &Sums, class: Option<usize>, it: &mut Explanation) {
    it.given("K", sums.consensuses as i64, "consensuses", "consensuses of that day");
    let of = |all: [Option<i128>; 4]| match class {
        Some(class) => all[class],
        None => all.into_iter().flatten().reduce(|a, b| a + b),
    };
    let sum = of(sums.advertised);
    let about = "what such relays that are running advertise, over all of these together: the lesser of a descriptor's rate and \
                 what was observed";
    it.given("A", sum.map(|sum| sum as i64), "bytes per second", about);
    if let Some(sum) = sum {
        let mean = divide_half_away(sum, sums.consensuses) as i64;
        let about = "the mean, rounded to the nearest";
        it.reckoned("advbw", mean, "bytes per second", about, "floor({A} / {K} + 0.5)");
    }
    let day = |time: i64| Day::of_seconds(time).to_string() == it.date;
    let statuses = bandwidth.advertised.statuses.iter().filter(|(time, _)| day(**time));
    let rows = statuses.map(|(time, status)| {
        let of_status = of(status.tally.0.map(|sum| sum.map(i128::from)));
        vec![
            Timestamp(*time).to_string().into(),
            status.running.into(),
            of_status.map(|sum| sum as i64).into(),
        ]
    });
    let columns = ["valid after", "running", "advertised"];
    it.lists.push(List::all("consensuses of that day".to_owned(), &columns, rows.collect()));
}

/// What all relays have read and written for directory requests, extrapolated.
fn directory(sums: &Sums, it: &mut Explanation) {
    let groups = [
        ("d", "for directory requests by relays that are no authorities"),
        ("p", "by those of them that had an open directory port in a consensus of the day"),
        ("r", "by those of them that report what they wrote for directory requests"),
    ];
    for ((name, about), sums) in groups.into_iter().zip(sums.directory) {
        let symbols = match name {
            "d" => ["dr", "dw"],
            "p" => ["brp", "bwp"],
            _ => ["brd", "bwd"],
        };
        for ((symbol, what), at) in symbols.into_iter().zip(["read", "written"]).zip(0..) {
            it.given(symbol, sums.map(|sums| whole(sums[at])), "bytes", format!("{what} {about}"));
        }
    }
    let [read, written] = sums.directory();
    let columns = [
        ("dirread", read, "floor({dr} · {brp} / {brd} / 86400)"),
        ("dirwrite", written, "floor({dw} · {bwp} / {bwd} / 86400)"),
    ];
    for (symbol, value, formula) in columns {
        if let Some(value) = value {
            let about =
                "extrapolated to all relays with an open directory port, if bwp is less than four times bwd";
            it.reckoned(symbol, whole(value), "bytes per second", about, formula);
        }
    }
}

fn list(bandwidth: &Bandwidth2013, day: Day, relays: &[Of]) -> List {
    let open = bandwidth.open.get(&day);
    let rows = relays.iter().map(|(id, seen, bytes)| {
        let [read, written, ..] = *bytes;
        let all = read.unwrap_or(0) + written.unwrap_or(0);
        let start = [Hex(id.0).to_string().into(), Cell::Int(whole(all))];
        let port = open.is_some_and(|open| open.contains(id));
        let end = [Cell::Bool(port), Cell::Bool(seen.is_authority())];
        start.into_iter().chain(bytes.map(|sum| sum.map(whole).into())).chain(end).collect()
    });
    let columns = [
        "fingerprint",
        "bytes",
        "read",
        "written",
        "directory read",
        "directory written",
        "open port",
        "authority",
    ];
    List::greatest("relays by bytes".to_owned(), &columns, 1, rows.collect())
}
