//! Not there yet.

use crate::{schema::descriptor, value::*};

descriptor! {
    /// Not there yet.
    pub struct SnowflakeStats<'a> = "snowflake-stats" in "collector §8.1";

    /// Not there yet.
    "snowflake-stats-end" => first: Option<Line<'a>>;
}
