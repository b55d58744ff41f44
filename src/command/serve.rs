//! `xinzhi serve`: the server, on an address for everybody and a socket for the command line.

use std::os::unix::fs::PermissionsExt;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use xinzhi_office::Office;
use xinzhi_web::Site;

use crate::arguments::Serve;
use crate::door;

pub fn run(arguments: &Serve) -> anyhow::Result<ExitCode> {
    let office = door::open(&arguments.place)?;
    let socket = arguments.place.data.join(door::SOCKET);
    serve(office, &arguments.listen, &socket, || println!("信治已启动：http://{}", arguments.listen))?;
    Ok(ExitCode::SUCCESS)
}

/// Serves until told to stop. What is queued is finished first; a kill instead gives the same result after a restart.
pub fn serve(office: Arc<Office>, listen: &str, socket: &std::path::Path, ready: impl FnOnce()) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("无法启动运行环境")?;
    // The last hold on the office ends here, not inside the runtime: connections to PostgreSQL cannot be closed from there.
    let held = Arc::clone(&office);
    let served = runtime.block_on(async move {
        let listener = tokio::net::TcpListener::bind(listen).await.with_context(|| format!("无法监听 {listen}，请换一个地址或端口"))?;
        if socket.exists() {
            std::fs::remove_file(socket).context("无法清除上次留下的套接字")?;
        }
        let local = tokio::net::UnixListener::bind(socket).context("无法建立命令行所用的套接字")?;
        std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600)).context("无法限制套接字的权限")?;
        let site = Site { name: office.row().name.clone(), ..Site::default() };
        let public = xinzhi_web::router(Arc::clone(&office), site);
        let watched = Arc::clone(&office);
        let operator = xinzhi_web::operator_router(office);
        ready();
        let served = tokio::select! {
            ended = async { xinzhi_web::serve(listener, public).await } => ended,
            ended = async { xinzhi_web::serve(local, operator).await } => ended,
            () = stopped() => Ok(()),
            () = failed(&watched) => Err(std::io::Error::other("数据库故障，已停止写入；请查看日志，排除故障后重新启动")),
        };
        std::fs::remove_file(socket).context("无法清除套接字")?;
        served.context("服务中断")
    });
    drop(runtime);
    drop(held);
    served
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
