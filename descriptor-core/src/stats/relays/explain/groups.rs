//! Groups of relays: by country, autonomous system and family.

use std::{collections::BTreeMap, net::Ipv4Addr};

use super::{Context, Explained, bytes};
use crate::{
    stats::{
        Cell, Id,
        bandwidth::per_second,
        explain::{Explanation, List, Unexplained},
        relays::{
            consumed, families,
            view::{Part, Seen},
        },
    },
    value::Hex,
};

/// The relays that are asked for.
struct Group {
    /// What they are, in words.
    title: String,
    /// The column that tells their row, and its value there.
    key: (&'static str, String),
    /// Why there is no such row, if there is none.
    why: String,
    relays: BTreeMap<Id, Member>,
}

/// A relay, as far as it is of the group.
#[derive(Default)]
struct Member {
    part: Part,
    /// The last one of the day.
    address: u32,
    /// How many others of its family are so by what it says, and they.
    agrees: Option<i64>,
}

pub(super) fn explain(table: &'static str, context: &Context<'_>) -> Explained {
    let group = match table {
        "relay-countries" | "bandwidth-countries" => country(context)?,
        "relay-systems" | "bandwidth-systems" => system(context)?,
        _ => family(context),
    };
    let title = match consumed::TABLES.contains(&table) {
        true => format!("Consumed bandwidth of {}", group.title),
        false => group.title.clone(),
    };
    let mut it = context.explanation(title, table, &[(group.key.0, group.key.1.clone())]);
    let part = group.relays.values().fold(Part::default(), |mut all, member| {
        all += member.part;
        all
    });
    if consumed::TABLES.contains(&table) {
        consumed_steps(context, &part, &mut it);
        it.lists.push(consumers(context, &group));
    } else {
        if table == "relay-families" {
            let about = "such relays that were running at any time of the day";
            it.given("members", group.relays.len() as i64, "relays", about);
        }
        relay_steps(context, &part, &mut it);
        it.lists.push(members(context, &group));
    }
    Ok((it, group.why))
}

/// The rows of some relays, by relay.
fn gather(context: &Context<'_>, is_one: impl Fn(&Seen<'_>) -> bool) -> BTreeMap<Id, Member> {
    let mut relays: BTreeMap<Id, Member> = BTreeMap::new();
    for seen in context.view.rows.iter().filter(|seen| is_one(seen)) {
        let member = relays.entry(seen.row.relay).or_default();
        member.part += seen.part;
        member.address = seen.row.address;
    }
    relays
}

fn country(context: &Context<'_>) -> Result<Group, Unexplained> {
    let asked = context.question.value("country").to_ascii_lowercase();
    if asked != "??" && asked.len() != 2 {
        return Err(Unexplained::Value(
            "country",
            asked,
            "two letters, and ?? for relays of unknown countries",
        ));
    }
    let database = context.options.places.and_then(|places| places.countries_at(context.view.day.end()));
    let is_one = |seen: &Seen<'_>| {
        database.is_some_and(|database| {
            let country = database.country(Ipv4Addr::from(seen.row.address).into());
            country.map_or_else(|| "??".to_owned(), |country| country.to_string()) == asked
        })
    };
    let why = match database {
        Some(_) => "no relay was there on that day",
        None => "no database of countries is given",
    };
    Ok(Group {
        title: if asked == "??" {
            "Relays of unknown countries".to_owned()
        } else {
            format!("Relays in {asked}")
        },
        relays: gather(context, is_one),
        key: ("country", asked),
        why: why.to_owned(),
    })
}

fn system(context: &Context<'_>) -> Result<Group, Unexplained> {
    let asked = context.question.value("as");
    let digits = asked.strip_prefix("AS").unwrap_or(asked);
    let number: Option<u32> = digits.parse().ok();
    if number.is_none() && !digits.is_empty() {
        let choices = "numbers of autonomous systems, and nothing for relays of unknown ones";
        return Err(Unexplained::Value("as", asked.to_owned(), choices));
    }
    let database = context.options.places.and_then(|places| places.systems_at(context.view.day.end()));
    let is_one = |seen: &Seen<'_>| {
        database.is_some_and(|database| {
            database.system(Ipv4Addr::from(seen.row.address).into()).map(|system| system.number) == number
        })
    };
    let why = match database {
        Some(_) => "no relay was there on that day",
        None => "no database of autonomous systems is given",
    };
    Ok(Group {
        title: match number {
            Some(number) => format!("Relays in AS{number}"),
            None => "Relays of unknown autonomous systems".to_owned(),
        },
        key: ("as", number.map(|number| number.to_string()).unwrap_or_default()),
        relays: gather(context, is_one),
        why: why.to_owned(),
    })
}

/// The family that a relay is of, or all relays without one.
fn family(context: &Context<'_>) -> Group {
    let asked = context.question.value("family").trim_start_matches('$').to_ascii_uppercase();
    let declared = families::declared(context.view, &context.relays.facts);
    let families = families::components(&declared);
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    families.iter().for_each(|family| *sizes.entry(*family).or_default() += 1);
    let name = |at: usize| Hex(declared[at].0.0).to_string();
    let of = |relay: &Id| declared.binary_search_by_key(relay, |it| it.0).ok().map(|at| (at, families[at]));
    let family = (0..declared.len()).find(|&at| name(at) == asked).map(|at| families[at]);
    let family = family.filter(|family| sizes[family] > 1);
    let is_one = |seen: &Seen<'_>| match of(&seen.row.relay) {
        Some((_, of)) if asked.is_empty() => sizes[&of] == 1,
        Some((_, of)) => Some(of) == family,
        None => false,
    };
    let mut relays = gather(context, is_one);
    let members: Vec<usize> = relays.keys().filter_map(|relay| of(relay).map(|(at, _)| at)).collect();
    if family.is_some() {
        for (member, &at) in relays.values_mut().zip(&members) {
            let others = members.iter().filter(|&&other| other != at);
            let agree = others.filter(|&&other| families::agree(&declared[at], &declared[other]));
            member.agrees = Some(agree.count() as i64);
        }
    }
    let (title, why) = match asked.is_empty() {
        true => ("Relays without a family".to_owned(), "all relays are of families"),
        false => {
            (format!("The family of {asked}"), "no such relay was running on that day, or it has no family")
        }
    };
    Group { title, key: ("family", family.map_or(asked, name)), why: why.to_owned(), relays }
}

/// What the columns of relays say.
fn relay_steps(context: &Context<'_>, part: &Part, it: &mut Explanation) {
    let view = context.view;
    it.given(
        "E",
        part.entries,
        "entries",
        "entries of such relays that are running, in all of these together",
    );
    if part.entries == 0.0 {
        return;
    }
    it.reckoned("relays", part.entries / view.statuses(), "relays", "the mean", "{E} / {N}");
    it.given("D", part.described, "entries", "those whose descriptor is known");
    it.reckoned("described", part.described / part.entries, "", "their share", "{D} / {E}");
    let about = "what these descriptors advertise, each the least of its rate, burst and what was observed";
    it.given("A", part.advertised, "bytes per second", about);
    let advertised = (part.advertised / view.statuses()).trunc();
    it.reckoned("advertised", advertised, "bytes per second", "the mean, rounded down", "trunc({A} / {N})");
    if view.weighted > 0.0 {
        context.weighted(it);
        it.given(
            "W",
            part.weight,
            "",
            "the sum of their shares of the consensus weight of all running relays",
        );
        it.reckoned("weight", part.weight / view.weighted, "", "the mean", "{W} / {M}");
    }
    if view.positioned > 0.0 {
        context.positioned(it);
        let symbols = [
            ("S(guard)", "guard", "{S(guard)} / {P}", "as the guard"),
            ("S(middle)", "middle", "{S(middle)} / {P}", "in the middle"),
            ("S(exit)", "exit", "{S(exit)} / {P}", "as the exit"),
        ];
        for ((symbol, mean, formula, place), sum) in symbols.into_iter().zip(part.positions) {
            it.given(
                symbol,
                sum,
                "",
                format!("the sum of the probabilities that one of them is chosen {place}"),
            );
            it.reckoned(mean, sum / view.positioned, "", "the mean", formula);
        }
    }
}

/// What the columns of consumed bandwidth say.
fn consumed_steps(context: &Context<'_>, part: &Part, it: &mut Explanation) {
    let (view, used) = (context.view, &part.used);
    let about = "such relays that were running at any time of the day, each where it was in most consensuses";
    it.given("relays", used.relays, "relays", about);
    if used.relays == 0 {
        return;
    }
    let histories =
        [("R", "bwread", "read", "floor({R} / 86400)"), ("V", "bwwrite", "written", "floor({V} / 86400)")];
    for ((symbol, mean, what, formula), sum) in histories.into_iter().zip(used.bytes) {
        let about = format!("{what} by them: of each quarter of an hour the greatest that was reported");
        it.given(symbol, bytes(sum), "bytes", about);
        if sum.is_some() {
            it.reckoned(mean, per_second(sum), "bytes per second", format!("{what}, rounded down"), formula);
        }
    }
    it.given("reporters", used.reporters, "relays", "those that have reported what they wrote on the day");
    it.given("T", used.told, "seconds", "for how long these did, all together");
    if used.reporters > 0 {
        let covered = used.told as f64 / (used.reporters * 86400) as f64;
        it.reckoned(
            "covered",
            covered,
            "",
            "the share of the day, on average",
            "{T} / ({reporters} · 86400)",
        );
    }
    if view.weighted > 0.0 {
        context.weighted(it);
        let [weight, of_reporters] = used.weights;
        it.given("W", weight, "", "the sum of the relays' shares of the consensus weight");
        it.reckoned("weight", weight / view.weighted, "", "the mean", "{W} / {M}");
        it.given("U", of_reporters, "", "the sum of the reporters' shares");
        it.reckoned("reporters_weight", of_reporters / view.weighted, "", "the mean", "{U} / {M}");
    }
}

/// Each relay's part of what the columns of relays say.
fn members(context: &Context<'_>, group: &Group) -> List {
    let view = context.view;
    let family = group.relays.values().any(|member| member.agrees.is_some());
    let rows = group.relays.iter().map(|(relay, member)| {
        let part = &member.part;
        let [guard, middle, exit] = part.positions.map(|sum| view.probability(sum));
        let mut row = vec![
            Hex(relay.0).to_string().into(),
            view.weight(part.weight),
            Cell::Int(part.entries as i64),
            Cell::Int((part.advertised / view.statuses()) as i64),
            guard,
            middle,
            exit,
            Ipv4Addr::from(member.address).to_string().into(),
        ];
        row.extend(family.then(|| member.agrees.into()));
        row
    });
    let mut columns =
        vec!["fingerprint", "weight", "consensuses", "advertised", "guard", "middle", "exit", "address"];
    let mut about = "relays by their share of the consensus weight; what they add to each mean".to_owned();
    if family {
        columns.push("agrees with");
        about += "; with how many others each agrees that they are a family";
    }
    List::greatest(about, &columns, 1, rows.collect())
}

/// Each relay's part of what the columns of consumed bandwidth say.
fn consumers(context: &Context<'_>, group: &Group) -> List {
    // A relay that has moved counts in one place.
    let here = group.relays.iter().filter(|(_, member)| member.part.used.relays > 0);
    let rows = here.map(|(relay, member)| {
        let used = &member.part.used;
        let [read, written] = used.bytes.map(|sum| Cell::from(bytes(sum)));
        let all = used.bytes.into_iter().flatten().sum::<u128>();
        let told = Cell::from(used.told);
        let weight = context.view.weight(used.weights[0]);
        vec![Hex(relay.0).to_string().into(), bytes(Some(all)).into(), read, written, told, weight]
    });
    let columns = ["fingerprint", "bytes", "R", "V", "T", "weight"];
    let about = "relays by bytes; what they add to R, V and T, and their shares of the consensus weight";
    List::greatest(about.to_owned(), &columns, 1, rows.collect())
}
