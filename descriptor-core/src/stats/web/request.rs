//! What a request is for, by site, resource and status.

use memchr::memmem::{find, rfind};
use serde::{Deserialize, Serialize};

use crate::stats::Cell;

/// A kind of request, in the order of rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) kind: Kind,
    pub(super) platform: Option<char>,
    pub(super) channel: Option<char>,
    /// `??` if the resource tells none.
    pub(super) locale: Option<Box<str>>,
    /// Of an update, whether it is one of what has changed only.
    pub(super) incremental: Option<bool>,
}

/// What is asked for, in the order of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Kind {
    BrowserDownload,
    BrowserSignature,
    BrowserPing,
    BrowserUpdate,
    MessengerDownload,
    MessengerPing,
    DownloadPage,
    HomePage,
}

impl Kind {
    /// Its name in tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::BrowserDownload => "tbid",
            Kind::BrowserSignature => "tbsd",
            Kind::BrowserPing => "tbup",
            Kind::BrowserUpdate => "tbur",
            Kind::MessengerDownload => "tmid",
            Kind::MessengerPing => "tmup",
            Kind::DownloadPage => "twdph",
            Kind::HomePage => "twhph",
        }
    }
}

/// Files of the three platforms.
const FILES: [(&str, char); 3] = [(".exe", 'w'), (".dmg", 'm'), (".tar.xz", 'l')];

/// Resources were cut at this length.
const LONGEST: usize = 2048;

impl Request {
    /// The cells that tell rows apart.
    pub(super) fn cells(&self) -> [Cell; 5] {
        let letter = |it: Option<char>| Cell::from(it.map(String::from));
        let locale = self.locale.as_deref().map(str::to_owned);
        let (platform, channel) = (letter(self.platform), letter(self.channel));
        [self.kind.name().into(), platform, channel, locale.into(), self.incremental.into()]
    }

    /// The kind of a request by `GET`; `None` if it is not counted.
    pub(super) fn of(site: &[u8], resource: &[u8], status: u16) -> Option<Self> {
        let resource = &resource[..resource.len().min(LONGEST)];
        let has = |text: &str| find(resource, text.as_bytes()).is_some();
        let below = |folder: &str| find(resource, folder.as_bytes()).map(|at| &resource[at + folder.len()..]);
        let request = |kind, platform: Option<char>, channel, locale| Request {
            kind,
            platform,
            channel,
            locale,
            incremental: None,
        };
        let channel = || {
            Some(match () {
                () if has("-hardened") => 'h',
                () if is_alpha(resource) => 'a',
                () => 'r',
            })
        };
        let file = |name: &[u8], after: &str| {
            FILES.iter().any(|(ending, _)| name.ends_with([ending, after].concat().as_bytes()))
        };
        let one_of = |marks: [(&str, char); 3], other| {
            Some(marks.into_iter().find(|(mark, _)| has(mark)).map_or(other, |(_, letter)| letter))
        };
        if status == 200 {
            if let Some(name) = below("/torbrowser/") {
                for (kind, after) in [(Kind::BrowserDownload, ""), (Kind::BrowserSignature, ".asc")] {
                    if file(name, after) {
                        return Some(request(kind, one_of(FILES, 'o'), channel(), file_locale(resource)));
                    }
                }
                if is_ping(resource, "/torbrowser/update_") && !resource.ends_with(b".xml") {
                    let platform = one_of([("/WINNT", 'w'), ("/Darwin", 'm'), ("/Linux", 'l')], 'l');
                    let channel = one_of([("/hardened/", 'h'), ("/alpha/", 'a'), ("/release/", 'r')], 'o');
                    return Some(request(Kind::BrowserPing, platform, channel, folder_locale(resource)));
                }
            }
            if let Some(name) = below("/tormessenger/") {
                if file(name, "") {
                    let ending = FILES.iter().find(|(ending, _)| name.ends_with(ending.as_bytes()));
                    let platform = ending.map(|(_, letter)| *letter);
                    return Some(request(Kind::MessengerDownload, platform, None, file_locale(resource)));
                }
                let page = [&b".xml"[..], b"/", b"/?"].iter().any(|ending| resource.ends_with(ending));
                if is_ping(resource, "/tormessenger/update_") && !page {
                    let platform = one_of([("/WINNT", 'w'), ("/Darwin", 'm'), ("/Linux", 'l')], 'o');
                    return Some(request(Kind::MessengerPing, platform, None, folder_locale(resource)));
                }
            }
            let kind = match resource {
                _ if site != b"torproject.org" && site != b"www.torproject.org" => return None,
                b"/" => Kind::HomePage,
                _ if resource.starts_with(b"/index") => Kind::HomePage,
                _ if resource.starts_with(b"/download/download") => Kind::DownloadPage,
                _ if resource.starts_with(b"/projects/torbrowser.html") => Kind::DownloadPage,
                _ => return None,
            };
            return Some(request(kind, None, None, None));
        }
        if status == 302 && below("/torbrowser/").is_some_and(|name| name.ends_with(b".mar")) {
            let platform = one_of([("-win32-", 'w'), ("-osx", 'm'), ("-linux", 'l')], 'l');
            let update = request(Kind::BrowserUpdate, platform, channel(), file_locale(resource));
            return Some(Request { incremental: Some(has(".incremental.")), ..update });
        }
        None
    }
}

/// Whether a folder of updates, whose name has one letter more, is asked for something.
fn is_ping(resource: &[u8], folder: &str) -> bool {
    let mut rest = resource;
    while let Some(at) = find(rest, folder.as_bytes()) {
        rest = &rest[at + folder.len()..];
        if rest.get(1) == Some(&b'/') {
            return true;
        }
    }
    false
}

/// Whether a folder has an `a` after a dot, as that of version `7.0a5`.
fn is_alpha(resource: &[u8]) -> bool {
    let mut rest = resource;
    for byte in *b"/.a/" {
        match memchr::memchr(byte, rest) {
            Some(at) => rest = &rest[at + 1..],
            None => return false,
        }
    }
    true
}

/// How long the locale is that a text begins with: `xx` or `xx-XX`, the longer one first.
fn locales(text: &[u8]) -> impl Iterator<Item = usize> {
    let letters =
        |from: usize| text.get(from..from + 2).is_some_and(|it| it.iter().all(u8::is_ascii_alphabetic));
    let long = letters(0) && text.get(2) == Some(&b'-') && letters(3);
    [long.then_some(5), letters(0).then_some(2)].into_iter().flatten()
}

fn locale(found: Option<&[u8]>) -> Option<Box<str>> {
    Some(String::from_utf8_lossy(found.unwrap_or(b"??")).into())
}

/// The locale in a file's name, between `_` and a sign. The last one counts.
fn file_locale(resource: &[u8]) -> Option<Box<str>> {
    let mut end = resource.len();
    while let Some(at) = rfind(&resource[..end], b"_") {
        let text = &resource[at + 1..];
        let found = locales(text).find(|&length| matches!(text.get(length), Some(b'.' | b'_' | b'-')));
        if let Some(length) = found {
            return locale(Some(&text[..length]));
        }
        end = at;
    }
    locale(None)
}

/// The locale that is the last part of a path.
fn folder_locale(resource: &[u8]) -> Option<Box<str>> {
    let path = resource.strip_suffix(b"?").unwrap_or(resource);
    let last = rfind(path, b"/").map(|at| &path[at + 1..]);
    locale(last.filter(|last| locales(last).any(|length| length == last.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(resource: &str, status: u16) -> String {
        let Some(it) = Request::of(b"www.torproject.org", resource.as_bytes(), status) else {
            return "nothing".to_owned();
        };
        let letter = |it: Option<char>| it.map(String::from).unwrap_or_default();
        let locale = it.locale.as_deref().unwrap_or_default();
        let incremental = it.incremental.map(|it| it.to_string()).unwrap_or_default();
        [it.kind.name(), &letter(it.platform), &letter(it.channel), locale, &incremental].join(",")
    }

    #[test]
    fn requests_have_kinds() {
        for (resource, status, expected) in [
            ("/dist/torbrowser/10.0.5/tor-browser-linux64-10.0.5_en-US.tar.xz", 200, "tbid,l,r,en-US,"),
            ("/dist/torbrowser/10.5a5/TorBrowser-10.5a5-osx64_fr.dmg.asc", 200, "tbsd,m,a,fr,"),
            ("/torbrowser/7.0a5-hardened/torbrowser-install-7.0a5-hardened.exe", 200, "tbid,w,h,??,"),
            ("/torbrowser/update_3/alpha/WINNT_x86-gcc3/10.0.4/fa", 200, "tbup,w,a,fa,"),
            ("/torbrowser/update_3/nightly/Linux_x86_64-gcc3/10.0.4/pt-BR?", 200, "tbup,l,o,pt-BR,"),
            ("/torbrowser/update_3/release/no-update.xml", 200, "nothing"),
            ("/torbrowser/update_33/release/x/en", 200, "nothing"),
            ("/torbrowser/1/tor-browser-win32-1_de.mar", 302, "tbur,w,r,de,false"),
            ("/torbrowser/1/x-osx64-0-1_zh-CN.incremental.mar", 302, "tbur,m,r,zh-CN,true"),
            ("/torbrowser/1/x.mar", 200, "nothing"),
            ("/tormessenger/0.1/tormessenger-install-0.1_en-US.exe", 200, "tmid,w,,en-US,"),
            ("/tormessenger/update_2/release/WINNT_x86/0.1/", 200, "nothing"),
            ("/tormessenger/update_2/release/Haiku/0.1/ru", 200, "tmup,o,,ru,"),
            ("/", 200, "twhph,,,,"),
            ("/index.html.en", 200, "twhph,,,,"),
            ("/download/download-easy.html.en", 200, "twdph,,,,"),
            ("/about", 200, "nothing"),
        ] {
            assert_eq!(row(resource, status), expected, "{resource}");
        }
        assert_eq!(Request::of(b"metrics.torproject.org", b"/", 200), None);
    }
}
