//! The registry of statistics.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use super::{
    Document, Options, Profile, Statistic, Table, Tables,
    adoption::Adoption,
    advertised::Advertised,
    bandwidth::Bandwidth,
    bandwidth_2013::Bandwidth2013,
    bridgedb::Bridgedb,
    connections::Connections,
    connections_2013::Connections2013,
    disagreement::Disagreement,
    explain::{Explanation, Question, Unexplained},
    fast_exits::FastExits,
    graphs,
    measurements::Measurements,
    onion_services::{OnionServices, OnionServicesV3},
    parts,
    performance::Performance,
    relays::Relays,
    servers::Servers,
    servers_2013::Servers2013,
    total_weight::TotalWeight,
    users::Users,
    web::Web,
};
use crate::{document::Type, netdoc::Frame};

macro_rules! statistics {
    ($($(#[doc = $doc:literal])* $partial:ident = $name:literal, $field:ident;)*) => {
        /// A statistic.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Name { $($(#[doc = $doc])* $partial,)* }

        impl Name {
            /// All statistics.
            pub const ALL: &'static [Name] = &[$(Name::$partial),*];

            /// Its name on command lines.
            pub fn name(self) -> &'static str {
                match self { $(Name::$partial => $name,)* }
            }

            /// What it is about.
            pub fn about(self) -> &'static str {
                match self { $(Name::$partial => concat!($($doc),*).trim_ascii(),)* }
            }

            /// The types of documents that it wants.
            pub fn types(self) -> &'static [Type] {
                match self { $(Name::$partial => <$partial as Statistic>::TYPES,)* }
            }
        }

        /// The partial results of some statistics: what a day, a tarball or a part of a cluster's data makes.
        ///
        /// Plain data: serialisable, and equal for equal documents whatever their order, split and repetition.
        #[derive(Debug, Default, Serialize, Deserialize)]
        pub struct Partials { $(#[serde(default, skip_serializing_if = "Option::is_none")] $field: Option<$partial>,)* }

        impl Partials {
            $(#[doc = concat!("The partial result of `", $name, "`, if it is one of these.")]
            pub fn $field(&self) -> Option<&$partial> {
                self.$field.as_ref()
            })*

            /// Nothing yet, of some statistics.
            pub fn new(names: &[Name]) -> Self {
                Partials { $($field: names.contains(&Name::$partial).then(Default::default),)* }
            }

            /// The statistics.
            pub fn names(&self) -> Vec<Name> {
                let all = [$(self.$field.as_ref().map(|_| Name::$partial)),*];
                all.into_iter().flatten().collect()
            }

            /// Adds what a document says. To add it twice is to add it once.
            pub fn add(&mut self, document: &Document<'_>) {
                let kind = document.kind();
                $(if <$partial as Statistic>::TYPES.contains(&kind) && let Some(it) = &mut self.$field {
                    it.add(document);
                })*
            }

            /// Adds what other partials hold, also of statistics that these do not have yet.
            pub fn merge(&mut self, other: Partials) {
                $(match (&mut self.$field, other.$field) {
                    (Some(it), Some(other)) => it.merge(other),
                    (place, other @ Some(_)) => *place = other,
                    (_, None) => {}
                })*
            }

            /// Makes the partials as small as they can be.
            pub fn settle(&mut self) {
                $(if let Some(it) = &mut self.$field {
                    it.settle();
                })*
            }

            /// How the numbers of a row of a statistic's tables came about.
            pub fn explain(
                &mut self,
                name: Name,
                question: &Question,
                options: &Options,
            ) -> Result<Explanation, Unexplained> {
                match name {
                    $(Name::$partial => {
                        let it = self.$field.as_mut().ok_or(Unexplained::NotCounted)?;
                        it.settle();
                        it.explain(question, options).and_then(|it| question.fits(it))
                    })*
                }
            }

            /// The tables of all modules.
            pub fn finish(self, options: &Options) -> Tables {
                let mut tables = Vec::new();
                $(if let Some(mut it) = self.$field {
                    it.settle();
                    tables.extend(close::<$partial>(it.finish(options), options));
                })*
                Tables(tables)
            }

            /// Hands out each partial.
            #[cfg(feature = "state")]
            pub(super) fn visit<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
                $(if let Some(it) = &mut self.$field {
                    visitor.visit(Name::$partial, it)?;
                })*
                Ok(())
            }
        }
    };
}

// A new statistic is one line here and one file.
statistics! {
    /// Relays and bridges by flag, version, platform and IP version, and advertised bandwidth.
    Servers = "servers", servers;
    /// Relays and bridges as they were counted in 2013.
    Servers2013 = "servers-2013", servers_2013;
    /// Users of relays and bridges by country, transport and IP version, with the censorship detector's bounds.
    Users = "users", users;
    /// Consumed bandwidth of relays by flags, and bytes spent on directory requests.
    Bandwidth = "bandwidth", bandwidth;
    /// Advertised and consumed bandwidth as they were counted in 2013.
    Bandwidth2013 = "bandwidth-2013", bandwidth_2013;
    /// Advertised bandwidth distribution: the n-th fastest relays, and percentiles.
    Advertised = "advertised", advertised;
    /// Shares of connections that are used in one direction and in both.
    Connections = "connections", connections;
    /// Connections of each relay, as in 2013.
    Connections2013 = "connections-2013", connections_2013;
    /// Fast and almost-fast exits, as in 2013.
    FastExits = "fast-exits", fast_exits;
    /// Onion services of version 2 and their traffic.
    OnionServices = "onion-services", onion_services;
    /// Onion services of version 3 and their traffic; experimental.
    OnionServicesV3 = "onion-services-v3", onion_services_v3;
    /// Times, failures, build times, latencies and throughput of Torperf and OnionPerf.
    Performance = "performance", performance;
    /// How many authorities agree about each flag of relays, at noon.
    Disagreement = "disagreement", disagreement;
    /// Total consensus weight of each bandwidth authority and of the consensus.
    TotalWeight = "total-weight", total_weight;
    /// Requests for bridges by distributor and transport.
    Bridgedb = "bridgedb", bridgedb;
    /// Downloads and updates of Tor Browser and Tor Messenger, and hits of the website.
    Web = "web", web;
    /// Relays and consumed bandwidth by country, autonomous system and family; concentration, churn and overload.
    Relays = "relays", relays;
    /// How fast relays move to new series of tor.
    Adoption = "version-adoption", adoption;
    /// How far bandwidth authorities agree about what they measure, at noon.
    Measurements = "measurements", measurements;
}

impl Name {
    /// The statistic of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.name() == name)
    }

    /// Whether databases of addresses tell something to it.
    pub fn by_place(self) -> bool {
        matches!(self, Name::Relays | Name::Servers2013)
    }

    /// The statistics that have tables in a profile.
    pub fn of_profile(profile: Profile) -> Vec<Self> {
        let of_2013 = [Name::Servers2013, Name::Bandwidth2013, Name::Connections2013];
        // Files of the same name, or about the same.
        let of_2020 = [Name::Bandwidth, Name::Connections];
        let others = if profile == Profile::Y2013 { &of_2020[..] } else { &of_2013 };
        Self::ALL.iter().copied().filter(|it| !others.contains(it)).collect()
    }

    /// The types of documents that some statistics want.
    pub fn types_of(names: &[Name]) -> Vec<Type> {
        let mut types: Vec<_> = names.iter().flat_map(|it| it.types()).copied().collect();
        types.sort_unstable();
        types.dedup();
        types
    }
}

/// Looks at all rows together and leaves out those that are not asked for.
pub(super) fn close<S: Statistic>(mut tables: Vec<Table>, options: &Options) -> Vec<Table> {
    S::end(options).into_iter().for_each(|end| parts::end(&mut tables, &[], end));
    S::close(&mut tables, options);
    tables.iter_mut().for_each(|table| options.cut(table));
    tables
}

/// Does the same with every statistic.
#[cfg(feature = "state")]
pub(super) trait Visitor {
    /// Why it stops.
    type Error;

    /// Gets a partial.
    fn visit<S: Statistic>(&mut self, name: Name, partial: &mut S) -> Result<(), Self::Error>;
}

/// Which form serialised partials have. Others are refused.
const FORMAT: u32 = 4;

impl Partials {
    /// Reads a document and adds what it says, if a statistic wants it. Returns whether it could be read.
    pub fn add_frame(&mut self, frame: Frame<'_>, source: &str) -> bool {
        match Document::read(frame, source) {
            Some(document) => {
                self.add(&document);
                true
            }
            None => false,
        }
    }

    /// Writes the partials as CBOR, settled. Equal documents give equal bytes.
    pub fn save(&mut self, out: impl Write) -> io::Result<()> {
        self.settle();
        ciborium::into_writer(&(FORMAT, &*self), out).map_err(io::Error::other)
    }

    /// Reads what [`save`](Self::save) wrote; refuses what has another form.
    pub fn load(from: impl Read) -> io::Result<Self> {
        let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
        match ciborium::from_reader(from) {
            Ok((FORMAT, partials)) => Ok(partials),
            Ok((format, _)) => Err(invalid(format!("partials of form {format}, and {FORMAT} is known"))),
            Err(error) => Err(invalid(error.to_string())),
        }
    }

    /// The tables of all modules and of all graphs that can be made of them.
    pub fn tables(self, options: &Options) -> (Tables, Vec<graphs::Drawn>) {
        let modules = self.finish(options);
        let drawn = graphs::all(&modules, options);
        (modules, drawn)
    }
}
