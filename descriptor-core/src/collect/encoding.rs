//! How answers are compressed, and how much is unpacked.

use std::io::{self, BufReader, Read};

use super::http::HttpError;
use crate::{archive::Codec, document::Type};

/// What servers may send: all that tor knows.
pub(super) const ACCEPTED: &str = "deflate, gzip, x-zstd, x-tor-lzma, identity";

/// What servers are asked for if compression went wrong.
pub(super) const PLAIN: &str = "identity";

/// How an answer is encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Not at all.
    Identity,
    /// Compressed.
    Compressed(Codec, String),
    /// Compressed if it looks so: an address that ends in `.z` asks for zlib, and not every server says that it obeyed.
    Asked,
}

/// Why bytes could not be unpacked.
#[derive(Debug)]
pub(super) enum Failure {
    /// They are more than the limit.
    Limit(u64),
    /// The decompressor refuses them.
    Bad(io::Error),
}

impl Encoding {
    /// What the header field says, or else the address.
    pub(super) fn of(content_encoding: &str, url: &str) -> Result<Self, HttpError> {
        let name = content_encoding.trim().to_ascii_lowercase();
        let codec = match name.as_str() {
            "" | "identity" if url.ends_with(".z") => return Ok(Encoding::Asked),
            "" | "identity" => return Ok(Encoding::Identity),
            "deflate" => Codec::Zlib,
            "gzip" | "x-gzip" => Codec::Gzip,
            "x-zstd" | "zstd" => Codec::Zstd,
            "x-tor-lzma" => Codec::Lzma,
            _ => return Err(HttpError::Garbled { encoding: name, reason: "unknown encoding".into() }),
        };
        Ok(Encoding::Compressed(codec, name))
    }

    pub(super) fn is_compressed(&self) -> bool {
        matches!(self, Encoding::Compressed(..))
    }

    /// All bytes, unpacked, if they are not more than the limit.
    pub(super) fn unpack(&self, wire: &mut dyn Read, limit: u64) -> Result<Vec<u8>, Failure> {
        match self {
            Encoding::Identity => read(wire, limit),
            Encoding::Compressed(codec, _) => read(&mut codec.open(wire).map_err(Failure::Bad)?, limit),
            Encoding::Asked => {
                let bytes = read(wire, limit)?;
                match Codec::detect(&bytes) {
                    Some(Codec::Zlib) => unpacked(&bytes, Codec::Zlib, limit),
                    _ => Ok(bytes),
                }
            }
        }
    }
}

impl Failure {
    /// What it means for the answer of which so many bytes came.
    pub(super) fn into_http(self, encoding: &Encoding, sent: u64) -> HttpError {
        let name = match encoding {
            Encoding::Identity => PLAIN,
            Encoding::Compressed(_, name) => name,
            Encoding::Asked => "deflate",
        };
        match self {
            Failure::Limit(limit) if *encoding == Encoding::Identity => HttpError::TooLarge(limit),
            Failure::Limit(limit) => HttpError::Bomb(limit),
            Failure::Bad(error) if error.kind() == io::ErrorKind::UnexpectedEof => HttpError::CutOff(sent),
            Failure::Bad(error) => HttpError::Garbled { encoding: name.into(), reason: error.to_string() },
        }
    }
}

/// The bytes of a file without its compression, if it has one. An error is said in words.
pub(super) fn plain(bytes: Vec<u8>, limit: u64) -> Result<Vec<u8>, String> {
    let Some(codec) = Codec::detect(&bytes) else { return Ok(bytes) };
    unpacked(&bytes, codec, limit).map_err(|failure| match failure {
        Failure::Limit(limit) => format!("unpacks to more than {limit} bytes"),
        Failure::Bad(error) => format!("cannot be unpacked: {error}"),
    })
}

/// The bytes of a file as they are delivered: those of a type that archives keep as `.xz` files as they came, if they can be
/// unpacked; others without their compression.
pub(super) fn delivered(kind: Option<Type>, bytes: Vec<u8>, limit: u64) -> Result<Vec<u8>, String> {
    let kept = matches!(kind, Some(Type::OnionPerf | Type::WebServerLog));
    if kept && matches!(Codec::detect(&bytes), Some(Codec::Xz)) {
        plain(bytes.clone(), limit)?;
        return Ok(bytes);
    }
    plain(bytes, limit)
}

/// The bytes of a compressed file.
fn unpacked(bytes: &[u8], codec: Codec, limit: u64) -> Result<Vec<u8>, Failure> {
    read(&mut codec.open(bytes).map_err(Failure::Bad)?, limit)
}

fn read(reader: &mut dyn Read, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let mut reader = BufReader::new(reader).take(limit.saturating_add(1));
    reader.read_to_end(&mut bytes).map_err(Failure::Bad)?;
    if bytes.len() as u64 > limit { Err(Failure::Limit(limit)) } else { Ok(bytes) }
}
