//! How far an authority's measurements are from those of the others.

use super::{Measurements, QUANTILES, medians, table};
use crate::{
    stats::{
        Cell, Day, Options,
        explain::{Explanation, List, Question, Unexplained},
        number::quantile,
        registry,
    },
    value::Hex,
};

const KEYS: &[&str] = &["authority", "fingerprint"];

pub(super) fn explain(
    measurements: &Measurements,
    question: &Question,
    options: &Options,
) -> Result<Explanation, Unexplained> {
    question.only(KEYS)?;
    let [nickname, fingerprint] = [0, 1].map(|at| question.value(KEYS[at]));
    let of_day = measurements.votes.iter().filter(|((time, _), _)| Day::of_seconds(*time) == question.day);
    let opinions: Vec<_> = of_day.map(|((_, authority), opinion)| (*authority, opinion)).collect();
    let asked = opinions.iter().find(|(id, it)| {
        (nickname.is_empty() || *it.nickname == *nickname)
            && (fingerprint.is_empty() || Hex(id.0).to_string().eq_ignore_ascii_case(fingerprint))
    });
    let title = |name: &str| format!("Measurements of {name} on {}, at noon", question.day);
    let mut it = Explanation::new(title(nickname), "measurements", question);
    it.key = KEYS.iter().map(|key| (*key, question.value(key).to_owned())).collect();
    it.given(
        "authorities",
        opinions.len() as i64,
        "authorities",
        "authorities whose votes of 12:00 have measurements",
    );
    let names = opinions.iter().map(|(id, it)| {
        let name = String::from(&*it.nickname);
        vec![name.into(), Hex(id.0).to_string().into(), it.listed.into(), Cell::Int(it.relays.len() as i64)]
    });
    let columns = ["nickname", "fingerprint", "lists", "has measured"];
    let authorities = List::all("authorities".to_owned(), &columns, names.collect());
    let Some((id, opinion)) = asked else {
        it.lists.push(authorities);
        return Ok(it.without_row("no vote of that authority has measurements"));
    };
    it.title = title(&opinion.nickname);
    it.key = [("authority", String::from(&*opinion.nickname)), ("fingerprint", Hex(id.0).to_string())].into();
    let medians = medians(&opinions);
    let ratios = opinion.ratios(&medians);
    it.given("listed", opinion.listed, "relays", "relays in its vote");
    it.given("measured", opinion.relays.len() as i64, "relays", "those that it has measured");
    let about = "those that at least three authorities have measured, so that they have a median";
    it.given("compared", ratios.len() as i64, "relays", about);
    for (symbol, p) in QUANTILES.into_iter().filter(|_| !ratios.is_empty()) {
        let name = "quantile of what it has measured, divided by the relay's median";
        it.quantile(symbol, name, &ratios, p, quantile(&ratios, p), "");
    }
    let lines = opinion.relays.iter().filter_map(|(relay, measured)| {
        let median = *medians.get(relay).filter(|median| **median > 0.0)?;
        let ratio = f64::from(*measured) / median;
        Some(vec![format!("{relay:016X}…").into(), Cell::Fixed(ratio, 4), (*measured).into(), median.into()])
    });
    let about = "relays that it has measured the fastest, compared with the others".to_owned();
    let columns = ["fingerprint", "ratio", "measured", "median"];
    it.lists.extend([List::greatest(about, &columns, 1, lines.collect()), authorities]);
    let tables = registry::close::<Measurements>(vec![table(&measurements.votes)], options);
    let is_there = it.row(&tables);
    Ok(if is_there { it } else { it.without_row("the day is not over") })
}
