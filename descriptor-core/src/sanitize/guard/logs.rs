//! The guard of what is no bridge descriptor: pool assignments and web server logs. As simple as it is independent.

use memchr::{memchr, memchr2, memmem, memrchr};

use super::{Facts, Leak, addresses::words};

impl Facts<'static> {
    /// What a file of pool assignments says: fingerprints, which are hashed, and addresses, which are not published.
    pub fn of_pool_assignments(original: &[u8]) -> Self {
        let mut facts = Facts::default();
        for line in original.split(|&byte| matches!(byte, b'\n' | b'\r')) {
            for (number, word) in words(line).enumerate() {
                if number == 0 {
                    facts.keys.add_hex(word, "fingerprint");
                }
                for part in word.split(|&byte| matches!(byte, b'=' | b',')) {
                    facts.addresses.add_text(part);
                }
            }
        }
        facts.sealed_of_many()
    }
}

/// A text of an original shorter than this may stand in a request by chance.
const TELLING: usize = 8;

/// What a line of a sanitized web server log says that it must not. Besides what its [form](web_server_log_form) shows, only
/// the request may hold something of the client: it is searched for the client's address, for who it says to be, for what it
/// asked for behind `?` or `#`, for where it comes from, and for its user agent. Not found are texts of less than eight bytes,
/// and paths, as which a client may name where it comes from.
pub fn web_server_log_leak(original: &[u8], sanitized: &[u8]) -> Option<Leak> {
    if let Some(leak) = web_server_log_form(sanitized) {
        return Some(leak);
    }
    let start = memchr(b'"', sanitized)? + 1;
    let said = &sanitized[start..memrchr(b'"', sanitized)?];
    let find = |text: &[u8], least: usize, what| {
        let at = (text.len() >= least).then(|| memmem::find(said, text))?;
        at.map(|at| Leak { what, at: start + at })
    };
    let mut quoted = original.split(|&byte| byte == b'"');
    let mut head = quoted.next().unwrap_or_default().split(|&byte| byte == b' ');
    let client = head.next().filter(|client| !client.starts_with(b"0.0.0.")).unwrap_or_default();
    let request = quoted.next().unwrap_or_default();
    let query = memchr2(b'?', b'#', request).map_or(&b""[..], |at| &request[at..]);
    let query = query.split(|&byte| byte == b' ').next().unwrap_or_default();
    find(client, 3, "IP address of a client")
        .or_else(|| head.take(2).find_map(|name| find(name, TELLING, "name of a user")))
        .or_else(|| find(query, 2, "query string"))
        .or_else(|| {
            let mut texts = quoted.filter(|text| !text.starts_with(b"/"));
            texts.find_map(|text| find(text, TELLING, "referrer or user agent"))
        })
}

/// What the form of a line says that no line of a sanitized log may say: a client, a time of day, more than a request.
pub fn web_server_log_form(line: &[u8]) -> Option<Leak> {
    const MIDNIGHT: &[u8] = b":00:00:00 +0000] ";
    let leak = |what, at| Some(Leak { what, at });
    // Servers that write no addresses write numbers of their own in the last place.
    let client = line.strip_prefix(b"0.0.0.").unwrap_or_default();
    let digits = client.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=3).contains(&digits) {
        return leak("IP address of a client", 0);
    }
    let mut at = line.len() - client.len() + digits;
    let Some(rest) = line[at..].strip_prefix(b" - - [") else { return leak("name of a user", at) };
    at = line.len() - rest.len() + "01/Jan/2026".len();
    let Some(rest) = line.get(at..).and_then(|rest| rest.strip_prefix(MIDNIGHT)) else {
        return leak("time of a request", at.min(line.len()));
    };
    at = line.len() - rest.len();
    let mut quotes = rest.split(|&byte| byte == b'"');
    let (before, request, after) = (quotes.next(), quotes.next(), quotes.next());
    let (Some(b""), Some(request), Some(after), None) = (before, request, after, quotes.next()) else {
        return leak("referrer or user agent", at);
    };
    if let Some(query) = memchr(b'?', request) {
        return leak("query string", at + 1 + query);
    }
    let mut numbers = after.split(|&byte| byte == b' ');
    let number = |text: &[u8]| text == b"-" || !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let is_plain = numbers.next() == Some(b"")
        && numbers.next().is_some_and(number)
        && numbers.next().is_some_and(number)
        && numbers.next().is_none();
    if is_plain { None } else { leak("referrer or user agent", at + 2 + request.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGINAL: &str = "1.2.3.4 - somebody@home [01/Mar/2026:01:02:03 +0000] \"GET /a?key=value HTTP/1.1\" 200 5 \
        \"https://example.com/from\" \"Agent/1.0 (X)\"";

    fn said(line: &str) -> Option<&'static str> {
        web_server_log_leak(ORIGINAL.as_bytes(), line.as_bytes()).map(|leak| leak.what)
    }

    #[test]
    fn a_sanitized_line_says_nothing_and_any_other_is_found() {
        let line = "0.0.0.0 - - [01/Mar/2026:00:00:00 +0000] \"GET /a HTTP/1.1\" 200 5";
        assert_eq!(said(line), None);
        assert_eq!(said(&line.replace("0.0.0.0", "0.0.0.1")), None);
        assert_eq!(said(&line.replace(" 5", " -")), None);
        for (from, to, what) in [
            ("0.0.0.0", "1.2.3.4", "IP address of a client"),
            ("0.0.0.0", "::1", "IP address of a client"),
            ("0.0.0.0", "0.0.0.", "IP address of a client"),
            ("0.0.0.0", "0.0.0.1234", "IP address of a client"),
            ("- -", "- me", "name of a user"),
            (":00:00:00", ":01:00:00", "time of a request"),
            (":00:00:00", ":00:00:03", "time of a request"),
            ("+0000", "+0100", "time of a request"),
            ("/a", "/a?key=value", "query string"),
            ("/a", "/a/?key=value", "query string"),
            ("/a", "/b?", "query string"),
            ("/a", "/1.2.3.4", "IP address of a client"),
            ("/a", "/somebody@home", "name of a user"),
            ("/a", "/https://example.com/from", "referrer or user agent"),
            ("/a", "/Agent/1.0 (X)", "referrer or user agent"),
            (" 5", " 5 \"-\" \"-\"", "referrer or user agent"),
            (" 5", " 5 x", "referrer or user agent"),
            (" 5", "", "referrer or user agent"),
        ] {
            assert_eq!(said(&line.replacen(from, to, 1)), Some(what), "{to}");
        }
        for end in 0..line.len() - 1 {
            assert!(web_server_log_form(&line.as_bytes()[..end]).is_some(), "{end}");
        }
    }

    #[test]
    fn pool_assignments_say_no_fingerprint_and_no_address() {
        let fingerprint = "027752EF8842BA9E515D26F51E81C22E0B7A1608";
        let facts = Facts::of_pool_assignments(
            format!(
                "bridge-pool-assignment 2026-03-01 00:00:00\n{fingerprint} https ring=3 a=83.1.2.3,84.1.2.3:443\r\n"
            )
            .as_bytes(),
        );
        let said = |text: &str| {
            let text = format!("1277{} https {text}\n", &fingerprint[4..]);
            facts.said_in(text.as_bytes()).map(|leak| leak.what)
        };
        assert_eq!(said("ring=3 ip=4"), None);
        assert_eq!(said("ring=83.1.2.4"), None);
        assert_eq!(said(&fingerprint.to_lowercase()), Some("fingerprint"));
        assert_eq!(said("AndS74hCup5RXSb1HoHCLgt6Fgg"), Some("fingerprint"));
        assert_eq!(said("a=83.1.2.3"), Some("IPv4 address"));
        assert_eq!(said("a=84-1-2-3"), Some("IPv4 address"));
        assert_eq!(said("a=[::ffff:84.1.2.3]:443"), Some("IPv4 address"));
    }
}
