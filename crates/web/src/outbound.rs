//! The way out of the house for pushes: one request over one connection to one given address. No redirect is followed, no proxy is asked,
//! nothing of an answer is read but its head.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::body::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use xinzhi_office::push::deliver::{Later, Outbound, Parcel};

/// Longest head of an answer.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Posts over TLS with the public authorities and those of the operator, or in the clear where the office allows it.
pub struct Client {
    tls: TlsConnector,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// A client that trusts the public authorities, and those in the PEM file `own` where there is such a file: an intranet has its own.
    ///
    /// # Errors
    /// Where the file is there and cannot be read as certificates.
    pub fn new(own: &Path) -> std::io::Result<Client> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if own.exists() {
            for certificate in CertificateDer::pem_file_iter(own).map_err(std::io::Error::other)? {
                roots.add(certificate.map_err(std::io::Error::other)?).map_err(std::io::Error::other)?;
            }
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().map_err(std::io::Error::other)?;
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Client { tls: TlsConnector::from(Arc::new(config)) })
    }

    async fn send(&self, to: SocketAddr, parcel: &Parcel) -> Result<u16, String> {
        let stream = TcpStream::connect(to).await.map_err(|error| unreachable_words(to, &error))?;
        if !parcel.target.tls {
            return exchange(stream, parcel).await;
        }
        let name = ServerName::try_from(parcel.target.host.clone()).map_err(|_| "主机名不能用于证书核对".to_owned())?;
        let secured = self.tls.connect(name, stream).await.map_err(|error| untrusted_words(&error))?;
        exchange(secured, parcel).await
    }
}

/// People read these words; the system's own go to the log.
fn unreachable_words(to: SocketAddr, error: &std::io::Error) -> String {
    tracing::info!(%error, %to, "a recipient could not be reached");
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => format!("{to} 拒绝连接，接收系统可能没有启动"),
        std::io::ErrorKind::TimedOut => format!("{to} 没有响应"),
        _ => format!("{to} 无法连接，请核对网络"),
    }
}

fn untrusted_words(error: &std::io::Error) -> String {
    tracing::info!(%error, "a recipient could not be trusted");
    match error.kind() {
        std::io::ErrorKind::InvalidData => "对方的证书不受信任、已过期或与主机名不符".to_owned(),
        _ => "对方没有完成加密握手".to_owned(),
    }
}

async fn exchange<S>(stream: S, parcel: &Parcel) -> Result<u16, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |error: hyper::Error| {
        tracing::info!(%error, "a push was not answered");
        "对方没有按 HTTP 答复，或答复前断开了连接".to_owned()
    };
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_BYTES_MAX);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let mut request = Request::builder().method(Method::POST).uri(&parcel.target.path).header("host", parcel.target.host_header());
    for (name, value) in &parcel.headers {
        request = request.header(*name, value);
    }
    let request = request.header("user-agent", "xinzhi").header("connection", "close");
    let request = request.body(Full::new(Bytes::from(parcel.body.clone()))).map_err(|_| "推送地址不能用于请求".to_owned())?;
    tokio::pin!(connection);
    let answer = sender.send_request(request);
    tokio::pin!(answer);
    tokio::select! {
        biased;
        answer = &mut answer => answer.map(|answer| answer.status().as_u16()).map_err(broken),
        ended = &mut connection => match ended {
            // The head may have come with the last bytes of the connection.
            Ok(()) => answer.await.map(|answer| answer.status().as_u16()).map_err(broken),
            Err(error) => Err(broken(error)),
        },
    }
}

impl Outbound for Client {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Later<'a, Result<Vec<SocketAddr>, String>> {
        Box::pin(async move {
            tokio::net::lookup_host((host, port)).await.map(Iterator::collect).map_err(|error| {
                tracing::info!(%error, host, "a host could not be resolved");
                format!("主机名 {host} 无法解析，请核对推送地址和本机的域名服务")
            })
        })
    }

    fn post<'a>(&'a self, to: SocketAddr, parcel: &'a Parcel) -> Later<'a, Result<u16, String>> {
        Box::pin(self.send(to, parcel))
    }
}
