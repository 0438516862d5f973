//! How many requests a row counts, and in whose logs they stand.

use super::{
    KEYS, Web,
    request::{Kind, Request},
    table,
};
use crate::stats::{
    Cell,
    explain::{Explanation, List, Question, Unexplained},
};

pub(super) fn explain(web: &Web, question: &Question) -> Result<Explanation, Unexplained> {
    question.only(&KEYS)?;
    let values = KEYS.map(|key| match (key, question.value(key)) {
        ("incremental", "") => String::new(),
        ("incremental", _) => if question.is_true(key) { "t" } else { "f" }.to_owned(),
        (_, value) => value.to_owned(),
    });
    let choices = "tbid, tbsd, tbup, tbur, tmid, tmup, twdph and twhph";
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == values[0]);
    let kind = kind.ok_or_else(|| Unexplained::Value(KEYS[0], values[0].clone(), choices))?;
    let words = ["", "platform", "channel", "locale", "incremental"].into_iter().zip(&values).skip(1);
    let words: Vec<_> = words
        .filter(|(_, value)| !value.is_empty())
        .map(|(word, value)| format!(", {word} {value}"))
        .collect();
    let title = format!("{}{} on {}", kind.what(), words.concat(), question.day);
    let mut it = Explanation::new(title, "webstats", question);
    it.key = KEYS.into_iter().zip(values.iter().cloned()).collect();
    let is_asked =
        |request: &Request| request.cells().iter().zip(&values).all(|(cell, it)| cell.written() == *it);
    let of_day = || web.logs.iter().filter(|((day, ..), _)| *day == question.day);
    let logs: Vec<_> = of_day()
        .filter_map(|((_, site, machine), counts)| {
            let (_, count) = counts.iter().find(|(request, _)| is_asked(request))?;
            Some((site, machine, *count))
        })
        .collect();
    it.given(
        "logs",
        of_day().count() as i64,
        "logs",
        "web servers' logs of that day, one of each site and machine",
    );
    it.given("n", logs.len() as i64, "logs", "those with such requests");
    let about = format!("their requests by GET: {}", kind.rule());
    it.given("count", logs.iter().map(|(.., count)| *count).sum::<u64>(), "requests", about);
    for (at, about) in kind.columns().into_iter().enumerate().filter(|(_, about)| !about.is_empty()) {
        it.given(KEYS[at + 1], values[at + 1].clone(), "", about);
    }
    let lines = logs.iter().map(|(site, machine, count)| {
        vec![String::from(&***site).into(), String::from(&***machine).into(), Cell::from(*count)]
    });
    it.lists.push(List::greatest(
        "logs by requests".to_owned(),
        &["site", "machine", "requests"],
        2,
        lines.collect(),
    ));
    let tables = [table(of_day().map(|((day, ..), counts)| (*day, counts)))];
    if it.row(&tables) {
        return Ok(it);
    }
    let rows = tables[0].rows().filter(|row| row[1].text() == kind.name()).map(|row| row[2..].to_vec());
    let columns = [&KEYS[1..], &["count"]].concat();
    it.lists.push(List::greatest(
        format!("rows of {} on that day", kind.name()),
        &columns,
        4,
        rows.collect(),
    ));
    Ok(it.without_row("no log of that day has such requests"))
}

impl Kind {
    const ALL: [Kind; 8] = [
        Kind::BrowserDownload,
        Kind::BrowserSignature,
        Kind::BrowserPing,
        Kind::BrowserUpdate,
        Kind::MessengerDownload,
        Kind::MessengerPing,
        Kind::DownloadPage,
        Kind::HomePage,
    ];

    fn what(self) -> &'static str {
        match self {
            Kind::BrowserDownload => "Downloads of Tor Browser",
            Kind::BrowserSignature => "Downloads of Tor Browser's signatures",
            Kind::BrowserPing => "Update pings of Tor Browser",
            Kind::BrowserUpdate => "Update requests of Tor Browser",
            Kind::MessengerDownload => "Downloads of Tor Messenger",
            Kind::MessengerPing => "Update pings of Tor Messenger",
            Kind::DownloadPage => "Hits of the download page",
            Kind::HomePage => "Hits of the home page",
        }
    }

    /// Which requests are of the kind.
    fn rule(self) -> &'static str {
        match self {
            Kind::BrowserDownload => {
                "answered by 200, for a file below /torbrowser/ that ends with .exe, .dmg or .tar.xz"
            }
            Kind::BrowserSignature => {
                "answered by 200, for a file below /torbrowser/ that ends with .exe.asc, .dmg.asc or .tar.xz.asc"
            }
            Kind::BrowserPing => {
                "answered by 200, below /torbrowser/update_ and one more letter, that does not end with .xml"
            }
            Kind::BrowserUpdate => "answered by 302, for a file below /torbrowser/ that ends with .mar",
            Kind::MessengerDownload => {
                "answered by 200, for a file below /tormessenger/ that ends with .exe, .dmg or .tar.xz"
            }
            Kind::MessengerPing => {
                "answered by 200, below /tormessenger/update_ and one more letter, that does not end with .xml, / or /?"
            }
            Kind::DownloadPage => {
                "answered by 200, to torproject.org or www.torproject.org, for what begins with /download/download or \
                 /projects/torbrowser.html"
            }
            Kind::HomePage => {
                "answered by 200, to torproject.org or www.torproject.org, for / or what begins with /index"
            }
        }
    }

    /// How platform, channel, locale and incremental are told; empty where they are not.
    fn columns(self) -> [&'static str; 4] {
        let channel = "h if it has -hardened, a if a folder has an a after a dot, else r";
        let locale = "the last two letters, or two and two with a hyphen, that stand after _ and before . _ or -, else ??";
        let folder = "the last part of the path if it is two letters, or two and two with a hyphen, else ??";
        match self {
            Kind::BrowserDownload | Kind::BrowserSignature => {
                ["w for .exe, m for .dmg, l for .tar.xz", channel, locale, ""]
            }
            Kind::BrowserPing => [
                "w for /WINNT, m for /Darwin, else l",
                "h for /hardened/, a for /alpha/, r for /release/, else o",
                folder,
                "",
            ],
            Kind::BrowserUpdate => {
                ["w for -win32-, m for -osx, else l", channel, locale, "t if it has .incremental., else f"]
            }
            Kind::MessengerDownload => ["w for .exe, m for .dmg, l for .tar.xz", "", locale, ""],
            Kind::MessengerPing => ["w for /WINNT, m for /Darwin, l for /Linux, else o", "", folder, ""],
            Kind::DownloadPage | Kind::HomePage => [""; 4],
        }
    }
}
