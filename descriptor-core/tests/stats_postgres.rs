//! Tables of statistics in a real PostgreSQL server, which the test starts itself if one is installed.
#![cfg(unix)]

#[path = "common/postgres.rs"]
mod server;

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use descriptor_core::stats::postgres::{Database, LoadError, Loaded};
use postgres::{Client, NoTls};
use server::Server;

/// A connection, when the server has begun to answer.
fn client(address: &str) -> Client {
    for _ in 0..600 {
        if let Ok(client) = Client::connect(address, NoTls) {
            return client;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("the server does not answer");
}

fn rows(client: &mut Client, sql: &str) -> Vec<String> {
    let rows = client.query(sql, &[]).expect("a query");
    rows.iter().map(|row| row.get(0)).collect()
}

const WEIGHT: &str = "valid_after_date,nickname,have_guard_flag,have_exit_flag,measured_sum_avg\n\
    2020-01-01,,f,f,5\n2020-01-01,gabelmoo,t,f,7\n2020-01-02,,f,f,6\n";

#[test]
fn files_are_loaded_once() {
    let Some(server) = Server::start() else { return };
    let mut client = client(&server.address());
    let mut database = Database::connect(&server.address()).expect("it connects");
    assert_eq!(database.load("totalcw", WEIGHT).expect("loaded"), Loaded { days: 2, rows: 3 });
    let all =
        "SELECT concat_ws('|', valid_after_date, coalesce(nickname, '-'), have_guard_flag, have_exit_flag,
        measured_sum_avg, xmin) FROM tordesc.totalcw ORDER BY 1";
    let first = rows(&mut client, all);
    assert_eq!(first.len(), 3);
    assert!(first[0].starts_with("2020-01-01|-|f|f|5|"), "{first:?}");

    // Again: no row is touched, not even by one that is the same.
    let mut again = Database::connect(&server.address()).expect("it connects");
    assert_eq!(again.load("totalcw", WEIGHT).expect("loaded"), Loaded::default());
    assert_eq!(rows(&mut client, all), first);

    // A day that has changed is replaced, one that the file does not have stays.
    let changed =
        WEIGHT.lines().next().expect("a header").to_owned() + "\n2020-01-02,,f,f,9\n2020-01-03,,f,f,1\n";
    assert_eq!(database.load("totalcw", &changed).expect("loaded"), Loaded { days: 2, rows: 2 });
    let now = rows(&mut client, all);
    assert_eq!((&now[..2], now.len()), (&first[..2], 4));
    assert!(now[2].starts_with("2020-01-02|-|f|f|9|"), "{now:?}");

    // Times, and numbers that a file of text has.
    let times = "valid_after,isexit,relay,percentile,advbw\n2020-01-01 01:00:00,TRUE,1,,100\n2020-01-01 01:00:00,,,0,9\n";
    assert_eq!(database.load("advbwdist-validafter", times).expect("loaded"), Loaded { days: 1, rows: 2 });
    assert_eq!(database.load("advbwdist-validafter", times).expect("loaded"), Loaded::default());

    // What is wrong is said, and nothing is left of it.
    let broken = WEIGHT.replace(",6\n", ",many\n").replace("2020", "2021");
    let error = database.load("totalcw", &broken).expect_err("no number").to_string();
    assert!(error.contains("many") && error.contains("measured_sum_avg"), "{error}");
    assert!(matches!(database.load("totalcw", "date\n"), Err(LoadError::Columns { .. })));
    assert!(matches!(database.load("totals", "date\n"), Err(LoadError::Unknown(name)) if name == "totals"));
    assert_eq!(rows(&mut client, all), now);
}

/// Makes an issuer and its certificate of `localhost` in a folder; `None`, aloud, without OpenSSL's program.
fn certificates(folder: &Path) -> Option<()> {
    let run = |arguments: &[&str]| {
        let mut command = Command::new("openssl");
        command.args(arguments).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !run(&["version"]) {
        eprintln!("skipped: no openssl is installed");
        return None;
    }
    let key =
        ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    let issuer = ["-subj", "/CN=issuer", "-keyout", "ca.key", "-out", "ca.pem"];
    let server = [
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-keyout",
        "server.key",
        "-out",
        "server.pem",
    ];
    for more in [&issuer[..], &server] {
        assert!(run(&[&key[..], more].concat()), "openssl makes certificates");
    }
    fs::set_permissions(folder.join("server.key"), fs::Permissions::from_mode(0o600)).expect("its file");
    Some(())
}

#[test]
fn connections_are_encrypted_as_the_address_says() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port").port();
    let settings = |data: &Path| {
        certificates(data)?;
        let settings =
            ["ssl=on", "ssl_cert_file=server.pem", "ssl_key_file=server.key", "listen_addresses=127.0.0.1"];
        Some(settings.map(str::to_owned).into_iter().chain([format!("port={port}")]).collect())
    };
    let Some(server) = Server::start_with(settings) else { return };
    let mut client = client(&server.address().replace("/postgres", &format!(":{port}/postgres")));
    let roots = server.folder.path().join("data/ca.pem").display().to_string().replace('/', "%2F");
    let address = |host: &str, parameters: &str| {
        format!("postgres://tester@{host}:{port}/postgres?application_name=ours{parameters}")
            .replace("ROOTS", &format!("sslrootcert={roots}"))
    };
    // Whether the connection is encrypted, as the server says.
    let mut encrypted = |address: &str| {
        let database = Database::connect(address).map_err(|error| error.to_string())?;
        let ours =
            "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'ours'";
        let rows = client.query(ours, &[]).expect("a query");
        drop(database);
        // The server notices a little later.
        while !client.query(ours, &[]).expect("a query").is_empty() {
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(rows.len(), 1);
        Ok::<bool, String>(rows[0].get(0))
    };
    for (host, parameters, expected) in [
        ("127.0.0.1", "", true),
        ("127.0.0.1", "&sslmode=disable", false),
        ("127.0.0.1", "&sslmode=require", true),
        ("127.0.0.1", "&sslmode=verify-ca&ROOTS", true),
        ("localhost", "&sslmode=verify-full&ROOTS", true),
    ] {
        assert_eq!(encrypted(&address(host, parameters)), Ok(expected), "{parameters}");
    }
    for (host, parameters, expected) in [
        // Not its name, an issuer that nobody knows, no issuers, no such way.
        ("127.0.0.1", "&sslmode=verify-full&ROOTS", "not valid for name"),
        ("localhost", "&sslmode=verify-full", "UnknownIssuer"),
        ("127.0.0.1", "&sslmode=verify-ca", "UnknownIssuer"),
        ("localhost", "&sslmode=verify-full&sslrootcert=%2Fnonexistent", "/nonexistent"),
        ("localhost", "&sslmode=perhaps", "no sslmode perhaps"),
    ] {
        let error = encrypted(&address(host, parameters)).expect_err("refused");
        assert!(error.contains(expected), "{parameters}: {error}");
    }
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let nowhere = Path::new("/nonexistent").display().to_string().replace('/', "%2F");
    let error = Database::connect(&format!("postgres://x@{nowhere}/x")).err().expect("no server").to_string();
    assert!(error.contains("connect"), "{error}");
}
