//! Onion service statistics: a number to which a relay has added noise, and how (dir-spec §2.1.2, `hidserv-*`).

use super::Pairs;
use crate::{
    netdoc::{FromArg, Item},
    schema::{FromItem, Kind, Part, Problem, Sink},
};

/// A noisy number and the parameters of its noise, `5234258 delta_f=2048 epsilon=0.30 bin_size=1024`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct NoisyCount<'a> {
    /// The number: binned and with Laplace noise, so it may be negative.
    pub value: f64,
    /// `delta_f`, `epsilon` and `bin_size`, each a number. Empty in some documents.
    pub parameters: Pairs<'a>,
}

impl NoisyCount<'_> {
    /// A parameter, such as `bin_size`.
    pub fn parameter(&self, name: &str) -> Option<f64> {
        self.parameters.get(name).and_then(|value| f64::from_arg(value).ok())
    }
}

impl<'a> FromItem<'a> for NoisyCount<'a> {
    const PARTS: &'static [Part] =
        &[Part::whole(Kind::Float("")), Part::of("parameters", Kind::Map(&Kind::Float("")))];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        let value = args.value("number")?;
        let parameters = Pairs::check(args.rest(), |value| f64::from_arg(value).is_ok())?;
        Ok(NoisyCount { value, parameters })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => out.float(self.value),
            _ => self.parameters.emit_as::<f64>(out),
        }
    }
}
