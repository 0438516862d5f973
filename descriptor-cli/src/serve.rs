//! `tordesc serve`: what is published, as CollecTor's web server shows it (collector §12).

mod answer;
mod connection;
mod listing;
mod range;
mod tree;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use axum::{Router, middleware, routing};
use clap::{Args, ValueHint};
use tokio::net::TcpListener;
use tower_http::{
    CompressionLevel,
    compression::CompressionLayer,
    cors::{Any, CorsLayer},
};

use self::tree::Tree;
use crate::{
    cli::Global,
    config::Config,
    exit::{Failure, Outcome, reason},
    output,
};

/// What `--help` says at its end.
pub(crate) const SERVE: &str = "\
Clients that read CollecTor read this as well: recent/, archive/ and index/index.json, with listings for people and wget. \
Hidden and unfinished files are never shown, nor is anything outside DIR. Put a proxy that speaks TLS in front of it.

Stops on SIGTERM or Ctrl-C, after what is being sent, or at once when told twice. With -v, one line a request goes to \
standard error, without the address of the client.

Example:
  tordesc serve indexed/ --listen 127.0.0.1:8080 --listen '[::1]:8080'

Exit codes: 0 stopped; 1 failure (the folder, the address); 2 wrong usage.";

/// Serve what is published
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The folder that holds recent/, archive/ and index/ [default: paths.indexed of the configuration]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    folder: Option<PathBuf>,
    /// The configuration [default: tordesc.toml, if there is one]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "folder")]
    config: Option<PathBuf>,
    /// Where to listen; may be given again. Port 0 takes any that is free
    #[arg(short, long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: Vec<SocketAddr>,
    /// How many connections may be open; more have to wait
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    connections: u32,
}

/// Serves until it is told to stop.
pub(crate) fn run(args: &Serve, global: Global) -> Result<Outcome, Failure> {
    let folder = match &args.folder {
        Some(folder) => folder.clone(),
        None => Config::find(args.config.as_deref())?.paths.indexed,
    };
    let tree = Tree::open(&folder).map_err(|error| Failure::at(&folder, &error))?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = global.threads {
        runtime.worker_threads(threads.into());
    }
    let runtime = runtime.max_blocking_threads(64).enable_all().build()?;
    runtime.block_on(async {
        let mut listeners = Vec::new();
        for address in &args.listen {
            let failed = |error| Failure::Other(format!("{address}: {}", reason(&error)));
            let listener = TcpListener::bind(address).await.map_err(failed)?;
            let bound = listener.local_addr().map_err(failed)?;
            listeners.push(listener);
            if global.quiet == 0 {
                output::print(&format!("listening on http://{bound}/\n"))?;
            }
        }
        connection::serve(listeners, app(tree, global.verbose), args.connections).await?;
        Ok(Outcome::Done)
    })
}

/// All that is done with a request, from the outside in.
fn app(tree: Tree, log: bool) -> Router {
    // A page of any site may read what is public anyway.
    let everybody = CorsLayer::new().allow_origin(Any).allow_headers(Any).expose_headers(Any);
    // What is asked for often is not asked for twice by the same client; the fastest level takes most of the gain.
    let compress =
        CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(answer::Compressible);
    let app = Router::new()
        .fallback_service(routing::get(answer::answer).with_state(Arc::new(tree)))
        .layer(compress)
        .layer(middleware::map_response(answer::weaken))
        .layer(everybody);
    if log { app.layer(middleware::from_fn(answer::log)) } else { app }
}
