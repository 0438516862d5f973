//! How the estimates of a day came about.

use std::collections::BTreeMap;

use super::{
    estimates::{self, Aggregate, Estimate},
    v3,
};
use crate::{
    stats::{
        Cell, Day, Options,
        explain::{Explanation, List, Question, Unexplained},
    },
    value::{Hex, Timestamp},
};

const KEYS: &[&str] = &["type"];

/// The website shows nothing where the relays that report see less of the network.
const LEAST: f64 = 0.01;

/// Estimates by day, of cells and of onion services.
type Days = [BTreeMap<Day, Vec<Estimate>>; 2];

/// What is another for each version of onion services.
struct Version {
    table: &'static str,
    /// The two types of rows, and what the numbers of each are.
    kinds: [&'static str; 2],
    choices: &'static str,
    what: [&'static str; 2],
    /// On how many directories a service is.
    directories: &'static str,
    /// What a relay's share is the mean of.
    means: [&'static str; 2],
}

const OF_CONSENSUSES: &str = "the mean over the consensuses of its interval that know the relay";

const VERSION_2: Version = Version {
    table: "hidserv",
    kinds: estimates::KINDS,
    choices: "rend-relayed-cells and dir-onions-seen",
    what: ["Cells on rendezvous circuits", "Onion services of version 2"],
    directories: "2 replicas on 3 directories, under 2 identifiers",
    means: [OF_CONSENSUSES; 2],
};

const VERSION_3: Version = Version {
    table: "hidserv-v3",
    kinds: v3::KINDS,
    choices: "rend-v3-relayed-cells and dir-v3-onions-seen",
    what: ["Cells on rendezvous circuits of version 3", "Onion services of version 3"],
    directories: "2 replicas on 4 directories, if the consensus does not say otherwise, of each ring that was in use during the \
                  interval",
    means: [
        OF_CONSENSUSES,
        "the mean over the rings that were in use during its interval, and on each over the consensuses of that ring",
    ],
};

pub(super) fn version_2(
    days: Days,
    question: &Question,
    options: &Options,
) -> Result<Explanation, Unexplained> {
    explain(&VERSION_2, days, question, options)
}

pub(super) fn version_3(
    days: Days,
    question: &Question,
    options: &Options,
) -> Result<Explanation, Unexplained> {
    explain(&VERSION_3, days, question, options)
}

fn explain(
    version: &Version,
    mut days: Days,
    question: &Question,
    options: &Options,
) -> Result<Explanation, Unexplained> {
    question.only(KEYS)?;
    let kind = version.kinds.iter().position(|kind| *kind == question.value("type"));
    let refused = || Unexplained::Value("type", question.value("type").to_owned(), version.choices);
    let kind = kind.ok_or_else(refused)?;
    let unit = ["cells", "onions"][kind];
    let title = format!("{} on {}", version.what[kind], question.day);
    let mut it = Explanation::new(title, version.table, question);
    it.key = [("type", version.kinds[kind].to_owned())].into();
    let estimates = days[kind].remove(&question.day).unwrap_or_default();
    let all = Aggregate::of(&estimates);
    it.given(
        "stats",
        estimates.len() as i64,
        "reports",
        "reports that ended on that day and can be extrapolated, one of each relay",
    );
    it.lists.push(relays(&estimates, &all, kind));
    if estimates.is_empty() {
        return Ok(it.without_row("no report of that day can be extrapolated"));
    }
    let divisor = estimates.first().map(|it| it.divisor);
    let divisor = divisor.filter(|divisor| estimates.iter().all(|it| it.divisor == *divisor));
    let directories = format!("on how many directories a service is in a day: {}. A", version.directories);
    let (start, share) = match kind {
        1 => (directories.as_str(), "the share of the directory space"),
        _ => ("a", "the probability that the relay is a rendezvous point"),
    };
    let about = format!(
        "{start} report estimates the network as x / (d · f), where x is what was reported without noise, floor((reported + \
         floor(bin / 2)) / bin) · bin − floor(bin / 2), and f {share}, {}",
        version.means[kind]
    );
    it.given("d", divisor, "", about);
    it.given(
        "W",
        all.weight,
        "",
        "the share of the network that these relays see: the sum of f, the weights",
    );
    it.given("M", all.sum, unit, "the sum of estimates times weights");
    let [mean, median, inner] = all.means();
    it.reckoned("wmean", mean, unit, "weighted mean", "{M} / {W}");
    it.given(
        "wmedian",
        median,
        unit,
        "the first estimate, in ascending order, at which more than half of W is passed",
    );
    it.given(
        "I",
        all.inner,
        unit,
        "the sum of estimates times what of their weights lies between a quarter and three quarters of W",
    );
    it.given("O", all.inner_weight, "", "the sum of what of the weights lies there");
    it.reckoned("wiqm", inner, unit, "weighted interquartile mean", "{I} / {O}");
    let shown = (all.weight >= LEAST).then_some(inner);
    match kind {
        0 => it.reckoned(
            "relayed",
            shown.map(|it| it * 8.0 * 512.0 / (86400.0 * 1e9)),
            "Gbit/s",
            "what the graph shows, if W is at least 0.01",
            "{wiqm} · 8 · 512 / (86400 · 10⁹)",
        ),
        _ => it.given("onions", shown, unit, "what the graph shows: wiqm, if W is at least 0.01"),
    }
    if question.day >= options.today().plus(-1) {
        return Ok(it.without_row("the day is not over for long enough"));
    }
    for (column, value) in [("wmean", mean), ("wmedian", median), ("wiqm", inner)] {
        it.result(column, Cell::Fixed(value, 0));
    }
    it.result("frac", Cell::Fixed(all.weight, 8));
    it.result("stats", estimates.len() as i64);
    Ok(it)
}

/// By what they add to the mean of the inner half, and then by weight.
fn relays(estimates: &[Estimate], all: &Aggregate, kind: usize) -> List {
    let overlap = |it: &Estimate| {
        let same = |(total, share, _): &&(f64, f64, f64)| (*total, *share) == (it.total, it.share);
        all.sorted.iter().find(same).map_or(0.0, |(.., overlap)| *overlap)
    };
    let mut estimates: Vec<_> = estimates.iter().collect();
    estimates.sort_by(|a, b| b.share.total_cmp(&a.share));
    let rows = estimates.into_iter().map(|it| {
        let (reported, bin) = [it.report.cells, it.report.onions][kind];
        vec![
            Hex(it.relay.0).to_string().into(),
            overlap(it).into(),
            Cell::Fixed(it.share, 6),
            it.divisor.into(),
            reported.into(),
            bin.into(),
            it.value.into(),
            it.consensuses.into(),
            Cell::Fixed(it.total, 0),
            Timestamp(it.report.end - i64::from(it.report.interval)).to_string().into(),
            Timestamp(it.report.end).to_string().into(),
        ]
    });
    let columns = [
        "fingerprint",
        "weight in I",
        "f",
        "d",
        "reported",
        "bin",
        "x",
        "consensuses",
        "estimate",
        "from",
        "to",
    ];
    List::greatest("relays by their weight in the interquartile mean".to_owned(), &columns, 1, rows.collect())
}
