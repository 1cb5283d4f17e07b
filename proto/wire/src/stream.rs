//! Connections: TLS streams that know who is at the other end.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};
use tonic::transport::server::Connected;
use tonic::transport::{Channel, Endpoint, Uri};

use crate::identity::Caller;
use crate::tls::{self, ClientTls, ServerTls};

/// How long a TCP connection may take.
const CONNECT: Duration = Duration::from_secs(3);
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How often an idle connection is probed, and how long it may stay silent.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// A connection that a caller has opened and proved.
pub(crate) struct Accepted {
    stream: server::TlsStream<TcpStream>,
    caller: Caller,
    // Places among all open connections and among the caller's, given back when this one closes.
    places: Vec<OwnedSemaphorePermit>,
}

impl Accepted {
    /// The same connection, holding a place for as long as it is open.
    pub(crate) fn holding(mut self, place: OwnedSemaphorePermit) -> Self {
        self.places.push(place);
        self
    }

    /// Who opened it.
    pub(crate) const fn caller(&self) -> &Caller {
        &self.caller
    }
}

/// Finishes the handshake of a connection; `None` where it fails, takes too long, or names no caller.
pub(crate) async fn accept(tls: &ServerTls, tcp: TcpStream) -> Option<Accepted> {
    tcp.set_nodelay(true).ok()?;
    let acceptor = TlsAcceptor::from(std::sync::Arc::clone(&tls.0));
    let stream = tokio::time::timeout(HANDSHAKE, acceptor.accept(tcp)).await.ok()?.ok()?;
    let caller = stream.get_ref().1.peer_certificates()?.first().and_then(tls::caller)?;
    Some(Accepted { stream, caller, places: Vec::new() })
}

/// Opens a channel to the coordinator at `address` (`host:port`, or with `https://` before it).
pub(crate) async fn connect(
    address: &str,
    server_name: &str,
    tls: &ClientTls,
) -> Result<Channel, tonic::transport::Error> {
    // The connector does TLS itself; the scheme only tells tonic not to.
    let host = address.strip_prefix("https://").unwrap_or(address).trim_end_matches('/').to_owned();
    let endpoint = Endpoint::from_shared(format!("http://{host}"))?
        .connect_timeout(CONNECT + HANDSHAKE)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE)
        .keep_alive_while_idle(true)
        .tcp_nodelay(true);
    let (server_name, tls) = (server_name.to_owned(), tls.clone());
    let connector = tower::service_fn(move |_: Uri| {
        let (host, server_name, tls) = (host.clone(), server_name.clone(), tls.clone());
        async move { handshake(&host, server_name, &tls).await.map(TokioIo::new) }
    });
    endpoint.connect_with_connector(connector).await
}

async fn handshake(host: &str, server_name: String, tls: &ClientTls) -> io::Result<client::TlsStream<TcpStream>> {
    let tcp = tokio::time::timeout(CONNECT, TcpStream::connect(host)).await??;
    tcp.set_nodelay(true)?;
    let name = ServerName::try_from(server_name).map_err(io::Error::other)?;
    let connector = TlsConnector::from(std::sync::Arc::clone(&tls.0));
    tokio::time::timeout(HANDSHAKE, connector.connect(name, tcp)).await?
}

impl Connected for Accepted {
    type ConnectInfo = Caller;

    fn connect_info(&self) -> Caller {
        self.caller.clone()
    }
}

impl AsyncRead for Accepted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Accepted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
