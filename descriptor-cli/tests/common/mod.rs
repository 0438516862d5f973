//! Runs the program, and a small made-up descriptor to run it on.

#![allow(dead_code, reason = "each test file uses a part of this")]

pub(crate) mod originals;

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// What a run gave.
pub(crate) struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tordesc"));
    command.args(arguments).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env_remove("CLICOLOR");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program with nothing on standard input.
pub(crate) fn run(arguments: &[&str]) -> Run {
    run_with(arguments, b"")
}

/// Runs the program with text on standard input.
pub(crate) fn run_with(arguments: &[&str], input: &[u8]) -> Run {
    let mut child = program(arguments).spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    std::thread::scope(|scope| {
        // The program may leave before it has read all of it.
        scope.spawn(move || drop(stdin.write_all(input)));
        Run::from(child.wait_with_output().expect("the program ends"))
    })
}

/// Runs the program with an output that nobody reads.
pub(crate) fn run_to_closed_pipe(arguments: &[&str], input: &[u8]) -> Run {
    let mut child = program(arguments).spawn().expect("the program starts");
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().expect("a pipe");
    std::thread::scope(|scope| {
        scope.spawn(move || drop(stdin.write_all(input)));
        Run::from(child.wait_with_output().expect("the program ends"))
    })
}

/// Writes a file and gives its path as text.
pub(crate) fn write(folder: &Path, name: &str, text: &[u8]) -> String {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).expect("a folder");
    }
    std::fs::write(&path, text).expect("a file");
    path.to_str().expect("UTF-8").to_owned()
}

/// A Python that has stem: the one in `TORDESC_PYTHON`, or that of the tests' virtual environment. Without one it is said
/// that the test is skipped.
pub(crate) fn python_with_stem() -> Option<PathBuf> {
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.venv/bin/python");
    let python = std::env::var_os("TORDESC_PYTHON").map_or(venv, PathBuf::from);
    let found = Command::new(&python).args(["-c", "import stem.descriptor.collector"]).output();
    if found.is_ok_and(|found| found.status.success()) {
        return Some(python);
    }
    eprintln!("skipped: no Python with stem; TORDESC_PYTHON may name one");
    None
}

/// The files of a tree by their paths, each with a `/` before it; those that vanish meanwhile are left out.
pub(crate) fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, below: &str, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), format!("{below}/{}", entry.file_name().to_string_lossy()));
            if path.is_dir() {
                walk(&path, &name, files);
            } else if let Ok(bytes) = fs::read(&path) {
                files.insert(name, bytes);
            }
        }
    }
    let mut files = BTreeMap::new();
    walk(root, "", &mut files);
    files
}

/// Numbers that look random and are the same in each run.
pub(crate) struct Random(u64);

impl Default for Random {
    fn default() -> Self {
        Random(0x2545_F491_4F6C_DD1D)
    }
}

impl Random {
    /// A number from 0 to 1.
    pub(crate) fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The made-up descriptor of a relay called `mars`. Its keys are made up too, but the fingerprint fits.
pub(crate) const DESCRIPTOR: &str = "\
@type server-descriptor 1.0
router mars 192.0.2.1 9001 0 9030
platform Tor 0.4.8.12 on Linux
published 2024-12-16 14:02:03
fingerprint 5707 A342 6CF5 90E4 F186 73CC 510F 45B9 6871 E6B0
uptime 12345
bandwidth 1048576 2097152 524288
onion-key
-----BEGIN RSA PUBLIC KEY-----
MIGJAoGBAOfKl6CsbsUMJeQEpssWLigCc8SNoUxxnxJ/xBjtEnuT31peDkkWn5Ej
ACpK0rJPjrjNo3bNOFcOA9ZQqAceQ6OLQ64dfzA65Lu4sxL6oRe37hIuIyaqKn70
rlVPO0amwn1ouIJqw5cUnRxSxaGpjBInPnb0o4RrXV8wOa8hGFCZAgMBAAE=
-----END RSA PUBLIC KEY-----
signing-key
-----BEGIN RSA PUBLIC KEY-----
MIGJAoGBAIMXL12zBlLdTTX2oGQAV49dOmCtrb1FsYn7pFqzQ/9pQI4+ki38S0md
Mk2xbt7W5LyAgARuNmtL0O6mlKMWq6jeByD312OJi0uUYDbAZLCr/MMtH+mgjxLN
niRo6g25qDXl+EGPstEawRJTsfarmNsIE5tW4iBmWps4DQ0hmK/RAgMBAAE=
-----END RSA PUBLIC KEY-----
contact someone, \"quoted\"
reject 192.0.2.0/24:*
accept *:80
reject *:*
router-signature
-----BEGIN SIGNATURE-----
AAAA
-----END SIGNATURE-----
";

/// The fingerprint of `mars`.
pub(crate) const FINGERPRINT: &str = "5707A3426CF590E4F18673CC510F45B96871E6B0";

/// The same with a time that does not exist.
pub(crate) fn broken() -> String {
    DESCRIPTOR.replace("2024-12-16", "2024-99-16")
}
