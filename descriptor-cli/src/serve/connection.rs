//! Connections: how many there may be, how long they may take, and how they end.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_io_timeout::TimeoutStream;

/// How long a client may take to send a request, or to send the next one.
const REQUEST: Duration = Duration::from_secs(20);
/// How long a client may take no bytes while there are some for it. The system waits for a third of its buffer to be
/// free, so that who takes a byte now and then takes none.
const TAKE: Duration = Duration::from_secs(30);
/// How long to wait for what is being sent when told to stop.
const STOP: Duration = Duration::from_secs(10);
/// How much of a request or an answer is held for a connection. Unit: bytes.
const BUFFER: usize = 128 << 10;

/// Serves until the process is told to stop.
pub(crate) async fn serve(listeners: Vec<TcpListener>, app: Router, connections: u32) -> io::Result<()> {
    let mut signals = Signals::new()?;
    let most = connections as usize;
    let room = Arc::new(Semaphore::new(most));
    // One client alone cannot keep the others out. A proxy on this machine speaks for all of its clients.
    let guests = Guests { counts: Arc::default(), most: (most / 4).max(1) };
    let open = Arc::new(GracefulShutdown::new());
    let mut doors = JoinSet::new();
    for listener in listeners {
        doors.spawn(accept(listener, app.clone(), room.clone(), guests.clone(), open.clone()));
    }
    signals.wait().await;
    doors.shutdown().await;
    // The doors are gone, and this is the last one who knows what is open.
    let Some(open) = Arc::into_inner(open) else { return Ok(()) };
    tokio::select! {
        _ = timeout(STOP, open.shutdown()) => {}
        () = signals.wait() => {}
    }
    Ok(())
}

async fn accept(
    listener: TcpListener,
    app: Router,
    room: Arc<Semaphore>,
    guests: Guests,
    open: Arc<GracefulShutdown>,
) {
    loop {
        // Without room nobody is let in: the system keeps them waiting.
        let Ok(permit) = room.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, from)) => {
                if let Some(guest) = guests.enter(from) {
                    talk(stream, app.clone(), open.watcher(), (permit, guest));
                }
            }
            Err(error) if is_of_client(&error) => {}
            Err(error) => {
                anstream::eprintln!("tordesc: cannot accept connections: {}", crate::exit::reason(&error));
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Answers the requests of a connection until it ends.
fn talk(stream: TcpStream, app: Router, watcher: Watcher, place: (OwnedSemaphorePermit, Guest)) {
    // Only speed depends on it.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(TAKE));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(app));
    let connection = watcher.watch(connection);
    tokio::spawn(async move {
        // An error is one of the client: it left, was too slow or spoke no HTTP.
        let _ = connection.await;
        drop(place);
    });
}

/// A client that left before it was let in is no reason to wait.
fn is_of_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// How many connections each address has.
#[derive(Debug, Clone)]
struct Guests {
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most: usize,
}

impl Guests {
    /// Lets one more connection in, unless there are too many from there.
    fn enter(&self, from: SocketAddr) -> Option<Guest> {
        let address = from.ip().to_canonical();
        if address.is_loopback() {
            return Some(Guest { place: None });
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Guest { place: Some((self.clone(), address)) })
    }
}

/// One connection of an address.
#[derive(Debug)]
struct Guest {
    place: Option<(Guests, IpAddr)>,
}

impl Drop for Guest {
    fn drop(&mut self) {
        let Some((guests, address)) = &self.place else { return };
        let mut counts = guests.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(address);
            }
        }
    }
}

/// What tells the process to stop.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        #[cfg(unix)]
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
            #[cfg(unix)]
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    #[cfg(unix)]
    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn wait(&mut self) {
        // If it cannot be waited for, it never comes.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_all_places() {
        let guests = Guests { counts: Arc::default(), most: 2 };
        let from = |text: &str| text.parse::<SocketAddr>().expect("an address");
        let first = guests.enter(from("192.0.2.1:1"));
        let second = guests.enter(from("[::ffff:192.0.2.1]:2"));
        assert!(first.is_some() && second.is_some());
        assert!(guests.enter(from("192.0.2.1:3")).is_none());
        assert!(guests.enter(from("192.0.2.2:1")).is_some());
        drop(first);
        assert!(guests.enter(from("192.0.2.1:3")).is_some());
        let local: Vec<_> = (1..9).map(|_| guests.enter(from("127.0.0.1:9"))).collect();
        assert!(local.iter().all(Option::is_some));
        drop(second);
        assert!(guests.counts.lock().expect("not poisoned").is_empty());
    }
}
