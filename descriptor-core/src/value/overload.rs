//! When and how a relay was overloaded (dir-spec §2.1.1 and §2.1.2, `overload-*`).

use super::Timestamp;
use crate::{
    netdoc::{FromArg, Item},
    schema::{FromItem, Kind, Part, Problem, Sink},
};

/// `VERSION YYYY-MM-DD HH:MM:SS`: when a relay was last overloaded in some way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overload {
    /// The version of the line's format; 1 so far.
    pub version: u32,
    /// The hour in which it was.
    pub time: Timestamp,
}

impl<'a> FromItem<'a> for Overload {
    const PARTS: &'static [Part] = &[Part::of("version", Kind::Int("")), Part::of("time", Kind::Time)];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        Ok(Overload { version: args.value("version")?, time: Timestamp::take(&mut args, "time")? })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => out.int(self.version.into()),
            _ => out.time(self.time),
        }
    }
}

/// `VERSION YYYY-MM-DD HH:MM:SS RATE BURST READS WRITES`: how often a relay ran against its bandwidth limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OverloadRateLimits {
    /// The last time.
    pub last: Overload,
    /// The limit on average. Unit: bytes per second.
    pub rate: u64,
    /// The limit for a short time. Unit: bytes per second.
    pub burst: u64,
    /// How often no more could be read.
    pub reads: u64,
    /// How often no more could be written.
    pub writes: u64,
}

impl<'a> FromItem<'a> for OverloadRateLimits {
    const PARTS: &'static [Part] = &[
        Part::of("version", Kind::Int("")),
        Part::of("time", Kind::Time),
        Part::of("rate", Kind::Int("bytes per second")),
        Part::of("burst", Kind::Int("bytes per second")),
        Part::of("reads", Kind::Int("")),
        Part::of("writes", Kind::Int("")),
    ];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        let last = Overload { version: args.value("version")?, time: Timestamp::take(&mut args, "time")? };
        Ok(OverloadRateLimits {
            last,
            rate: args.value("rate limit")?,
            burst: args.value("burst limit")?,
            reads: args.value("read overloads")?,
            writes: args.value("write overloads")?,
        })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 | 1 => self.last.emit(part, out),
            2 => FromArg::emit(&self.rate, out),
            3 => FromArg::emit(&self.burst, out),
            4 => FromArg::emit(&self.reads, out),
            _ => FromArg::emit(&self.writes, out),
        }
    }
}
