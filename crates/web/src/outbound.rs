//! The way out of the house for pushes: one request over one connection to one given address. No redirect is followed, no proxy is asked,
//! nothing of an answer is read but its head.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

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
use tokio_rustls::rustls::{self, CertificateError, ClientConfig, RootCertStore};
use xinzhi_office::push::deliver::{Later, Outbound, Parcel};

/// Longest head of an answer.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Remembered authorities of single hosts; beyond it the memory starts anew.
const REMEMBERED_MAX: usize = 100;

/// Posts over TLS with the public authorities and those of the operator, for some hosts with authorities of their own alone, or in the clear
/// where the office allows it.
pub struct Client {
    tls: TlsConnector,
    own: Mutex<HashMap<Arc<str>, TlsConnector>>,
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
        Ok(Client { tls: connector(roots).map_err(std::io::Error::other)?, own: Mutex::default() })
    }

    /// What trusts these authorities and nobody else.
    fn trusting(&self, pem: &Arc<str>) -> Result<TlsConnector, String> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tls) = own.get(pem) {
            return Ok(tls.clone());
        }
        let tls = connector(authorities(pem)?).map_err(|_| "为该主机登记的 CA 证书不能使用，请重新登记".to_owned())?;
        if own.len() >= REMEMBERED_MAX {
            own.clear();
        }
        own.insert(Arc::clone(pem), tls.clone());
        Ok(tls)
    }

    async fn send(&self, to: SocketAddr, parcel: &Parcel) -> Result<u16, String> {
        let stream = TcpStream::connect(to).await.map_err(|error| unreachable_words(to, &error))?;
        if !parcel.target.tls {
            return exchange(stream, parcel).await;
        }
        let host = &parcel.target.host;
        let name = ServerName::try_from(host.clone()).map_err(|_| "主机名不能用于证书核对".to_owned())?;
        let tls = parcel.authorities.as_ref().map_or_else(|| Ok(self.tls.clone()), |pem| self.trusting(pem))?;
        let untrusted = |error: std::io::Error| untrusted_words(&error, (host, parcel.authorities.is_some()));
        exchange(tls.connect(name, stream).await.map_err(untrusted)?, parcel).await
    }
}

fn connector(roots: RootCertStore) -> Result<TlsConnector, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let mut config = builder.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The authorities of a PEM text.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub(crate) fn authorities(pem: &str) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(pem.as_bytes())) {
        let damaged = || format!("第 {number} 张 CA 证书读不出，请核对文件是否完整、是否为 PEM 格式");
        roots.add(certificate.map_err(|_| damaged())?).map_err(|_| damaged())?;
    }
    if roots.is_empty() { Err("文件中没有 PEM 格式的 CA 证书".to_owned()) } else { Ok(roots) }
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

fn untrusted_words(error: &std::io::Error, (host, by_own): (&str, bool)) -> String {
    tracing::info!(%error, host, "a recipient could not be trusted");
    let fault = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(rustls::Error::InvalidCertificate(fault)) = fault else { return "对方没有完成加密握手".to_owned() };
    match fault {
        CertificateError::UnknownIssuer | CertificateError::BadSignature if by_own => {
            "接收方的证书不是由为它登记的 CA 签发；请与接收方核对 CA 证书，用 xinzhi subscription allow --ca 重新登记".to_owned()
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "接收方的证书不是由受信任的 CA 签发；部门自建 CA 的，请由本机操作员用 xinzhi subscription allow --ca 登记其 CA 证书".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "接收方的证书已过期，请接收方更换证书".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "接收方的证书还没有生效，请核对证书的起始日期和两边的时钟".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("接收方的证书不是发给主机名 {host} 的；请核对推送地址，或请接收方更换证书")
        }
        _ => "接收方的证书不合要求，请接收方核对其证书和证书链".to_owned(),
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
