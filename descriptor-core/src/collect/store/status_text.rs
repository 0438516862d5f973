//! The status as a page of text and for Prometheus.

use std::fmt;

use super::{Level, Share, Status, status::short};
use crate::value::Timestamp;

// A page: what is wrong, then the sources, then one line an hour.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} at {}", word(self.level()), Timestamp(self.now))?;
        for warning in &self.warnings {
            writeln!(f, "  {:<9}{}", word(warning.level), warning.text)?;
        }
        let free = self.disk_free.map_or("unknown".into(), |free| format!("{} MiB", free >> 20));
        writeln!(
            f,
            "\nwanted {}, lost {}, unverified {}, disk free {free}",
            self.wanted, self.given_up, self.unverified
        )?;
        if !self.sources.is_empty() {
            writeln!(f, "\nsource                            last success      last asked")?;
        }
        for source in &self.sources {
            let success = source.succeeded.map_or("never".into(), |time| short(time, self.now));
            writeln!(f, "{:<34}{success:<18}{}", source.name, short(source.ran, self.now))?;
        }
        if !self.hours.is_empty() {
            self.grid(f)?;
        }
        Ok(())
    }
}

impl Status {
    /// One line an hour: both consensuses, a letter an authority, the shares in per cent.
    fn grid(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        for (index, authority) in self.authorities.iter().enumerate() {
            let voted = authority.voted.map_or("never".into(), |time| short(time, self.now));
            writeln!(f, "{} {:<20} last vote {voted}", letter(index), authority.name)?;
        }
        let width = self.authorities.len().max(5);
        writeln!(f, "\nvalid-after          ns md  {:<width$}  server   extra   micro", "votes")?;
        for hour in &self.hours {
            let votes: String = hour
                .votes
                .iter()
                .enumerate()
                .map(|(index, held)| if *held { letter(index) } else { '-' })
                .collect();
            writeln!(
                f,
                "{}  {}  {}  {votes:<width$} {} {} {}",
                Timestamp(hour.time),
                mark(hour.consensus),
                mark(hour.microdesc),
                percent(hour.servers),
                percent(hour.extras),
                percent(hour.microdescriptors),
            )?;
        }
        Ok(())
    }

    /// As Prometheus reads it.
    pub fn prometheus(&self) -> String {
        let mut page = Page::default();
        page.metric("tordesc_status", "0 ok, 1 warning, 2 critical", &[], f64::from(self.exit_code()));
        page.metric("tordesc_wanted", "Documents that are missing and can be had", &[], self.wanted as f64);
        page.metric(
            "tordesc_lost",
            "Documents of the last 72 hours that are lost",
            &[],
            self.given_up as f64,
        );
        page.metric("tordesc_unverified", "Documents that wait to be judged", &[], self.unverified as f64);
        page.metric("tordesc_missing_weight", "Weight of what is missing", &[], self.missing_weight);
        if let Some(free) = self.disk_free {
            page.metric("tordesc_disk_free_bytes", "Free below the tree", &[], free as f64);
        }
        for (kind, time) in &self.newest {
            let help = "Time of the newest document";
            page.metric("tordesc_newest_timestamp_seconds", help, &[("type", kind)], *time as f64);
        }
        for authority in &self.authorities {
            let time = authority.voted.unwrap_or(0) as f64;
            let help = "Time of the newest vote";
            page.metric("tordesc_vote_timestamp_seconds", help, &[("authority", &authority.name)], time);
        }
        for source in &self.sources {
            let time = source.succeeded.unwrap_or(0) as f64;
            let help = "When a source last gave all that it was asked for";
            page.metric("tordesc_source_success_timestamp_seconds", help, &[("source", &source.name)], time);
        }
        let hours = self.hours.len() as f64;
        page.metric("tordesc_hours", "Consensus times of the last 72 hours", &[], hours);
        for (flavor, held) in [
            ("ns", self.hours.iter().filter(|hour| hour.consensus).count()),
            ("microdesc", self.hours.iter().filter(|hour| hour.microdesc).count()),
        ] {
            page.metric(
                "tordesc_consensuses",
                "Consensuses held of them",
                &[("flavor", flavor)],
                held as f64,
            );
        }
        // Of the newest consensus that is held.
        let newest = |share: fn(&super::Hour) -> Option<Share>| self.hours.iter().find_map(share);
        for (kind, share) in [
            ("server-descriptor", newest(|hour| hour.servers)),
            ("extra-info", newest(|hour| hour.extras)),
            ("microdescriptor", newest(|hour| hour.microdescriptors)),
        ] {
            if let Some(share) = share {
                let help = "Share of the documents that the newest consensus refers to";
                page.metric("tordesc_held_ratio", help, &[("type", kind)], share.percent() / 100.0);
            }
        }
        page.text
    }
}

/// A page of metrics, all gauges.
#[derive(Default)]
struct Page {
    text: String,
    last: &'static str,
}

impl Page {
    fn metric(&mut self, name: &'static str, help: &str, labels: &[(&str, &str)], value: f64) {
        if self.last != name {
            self.text += &format!("# HELP {name} {help}.\n# TYPE {name} gauge\n");
            self.last = name;
        }
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let labels: Vec<_> = labels.iter().map(|(key, text)| format!("{key}=\"{}\"", quoted(text))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.text += &format!("{name}{labels} {value}\n");
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok",
        Level::Warning => "warning",
        Level::Critical => "critical",
    }
}

fn mark(held: bool) -> char {
    if held { '+' } else { '-' }
}

fn letter(index: usize) -> char {
    u8::try_from(index).ok().and_then(|index| b'A'.checked_add(index)).map_or('?', char::from)
}

/// Cut, not rounded: 100.0 is all.
fn percent(share: Option<Share>) -> String {
    share.map_or_else(
        || format!("{:>7}", "-"),
        |share| format!("{:>6.1}%", (share.percent() * 10.0).floor() / 10.0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_cut_and_labels_quoted() {
        assert_eq!(percent(Some(Share { held: 9999, all: 10000 })), "  99.9%");
        assert_eq!(percent(Some(Share { held: 0, all: 0 })), " 100.0%");
        let mut page = Page::default();
        page.metric("a", "What", &[("b", "c\"\\")], 1.5);
        page.metric("a", "What", &[], 2.0);
        assert_eq!(page.text, "# HELP a What.\n# TYPE a gauge\na{b=\"c\\\"\\\\\"} 1.5\na 2\n");
    }
}
