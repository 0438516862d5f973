//! Pages for people: what is in a folder, and that something is not there.

use std::{
    fs, io,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use descriptor_core::value::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::tree::{Tree, is_shown};
use crate::figures;

/// What stands in a link as it is; all else is written with percent signs, so that no name can be taken for a scheme.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const STYLE: &str = "\
:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.3rem;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}th{text-align:left}\
th,td{padding:.1rem 1rem .1rem 0;white-space:nowrap}td:first-child{white-space:normal;overflow-wrap:anywhere}\
th:last-child,td:last-child{text-align:right;padding-right:0}td,p{font-variant-numeric:tabular-nums}\
tbody tr:hover{background:#8882}a{text-decoration:none}a:hover{text-decoration:underline}";

/// One line of a listing.
struct Entry {
    name: Vec<u8>,
    folder: bool,
    size: u64,
    changed: Option<SystemTime>,
}

/// The page that lists a folder. Links are relative, so that it can stand below any path of another server.
pub(crate) fn page(tree: &Tree, folder: &Path, path: &str) -> io::Result<String> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if !is_shown(&name) {
            continue;
        }
        // What vanishes meanwhile, or leads out of the tree, is not there.
        let metadata = match entry.metadata() {
            Ok(metadata) if metadata.is_symlink() => {
                tree.real(&entry.path()).and_then(|real| fs::metadata(real).ok())
            }
            other => other.ok(),
        };
        let Some(metadata) = metadata.filter(|metadata| metadata.is_dir() || metadata.is_file()) else {
            continue;
        };
        entries.push(Entry {
            name: name.into_encoded_bytes(),
            folder: metadata.is_dir(),
            size: metadata.len(),
            changed: metadata.modified().ok(),
        });
    }
    entries.sort_by(|a, b| (!a.folder, &a.name).cmp(&(!b.folder, &b.name)));
    let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    Ok(html(&format!("Index of {}", escaped(&path)), &rows(&entries, path == "/")))
}

fn rows(entries: &[Entry], root: bool) -> String {
    let mut text = String::with_capacity(200 * (entries.len() + 2));
    text += "<table>\n<thead><tr><th>Name</th><th>Changed (UTC)</th><th>Size</th></tr></thead>\n<tbody>\n";
    if !root {
        text += "<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n";
    }
    for entry in entries {
        let slash = if entry.folder { "/" } else { "" };
        let link = percent_encode(&entry.name, PLAIN);
        let name = escaped(&String::from_utf8_lossy(&entry.name));
        let time = entry.changed.map(minute).unwrap_or_default();
        text += &format!("<tr><td><a href=\"{link}{slash}\">{name}{slash}</a></td><td>{time}</td>");
        if entry.folder {
            text += "<td></td></tr>\n";
        } else {
            text += &format!(
                "<td><data value=\"{}\">{}</data></td></tr>\n",
                entry.size,
                figures::bytes(entry.size)
            );
        }
    }
    let files = entries.iter().filter(|entry| !entry.folder);
    let (count, size) = files.fold((0, 0), |(count, size), entry| (count + 1, size + entry.size));
    text += "</tbody>\n</table>\n";
    text += &format!("<p>{}, {}</p>\n", figures::things(count, "file"), figures::bytes(size));
    text
}

/// The page that says that something is not there.
pub(crate) fn missing() -> String {
    html(
        "Not found",
        "<p>There is no such file. It may have been moved to the archive, or be gone from recent/.</p>\n",
    )
}

fn html(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}</body>\n</html>\n"
    )
}

/// A time to the minute, as the index has it.
fn minute(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut text = Timestamp(seconds.try_into().unwrap_or(i64::MAX)).to_string();
    text.truncate("0000-00-00 00:00".len());
    text
}

/// Text that HTML does not take for its own.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            letter if letter.is_control() => safe.push(char::REPLACEMENT_CHARACTER),
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_markup() {
        let entry =
            |name: &str, folder| Entry { name: name.into(), folder, size: 1536, changed: Some(UNIX_EPOCH) };
        let text = rows(&[entry("a&b", true), entry("j:<script>\n", false)], true);
        assert!(text.contains("<a href=\"a%26b/\">a&amp;b/</a>"), "{text}");
        assert!(text.contains("<a href=\"j%3A%3Cscript%3E%0A\">j:&lt;script&gt;\u{fffd}</a>"), "{text}");
        assert!(
            text.contains("<td>1970-01-01 00:00</td><td><data value=\"1536\">1.5 KiB</data></td>"),
            "{text}"
        );
        assert!(text.contains("<p>1 file, 1.5 KiB</p>") && !text.contains("../"), "{text}");
    }
}
