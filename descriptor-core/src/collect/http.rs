//! A client that waits, that bounds what it takes, and that tells a whole answer from a part of one.

use std::{
    cell::Cell,
    io::{self, Read},
    time::{Duration, Instant, SystemTime},
};

use ureq::{
    Agent, Body,
    http::{HeaderMap, Response},
};

use super::encoding::{self, Encoding};

/// How much a client waits for and takes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Until a connection stands, TLS included.
    pub connect: Duration,
    /// Until some bytes come, each time that bytes are waited for.
    pub read: Duration,
    /// Until the whole answer has come.
    pub whole: Duration,
    /// The most that an answer may have on the wire. Unit: bytes.
    pub sent: u64,
    /// The most that an answer may have when it is unpacked. Unit: bytes.
    pub unpacked: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(15),
            whole: Duration::from_secs(120),
            // All extra-info descriptors of the public network are about 30 MB.
            sent: 128 << 20,
            unpacked: 128 << 20,
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Request<'a> {
    /// The address, `http://…` or `https://…`.
    pub url: &'a str,
    /// Further header fields.
    pub headers: &'a [(&'static str, String)],
    /// The [`version`](Whole::version) that the caller has; the answer may then be [`Answer::NotModified`].
    pub version: Option<&'a str>,
    /// Whether the server is asked not to compress.
    pub plain: bool,
    /// When the caller will no longer wait, if that is sooner than the limits say.
    pub deadline: Option<Instant>,
}

/// What a server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// All of it.
    Whole(Whole),
    /// The caller has it already.
    NotModified,
    /// The server does not have it, or has nothing to say.
    Absent,
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// The bytes, unpacked.
    pub bytes: Vec<u8>,
    /// How many bytes came over the wire.
    pub sent: u64,
    /// `ETag` or `Last-Modified`, whichever the server gives.
    pub version: Option<String>,
    /// Whether the end was marked: by a length, by chunks or by the compression. Otherwise the server just closed the
    /// connection, and only the text can tell whether that was the end.
    pub ended: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The server asks to come again later.
    #[error("busy ({status})")]
    Busy {
        /// The status; 200 if only the text says so.
        status: u16,
        /// When to come again, if it says that.
        again: Option<Duration>,
    },
    /// Any other status than 200, 304, 404 and 410.
    #[error("status {0}")]
    Status(u16),
    /// Nobody is there.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// It took too long.
    #[error("timed out: {0}")]
    TimedOut(String),
    /// The end is missing.
    #[error("cut off after {0} bytes")]
    CutOff(u64),
    /// Too much came.
    #[error("the answer has more than {0} bytes")]
    TooLarge(u64),
    /// What came would unpack to too much.
    #[error("the answer unpacks to more than {0} bytes")]
    Bomb(u64),
    /// What came cannot be unpacked.
    #[error("the answer is no {encoding}: {reason}")]
    Garbled {
        /// The encoding that it should have.
        encoding: String,
        /// What the decompressor says.
        reason: String,
    },
    /// What came is not HTTP, or the address is not one.
    #[error("{0}")]
    Protocol(String),
}

impl HttpError {
    /// Whether the same request may well succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            HttpError::Busy { .. }
            | HttpError::Unreachable(_)
            | HttpError::TimedOut(_)
            | HttpError::CutOff(_) => true,
            HttpError::Status(status) => *status >= 500,
            _ => false,
        }
    }

    /// When the server wants to be asked again.
    pub fn again(&self) -> Option<Duration> {
        match self {
            HttpError::Busy { again, .. } => *again,
            _ => None,
        }
    }

    fn of(error: &ureq::Error, taken: u64) -> Self {
        match error {
            ureq::Error::Timeout(phase) => HttpError::TimedOut(phase.to_string()),
            ureq::Error::Io(error) => Self::of_io(error, taken),
            ureq::Error::HostNotFound => HttpError::Unreachable("no such host".into()),
            ureq::Error::ConnectionFailed => HttpError::Unreachable("refused".into()),
            ureq::Error::ConnectProxyFailed(reason) => HttpError::Unreachable(reason.clone()),
            error => HttpError::Protocol(error.to_string()),
        }
    }

    fn of_io(error: &io::Error, taken: u64) -> Self {
        if let Some(error) = error.get_ref().and_then(|it| it.downcast_ref::<ureq::Error>()) {
            return Self::of(error, taken);
        }
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => HttpError::TimedOut("read".into()),
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => HttpError::CutOff(taken),
            _ => HttpError::Unreachable(error.to_string()),
        }
    }
}

/// An HTTP client. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    limits: Limits,
}

impl Client {
    /// A client that connects directly, whatever the environment says about proxies.
    pub fn new(limits: Limits) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(3)
            .user_agent(concat!("tordesc/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("")
            .timeout_connect(Some(limits.connect))
            .timeout_per_read(Some(limits.read))
            .timeout_per_write(Some(limits.read))
            .build();
        Client { agent: config.new_agent(), limits }
    }

    /// Its limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Asks once.
    pub fn get(&self, request: &Request<'_>) -> Result<Answer, HttpError> {
        let left = request.deadline.map(|at| at.saturating_duration_since(Instant::now()));
        let whole = left.map_or(self.limits.whole, |left| left.min(self.limits.whole));
        if whole.is_zero() {
            return Err(HttpError::TimedOut("no time left".into()));
        }
        let mut call = self.agent.get(request.url).config().timeout_global(Some(whole)).build();
        let accepted = if request.plain { encoding::PLAIN } else { encoding::ACCEPTED };
        call = call.header("Accept-Encoding", accepted);
        if let Some(version) = request.version {
            let entity = version.starts_with(['"', 'W']) && version.ends_with('"');
            call = call.header(if entity { "If-None-Match" } else { "If-Modified-Since" }, version);
        }
        for (name, value) in request.headers {
            call = call.header(*name, value);
        }
        let answer = call.call().map_err(|error| HttpError::of(&error, 0))?;
        match answer.status().as_u16() {
            200 => self.body(answer, request.url),
            304 => Ok(Answer::NotModified),
            404 | 410 => Ok(Answer::Absent),
            status @ (408 | 425 | 429 | 502..=504) => {
                Err(HttpError::Busy { status, again: retry_after(answer.headers()) })
            }
            status => Err(HttpError::Status(status)),
        }
    }

    fn body(&self, answer: Response<Body>, url: &str) -> Result<Answer, HttpError> {
        let headers = answer.headers();
        let encoding = Encoding::of(text(headers, "Content-Encoding").unwrap_or_default(), url)?;
        let again = retry_after(headers);
        let version = text(headers, "ETag").or_else(|| text(headers, "Last-Modified")).map(str::to_owned);
        let marked = headers.contains_key("Content-Length") || headers.contains_key("Transfer-Encoding");
        let (sent, failure) = (Cell::new(0), Cell::new(None));
        let body = answer.into_body().into_with_config().limit(u64::MAX).reader();
        let mut wire = Wire { body, sent: &sent, failure: &failure, limit: self.limits.sent };
        let bytes = encoding.unpack(&mut wire, self.limits.unpacked);
        // What the wire says comes first: a decompressor only sees that the end is missing.
        if let Some(failure) = failure.take() {
            return Err(failure);
        }
        let bytes = bytes.map_err(|error| error.into_http(&encoding, sent.get()))?;
        if is_busy(&bytes) {
            return Err(HttpError::Busy { status: 200, again });
        }
        let ended = marked || encoding.is_compressed();
        Ok(match bytes.is_empty() {
            true => Answer::Absent,
            false => Answer::Whole(Whole { bytes, sent: sent.get(), version, ended }),
        })
    }
}

/// The bytes of an answer as they come. What goes wrong is noted here, before a decompressor gives it another name.
struct Wire<'c, R> {
    body: R,
    sent: &'c Cell<u64>,
    failure: &'c Cell<Option<HttpError>>,
    limit: u64,
}

impl<R: Read> Read for Wire<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let taken = self.body.read(buffer).inspect_err(|error| {
            self.failure.set(Some(HttpError::of_io(error, self.sent.get())));
        })?;
        self.sent.set(self.sent.get() + taken as u64);
        if self.sent.get() > self.limit {
            self.failure.set(Some(HttpError::TooLarge(self.limit)));
            return Err(io::Error::other("too large"));
        }
        Ok(taken)
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// How long to wait: a number of seconds or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = text(headers, "Retry-After")?.trim();
    match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(value).ok()?.duration_since(SystemTime::now()).ok(),
    }
}

/// Whether a text is what an overloaded server says in place of the document, such as `Directory busy, try again later`.
fn is_busy(bytes: &[u8]) -> bool {
    const LONGEST: usize = 300;
    let text = bytes.trim_ascii();
    let says = |words: &[u8]| text.windows(words.len()).any(|part| part.eq_ignore_ascii_case(words));
    text.len() <= LONGEST && !text.contains(&b'\n') && (says(b"busy") || says(b"try again later"))
}
