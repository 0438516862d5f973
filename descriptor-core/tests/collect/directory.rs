//! A pool of authorities of which most misbehave.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use descriptor_core::{
    collect::{Budget, Delivery, Directory, DirectoryAuthority, Flavor, Source, Stop, Wanted},
    document::Type,
    netdoc::frames,
    value::{Hex, Timestamp},
};

use crate::{
    client, collect, patience,
    server::{Asked, Reply, Server, chunked, closed, sized, status},
    settings,
};

const NOW: Timestamp = Timestamp(1_774_828_800);

fn descriptor(number: u8) -> Vec<u8> {
    let end = "router-signature\n-----BEGIN SIGNATURE-----\nAAAA\n-----END SIGNATURE-----\n";
    format!("router n{number} 127.0.0.1 9001 0 0\npublished 2026-03-30 00:00:00\n{end}").into_bytes()
}

fn digest(number: u8) -> Hex<20> {
    Type::ServerDescriptor.sha1(&descriptor(number)).unwrap()
}

/// The descriptors that a request names, of those that a server has.
fn named(asked: &Asked, has: impl Iterator<Item = u8>) -> Vec<u8> {
    has.filter(|&number| asked.path.contains(&digest(number).to_string())).flat_map(descriptor).collect()
}

fn pool(servers: &[Server]) -> Directory {
    let authority = |(at, server): (usize, &Server)| DirectoryAuthority {
        name: format!("a{at}"),
        address: server.address,
        identity: Hex([at as u8; 20]),
    };
    let authorities = servers.iter().enumerate().map(authority).collect();
    Directory::new(authorities, client(), settings()).with_clock(Box::new(|| NOW))
}

fn digests(deliveries: &[Delivery]) -> BTreeSet<Hex<20>> {
    let documents = deliveries.iter().flat_map(|it| frames(&it.bytes, it.kind));
    documents
        .filter(|frame| frame.kind == Some(Type::ServerDescriptor))
        .filter_map(|frame| Type::ServerDescriptor.sha1(frame.body))
        .collect()
}

#[test]
fn all_that_somebody_has_arrives_whatever_the_others_do() {
    let busy = AtomicUsize::new(0);
    let cut = AtomicUsize::new(0);
    let servers = [
        Server::start(|asked| closed(&named(asked, 0..70))),
        Server::start(move |asked| match busy.fetch_add(1, SeqCst) {
            0..2 => status("503 Directory busy, try again later"),
            _ => chunked(&named(asked, 60..140)),
        }),
        Server::start(move |asked| {
            let text = named(asked, 130..200);
            match cut.fetch_add(1, SeqCst) {
                0..2 => closed(&text[..text.len().saturating_sub(30)]),
                _ => sized(&text, "Content-Encoding: identity\r\n"),
            }
        }),
        Server::start(|_| status("404 Servers unavailable")),
        Server::start(|_| Reply::Hang),
        Server::start(|_| closed(b"<html>a page of somebody else</html>\n")),
        Server::start(|_| sized(&[0x78, 0x9c, 1, 2, 3], "Content-Encoding: deflate\r\n")),
        Server::start(|_| closed(&descriptor(250))),
    ];
    let wanted: Vec<_> = (0..=200).map(|number| Wanted::ServerDescriptor(digest(number))).collect();
    let begin = Instant::now();
    let (deliveries, errors) = collect(&pool(&servers), &wanted);
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    let came = digests(&deliveries);
    let missing: Vec<u8> = (0..200).filter(|&number| !came.contains(&digest(number))).collect();
    assert_eq!(missing, [0; 0], "of those that somebody has; {errors:?}");
    assert!(!came.contains(&digest(200)), "nobody has it");
    assert!(came.contains(&digest(250)), "what was not asked for is handed on all the same");
    assert!(deliveries.iter().any(|it| it.kind.is_none()), "so that the store can keep it apart");
    for server in &servers {
        assert!(server.asked().iter().all(|asked| asked.path.matches('+').count() < 96));
    }
    for name in ["a1", "a2", "a4", "a5", "a6", "a7"] {
        assert!(errors.iter().any(|error| error.from == name), "{name}: {errors:?}");
    }
    assert!(!errors.iter().any(|error| error.from == "a3"), "not to have it is no error");
}

#[test]
fn one_authority_alone_is_asked_until_it_answers() {
    let count = AtomicUsize::new(0);
    let server = Server::start(move |asked| match count.fetch_add(1, SeqCst) {
        0 => Reply::Bytes(Vec::new()),
        1 => status("503 busy"),
        2 => closed(&named(asked, 0..2)[..200]),
        _ => closed(&named(asked, 0..2)),
    });
    let wanted = [0, 1].map(|number| Wanted::ServerDescriptor(digest(number)));
    let (deliveries, errors) = collect(&pool(&[server]), &wanted);
    assert_eq!(digests(&deliveries), [digest(0), digest(1)].into(), "{errors:?}");
    assert_eq!(errors.len(), 3, "{errors:?}");
}

#[test]
fn budgets_hold_and_a_caller_can_stop() {
    let servers = [Server::start(|_| status("404 no")), Server::start(|_| status("404 no"))];
    let wanted: Vec<_> = (0..200).map(|number| Wanted::ServerDescriptor(digest(number))).collect();
    let mut few = settings();
    few.budget = Budget { requests: 2, ..few.budget };
    let authorities = servers.iter().map(|server| DirectoryAuthority {
        name: "a".into(),
        address: server.address,
        identity: Hex([0; 20]),
    });
    let directory = Directory::new(authorities.collect(), client(), few);
    assert_eq!(collect(&directory, &wanted), (Vec::new(), Vec::new()));
    assert!(servers.iter().all(|server| server.asked().len() == 2));

    let server = [Server::start(|asked| closed(&named(asked, 0..200)))];
    let taken = Mutex::new(0);
    pool(&server).collect(&wanted, &|_| {
        *taken.lock().unwrap() += 1;
        Stop::Yes
    });
    assert_eq!((taken.into_inner().unwrap(), server[0].asked().len()), (1, 1));
}

#[test]
fn who_hangs_for_ever_is_given_up() {
    let servers = [Server::start(|_| Reply::Hang)];
    let begin = Instant::now();
    let (deliveries, errors) = collect(&pool(&servers), &[Wanted::ServerDescriptor(digest(0))]);
    assert_eq!((deliveries.len(), errors.len()), (0, 1));
    assert_eq!(servers[0].asked().len(), patience().tries as usize);
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}

/// Two authorities of three serve what the store refuses: it is asked of the third, whichever comes first.
#[test]
fn what_is_refused_is_asked_of_another_one() {
    for _ in 0..10 {
        let servers = [0, 0, 1].map(|good| {
            let head = "network-status-version 3\nvote-status consensus\nvalid-after 2026-03-30 00:00:00\n";
            Server::start(move |_| sized(format!("{head}good {good}\n").as_bytes(), ""))
        });
        let wanted = [Wanted::Consensus(Flavor::Ns, NOW)];
        let kept = Mutex::new(0);
        let errors = pool(&servers).collect(&wanted, &|delivery| {
            if !delivery.bytes.ends_with(b"good 1\n") {
                return Stop::Refused;
            }
            *kept.lock().unwrap() += 1;
            Stop::No
        });
        assert_eq!((kept.into_inner().unwrap(), errors), (1, vec![]));
        assert!(servers.iter().all(|server| server.asked().len() <= 1));
    }
}
