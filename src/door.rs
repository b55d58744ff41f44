//! The door to an office: opened here, or through the socket of the server that holds it. Both answer the same API.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tower::ServiceExt;
use xinzhi_core::{AreaCode, Clock};
use xinzhi_office::{Error, Founding, Obstacle, Office, SystemClock, SystemEntropy};
use xinzhi_store::{Url, World};

use crate::arguments::{NewPlace, Place};

/// Name of the socket inside the office's directory.
pub const SOCKET: &str = "xinzhi.sock";
/// What a new office is called where nothing is said.
const NAME: &str = "示范县公共信用中心";
const AREA: &str = "330899";

/// How an office is reached.
pub enum Door {
    /// This process holds it.
    Here(Arc<Office>),
    /// A server holds it.
    Server(PathBuf),
}

/// Where the office of the arguments lives.
pub fn url(place: &Place) -> Url {
    match &place.database {
        None => Url::Sqlite(place.data.clone()),
        Some(url) => Url::Postgres { url: url.clone(), directory: place.data.clone() },
    }
}

/// Opens the office in this process; where there is none, it is founded.
pub fn begin(at: &NewPlace) -> anyhow::Result<Arc<Office>> {
    let (world, founding) = (world(Arc::new(SystemClock))?, founding(at)?);
    let office = Office::open(&url(&at.place), world, &founding)?;
    if office.is_new() {
        eprintln!("提示：`{}` 里原来没有信治的数据，已新建单位“{}”（{}）", at.place.data.display(), office.row().name, office.row().area);
    }
    Ok(Arc::new(office))
}

/// Opens the office in this process.
pub fn open(place: &Place) -> anyhow::Result<Arc<Office>> {
    Ok(Arc::new(Office::open_existing(&url(place), world(Arc::new(SystemClock))?)?))
}

/// Opens the office to read all of it: here, or beside the server that holds it.
pub fn open_to_read(place: &Place) -> anyhow::Result<Arc<Office>> {
    match open(place) {
        Err(error) if matches!(error.downcast_ref::<Error>(), Some(Error::Obstacle(Obstacle::Held))) => {
            Ok(Arc::new(Office::open_beside(&url(place), world(Arc::new(SystemClock))?)?))
        }
        opened => opened,
    }
}

/// Opens the office to look at it: one that cannot be written, such as a backup on a medium of its own, as it is.
pub fn open_to_examine(place: &Place) -> anyhow::Result<Arc<Office>> {
    let url = url(place);
    if !cannot_be_written(&url) {
        return open(place);
    }
    Ok(Arc::new(Office::open_to_examine(&url, world(Arc::new(SystemClock))?)?))
}

/// Whether the embedded database, or the directory it lies in, refuses every write.
fn cannot_be_written(url: &Url) -> bool {
    let Some(file) = url.database_file().filter(|file| file.exists()) else { return false };
    let refuses = |opened: std::io::Result<std::fs::File>| {
        opened.is_err_and(|error| matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem))
    };
    let lock = url.directory().join("lock");
    refuses(OpenOptions::new().append(true).open(file)) || refuses(OpenOptions::new().create(true).append(true).open(lock))
}

/// Opens an office of invented subjects, and no other; by a clock that may tell the past of a county that does not exist.
pub fn open_demonstration(at: &NewPlace, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<Office>> {
    let (world, founding) = (world(clock)?, founding(at)?);
    Ok(Arc::new(Office::open_demonstration(&url(&at.place), world, &founding)?))
}

fn world(clock: Arc<dyn Clock>) -> anyhow::Result<World> {
    Ok(World { clock, entropy: Arc::new(SystemEntropy::new()?) })
}

fn founding(at: &NewPlace) -> anyhow::Result<Founding> {
    let area = at.office_area.as_deref().unwrap_or(AREA);
    let area = AreaCode::parse(area).with_context(|| format!("`{area}` 不是行政区划代码（应为 2、4、6、9 或 12 位数字）"))?;
    Ok(Founding { name: at.office_name.clone().unwrap_or_else(|| NAME.to_owned()), area })
}

/// Opens the office here, or finds the server that holds it.
pub fn knock(place: &Place) -> anyhow::Result<Door> {
    opened_or_held(place, open(place))
}

/// The same where an office may be founded.
pub fn knock_first(at: &NewPlace) -> anyhow::Result<Door> {
    opened_or_held(&at.place, begin(at))
}

fn opened_or_held(place: &Place, opened: anyhow::Result<Arc<Office>>) -> anyhow::Result<Door> {
    let socket = place.data.join(SOCKET);
    match opened {
        Ok(office) => Ok(Door::Here(office)),
        Err(error) => match error.downcast_ref::<Error>() {
            Some(Error::Obstacle(Obstacle::Held)) if socket.exists() => Ok(Door::Server(socket)),
            _ => Err(error),
        },
    }
}

/// A runtime for one command.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("无法启动运行环境")
}

impl Door {
    /// Sends one JSON request as the operator; a problem becomes an error with its sentence.
    pub async fn json(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        self.send((method, path), ("application/json", body.map(ToString::to_string).unwrap_or_default().into_bytes())).await
    }

    /// Posts a body of another kind as the operator.
    pub async fn post(&self, path: &str, body: (&str, Vec<u8>)) -> anyhow::Result<Value> {
        self.send((Method::POST, path), body).await
    }

    /// Fetches a file as the operator.
    pub async fn file(&self, path: &str) -> anyhow::Result<Bytes> {
        self.bytes((Method::GET, path), ("application/json", Vec::new())).await
    }

    async fn send(&self, request: (Method, &str), body: (&str, Vec<u8>)) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.bytes(request, body).await?).context("服务的回答不是约定的 JSON")
    }

    async fn bytes(&self, (method, path): (Method, &str), (kind, bytes): (&str, Vec<u8>)) -> anyhow::Result<Bytes> {
        let key = format!("cli-{}", fresh_key()?);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "xinzhi")
            .header("content-type", kind)
            .header("idempotency-key", key)
            .body(Full::new(Bytes::from(bytes)))?;
        match self {
            Door::Here(office) => {
                let response = xinzhi_web::operator_router(Arc::clone(office)).oneshot(request.map(axum_body)).await?;
                succeed(response).await
            }
            Door::Server(socket) => succeed(send(socket, request).await?).await,
        }
    }
}

fn axum_body(body: Full<Bytes>) -> xinzhi_web::Body {
    xinzhi_web::Body::new(body)
}

/// Sends a request through the socket of the server.
pub async fn send<B>(socket: &Path, request: Request<B>) -> anyhow::Result<Response<hyper::body::Incoming>>
where
    B: hyper::body::Body<Data = Bytes> + Send + 'static,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    let stream = tokio::net::UnixStream::connect(socket).await.context("无法连接正在运行的服务，请确认它仍在运行")?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}

/// The body of a successful answer; a problem's sentence as an error.
pub async fn succeed<B>(response: Response<B>) -> anyhow::Result<Bytes>
where
    B: hyper::body::Body<Data = Bytes>,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    let status = response.status();
    let bytes = response.into_body().collect().await?.to_bytes();
    if status.is_success() {
        return Ok(bytes);
    }
    let problem: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    match problem.get("detail").and_then(Value::as_str) {
        Some(sentence) => bail!("{sentence}"),
        None => bail!("服务回答 {status}，没有说明原因"),
    }
}

/// A key that no other run of the command line uses.
pub fn fresh_key() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("没有可用的随机数：{e}"))?;
    Ok(xinzhi_core::text::hex(&bytes))
}
