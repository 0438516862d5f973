//! Did you mean …? What a wrong name was most likely meant to be.

/// How alike two names must be to be suggested, from 0 to 1.
const ALIKE: f64 = 0.7;

/// The candidate that is most like a name, whose case does not matter; `None` if none is.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&name, candidate), candidate))
        .filter(|(alike, _)| *alike > ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_and_a_far_one_is_not() {
        let names = ["nickname", "fingerprint", "or_port", "dir_port"];
        assert_eq!(nearest("nicknam", names), Some("nickname"));
        assert_eq!(nearest("ORPort", names), Some("or_port"));
        assert_eq!(nearest("zzz", names), None);
    }
}
