//! A server with its thread: listens, accepts, and stops when it is dropped. Does not know what is answered.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::ledger::{Ledger, SeenRequest};
use crate::options::Options;
use crate::serve::Site;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 8192;

/// How long accepting rests when the system has no more sockets to give.
const REST: Duration = Duration::from_millis(5);

/// A server that could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Nobody can listen there.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// Why it cannot.
        source: io::Error,
    },
    /// No thread or no runtime could be had.
    #[error("cannot start to serve")]
    Runtime(#[source] io::Error),
}

/// A server on a thread of its own; it stops when it is dropped.
pub struct MockServer {
    address: SocketAddr,
    site: Arc<Site>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl MockServer {
    /// Starts a server.
    ///
    /// Panics where [`MockServer::try_start`] gives an error.
    pub fn start(options: Options) -> Self {
        Self::try_start(options).expect("a loopback server starts")
    }

    /// Starts a server; it answers as soon as this returns.
    pub fn try_start(options: Options) -> Result<Self, StartError> {
        let (address, workers) = (options.listen, options.workers);
        let runtime = runtime(workers).map_err(StartError::Runtime)?;
        let listener = runtime
            .block_on(async { listen(address) })
            .map_err(|source| StartError::Listen { address, source })?;
        let address = listener.local_addr().map_err(StartError::Runtime)?;
        let site = Arc::new(Site::new(options));
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&site);
        let thread = std::thread::Builder::new()
            .name("mock".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = accept(listener, served) => {}
                        _ = stopped => {}
                    }
                });
                runtime.shutdown_background();
            })
            .map_err(StartError::Runtime)?;
        Ok(Self { address, site, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens, such as `http://127.0.0.1:4567`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The accounts as they stand.
    pub fn ledger(&self) -> Ledger {
        self.site.book.ledger()
    }

    /// Waits until the accounts are so, and gives up after `patience`; returns them as they then stand.
    pub fn wait_until(&self, patience: Duration, is_so: impl Fn(&Ledger) -> bool) -> Ledger {
        self.site.book.wait_until(patience, is_so)
    }

    /// The latest `n` requests, oldest first.
    pub fn last(&self, n: usize) -> Vec<SeenRequest> {
        self.site.book.last(n)
    }

    /// Forgets all requests and accounts but the calls in flight.
    pub fn reset(&self) {
        self.site.book.reset();
    }

    /// Serves until the process ends.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so itself.
            let _ = thread.join();
        }
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // Nobody listens if the thread has ended.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn runtime(workers: usize) -> io::Result<Runtime> {
    let mut builder = if workers > 1 { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    if workers > 1 {
        builder.worker_threads(workers);
    }
    builder.enable_io().enable_time().build()
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn accept(listener: TcpListener, site: Arc<Site>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(REST).await;
            continue;
        };
        // An answer that is sent late is still an answer.
        let _ = stream.set_nodelay(true);
        let site = Arc::clone(&site);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let site = Arc::clone(&site);
                async move { site.serve(request).await }
            });
            let mut builder = http1::Builder::new();
            builder.header_read_timeout(None).pipeline_flush(true);
            // How a connection ends is the client's business or a fault of the script.
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
