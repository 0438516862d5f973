//! The client alone.

use std::{
    io::Write,
    net::TcpListener,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::{Duration, Instant},
};

use descriptor_core::collect::{Answer, HttpError, Request};
use flate2::{Compression, write::GzEncoder, write::ZlibEncoder};

use crate::{
    client, patience,
    server::{Reply, Server, chunked, closed, sized, status},
};

fn get(url: &str) -> Result<Answer, HttpError> {
    client().get(&Request { url, ..Request::default() })
}

fn bytes(answer: Result<Answer, HttpError>) -> Vec<u8> {
    match answer {
        Ok(Answer::Whole(whole)) => whole.bytes,
        other => panic!("{other:?}"),
    }
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn lzma(text: &[u8]) -> Vec<u8> {
    let options = liblzma::stream::LzmaOptions::new_preset(6).unwrap();
    let stream = liblzma::stream::Stream::new_lzma_encoder(&options).unwrap();
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn an_answer_is_the_same_however_it_is_sent() {
    let text = b"router a 1.2.3.4 9001 0 0\n".repeat(50);
    let body = text.clone();
    let server = Server::start(move |asked| {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&body).unwrap();
        match asked.path.as_str() {
            "/closed" => closed(&body),
            "/chunked" => chunked(&body),
            "/sized" => sized(&body, "Content-Encoding: identity\r\n"),
            "/deflate" => sized(&zlib(&body), "Content-Encoding: deflate\r\n"),
            "/gzip" => sized(&gzip.finish().unwrap(), "Content-Encoding: gzip\r\n"),
            "/zstd" => sized(&zstd::encode_all(&body[..], 3).unwrap(), "Content-Encoding: x-zstd\r\n"),
            "/lzma" => sized(&lzma(&body), "Content-Encoding: x-tor-lzma\r\n"),
            "/suffix.z" => closed(&zlib(&body)),
            "/plain.z" => closed(&body),
            _ => status("404 Not found"),
        }
    });
    for path in
        ["/closed", "/chunked", "/sized", "/deflate", "/gzip", "/zstd", "/lzma", "/suffix.z", "/plain.z"]
    {
        assert_eq!(bytes(get(&server.url(path))), text, "{path}");
    }
    assert_eq!(get(&server.url("/nothing")), Ok(Answer::Absent));
    let asked = server.asked();
    assert_eq!(asked[0].header("accept-encoding"), Some("deflate, gzip, x-zstd, x-tor-lzma, identity"));
}

#[test]
fn a_part_of_an_answer_is_none() {
    let text = b"router a 1.2.3.4 9001 0 0\n".repeat(200);
    let server = Server::start(move |asked| {
        let cut = |reply: Reply, by: usize| match reply {
            Reply::Bytes(bytes) => Reply::Bytes(bytes[..bytes.len() - by].to_vec()),
            reply => reply,
        };
        let packed = zlib(&text);
        let zstd = zstd::encode_all(&text[..], 3).unwrap();
        match asked.path.as_str() {
            "/sized" => cut(sized(&text, ""), 1),
            "/chunked" => cut(chunked(&text), 9),
            "/deflate" => cut(sized(&packed, "Content-Encoding: deflate\r\n"), 5),
            "/unmarked" => Reply::Bytes(
                [b"HTTP/1.0 200 OK\r\nContent-Encoding: deflate\r\n\r\n", &packed[..packed.len() - 3]]
                    .concat(),
            ),
            "/zstd" => Reply::Bytes(
                [b"HTTP/1.0 200 OK\r\nContent-Encoding: x-zstd\r\n\r\n", &zstd[..zstd.len() - 3]].concat(),
            ),
            _ => Reply::Bytes(
                [b"HTTP/1.0 200 OK\r\nContent-Encoding: x-tor-lzma\r\n\r\n", &lzma(&text)[..60]].concat(),
            ),
        }
    });
    for path in ["/sized", "/chunked", "/deflate", "/unmarked", "/zstd", "/lzma"] {
        let error = get(&server.url(path)).unwrap_err();
        assert!(matches!(error, HttpError::CutOff(_)), "{path}: {error:?}");
        assert!(error.is_transient());
    }
}

#[test]
fn bombs_and_floods_are_refused() {
    let zeros = vec![0; 5 << 20];
    let packed = zlib(&zeros);
    assert!(packed.len() < 10_000);
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/bomb" => sized(&packed, "Content-Encoding: deflate\r\n"),
        "/bomb.z" => closed(&packed),
        _ => closed(&zeros),
    });
    let error = get(&server.url("/bomb")).unwrap_err();
    assert_eq!(error.to_string(), "the answer unpacks to more than 4194304 bytes");
    assert_eq!(get(&server.url("/bomb.z")), Err(HttpError::Bomb(4 << 20)));
    assert_eq!(get(&server.url("/flood")), Err(HttpError::TooLarge(4 << 20)));
    assert!(!error.is_transient());
}

#[test]
fn who_hangs_or_drips_is_left() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/hang" => Reply::Hang,
        "/head" => Reply::Drip(b"HTTP/1.0 200 OK\r\nX-Y: z\r\n".to_vec()),
        _ => Reply::Drip(b"HTTP/1.0 200 OK\r\n\r\nrouter a 1.2.3.4 9001 0 0\n".to_vec()),
    });
    for path in ["/hang", "/drip"] {
        let begin = Instant::now();
        let error = get(&server.url(path)).unwrap_err();
        assert!(matches!(error, HttpError::TimedOut(_)), "{path}: {error:?}");
        assert!(begin.elapsed() < Duration::from_secs(3), "{path}: {:?}", begin.elapsed());
    }
    assert!(get(&server.url("/head")).is_err());
    let deadline = Some(Instant::now());
    let url = server.url("/hang");
    let late = client().get(&Request { url: &url, deadline, ..Request::default() });
    assert!(matches!(late, Err(HttpError::TimedOut(_))), "{late:?}");
}

#[test]
fn what_is_no_http_is_told() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/garbage" => Reply::Bytes(b"\x16\x03\x01\x02\x00 not http at all\r\n\r\n".to_vec()),
        "/encoding" => sized(b"text", "Content-Encoding: br\r\n"),
        "/deflate" => sized(b"router a 1.2.3.4 9001 0 0\n", "Content-Encoding: deflate\r\n"),
        _ => status("400 Bad request"),
    });
    let garbage = get(&server.url("/garbage")).unwrap_err();
    assert!(!matches!(garbage, HttpError::TimedOut(_)), "{garbage:?}");
    for path in ["/encoding", "/deflate"] {
        let error = get(&server.url(path)).unwrap_err();
        assert!(matches!(error, HttpError::Garbled { .. }), "{path}: {error:?}");
    }
    assert_eq!(get(&server.url("/refused")), Err(HttpError::Status(400)));
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = get(&format!("http://{free}/")).unwrap_err();
    assert!(matches!(nobody, HttpError::Unreachable(_)), "{nobody:?}");
}

#[test]
fn who_is_busy_is_asked_again() {
    let count = AtomicUsize::new(0);
    let server = Server::start(move |_| match count.fetch_add(1, SeqCst) {
        0 => status("503 Directory busy, try again later"),
        1 => status("503 Service unavailable\r\nRetry-After: 1"),
        2 => closed(b"Directory busy, try again later\n"),
        _ => closed(b"router a\n"),
    });
    let url = server.url("/");
    let begin = Instant::now();
    assert_eq!(bytes(patience().get(&client(), &Request { url: &url, ..Request::default() })), b"router a\n");
    assert!(begin.elapsed() >= Duration::from_secs(1), "it was told to wait");
    assert_eq!(server.asked().len(), 4);

    let server = Server::start(|_| status("503 busy\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT"));
    let url = server.url("/");
    let error = patience().get(&client(), &Request { url: &url, ..Request::default() }).unwrap_err();
    assert!(matches!(error, HttpError::Busy { status: 503, again: Some(_) }), "{error:?}");
    assert_eq!(server.asked().len(), 1, "that is too long to wait");
}

#[test]
fn what_the_caller_has_is_not_sent_again() {
    let server =
        Server::start(|asked| match asked.header("if-modified-since").or(asked.header("if-none-match")) {
            Some("Sun, 29 Mar 2026 23:05:11 GMT" | "\"tag\"") => status("304 Not modified"),
            Some(other) => closed(other.as_bytes()),
            None if asked.path == "/tag" => sized(b"x\n", "ETag: \"tag\"\r\n"),
            None => sized(b"x\n", "Last-Modified: Sun, 29 Mar 2026 23:05:11 GMT\r\n"),
        });
    for path in ["/tag", "/date"] {
        let url = server.url(path);
        let Ok(Answer::Whole(whole)) = get(&url) else { panic!("{path}") };
        let again =
            client().get(&Request { url: &url, version: whole.version.as_deref(), ..Request::default() });
        assert_eq!(again, Ok(Answer::NotModified), "{path}");
    }
}
