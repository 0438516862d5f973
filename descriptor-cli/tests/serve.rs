//! `tordesc serve` from outside: plain requests over TCP, and stem's CollecTor client.

#![cfg(unix)]

mod common;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// The program, serving a folder until it is dropped.
struct Server {
    child: Child,
    address: String,
    /// DIR is inside, so that there is something outside of it.
    folder: TempDir,
}

const EXITS: &str = "recent/exit-lists/2024-12-16-14-02-00";
const BIG: &str = "archive/exit-lists/exit-list-2024-11.tar.xz";

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("indexed");
        let put = |path: &str, bytes: &[u8]| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, bytes).expect("written");
        };
        let exits = "@type tordnsel 1.0\nDownloaded 2024-12-16 14:02:00\n".to_owned()
            + &"ExitNode 5707A3426CF590E4F18673CC510F45B96871E6B0\nPublished 2024-12-16 01:02:03\n\
                LastStatus 2024-12-16 13:00:00\nExitAddress 192.0.2.1 2024-12-16 13:05:06\n"
                .repeat(20);
        put(EXITS, exits.as_bytes());
        put(BIG, &(0..300_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>());
        put("recent/exit-lists/.hidden", b"secret");
        put("recent/exit-lists/half.tmp", b"secret");
        put("recent/.staging-1/x", b"secret");
        put("recent/odd & <names>/a:b", b"odd");
        fs::write(folder.path().join("outside"), b"secret").expect("written");
        let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, root.join(name)).expect("a link");
        link(&folder.path().join("outside"), "recent/out");
        link(folder.path(), "recent/up");
        link(Path::new("exit-lists/.hidden"), "recent/to-hidden");
        link(&root.join(BIG), "recent/in");
        let digest = Sha256::digest(exits.as_bytes());
        let index = format!(
            r#"{{"index_created":"2024-12-16 14:04","path":"https://collector.example","directories":[{{"path":"recent","directories":[{{"path":"exit-lists","files":[{{"path":"2024-12-16-14-02-00","size":{},"last_modified":"2024-12-16 14:02","types":["tordnsel 1.0"],"first_published":"2024-12-16 14:02","last_published":"2024-12-16 14:02","sha256":"{}"}}]}}]}}]}}"#,
            exits.len(),
            base64(&digest),
        );
        put("index/index.json", index.as_bytes());
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(index.as_bytes()).expect("in memory");
        put("index/index.json.gz", &gzip.finish().expect("in memory"));
        let old = SystemTime::now() - Duration::from_secs(30 * 24 * 3600);
        let big = fs::File::options().write(true).open(root.join(BIG)).expect("opened");
        big.set_modified(old).expect("its time is set");

        let mut child = Command::new(env!("CARGO_BIN_EXE_tordesc"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .arg(&root)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let address =
            line.trim().strip_prefix("listening on http://").expect(&line).trim_end_matches('/').to_owned();
        Server { child, address, folder }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
        stream
    }

    /// Sends a request with more lines in its header, each with its end, and reads all of the answer.
    fn ask(&self, method: &str, path: &str, lines: &str) -> Answer {
        let mut stream = self.connect();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{lines}\r\n")
            .expect("sent");
        let mut all = Vec::new();
        stream.read_to_end(&mut all).expect("an answer");
        let end = all.windows(4).position(|four| four == b"\r\n\r\n").expect("a header");
        let head = String::from_utf8(all[..end + 2].to_vec()).expect("text");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        Answer { status, head: head.to_lowercase(), body: all[end + 4..].to_vec() }
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "")
    }

    fn file(&self, path: &str) -> Vec<u8> {
        fs::read(self.folder.path().join("indexed").join(path)).expect("it is there")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Answer {
    status: u16,
    /// In lower case.
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn line(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("text")
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let word = three.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= three.len() { letter.into() } else { '=' });
        }
    }
    text
}

#[test]
fn files_come_whole_and_say_what_they_are() {
    let server = Server::start();
    let exits = server.get(&format!("/{EXITS}"));
    assert_eq!((exits.status, &exits.body), (200, &server.file(EXITS)));
    assert_eq!(exits.line("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(exits.line("cache-control"), Some("public, max-age=60"));
    assert_eq!(exits.line("access-control-allow-origin"), Some("*"));
    assert_eq!(exits.line("x-content-type-options"), Some("nosniff"));
    assert_eq!(exits.line("vary"), Some("accept-encoding"));
    assert!(exits.line("etag").is_some_and(|tag| tag.starts_with('"')));
    assert!(exits.line("last-modified").is_some_and(|time| time.ends_with("gmt")));
    let big = server.get(&format!("/{BIG}"));
    assert_eq!((big.status, &big.body), (200, &server.file(BIG)));
    assert_eq!(big.line("content-type"), Some("application/x-xz"));
    assert_eq!(big.line("cache-control"), Some("public, max-age=86400"));
    assert_eq!(server.get("/recent/in").body, big.body, "a link inside the tree");
    for alias in ["/index.json", "/index.json.gz"] {
        let other = format!("/index{alias}");
        assert_eq!((server.get(alias).status, server.get(alias).body), (200, server.get(&other).body));
    }
    assert_eq!(server.get("/index/index.json").line("content-type"), Some("application/json"));
    let gzip = server.ask("GET", "/index/index.json.gz", "Accept-Encoding: gzip\r\n");
    assert_eq!(gzip.line("content-encoding"), None);
    assert_eq!(gzip.body, server.file("index/index.json.gz"));
}

#[test]
fn conditions_and_ranges_are_obeyed() {
    let server = Server::start();
    let path = format!("/{BIG}");
    let whole = server.get(&path);
    let (tag, time) = (whole.line("etag").expect("a tag"), whole.line("last-modified").expect("a time"));
    let ask = |lines: String| server.ask("GET", &path, &lines);
    for lines in [
        format!("If-None-Match: {tag}\r\n"),
        format!("If-None-Match: \"x\", W/{tag}\r\n"),
        format!("If-Modified-Since: {}\r\n", http_date(time)),
    ] {
        let same = ask(lines.clone());
        assert_eq!((same.status, same.body.len()), (304, 0), "{lines}");
        assert!(same.line("etag").is_some() && same.line("cache-control").is_some(), "{lines}");
    }
    assert_eq!(
        ask(format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {}\r\n", http_date(time))).status,
        200
    );
    assert_eq!(ask("If-Modified-Since: yesterday\r\n".into()).status, 200);
    assert_eq!(ask("If-Match: \"x\"\r\n".into()).status, 412);

    let part = ask(format!("Range: bytes=10-99999\r\nIf-Range: {tag}\r\nAccept-Encoding: gzip\r\n"));
    assert_eq!((part.status, part.line("content-range")), (206, Some("bytes 10-99999/1200000")));
    assert_eq!(part.line("content-length"), Some("99990"));
    assert_eq!(part.body, whole.body[10..100_000]);
    let last = ask("Range: bytes=-4\r\n".into());
    assert_eq!((last.status, last.body), (206, whole.body[1_199_996..].to_vec()));
    let other = ask("Range: bytes=0-0\r\nIf-Range: \"x\"\r\n".into());
    assert_eq!((other.status, other.body.len()), (200, 1_200_000));
    assert_eq!(ask("Range: bytes=0-0,5-5\r\n".into()).status, 200);
    let beyond = ask("Range: bytes=1200000-\r\n".into());
    assert_eq!((beyond.status, beyond.line("content-range")), (416, Some("bytes */1200000")));

    let head = server.ask("HEAD", &path, "");
    assert_eq!((head.status, head.line("content-length"), head.body.len()), (200, Some("1200000"), 0));
    assert_eq!(head.line("etag"), Some(tag));
    assert_eq!(server.ask("POST", &path, "Content-Length: 0\r\n").status, 405);
    let preflight =
        server.ask("OPTIONS", &path, "Origin: http://a\r\nAccess-Control-Request-Method: GET\r\n");
    assert_eq!((preflight.status, preflight.line("access-control-allow-origin")), (200, Some("*")));
}

/// Brings a date that was put in lower case back to its form.
fn http_date(lower: &str) -> String {
    let words = lower.split(' ').map(|word| match word {
        "gmt" => "GMT".to_owned(),
        _ => word[..1].to_uppercase() + &word[1..],
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn text_is_compressed_on_request_with_a_weak_tag() {
    let server = Server::start();
    let path = format!("/{EXITS}");
    let gzip = server.ask("GET", &path, "Accept-Encoding: gzip\r\n");
    assert_eq!(
        (gzip.status, gzip.line("content-encoding"), gzip.line("accept-ranges")),
        (200, Some("gzip"), None)
    );
    let tag = gzip.line("etag").expect("a tag");
    assert!(tag.starts_with("w/\""), "{tag}");
    assert!(gzip.body.len() < server.file(EXITS).len() / 4, "{}", gzip.body.len());
    let tag = tag.replace("w/", "W/");
    let same = server.ask("GET", &path, &format!("Accept-Encoding: gzip\r\nIf-None-Match: {tag}\r\n"));
    assert_eq!((same.status, same.line("etag")), (304, gzip.line("etag")));
    assert_eq!(server.ask("GET", &path, "Accept-Encoding: zstd\r\n").line("content-encoding"), Some("zstd"));
    let part = server.ask("GET", &path, "Accept-Encoding: gzip\r\nRange: bytes=0-999\r\n");
    assert_eq!((part.status, part.line("content-encoding"), part.body.len()), (206, None, 1000));
    let big = server.ask("GET", &format!("/{BIG}"), "Accept-Encoding: gzip\r\n");
    assert_eq!(big.line("content-encoding"), None);
}

#[test]
fn what_is_hidden_unfinished_or_outside_is_not_there() {
    let server = Server::start();
    for path in [
        "/nothing",
        "/recent/exit-lists/.hidden",
        "/recent/exit-lists/%2ehidden",
        "/recent/exit-lists/half.tmp",
        "/recent/.staging-1/x",
        "/recent/.staging-1/",
        "/recent/to-hidden",
        "/recent/out",
        "/recent/up/",
        "/recent/up/outside",
        "/../outside",
        "/recent/../../outside",
        "/%2e%2e/outside",
        "/recent/%2e%2e/%2E%2e/outside",
        "/..%2foutside",
        "//recent/exit-lists/",
        "/recent//exit-lists/",
        "/./recent/",
        "/recent/exit-lists/2024-12-16-14-02-00%00",
        "/recent/exit-lists/2024-12-16-14-02-00/",
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.text().contains("<title>Not found</title>"), "{path}");
        assert_eq!(answer.line("access-control-allow-origin"), Some("*"));
    }
    let mut stream = server.connect();
    stream.write_all(b"GET /recent/\0 HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[test]
fn folders_are_listed() {
    let server = Server::start();
    let moved = server.get("/recent/exit-lists");
    assert_eq!((moved.status, moved.line("location")), (301, Some("./exit-lists/")));
    let listing = server.get("/recent/exit-lists/");
    assert_eq!((listing.status, listing.line("content-type")), (200, Some("text/html; charset=utf-8")));
    let text = listing.text();
    assert!(text.contains("<a href=\"../\">../</a>"), "{text}");
    assert!(text.contains("<a href=\"2024-12-16-14-02-00\">2024-12-16-14-02-00</a>"), "{text}");
    assert!(!text.contains("hidden") && !text.contains("half"), "{text}");
    let tag = listing.line("etag").expect("a tag").replace("w/", "W/");
    assert_eq!(server.ask("GET", "/recent/exit-lists/", &format!("If-None-Match: {tag}\r\n")).status, 304);

    let text = server.get("/recent/").text();
    assert!(text.contains("<a href=\"odd%20%26%20%3Cnames%3E/\">odd &amp; &lt;names&gt;/</a>"), "{text}");
    assert!(text.contains(">in<") && text.contains("<data value=\"1200000\">1.1 MiB</data>"), "{text}");
    assert!(!text.contains(">out<") && !text.contains("up") && !text.contains("staging"), "{text}");
    assert_eq!(server.get("/recent/odd%20%26%20%3Cnames%3E/a%3Ab").body, b"odd");
    let root = server.get("/").text();
    assert!(
        ["archive/", "index/", "recent/"].iter().all(|name| root.contains(&format!(">{name}<"))),
        "{root}"
    );
    assert!(!root.contains("../"), "{root}");
}

#[test]
fn it_stops_when_told_after_what_is_being_sent() {
    let mut server = Server::start();
    let mut idle = server.connect();
    let mut stream = server.connect();
    write!(stream, "GET /{BIG} HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
    let mut start = [0; 100];
    stream.read_exact(&mut start).expect("a start");
    let id = server.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill is there").success());
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("the rest");
    assert!(rest.ends_with(&299_999_u32.to_le_bytes()) && rest.len() > 1_200_000);
    assert_eq!(idle.read(&mut start).expect("an end"), 0);
    assert_eq!(server.child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn what_cannot_be_served_is_said() {
    let run = |arguments: &[&str]| {
        let out = Command::new(env!("CARGO_BIN_EXE_tordesc")).args(arguments).output().expect("it starts");
        (out.status.code(), String::from_utf8_lossy(&out.stderr).into_owned())
    };
    let missing = run(&["serve", "/no/such/folder"]);
    assert_eq!(missing.0, Some(1));
    assert!(missing.1.contains("/no/such/folder: no such file"), "{}", missing.1);
    assert_eq!(run(&["serve", "--listen", "here", "."]).0, Some(2));
    let server = Server::start();
    let config = server.folder.path().join("config.toml");
    fs::write(&config, "[paths]\nindexed = \"not-there\"\n").expect("written");
    let configured = run(&["serve", "--config", config.to_str().expect("UTF-8")]);
    assert_eq!(configured.0, Some(1));
    assert!(configured.1.contains("not-there: no such file"), "{}", configured.1);
    let taken = run(&["serve", "--listen", &server.address, "."]);
    assert_eq!(taken.0, Some(1));
    assert!(taken.1.contains("address already in use"), "{}", taken.1);
}

#[test]
fn wget_mirrors_a_folder() {
    let into = tempfile::tempdir().expect("a folder");
    let server = Server::start();
    let url = format!("http://{}/recent/", server.address);
    let wget = Command::new("wget")
        .args(["--quiet", "--recursive", "--reject", "index.html*", "--no-parent", "--no-host-directories"])
        .arg("--directory-prefix")
        .arg(into.path())
        .arg(&url)
        .env("no_proxy", "*")
        .status();
    let Ok(status) = wget else {
        eprintln!("skipped: wget is not there");
        return;
    };
    assert!(status.success());
    assert_eq!(fs::read(into.path().join(EXITS)).expect("mirrored"), server.file(EXITS));
    assert_eq!(fs::read(into.path().join("recent/odd & <names>/a:b")).expect("mirrored"), b"odd");
}

#[test]
fn stem_reads_the_index_and_downloads() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some(python) = common::python_with_stem() else { return };
    let server = Server::start();
    let out = Command::new(&python)
        .arg(here.join("tests/stem_collector.py"))
        .arg(format!("http://{}/", server.address))
        .env("no_proxy", "*")
        .output()
        .expect("it starts");
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(text.contains("1 file, 20 exits"), "{text}");
}
