//! `snapshot FILE COUNT DIR`: makes a snapshot of a bridge authority with COUNT distinct server descriptors out of the ones in
//! FILE. Each has its own fingerprint, address and time of publication; signatures do not fit, and nobody checks them here.

use std::{fs, io, path::Path, process::ExitCode};

use descriptor_core::{document::Type, netdoc::frames, sanitize::sha1, value::Hex};

/// The snapshot's name: Serge at the end of a month, so that descriptors of one hour before it are of one month.
const NAME: &str = "from-serge-2026-04-01T223524Z.tar";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, count, folder] = &arguments[..] else {
        eprintln!("usage: snapshot FILE COUNT DIR");
        return ExitCode::from(2);
    };
    match count.parse().map_err(io::Error::other).and_then(|count| make(file, count, Path::new(folder))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("snapshot: {error}");
            ExitCode::FAILURE
        }
    }
}

fn make(file: &str, count: usize, folder: &Path) -> io::Result<()> {
    let data = fs::read(file)?;
    let originals: Vec<_> =
        frames(&data, None).filter(|frame| frame.kind == Some(Type::ServerDescriptor)).collect();
    if originals.is_empty() {
        return Err(io::Error::other(format!("{file} holds no server descriptor")));
    }
    let mut text = Vec::new();
    for number in 0..count {
        another(originals[number % originals.len()].body, number, &mut text);
    }
    fs::create_dir_all(folder)?;
    let mut header = tar::Header::new_ustar();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    let mut tarball = tar::Builder::new(fs::File::create(folder.join(NAME))?);
    tarball.append_data(&mut header, "bridge-descriptors", &text[..])?;
    tarball.into_inner()?.sync_all()
}

/// The same descriptor of another bridge.
fn another(original: &[u8], number: usize, text: &mut Vec<u8>) {
    let fingerprint = sha1(&number.to_be_bytes());
    for line in original.split_inclusive(|&byte| byte == b'\n') {
        let words: Vec<_> = line.trim_ascii_end().split(|&byte| byte == b' ').collect();
        let line = match words[..] {
            [b"router", nickname, _, ref ports @ ..] => {
                let [a, b, c, ..] = fingerprint;
                let address = format!("{}.{a}.{b}.{c}", 20 + number % 100);
                [b"router", nickname, address.as_bytes(), &ports.join(&b' '), b""].join(&b' ')
            }
            [b"fingerprint", ..] => {
                let hex = Hex(fingerprint).to_string();
                let groups: Vec<_> = hex.as_bytes().chunks(4).collect();
                [b"fingerprint", &groups.join(&b' ')[..]].join(&b' ')
            }
            [b"published", ..] => {
                format!("published 2026-04-01 21:{:02}:{:02}", number / 60 % 60, number % 60).into_bytes()
            }
            _ => line.trim_ascii_end().to_vec(),
        };
        text.extend_from_slice(line.trim_ascii_end());
        text.push(b'\n');
    }
}
