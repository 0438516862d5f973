//! From a request to its answer: status, header and bytes.

use std::{
    fs::{File, Metadata},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Read, Seek, SeekFrom},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use headers::{
    ETag, HeaderMapExt, IfMatch, IfModifiedSince, IfNoneMatch, IfRange, IfUnmodifiedSince, LastModified,
};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;
use tower_http::compression::Predicate;

use super::{
    listing,
    range::Part,
    tree::{Found, Tree},
};

/// Files are read in pieces of this size; what is not larger is read at once. Unit: bytes.
const PIECE: u64 = 64 << 10;
/// What is smaller than this is not worth compressing. Unit: bytes.
const SMALL: u64 = 512;
/// A tarball that has not changed for so long is finished, but for what arrives very late.
const FINISHED: Duration = Duration::from_secs(7 * 24 * 3600);

const HTML: &str = "text/html; charset=utf-8";
const SHORT: &str = "public, max-age=60";
const LONG: &str = "public, max-age=86400";

/// Answers a GET or HEAD.
pub(crate) async fn answer(State(tree): State<Arc<Tree>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let path = parts.uri.path();
    // Disks can be slow, and other requests shall not wait for them.
    let done = tokio::task::block_in_place(|| match tree.find(path)? {
        Found::File(file, metadata) => serve_file(path, file, &metadata, &parts.headers).ok(),
        Found::Folder(folder) => {
            let page = listing::page(&tree, &folder, path).ok()?;
            Some(serve_page(page, &parts.headers))
        }
        Found::Unslashed => Some(with_slash(path)),
    });
    let mut answer = done.unwrap_or_else(missing);
    // Descriptors say what strangers wrote: no browser shall take them for anything else.
    answer.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

fn missing() -> Response {
    let kind = [(header::CONTENT_TYPE, HTML), (header::CACHE_CONTROL, "no-cache")];
    (StatusCode::NOT_FOUND, kind, listing::missing()).into_response()
}

/// Sends to the same folder with a slash, relatively, as another server may have put something before the path.
fn with_slash(path: &str) -> Response {
    let name = path.rsplit('/').next().unwrap_or_default();
    (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, format!("./{name}/"))]).into_response()
}

/// A listing has no time of its own: files in it change without it. Its tag is of what it says.
fn serve_page(page: String, asked: &HeaderMap) -> Response {
    let mut hasher = DefaultHasher::new();
    page.hash(&mut hasher);
    let tag = format!("W/\"{:x}\"", hasher.finish());
    let mut answer = match (tag.parse::<ETag>(), asked.typed_get::<IfNoneMatch>()) {
        (Ok(tag), Some(known)) if !known.precondition_passes(&tag) => {
            StatusCode::NOT_MODIFIED.into_response()
        }
        _ => ([(header::CONTENT_TYPE, HTML)], page).into_response(),
    };
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(SHORT));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    put(headers, header::ETAG, tag);
    answer
}

/// Puts a value that is made of numbers into a header.
fn put(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

fn serve_file(path: &str, file: File, metadata: &Metadata, asked: &HeaderMap) -> io::Result<Response> {
    let length = metadata.len();
    let changed = metadata.modified()?;
    let since = changed.duration_since(UNIX_EPOCH).unwrap_or_default();
    let tag = format!("\"{length:x}-{:x}\"", since.as_nanos());
    let etag = tag.parse::<ETag>().map_err(io::Error::other)?;
    // HTTP knows whole seconds only.
    let modified = UNIX_EPOCH + Duration::from_secs(since.as_secs());

    let mut answer = match judged(asked, &etag, modified, length) {
        (status @ (StatusCode::NOT_MODIFIED | StatusCode::PRECONDITION_FAILED), _) => status.into_response(),
        (_, Part::Beyond) => {
            let size = [(header::CONTENT_RANGE, format!("bytes */{length}"))];
            (StatusCode::RANGE_NOT_SATISFIABLE, size).into_response()
        }
        (_, Part::Some(start, end)) => {
            let place = format!("bytes {start}-{}/{length}", end - 1);
            let mut answer = (StatusCode::PARTIAL_CONTENT, piece(file, start, end - start)?).into_response();
            put(answer.headers_mut(), header::CONTENT_RANGE, place);
            answer.headers_mut().insert(header::CONTENT_LENGTH, (end - start).into());
            answer
        }
        (_, Part::Whole) => {
            let mut answer = piece(file, 0, length)?.into_response();
            answer.headers_mut().insert(header::CONTENT_LENGTH, length.into());
            answer
        }
    };

    let kind = Kind::of(path);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind.name));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(lifetime(path, changed)));
    headers.typed_insert(LastModified::from(modified));
    if !kind.compressed {
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    // Who knows the compressed form, whose tag is weak, is told that this one is still good.
    let weak = format!("W/{tag}");
    let knows_weak = asked
        .get(header::IF_NONE_MATCH)
        .and_then(|line| line.to_str().ok())
        .is_some_and(|line| line.contains(&weak));
    let not_modified = answer.status() == StatusCode::NOT_MODIFIED;
    let shown = if not_modified && knows_weak { weak } else { tag };
    put(answer.headers_mut(), header::ETAG, shown);
    if answer.status() == StatusCode::OK && !kind.compressed && length >= SMALL {
        answer.extensions_mut().insert(Plain);
    }
    Ok(answer)
}

/// The conditions of a request in the order of RFC 9110 §13.2.2, and which part it asks for. Conditions that cannot be
/// read count as not there.
fn judged(asked: &HeaderMap, tag: &ETag, modified: SystemTime, length: u64) -> (StatusCode, Part) {
    let whole = |status| (status, Part::Whole);
    if let Some(wanted) = asked.typed_get::<IfMatch>() {
        if !wanted.precondition_passes(tag) {
            return whole(StatusCode::PRECONDITION_FAILED);
        }
    } else if asked.typed_get::<IfUnmodifiedSince>().is_some_and(|since| !since.precondition_passes(modified))
    {
        return whole(StatusCode::PRECONDITION_FAILED);
    }
    if let Some(known) = asked.typed_get::<IfNoneMatch>() {
        if !known.precondition_passes(tag) {
            return whole(StatusCode::NOT_MODIFIED);
        }
    } else if asked.typed_get::<IfModifiedSince>().is_some_and(|since| !since.is_modified(modified)) {
        return whole(StatusCode::NOT_MODIFIED);
    }
    let same = match asked.typed_get::<IfRange>() {
        Some(range) => !range.is_modified(Some(tag), Some(&LastModified::from(modified))),
        None => !asked.contains_key(header::IF_RANGE),
    };
    let mut lines = asked.get_all(header::RANGE).iter().map(|line| line.to_str().unwrap_or_default());
    match (lines.next(), lines.next()) {
        (Some(line), None) if same => (StatusCode::OK, Part::of(line, length)),
        _ => whole(StatusCode::OK),
    }
}

/// A part of a file as a body. If the file turns out to be shorter, the connection breaks, and the client knows.
fn piece(mut file: File, start: u64, length: u64) -> io::Result<Body> {
    if start > 0 {
        file.seek(SeekFrom::Start(start))?;
    }
    if length <= PIECE {
        let mut bytes = Vec::with_capacity(length as usize);
        file.take(length).read_to_end(&mut bytes)?;
        return match bytes.len() as u64 == length {
            true => Ok(Body::from(Bytes::from(bytes))),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        };
    }
    let mut file = tokio::fs::File::from_std(file);
    file.set_max_buf_size(PIECE as usize);
    Ok(Body::from_stream(ReaderStream::with_capacity(file.take(length), PIECE as usize)))
}

/// How long others may keep an answer without asking again.
fn lifetime(path: &str, changed: SystemTime) -> &'static str {
    let age = SystemTime::now().duration_since(changed).unwrap_or_default();
    if path.starts_with("/archive/") && age >= FINISHED { LONG } else { SHORT }
}

/// What a file is, by its name.
struct Kind {
    name: &'static str,
    /// Whether compressing it again is of no use.
    compressed: bool,
}

impl Kind {
    fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or_default();
        let (name, compressed) = match name.rsplit_once('.').map(|(_, end)| end) {
            Some("xz") => ("application/x-xz", true),
            Some("gz" | "tgz") => ("application/gzip", true),
            Some("bz2") => ("application/x-bzip2", true),
            Some("zst") => ("application/zstd", true),
            Some("parquet") => ("application/vnd.apache.parquet", true),
            // The only plain tarballs are those of web logs, which hold compressed files.
            Some("tar") => ("application/x-tar", true),
            Some("json") => ("application/json", false),
            Some("html") => (HTML, false),
            Some("css") => ("text/css; charset=utf-8", false),
            _ => ("text/plain; charset=utf-8", false),
        };
        Kind { name, compressed }
    }
}

/// Marks an answer whose bytes are worth compressing.
#[derive(Debug, Clone, Copy)]
struct Plain;

/// Compresses what is marked, and listings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Compressible;

impl Predicate for Compressible {
    fn should_compress<B: HttpBody>(&self, answer: &axum::http::Response<B>) -> bool {
        let html = answer.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == HTML);
        let page = html && answer.status() == StatusCode::OK && answer.body().size_hint().lower() >= SMALL;
        page || answer.extensions().get::<Plain>().is_some()
    }
}

/// A compressed answer is not the same bytes each time: its tag becomes weak, and no ranges are offered.
pub(crate) async fn weaken(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    if headers.contains_key(header::CONTENT_ENCODING) {
        headers.remove(header::ACCEPT_RANGES);
        let weak = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
        if let Some(weak) = weak.filter(|tag| !tag.starts_with("W/")).map(|tag| format!("W/{tag}")) {
            put(headers, header::ETAG, weak);
        }
    }
    answer
}

/// Writes a line about a request. Who asked is nobody's business.
pub(crate) async fn log(request: Request, next: Next) -> Response {
    let (method, path) =
        (request.method().clone(), request.uri().path().as_bytes().escape_ascii().to_string());
    let start = Instant::now();
    let answer = next.run(request).await;
    let size =
        answer.headers().get(header::CONTENT_LENGTH).and_then(|size| size.to_str().ok()).unwrap_or("-");
    let took = start.elapsed().as_secs_f64() * 1000.0;
    anstream::eprintln!("{method} {path} {} {size} {took:.1} ms", answer.status().as_u16());
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_that_rest_are_kept_longer() {
        let now = SystemTime::now();
        let old = now - FINISHED - Duration::from_secs(1);
        assert_eq!(lifetime("/archive/exit-lists/exit-list-2024-11.tar.xz", old), LONG);
        assert_eq!(lifetime("/archive/exit-lists/exit-list-2024-12.tar.xz", now), SHORT);
        assert_eq!(lifetime("/recent/exit-lists/x", old), SHORT);
        assert_eq!(lifetime("/archive/x", now + FINISHED), SHORT);
    }

    #[test]
    fn kinds_are_told_by_names() {
        assert_eq!(Kind::of("/index/index.json.xz").name, "application/x-xz");
        assert_eq!(Kind::of("/index/index.json").name, "application/json");
        assert_eq!(Kind::of("/recent/a.b/2024-12-16-00-00-00-consensus").name, "text/plain; charset=utf-8");
    }
}
