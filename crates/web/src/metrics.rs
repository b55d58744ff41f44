//! `GET /metrics` for Prometheus, on a listener of its own: how the program does, in text format 0.0.4.
//!
//! A label is a word of ours (route pattern, method, class of status, lane): nothing that somebody typed, and nothing about a person.

use std::collections::HashMap;
use std::fmt::{Display, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use xinzhi_office::tally::{Counted, Histogram, Stopwatch};
use xinzhi_office::{Lane, Office};

/// A request that takes as long as this is worth a line in the log.
const SLOW: std::time::Duration = std::time::Duration::from_secs(1);
const KIND: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Instead of the path of a request that no route knows.
const NO_ROUTE: &str = "none";
const MICROS: f64 = 1e6;

/// Route pattern and method.
type Asked = (Box<str>, &'static str);

/// Requests by route pattern and method since the start.
#[derive(Debug, Default)]
pub struct Requests(RwLock<HashMap<Asked, Arc<Series>>>);

/// One route under one method.
#[derive(Debug)]
struct Series {
    /// By the first digit of the status.
    answers: [AtomicU64; 5],
    took: Histogram,
}

impl Requests {
    fn series(&self, route: &str, method: &'static str) -> Arc<Series> {
        let key = (Box::from(route), method);
        // Entries are only ever added whole, so a panic elsewhere leaves none half-made.
        if let Some(series) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(series);
        }
        let new = || Arc::new(Series { answers: Default::default(), took: Histogram::of_durations() });
        Arc::clone(self.0.write().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert_with(new))
    }

    fn sorted(&self) -> Vec<(Asked, Arc<Series>)> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = all.iter().map(|(key, series)| (key.clone(), Arc::clone(series))).collect();
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        all
    }
}

/// Counts every request of a site.
pub(crate) fn counted<S: Clone + Send + Sync + 'static>(router: Router<S>, requests: &Arc<Requests>) -> Router<S> {
    router.layer(middleware::from_fn_with_state(Arc::clone(requests), count))
}

async fn count(State(requests): State<Arc<Requests>>, request: Request, next: Next) -> Response {
    let watch = Stopwatch::start();
    let method = word(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let (took, route) = (watch.elapsed(), route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str));
    let series = requests.series(route, method);
    series.took.took(took);
    let status = response.status().as_u16();
    if let Some(answers) = series.answers.get(usize::from(status / 100).saturating_sub(1)) {
        answers.fetch_add(1, Ordering::Relaxed);
    }
    if took >= SLOW {
        tracing::info!(route, method, status, ms = took.as_millis(), "slow request");
    }
    response
}

/// Methods are a closed list here: what a client makes up is `other`.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Which build answers.
#[derive(Clone, Copy, Debug)]
pub struct Build {
    /// Version of the program.
    pub version: &'static str,
    /// The commit it was built from; empty where that is not known.
    pub commit: &'static str,
}

#[derive(Clone)]
struct Watched {
    office: Arc<Office>,
    requests: Arc<Requests>,
    build: Build,
}

/// `GET /metrics` and nothing else, for a listener that the public does not reach.
pub fn router(office: Arc<Office>, requests: Arc<Requests>, build: Build) -> Router {
    Router::new().route("/metrics", get(show)).with_state(Watched { office, requests, build })
}

async fn show(State(watched): State<Watched>) -> Response {
    let mut page = Page::default();
    page.build(watched.build);
    page.requests(&watched.requests);
    page.writer(&watched.office);
    if let Err(error) = page.office(&watched.office).await {
        tracing::error!(%error, "metrics incomplete");
        return (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer; see the log\n").into_response();
    }
    page.process();
    ([(header::CONTENT_TYPE, KIND)], page.0).into_response()
}

/// The text under construction: each family with its help, its type, and its samples.
#[derive(Default)]
struct Page(String);

type Labels<'a> = &'a [(&'a str, &'a str)];

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: Labels<'_>, value: impl Display) {
        self.0.push_str(name);
        for (index, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{}{label}=\"{text}\"", if index == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "gauge", help);
        self.sample(name, &[], value);
    }

    fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "counter", help);
        self.sample(name, &[], value);
    }

    /// The samples of a histogram; `unit` is what one of the program's own units is worth in the exported one.
    fn histogram(&mut self, name: &str, labels: Labels<'_>, counted: &Counted, unit: f64) {
        let bucket = format!("{name}_bucket");
        let exported = |value: u64| counted_as(value) / unit;
        for (bound, count) in &counted.buckets {
            let bound = exported(*bound).to_string();
            self.sample(&bucket, &[labels, &[("le", &bound)]].concat(), count);
        }
        self.sample(&bucket, &[labels, &[("le", "+Inf")]].concat(), counted.count);
        self.sample(&format!("{name}_sum"), labels, exported(counted.sum));
        self.sample(&format!("{name}_count"), labels, counted.count);
    }

    fn build(&mut self, build: Build) {
        self.family("xinzhi_build_info", "gauge", "Always 1; the labels tell which build answers.");
        self.sample("xinzhi_build_info", &[("version", build.version), ("commit", build.commit)], 1);
    }

    fn requests(&mut self, requests: &Requests) {
        let all = requests.sorted();
        let (total, took) = ("xinzhi_http_requests_total", "xinzhi_http_request_duration_seconds");
        self.family(total, "counter", "Requests answered, by route pattern, method and class of status.");
        for ((route, method), series) in &all {
            for (class, answers) in ["1xx", "2xx", "3xx", "4xx", "5xx"].into_iter().zip(&series.answers) {
                let answers = answers.load(Ordering::Relaxed);
                if answers > 0 {
                    self.sample(total, &[("route", route), ("method", method), ("status", class)], answers);
                }
            }
        }
        self.family(took, "histogram", "Time from the head of a request to the head of its answer.");
        for ((route, method), series) in &all {
            self.histogram(took, &[("route", route), ("method", method)], &series.took.counted(), MICROS);
        }
    }

    fn writer(&mut self, office: &Office) {
        let (tally, waiting) = office.tally();
        let lanes = [("request", Lane::Request, waiting.0), ("import", Lane::Import, waiting.1)];
        self.family("xinzhi_writer_queue_length", "gauge", "Acts that wait for the writer, by lane.");
        for (lane, _, waiting) in lanes {
            self.sample("xinzhi_writer_queue_length", &[("lane", lane)], waiting);
        }
        self.family("xinzhi_writer_acts_total", "counter", "Acts made durable, by lane.");
        for (word, lane, _) in lanes {
            self.sample("xinzhi_writer_acts_total", &[("lane", word)], tally.acts(lane));
        }
        let histograms = [
            ("xinzhi_writer_group_acts", "Requests that shared one transaction.", &tally.group_acts, 1.0),
            ("xinzhi_writer_group_run_seconds", "Running the acts of one transaction.", &tally.group_run, MICROS),
            ("xinzhi_writer_group_commit_seconds", "Committing one transaction: the disk.", &tally.group_commit, MICROS),
        ];
        for (name, help, histogram, unit) in histograms {
            self.family(name, "histogram", help);
            self.histogram(name, &[], &histogram.counted(), unit);
        }
    }

    async fn office(&mut self, office: &Arc<Office>) -> Result<(), xinzhi_office::Error> {
        let operation = office.operation().await?;
        self.gauge(
            "xinzhi_writer_stopped",
            "1 after a failure of the database: nothing is written until a restart.",
            u8::from(operation.stopped),
        );
        self.gauge("xinzhi_journal_head", "The last position of the journal.", operation.head.0);
        self.gauge("xinzhi_imports_running", "Imports under way in this process.", operation.imports_running);
        self.counter("xinzhi_import_rows_total", "Rows read by imports.", operation.import_rows);
        if let Some(bytes) = operation.log_bytes {
            let (pages, moved) = office.tally().0.log_pages();
            self.gauge("xinzhi_wal_bytes", "Size of the file of the write-ahead log.", bytes);
            self.gauge("xinzhi_wal_pages", "Pages in the write-ahead log when it was last looked at.", pages);
            self.gauge("xinzhi_wal_moved_pages", "Pages of it that are in the database already.", moved);
        }
        self.gauge("xinzhi_open_sessions", "Sign-ins in use; at most a minute old.", operation.rows.sessions);
        self.gauge("xinzhi_obligations_overdue", "Measures whose answer is overdue; at most a minute old.", operation.rows.overdue);
        self.gauge("xinzhi_rows_waiting", "Rows that wait for a person; at most a minute old.", operation.rows.waiting);
        Ok(())
    }

    /// Under the names that Prometheus' own clients use; absent where the system does not tell.
    fn process(&mut self) {
        if let Some(bytes) = resident_bytes() {
            self.gauge("process_resident_memory_bytes", "Memory of the process that is in RAM.", bytes);
        }
        if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
            self.gauge("process_open_fds", "Open file descriptors.", open.count());
        }
    }
}

fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// The format knows floats only; beyond 2⁵³ microseconds, three centuries, the last digits go.
#[expect(clippy::cast_precision_loss, reason = "a sum of durations for a graph")]
fn counted_as(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_end_its_quotes_or_its_line() {
        let mut page = Page::default();
        page.sample("x", &[("a", "b\"c\\d\ne"), ("f", "g")], 1);
        assert_eq!(page.0, "x{a=\"b\\\"c\\\\d\\ne\",f=\"g\"} 1\n");
    }

    #[test]
    fn methods_that_a_client_makes_up_share_one_label() {
        assert_eq!(word(&Method::from_bytes(b"EVIL1").unwrap()), "other");
    }
}
