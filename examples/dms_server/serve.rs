//! The server, from its start to its end.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::extract::Request;
use offhook_onboarding::http::{ServerLimits, ServerTls, serve_until};
use offhook_onboarding::{MemoryRegistry, Pace, Registry};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tower::ServiceExt as _;

use crate::LogFormat;
use crate::assemble::{Lasting, Serving, serving};
use crate::config::Config;
use crate::restart::AtStart;
use crate::store::{MissingStore, NoStore, registry};
use crate::upkeep::keep_up;
use crate::upstream::{delivery, make_mail_folder};

/// Serves what `path` describes; only looks whether it could, and changes nothing, where `check` says so.
pub(crate) async fn serve(path: &Path, check: bool, log: LogFormat) -> anyhow::Result<()> {
    let config = Config::read(path)?;
    let at_start = AtStart::read(&config);
    let registry = if check {
        registry_as_it_is(&config).await?
    } else {
        make_mail_folder(&config)?;
        registry(&config, MissingStore::Made).await?
    };
    let lasting = Arc::new(Lasting::new(&config, registry)?);
    let Serving {
        router, tls, doubt, ..
    } = serving(&config, &lasting)?;
    let delivery = delivery(&config, &lasting)?;
    let upstream = lasting.upstream.as_ref();
    let kept = upstream.and_then(|upstream| upstream.file().doubt());
    let doubts = || doubt.iter().chain(&kept);
    if check {
        for doubt in doubts() {
            eprintln!("warning: {doubt}");
        }
        println!("{}: good", path.display());
        return Ok(());
    }
    start_log(log);
    for doubt in doubts() {
        tracing::warn!("{doubt}");
    }
    let listener = TcpListener::bind(config.listen).await;
    let listener = listener.with_context(|| format!("listen: {}", config.listen))?;
    // Whoever reads that it listens may signal: a signal that nobody waits for ends the process.
    let (hangups, end) = (signal(SignalKind::hangup())?, end()?);
    println!("listening on https://{}/", listener.local_addr()?);

    let limits = ServerLimits::default()
        .with_connections(config.limits.connections)
        .with_connections_per_address(config.limits.connections_per_address);
    let unheard_kept = config.limits.events_kept;
    let (tls, current) = (ServerTls::from(tls), Current::new(router));
    let reloads = tokio::spawn(reload(
        hangups,
        path.to_owned(),
        at_start,
        Arc::clone(&lasting),
        current.clone(),
        tls.clone(),
    ));
    let (ending, ended) = watch::channel(false);
    let delivery = delivery.map(|delivery| {
        let clock = Arc::clone(&lasting.clock);
        let mut ended = ended.clone();
        tokio::spawn(async move {
            let told = async { drop(ended.wait_for(|ended| *ended).await) };
            delivery
                .run_until(Pace::default(), clock.as_ref(), told)
                .await;
        })
    });
    let keeping = lasting.upstream.clone().map(|upstream| {
        let (clock, ended) = (Arc::clone(&lasting.clock), ended.clone());
        tokio::spawn(async move { upstream.keep(clock, ended).await })
    });
    let unheard_kept = delivery.is_none().then_some(unheard_kept);
    let upkeep = tokio::spawn(keep_up(Arc::clone(&lasting), unheard_kept));
    serve_until(listener, tls, current.router(), limits, end).await;
    reloads.abort();
    upkeep.abort();
    // What is being delivered is delivered to its end, and what was rotated is kept.
    ending.send_replace(true);
    if let Some(keeping) = keeping {
        keeping.await.context("keeping the refresh token")?;
    }
    if let Some(delivery) = delivery {
        delivery.await.context("delivering events")?;
    }
    tracing::info!("the requests under way are answered");
    lasting
        .settle()
        .await
        .context("telling the store of wrong codes")
}

/// The store, or one in memory in the place of one that is yet to be made.
async fn registry_as_it_is(config: &Config) -> anyhow::Result<Arc<dyn Registry>> {
    let error = match registry(config, MissingStore::Refused).await {
        Err(error) if error.is::<NoStore>() => error,
        registry => return registry,
    };
    if let Some(folder) = config.sqlite().and_then(Path::parent) {
        ensure!(folder.is_dir(), "{error:#}, and no such folder");
    }
    eprintln!("{error:#}; to serve makes one");
    Ok(Arc::new(MemoryRegistry::new()))
}

/// The routes that serve now.
#[derive(Clone)]
struct Current(Arc<RwLock<Router>>);

impl Current {
    fn new(router: Router) -> Self {
        Self(Arc::new(RwLock::new(router)))
    }

    fn replace(&self, router: Router) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = router;
    }

    /// A router that passes each request to the one that serves at that moment.
    fn router(&self) -> Router {
        let current = Arc::clone(&self.0);
        Router::new().fallback_service(tower::service_fn(move |request: Request| {
            let router = current
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            router.oneshot(request)
        }))
    }
}

/// Reads everything anew at each SIGHUP; what cannot be read changes nothing.
async fn reload(
    mut hangups: Signal,
    path: std::path::PathBuf,
    at_start: AtStart,
    lasting: Arc<Lasting>,
    current: Current,
    tls: ServerTls,
) {
    while hangups.recv().await.is_some() {
        let again = || {
            let config = Config::read(&path)?;
            make_mail_folder(&config)?;
            let serving = serving(&config, &lasting)?;
            anyhow::Ok((config, serving))
        };
        match again() {
            Ok((config, serving)) => {
                tls.replace(serving.tls);
                current.replace(serving.router);
                lasting.replace_peppers(&serving.peppers);
                tracing::info!("configuration, certificates and keys were read again");
                if let Some(doubt) = serving.doubt {
                    tracing::warn!("{doubt}");
                }
                for key in at_start.changed(&config, &lasting) {
                    tracing::warn!("{key} has changed: that takes a restart");
                }
            }
            Err(error) => tracing::error!("nothing was changed: {error:#}"),
        }
    }
}

/// Waits for SIGTERM or Ctrl-C.
fn end() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn start_log(format: LogFormat) {
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
        LogFormat::Off => {}
    }
}
