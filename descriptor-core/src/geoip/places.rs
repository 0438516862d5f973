//! Databases of several days.

use super::Database;
use crate::value::Timestamp;

/// Databases for countries and for autonomous systems, each of its day.
///
/// Addresses change hands, so a day of the past is looked up in a database of its time: the newest that is no younger than
/// the day, or the oldest that there is. A database that does not say its date counts as older than all others.
#[derive(Debug, Default)]
pub struct Places {
    /// The oldest first.
    countries: Vec<Database>,
    systems: Vec<Database>,
}

impl Places {
    /// Adds a database for countries. Tor's two files of one day become one database.
    pub fn add_countries(&mut self, database: Database) {
        let date = database.date();
        let same = self.countries.iter_mut().find_map(|known| match known {
            Database::Tor(ranges) if ranges.date() == date => Some(ranges),
            _ => None,
        });
        match (same, database) {
            (Some(ranges), Database::Tor(other)) => ranges.extend(other),
            (_, database) => insert(&mut self.countries, database),
        }
    }

    /// Adds a database for autonomous systems.
    pub fn add_systems(&mut self, database: Database) {
        insert(&mut self.systems, database);
    }

    /// The database for countries at a time; `None` if there is none at all.
    pub fn countries_at(&self, time: Timestamp) -> Option<&Database> {
        at(&self.countries, time)
    }

    /// The database for autonomous systems at a time; `None` if there is none at all.
    pub fn systems_at(&self, time: Timestamp) -> Option<&Database> {
        at(&self.systems, time)
    }

    /// What tells databases from others, the date and the size: of those for countries and of those for autonomous systems,
    /// the oldest first.
    pub fn marks(&self) -> [Vec<(Option<Timestamp>, usize)>; 2] {
        [&self.countries, &self.systems]
            .map(|databases| databases.iter().map(|it| (it.date(), it.size())).collect())
    }

    /// Whether there is no database.
    pub fn is_empty(&self) -> bool {
        self.countries.is_empty() && self.systems.is_empty()
    }
}

fn insert(databases: &mut Vec<Database>, database: Database) {
    let at = databases.partition_point(|known| known.date() <= database.date());
    databases.insert(at, database);
}

fn at(databases: &[Database], time: Timestamp) -> Option<&Database> {
    let younger = databases.partition_point(|known| known.date() <= Some(time));
    databases.get(younger.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(day: &str, country: &str) -> Database {
        let text = format!("# Generated: Thu, {day} 2026 04:33:59 GMT\n16777216,16777471,{country}\n");
        Database::read(text.into_bytes()).expect("tor's")
    }

    #[test]
    fn each_day_has_the_database_of_its_time() {
        let mut places = Places::default();
        for (day, country) in [("2 Jun", "JP"), ("1 Mar", "AU"), ("1 Apr", "CN")] {
            places.add_countries(database(day, country));
        }
        let at = |day: &str| {
            let time = format!("2026-{day} 00:00:00");
            let time = Timestamp::parse(time.as_bytes().try_into().expect("a time")).expect("a time");
            let database = places.countries_at(time).expect("there are three");
            (database.country([1, 0, 0, 1].into()).map(|it| it.to_string()), database.date())
        };
        for (day, country) in [
            ("01-01", "au"),
            ("03-01", "au"),
            ("03-31", "au"),
            ("04-01", "cn"),
            ("06-01", "cn"),
            ("07-01", "jp"),
        ] {
            assert_eq!(at(day).0.as_deref(), Some(country), "{day}");
        }
        assert!(places.systems_at(Timestamp(0)).is_none() && !places.is_empty());
        let [before, systems] = places.marks();
        assert!(before.len() == 3 && before.is_sorted() && systems.is_empty(), "{before:?}");
    }

    #[test]
    fn the_two_files_of_tor_are_one_database() {
        let mut places = Places::default();
        places.add_countries(database("2 Jun", "JP"));
        let six = "# Generated: Thu, 2 Jun 2026 04:33:59 GMT\n2001:200::,2001:200::ff,DE\n";
        places.add_countries(Database::read(six.as_bytes().to_vec()).expect("tor's"));
        let database = places.countries_at(Timestamp(0)).expect("one");
        let country =
            |address: &str| database.country(address.parse().expect("an address")).map(|it| it.to_string());
        assert_eq!(
            [country("1.0.0.1").as_deref(), country("2001:200::1").as_deref()],
            [Some("jp"), Some("de")]
        );
    }
}
