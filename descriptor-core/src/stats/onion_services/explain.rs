//! How the estimates of a day came about.

use super::{
    OnionServices,
    estimates::{Aggregate, DESCRIPTORS, Estimate, KINDS, estimates},
};
use crate::{
    stats::{
        Cell, Options,
        explain::{Explanation, List, Question, Unexplained},
    },
    value::{Hex, Timestamp},
};

const KEYS: &[&str] = &["type"];

/// The website shows nothing where the relays that report see less of the network.
const LEAST: f64 = 0.01;

pub(super) fn explain(
    services: &OnionServices,
    question: &Question,
    options: &Options,
) -> Result<Explanation, Unexplained> {
    question.only(KEYS)?;
    let kind = KINDS.iter().position(|kind| *kind == question.value("type"));
    let choices = "rend-relayed-cells and dir-onions-seen";
    let refused = || Unexplained::Value("type", question.value("type").to_owned(), choices);
    let kind = kind.ok_or_else(refused)?;
    let (what, unit) =
        [("Cells on rendezvous circuits", "cells"), ("Onion services of version 2", "onions")][kind];
    let mut it = Explanation::new(format!("{what} on {}", question.day), "hidserv", question);
    it.key = [("type", KINDS[kind].to_owned())].into();
    let estimates =
        estimates(&services.relays, options.choices)[kind].remove(&question.day).unwrap_or_default();
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
    let divisor = if kind == 1 { DESCRIPTORS } else { 1.0 };
    it.given("d", divisor, "", match kind {
        1 => "on how many directories a service is in a day: 2 replicas on 3 directories, under 2 identifiers. A report \
              estimates the network as x / (d · f), where x is what was reported without noise, floor((reported + floor(bin \
              / 2)) / bin) · bin − floor(bin / 2), and f the share of the directory space, the mean over the consensuses of \
              its interval that know the relay",
        _ => "a report estimates the network as x / (d · f), where x is what was reported without noise, floor((reported + \
              floor(bin / 2)) / bin) · bin − floor(bin / 2), and f the probability that the relay is a rendezvous point, the \
              mean over the consensuses of its interval that know the relay",
    });
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
            reported.into(),
            bin.into(),
            it.value.into(),
            it.consensuses.into(),
            Cell::Fixed(it.total, 0),
            Timestamp(it.report.end - i64::from(it.report.interval)).to_string().into(),
            Timestamp(it.report.end).to_string().into(),
        ]
    });
    let columns =
        ["fingerprint", "weight in I", "f", "reported", "bin", "x", "consensuses", "estimate", "from", "to"];
    List::greatest("relays by their weight in the interquartile mean".to_owned(), &columns, 1, rows.collect())
}
