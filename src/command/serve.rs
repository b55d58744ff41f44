//! `xinzhi serve`: the server, on an address for everybody and a socket for the command line.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::{TcpListener, UnixListener};
use xinzhi_office::Office;
use xinzhi_web::metrics::{Build, Requests};
use xinzhi_web::{Router, Site};

use crate::arguments::{Place, Serve};
use crate::door;
use crate::say::say;

const BUILD: Build = Build { version: env!("CARGO_PKG_VERSION"), commit: env!("XINZHI_COMMIT") };

/// Certificates of authorities that recipients of pushes may have beside the public ones, in the office's directory.
const OWN_AUTHORITIES: &str = "push-ca.pem";

pub fn run(arguments: &Serve) -> anyhow::Result<ExitCode> {
    let office = door::begin(&arguments.at)?;
    let doors = Doors::of(&arguments.at.place, &arguments.listen, arguments.metrics.as_deref());
    let demonstration = office.is_demonstration();
    serve(office, &doors, || {
        say!("信治已启动：http://{}", arguments.listen)?;
        if demonstration { say!("这是演示单位：其中的主体、人员和记录都是虚构的") } else { Ok(()) }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Where a server can be reached.
pub struct Doors {
    /// By everybody.
    listen: String,
    /// By whoever watches how it does, if at all.
    metrics: Option<String>,
    /// By the command line.
    socket: PathBuf,
    /// What its pages say beside the office's name.
    site: Site,
}

impl Doors {
    pub fn of(place: &Place, listen: &str, metrics: Option<&str>) -> Doors {
        Doors {
            listen: listen.to_owned(),
            metrics: metrics.map(str::to_owned),
            socket: place.data.join(door::SOCKET),
            site: Site::default(),
        }
    }

    /// The same with pages that say more.
    pub fn with_site(self, site: Site) -> Doors {
        Doors { site, ..self }
    }
}

/// Serves until told to stop. What is queued is finished first; a kill instead gives the same result after a restart.
pub fn serve(office: Arc<Office>, doors: &Doors, ready: impl FnOnce() -> std::io::Result<()>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("无法启动运行环境")?;
    let pulling = xinzhi_office::connector::start(&office)?;
    let counting = xinzhi_office::figure::count_ahead(&office)?;
    // The last hold on the office ends here, not inside the runtime: connections to PostgreSQL cannot be closed from there.
    let held = Arc::clone(&office);
    let served = runtime.block_on(async move {
        let listener = listen(&doors.listen).await?;
        let counted = match &doors.metrics {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let local = listen_locally(&doors.socket)?;
        let site = Site { name: office.row().name.clone(), demonstration: office.is_demonstration(), ..doors.site.clone() };
        let requests = Arc::new(Requests::default());
        let public = xinzhi_web::router(Arc::clone(&office), site, &requests);
        let metrics = xinzhi_web::metrics::router(Arc::clone(&office), requests, BUILD);
        let watched = Arc::clone(&office);
        let own = doors.socket.with_file_name(OWN_AUTHORITIES);
        let outbound = xinzhi_web::outbound::Client::new(&own).with_context(|| format!("无法读取推送所用的证书 {}", own.display()))?;
        let pushes = xinzhi_office::push::deliver::run(Arc::clone(&office), Arc::new(outbound));
        let operator = xinzhi_web::operator_router(office);
        tracing::info!(listen = doors.listen, metrics = doors.metrics, version = BUILD.version, commit = BUILD.commit, "serving");
        ready().context("无法写到标准输出")?;
        let served = tokio::select! {
            ended = async { xinzhi_web::serve(listener, public).await } => ended,
            ended = async { xinzhi_web::serve(local, operator).await } => ended,
            ended = watch(counted, metrics) => ended,
            () = pushes => Ok(()),
            () = stopped() => Ok(()),
            () = failed(&watched) => Err(std::io::Error::other("数据库故障，已停止写入；请查看日志，排除故障后重新启动")),
        };
        tracing::info!(orderly = served.is_ok(), "stopping");
        std::fs::remove_file(&doors.socket).context("无法清除套接字")?;
        served.context("服务中断")
    });
    drop(runtime);
    drop(pulling);
    drop(counting);
    drop(held);
    tracing::info!("stopped");
    served
}

async fn listen(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("无法监听 {address}，请换一个地址或端口"))
}

fn listen_locally(socket: &Path) -> anyhow::Result<UnixListener> {
    if socket.exists() {
        std::fs::remove_file(socket).context("无法清除上次留下的套接字")?;
    }
    let local = UnixListener::bind(socket).context("无法建立命令行所用的套接字")?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600)).context("无法限制套接字的权限")?;
    Ok(local)
}

/// Answers whoever watches; without a listener it waits for ever.
async fn watch(listener: Option<TcpListener>, metrics: Router) -> std::io::Result<()> {
    match listener {
        Some(listener) => xinzhi_web::serve(listener, metrics).await,
        None => std::future::pending().await,
    }
}

/// Returns some seconds after the Writer has stopped: whoever asked meanwhile is told so, then the process ends for a service manager to
/// see and to start it anew.
async fn failed(office: &Office) {
    const LOOK: std::time::Duration = std::time::Duration::from_secs(5);
    while !office.is_stopped() {
        tokio::time::sleep(LOOK).await;
    }
}

/// Ctrl-C, or the terminate signal of a service manager.
async fn stopped() {
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    match terminate {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        // Without the handler the signal ends the process by itself, which is safe as well.
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}
