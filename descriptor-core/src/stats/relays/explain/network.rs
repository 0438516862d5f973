//! The network as a whole: concentration, churn and overload.

use std::net::Ipv4Addr;

use super::{Context, Explained};
use crate::{
    stats::{
        Cell, Id, Map,
        explain::{List, Unexplained},
        relays::{
            churn::Churn,
            concentration::{Measures, POSITIONS},
            families,
            overload::{KINDS, says},
            places,
            view::{Part, View, fraction, sum},
        },
    },
    value::Hex,
};

pub(super) fn concentration(context: &Context<'_>) -> Explained {
    let (question, view) = (context.question, context.view);
    let [group, position] = ["group", "position"].map(|key| question.value(key));
    let Some((position, of)) = POSITIONS.into_iter().find(|(name, _)| *name == position) else {
        return Err(Unexplained::Value("position", position.to_owned(), "any, guard and exit"));
    };
    let groups = groups(context, group)?;
    let what = match position {
        "any" => "consensus weight",
        "guard" => "probability of being chosen as the guard",
        _ => "probability of being chosen as the exit",
    };
    let title = format!("Concentration of the {what} by {group}");
    let key = [("group", group.to_owned()), ("position", position.to_owned())];
    let mut it = context.explanation(title, "concentration", &key);
    let why = format!("no database tells the {group} of an address");
    let Some(groups) = groups else { return Ok((it, why)) };
    let (consensuses, symbol) = match position {
        "any" => (view.weighted, "M"),
        _ => (view.positioned, "P"),
    };
    if consensuses > 0.0 {
        match position {
            "any" => context.weighted(&mut it),
            _ => context.positioned(&mut it),
        }
    }
    let some: Vec<(String, f64)> =
        groups.into_iter().map(|(name, part)| (name, of(&part))).filter(|(_, value)| *value > 0.0).collect();
    let mut values: Vec<f64> = some.iter().map(|(_, value)| *value).collect();
    it.given("n", values.len() as i64, "", "known groups that have any of it");
    let measures = Measures::of(&mut values);
    let all: f64 = values.iter().sum();
    it.given(
        "S",
        all,
        "",
        format!("what all of them have: the sum of their shares of the {what}, over consensuses"),
    );
    if let Some(measures) = measures {
        let about = "the sum of what each has times its rank, the smallest first";
        it.given("R", measures.ranked, "", about);
        let formula = "max(0, 2 · {R} / ({n} · {S}) − ({n} + 1) / {n})";
        it.reckoned("gini", measures.gini, "", "Gini coefficient", formula);
        let ten: f64 = values.iter().rev().take(10).sum();
        it.given("T", ten, "", "what the ten largest have");
        it.reckoned("top10", measures.top10, "", "their share", "{T} / {S}");
        let squares: f64 = values.iter().map(|value| value * value).sum();
        it.given("Q", squares, "", "the sum of the squares of what each has");
        it.reckoned("hhi", measures.hhi, "", "Herfindahl-Hirschman index", "{Q} / ({S} · {S})");
        it.reckoned("effective", 1.0 / measures.hhi, "", "effective number of groups", "1 / {hhi}");
    }
    if consensuses > 0.0 {
        let about = "what is in known groups, the mean over the consensuses";
        it.reckoned("known", all / consensuses, "", about, &format!("{{S}} / {{{symbol}}}"));
    }
    let rows = some.into_iter().map(|(name, value)| {
        vec![name.into(), fraction(value, all), Cell::Float(value), fraction(value, consensuses)]
    });
    let about = "groups by what they have; its share of S, and the mean over the consensuses".to_owned();
    it.lists.push(List::greatest(about, &["group", "share", "sum", "mean"], 1, rows.collect()));
    Ok((it, why))
}

/// The parts of groups by name; `None` if no database tells them.
fn groups(context: &Context<'_>, group: &str) -> Result<Option<Vec<(String, Part)>>, Unexplained> {
    let (view, places) = (context.view, context.options.places);
    let name = |relay: &Id| Hex(relay.0).to_string();
    Ok(match group {
        "relay" => Some(view.relays().map(|(relay, rows)| (name(&relay), sum(rows))).collect()),
        "family" => {
            let declared = families::declared(view, &context.relays.facts);
            let mut parts = vec![Part::default(); declared.len()];
            for (part, family) in view.relays_alone().into_iter().zip(families::components(&declared)) {
                parts[family] += part;
            }
            let named = declared.iter().map(|(relay, _)| name(relay)).zip(parts);
            Some(named.filter(|(_, part)| part.entries > 0.0).collect())
        }
        "country" => places.and_then(|it| it.countries_at(view.day.end())).map(|database| {
            let (known, _) = places::group(view, |address| database.country(address));
            known.into_iter().map(|(country, part)| (country.to_string(), part)).collect()
        }),
        "as" => places.and_then(|it| it.systems_at(view.day.end())).map(|database| {
            let (known, _) = places::group(view, |address| database.system(address).map(|it| it.number));
            known.into_iter().map(|(number, part)| (format!("AS{number}"), part)).collect()
        }),
        _ => {
            let choices = "relay, family, as and country";
            return Err(Unexplained::Value("group", group.to_owned(), choices));
        }
    })
}

pub(super) fn churn(context: &Context<'_>) -> Explained {
    let (question, view) = (context.question, context.view);
    let asked = question.value("interval");
    let interval = ["status", "day"].into_iter().find(|name| *name == asked);
    let refused = || Unexplained::Value("interval", asked.to_owned(), "status and day");
    let interval = interval.ok_or_else(refused)?;
    let title = match interval {
        "day" => "Relays that came and went since the day before,",
        _ => "Relays that came and went from one consensus to the next",
    };
    let mut it = context.explanation(title.to_owned(), "churn", &[("interval", interval.to_owned())]);
    let before = context.relays.days.get(&question.day.plus(-1));
    let facts = &context.relays.facts;
    let before =
        before.map(|statuses| View::of(question.day.plus(-1), statuses, facts, context.options.choices));
    let mut churn = Churn::default();
    before.iter().for_each(|view| drop(churn.changes(view)));
    let changes = churn.changes(view).into_iter().find(|(name, _)| *name == interval);
    let changes = changes.map(|(_, changes)| changes).unwrap_or_default();
    let about = match interval {
        "day" => "the day is compared with the one before",
        _ => {
            "pairs of consensuses, of which the later one is of the day and valid from when the earlier one is no longer fresh"
        }
    };
    it.given("comparisons", changes.len() as i64, "", about);
    let shares: Vec<[Option<f64>; 4]> = changes.iter().map(|(_, change)| change.shares()).collect();
    let columns = [
        ("S(came)", "K(came)", "came", "later relays that were not among the earlier ones"),
        ("S(went)", "K(went)", "went", "earlier relays that are not among the later ones"),
        ("W(came)", "L(came)", "came_weight", "the later weight that those have who came"),
        ("W(went)", "L(went)", "went_weight", "the earlier weight that those had who went"),
    ];
    for (at, (symbol, count, mean, about)) in columns.into_iter().enumerate() {
        let known: Vec<f64> = shares.iter().filter_map(|shares| shares[at]).collect();
        if !known.is_empty() {
            let (all, of) = (known.iter().sum::<f64>(), known.len());
            it.given(count, of as i64, "", "comparisons where there is something to compare");
            it.given(symbol, all, "", format!("the sum of the shares of {about}"));
            it.reckoned(mean, all / of as f64, "", "the mean", &format!("{{{symbol}}} / {{{count}}}"));
        }
    }
    let rows = changes.iter().zip(&shares).map(|((time, change), shares)| {
        let count = |amount: f64| Cell::Int(amount as i64);
        let ([earlier, stayed], [later, known]) = (change.before, change.after);
        let counts = [
            count(earlier.relays),
            count(later.relays),
            count(later.relays - known.relays),
            count(earlier.relays - stayed.relays),
        ];
        let shares = shares.map(|share| Cell::from(share.map(|it| Cell::Fixed(it, 8))));
        std::iter::once(time.to_string().into()).chain(counts).chain(shares).collect()
    });
    let names =
        ["since", "earlier", "later", "who came", "who went", "came", "went", "weight came", "weight went"];
    it.lists.push(List::all("comparisons".to_owned(), &names, rows.collect()));
    if let Some(before) = before.filter(|_| interval == "day") {
        it.lists.push(others("relays that came, by their share of the consensus weight", view, &before));
        it.lists.push(others("relays that went, by the share that they had", &before, view));
    }
    let why = match interval {
        "day" => "there is no consensus of the day before",
        _ => "no consensus follows upon another one",
    };
    Ok((it, why.to_owned()))
}

/// Relays of a day that are not there on another.
fn others(about: &str, view: &View<'_>, other: &View<'_>) -> List {
    let there: Map<Id, ()> = other.relays().map(|(relay, _)| (relay, ())).collect();
    let rows = view.relays().filter(|(relay, _)| !there.contains_key(relay)).map(|(relay, rows)| {
        let part = sum(rows);
        let address = rows.last().map(|seen| Ipv4Addr::from(seen.row.address).to_string());
        let name = Hex(relay.0).to_string();
        let consensuses = Cell::Int(part.entries as i64);
        vec![name.into(), view.weight(part.weight), consensuses, address.unwrap_or_default().into()]
    });
    let columns = ["fingerprint", "weight", "consensuses", "address"];
    List::greatest(about.to_owned(), &columns, 1, rows.collect())
}

pub(super) fn overload(context: &Context<'_>) -> Explained {
    let (question, view) = (context.question, context.view);
    let asked = question.value("kind");
    let Some(kind) = KINDS.into_iter().find(|(name, ..)| *name == asked) else {
        let choices = "general, ratelimits and fd-exhausted";
        return Err(Unexplained::Value("kind", asked.to_owned(), choices));
    };
    let title = format!("Relays that say that they were overloaded ({asked})");
    let mut it = context.explanation(title, "overload", &[("kind", kind.0.to_owned())]);
    let (mut overloaded, mut reporters) = (Vec::new(), Vec::new());
    for (relay, rows) in view.relays() {
        let weight = sum(rows).weight;
        let [is_overloaded, reports] = says(context.relays.facts.reports(view.day, relay), kind);
        overloaded.extend(is_overloaded.then_some((relay, weight)));
        reporters.extend(reports.then_some(weight));
    }
    if !view.heads.is_empty() {
        let about = "relays that were running at any time of the day and say that they were overloaded on it";
        it.given("relays", overloaded.len() as i64, "relays", about);
        let document = if asked == "general" { "server descriptor" } else { "extra-info descriptor" };
        let about =
            format!("those, and others that have published a {document} on the day and could have said it");
        it.given("reporters", reporters.len() as i64, "relays", about);
    }
    if view.weighted > 0.0 {
        context.weighted(&mut it);
        let sums = [overloaded.iter().map(|(_, weight)| weight).sum::<f64>(), reporters.iter().sum()];
        let columns = [
            ("O", "weight", "{O} / {M}", "the overloaded relays'"),
            ("R", "reporters_weight", "{R} / {M}", "the reporters'"),
        ];
        for ((symbol, mean, formula, whose), sum) in columns.into_iter().zip(sums) {
            it.given(symbol, sum, "", format!("the sum of {whose} shares of the consensus weight"));
            it.reckoned(mean, sum / view.weighted, "", "the mean", formula);
        }
    }
    it.lists.push(by_weight(view, &overloaded));
    Ok((it, "there are no relays".to_owned()))
}

fn by_weight(view: &View<'_>, relays: &[(Id, f64)]) -> List {
    let rows =
        relays.iter().map(|(relay, weight)| vec![Hex(relay.0).to_string().into(), view.weight(*weight)]);
    let about = "overloaded relays by their share of the consensus weight".to_owned();
    List::greatest(about, &["fingerprint", "weight"], 1, rows.collect())
}
