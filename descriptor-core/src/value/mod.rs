//! The values that lines hold, one kind a file, reader beside writer.

mod address;
mod digest;
mod exit_policy;
mod flags;
mod history;
mod key;
mod number;
mod pairs;
mod port_policy;
mod protocols;
mod text;
mod timestamp;

pub use address::OrAddress;
pub(crate) use digest::BASE64;
pub use digest::{Base64, Fingerprint, Hex, SpacedFingerprint};
pub use exit_policy::{AddressPattern, ExitPolicy, PolicyRule};
pub use flags::Flags;
pub use history::{BandwidthHistory, StatsEnd};
pub use key::Pem;
pub use number::{BytesPerSecond, Seconds};
pub use pairs::{Counts, Pairs, Percent};
pub use port_policy::PortPolicy;
pub use protocols::Protocols;
pub use text::{Line, Raw, Words};
pub use timestamp::{IsoTime, Timestamp};
