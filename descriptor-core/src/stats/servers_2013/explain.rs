//! How relays and bridges of 2013 came about.

use std::net::Ipv4Addr;

use super::{FLAGS, PLATFORMS, STATUSES, Servers2013, version_name};
use crate::{
    stats::{
        Cell, Day, Id, Options,
        explain::{Explanation, List, Question, Unexplained},
        number::divide_half_away,
        registry,
    },
    value::{Hex, Timestamp},
};

const KEYS: &[&str] = &["flag", "country", "version", "platform", "ec2bridge"];

pub(super) fn explain(
    servers: &Servers2013,
    question: &Question,
    options: &Options,
) -> Result<Explanation, Unexplained> {
    question.only_in_2013(KEYS, options)?;
    let mut named = KEYS.iter().filter(|key| !question.value(key).is_empty());
    let (by, more) = (named.next().copied(), named.next());
    if let (Some(by), Some(more)) = (by, more) {
        return Err(Unexplained::Column(format!("{by} and {more}"), format!("one of {}", KEYS.join(", "))));
    }
    let value = by.map_or("", |by| question.value(by));
    let title = match by {
        None => "Relays and bridges".to_owned(),
        Some("ec2bridge") => "Bridges of Tor Cloud".to_owned(),
        Some(by) => format!("Relays by {by}: {value}"),
    };
    let mut it = Explanation::new(format!("{title} on {}, as of 2013", question.day), "servers", question);
    it.key = KEYS.iter().map(|key| (*key, String::new())).collect();
    it.key.extend(by.map(|by| (by, if by == "ec2bridge" { "t" } else { value }.to_owned())));
    if by != Some("ec2bridge") {
        relays(servers, question.day, by.map(|by| (by, value)), options, &mut it)?;
    }
    if matches!(by, None | Some("ec2bridge")) {
        bridges(servers, question.day, usize::from(by.is_some()), &mut it);
    }
    let tables = registry::close::<Servers2013>(vec![servers.table(options)], options);
    if it.row(&tables) {
        return Ok(it);
    }
    Ok(it.without_row(match question.day >= options.today().plus(-1) {
        true => "the day is not over for long enough",
        false => "nothing of the kind was there on that day",
    }))
}

/// Steps to the mean of relays, of all or of those of a flag, country, version or platform.
fn relays(
    servers: &Servers2013,
    day: Day,
    by: Option<(&'static str, &str)>,
    options: &Options,
    it: &mut Explanation,
) -> Result<(), Unexplained> {
    let refused = |column, value: &str, choices| Err(Unexplained::Value(column, value.to_owned(), choices));
    let flag = match by {
        Some(("flag", value)) => match FLAGS.iter().position(|(name, _)| *name == value) {
            None => return refused("flag", value, "Exit, Fast, Guard, HSDir and Stable"),
            Some(at) => at + 1,
        },
        Some(("platform", value)) if !PLATFORMS.iter().any(|(_, name)| *name == value) => {
            return refused("platform", value, "Linux, Darwin, FreeBSD, Windows and Other");
        }
        _ => 0,
    };
    let database = options.places.and_then(|places| places.countries_at(day.end()));
    let country = |address: u32| {
        let country = database.and_then(|it| it.country(Ipv4Addr::from(address).into()));
        country.map_or_else(|| "??".to_owned(), |country| country.to_string())
    };
    let tallied = |time: i64, is_one: &dyn Fn(&super::Platform) -> bool| {
        let tally = servers.join.statuses.get(&time).map(|status| status.tally.0.iter());
        tally.into_iter().flatten().filter(|(it, _)| is_one(it)).map(|(_, count)| u64::from(*count)).sum()
    };
    let count = |time: i64, counts: &[u32; 6]| match by {
        Some(("country", value)) => {
            let addresses = servers.addresses.get(&time).into_iter().flatten();
            addresses.filter(|address| country(**address) == value).count() as u64
        }
        Some(("version", value)) => tallied(time, &|it| version_name(&it.0) == value),
        Some(("platform", value)) => tallied(time, &|it| PLATFORMS[usize::from(it.1) % 5].1 == value),
        _ => counts[flag].into(),
    };
    let of_day = servers.relays.iter().filter(|(time, _)| Day::of_seconds(**time) == day);
    let of_day: Vec<_> = of_day.map(|(time, counts)| (*time, counts[0], count(*time, counts))).collect();
    let (consensuses, sum) = (of_day.len() as u64, of_day.iter().map(|(.., count)| count).sum::<u64>());
    it.given("K", consensuses, "consensuses", "consensuses of that day");
    let about = match by {
        Some(("version" | "platform", _)) => {
            "such relays that are running and whose descriptor is known, over all of these"
        }
        _ => "such relays that are running, over all of these",
    };
    it.given("S", sum, "relays", about);
    match by {
        _ if sum == 0 => {}
        Some(("country", _)) => {
            let mean = divide_half_away(sum.into(), consensuses.into()) as i64;
            it.reckoned(
                "relays",
                mean,
                "relays",
                "the mean, rounded to the nearest",
                "floor({S} / {K} + 0.5)",
            );
        }
        _ => it.reckoned("relays", sum / consensuses, "relays", "the mean, rounded down", "floor({S} / {K})"),
    }
    let rows = of_day
        .into_iter()
        .map(|(time, running, count)| vec![Timestamp(time).to_string().into(), running.into(), count.into()]);
    let columns = ["valid after", "running", "such relays"];
    it.lists.push(List::all("consensuses of that day".to_owned(), &columns, rows.collect()));
    Ok(())
}

/// Steps to the mean of bridges: of all, which are the first number of each status, or of those of Tor Cloud, the second.
fn bridges(servers: &Servers2013, day: Day, which: usize, it: &mut Explanation) {
    let of_day = servers.bridges.iter().filter(|((time, _), _)| Day::of_seconds(*time) == day);
    let of_day: Vec<(i64, Id, u32)> =
        of_day.map(|((time, authority), counts)| (*time, *authority, counts[which])).collect();
    let (statuses, sum) = (of_day.len() as u64, of_day.iter().map(|it| u64::from(it.2)).sum::<u64>());
    it.given("C", statuses, "statuses", "statuses of bridges of that day, of which there must be 24");
    it.given("B", sum, "bridges", "such bridges that are running, over all of these");
    if statuses >= STATUSES {
        it.reckoned("bridges", sum / statuses, "bridges", "the mean, rounded down", "floor({B} / {C})");
    }
    let rows = of_day.into_iter().map(|(time, authority, count)| {
        let cells: [Cell; 3] =
            [Timestamp(time).to_string().into(), Hex(authority.0).to_string().into(), count.into()];
        cells.to_vec()
    });
    let columns = ["published", "authority", "such bridges"];
    it.lists.push(List::all("statuses of bridges of that day".to_owned(), &columns, rows.collect()));
}
