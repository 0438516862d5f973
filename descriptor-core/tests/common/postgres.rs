//! A PostgreSQL server of a test, if one is installed.

use std::{
    env, fs,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// A server that listens on a socket in its own folder.
pub(crate) struct Server {
    process: Child,
    pub(crate) folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Server {
    /// Starts a server; `None`, aloud, if none is installed.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(|_| Some(vec!["listen_addresses=".to_owned()]))
    }

    /// Starts a server with settings, which are told the folder of its data before.
    pub(crate) fn start_with(settings: impl FnOnce(&Path) -> Option<Vec<String>>) -> Option<Self> {
        let Some(programs) = programs() else {
            eprintln!("skipped: no PostgreSQL is installed (initdb and postgres)");
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        fs::create_dir(&data).expect("a folder");
        let user = user();
        if let Some((user, group)) = user {
            for path in [folder.path(), &data] {
                chown(path, Some(user), Some(group)).expect("root may give folders away");
            }
        }
        let command = |name: &str| {
            let mut command = Command::new(programs.join(name));
            if let Some((user, group)) = user {
                command.gid(group).uid(user);
            }
            command.current_dir(folder.path()).stdout(Stdio::null());
            command
        };
        let made = command("initdb")
            .args(["--no-sync", "--auth=trust", "--username=tester", "--encoding=UTF8", "--no-locale", "-D"])
            .arg(&data)
            .status()
            .expect("initdb runs");
        assert!(made.success(), "{made}");
        let settings = settings(&data)?;
        for file in fs::read_dir(&data).expect("a folder").flatten() {
            if let Some((user, group)) = user {
                chown(file.path(), Some(user), Some(group)).expect("root may give files away");
            }
        }
        let process = command("postgres")
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-c", "fsync=off"])
            .args(settings.iter().flat_map(|setting| ["-c", setting.as_str()]))
            .stderr(Stdio::null())
            .spawn()
            .expect("postgres runs");
        Some(Server { process, folder })
    }

    /// Its URL, by the socket.
    pub(crate) fn address(&self) -> String {
        let folder = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://tester@{folder}/postgres")
    }
}

/// The folder of the programs.
fn programs() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let folders = env::split_paths(&path).chain(versions.map(|version| version.path().join("bin")));
    folders.into_iter().find(|folder| ["initdb", "postgres"].iter().all(|name| folder.join(name).is_file()))
}

/// Whom the server runs as where the test runs as root, for it refuses that: user and group.
fn user() -> Option<(u32, u32)> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = |line: &str| line.split_whitespace().nth(2) == Some("0");
    if !status.lines().find(|line| line.starts_with("Uid:")).is_some_and(effective) {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let of = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(|it| it.parse().ok());
        Some((numbers.next()??, numbers.next()??))
    };
    of("postgres").or_else(|| of("nobody"))
}
