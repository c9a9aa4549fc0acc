//! Load and its latencies: a closed loop (each caller waits for its answer) and an open one (calls are due at fixed
//! times, and what is late counts from when it was due).
use hdrhistogram::Histogram;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};
use tonic::Status;

/// Longest latency the histograms tell apart, in microseconds; longer ones count as this.
const LATENCY_MAX_US: u64 = 60_000_000;
/// A call that takes longer has failed.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// One failed call in so many is borne; more and the figures mean nothing.
const FAILED_DIVISOR: u64 = 100;
/// So many are borne while filling, however little is filled; then a pause.
const FAILED_MIN: u64 = 100;
const RETRY: Duration = Duration::from_millis(20);

/// How late the timer wakes a caller at most; later than that, the machine is busy and the call is late.
const TIMER: Duration = Duration::from_millis(1);

/// What takes calls.
pub trait Callee: Send + Sync + 'static {
    /// One call of the caller with this number. Says until when it counts: a target may have to tidy up afterwards.
    fn call(&self, caller: usize) -> impl Future<Output = Result<Instant, Status>> + Send;
}

/// What was measured.
pub struct Measured {
    /// Latencies in microseconds. A call that failed counts as the longest: leaving it out would leave out just what
    /// a quantile near the end is about.
    latencies: Histogram<u64>,
    /// How long was measured.
    window: Duration,
    failed: u64,
    last_failure: Option<Status>,
}

impl Measured {
    fn nothing(window: Duration) -> anyhow::Result<Measured> {
        let latencies = Histogram::new_with_bounds(1, LATENCY_MAX_US, 3)?;
        Ok(Measured { latencies, window, failed: 0, last_failure: None })
    }

    fn note(&mut self, due: Instant, outcome: Result<Instant, Status>) {
        match outcome {
            Ok(until) => self.latencies.saturating_record((until - due).as_micros() as u64),
            Err(status) => {
                self.latencies.saturating_record(LATENCY_MAX_US);
                self.failed += 1;
                self.last_failure = Some(status);
            }
        }
    }

    fn add(&mut self, other: Measured) -> anyhow::Result<()> {
        self.latencies.add(&other.latencies)?;
        self.failed += other.failed;
        self.last_failure = other.last_failure.or(self.last_failure.take());
        Ok(())
    }

    /// Acknowledged calls in a second.
    pub fn per_second(&self) -> f64 {
        self.done() as f64 / self.window.as_secs_f64()
    }

    /// Calls that failed.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    fn done(&self) -> u64 {
        self.latencies.len() - self.failed
    }

    /// The longest latency, in milliseconds.
    pub fn max_ms(&self) -> f64 {
        self.latencies.max() as f64 / 1e3
    }

    /// A quantile of the latencies, in milliseconds.
    pub fn quantile_ms(&self, quantile: f64) -> f64 {
        self.latencies.value_at_quantile(quantile) as f64 / 1e3
    }

    /// An error if too much failed for the figures to mean anything.
    fn checked(self) -> anyhow::Result<Measured> {
        let done = self.done();
        if done == 0 || self.failed > done / FAILED_DIVISOR {
            let last = self.last_failure.map_or_else(|| "none failed".into(), |status| status.to_string());
            anyhow::bail!("{} calls failed, {done} succeeded; the last failure: {last}", self.failed);
        }
        Ok(self)
    }
}

/// When a run begins to count and when it ends.
#[derive(Clone, Copy)]
struct Window {
    from: Instant,
    until: Instant,
}

impl Window {
    fn new(warm_up: Duration, length: Duration) -> Window {
        let from = Instant::now() + warm_up;
        Window { from, until: from + length }
    }

    fn holds(&self, at: Instant) -> bool {
        at >= self.from && at < self.until
    }

    fn length(&self) -> Duration {
        self.until - self.from
    }
}

async fn bounded_call<T: Callee>(target: &T, caller: usize) -> Result<Instant, Status> {
    let call = timeout(CALL_TIMEOUT, target.call(caller)).await;
    call.unwrap_or_else(|_| Err(Status::deadline_exceeded("the bench's own timeout")))
}

async fn gather(mut callers: JoinSet<anyhow::Result<Measured>>, window: Duration) -> anyhow::Result<Measured> {
    let mut sum = Measured::nothing(window)?;
    while let Some(measured) = callers.join_next().await {
        sum.add(measured??)?;
    }
    sum.checked()
}

/// `callers` call again and again, each waiting for its answer. What ends within the window counts.
pub async fn closed<T: Callee>(
    target: Arc<T>,
    callers: usize,
    warm_up: Duration,
    length: Duration,
) -> anyhow::Result<Measured> {
    let window = Window::new(warm_up, length);
    let mut tasks = JoinSet::new();
    for caller in 0..callers {
        let target = target.clone();
        tasks.spawn(async move {
            let mut measured = Measured::nothing(window.length())?;
            loop {
                let began = Instant::now();
                if began >= window.until {
                    return Ok(measured);
                }
                let outcome = bounded_call(&*target, caller).await;
                if window.holds(Instant::now()) {
                    measured.note(began, outcome);
                }
            }
        });
    }
    gather(tasks, window.length()).await
}

/// `per_second` calls are due in each second at even distances, whether or not earlier ones are answered; `callers`
/// take the next one in turn. Latency counts from when a call was due, so a stall counts for all it held up; only
/// what the timer itself is late for a caller who waits for its turn does not.
pub async fn open<T: Callee>(
    target: Arc<T>,
    callers: usize,
    per_second: f64,
    warm_up: Duration,
    length: Duration,
) -> anyhow::Result<Measured> {
    let window = Window::new(warm_up, length);
    let began = window.from - warm_up;
    let next = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for caller in 0..callers {
        let (target, next) = (target.clone(), next.clone());
        tasks.spawn(async move {
            let mut measured = Measured::nothing(window.length())?;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let due = began + Duration::from_secs_f64(number as f64 / per_second);
                if due >= window.until {
                    return Ok(measured);
                }
                let from = wait_until(due).await;
                let outcome = bounded_call(&*target, caller).await;
                if window.holds(due) {
                    measured.note(from, outcome);
                }
            }
        });
    }
    gather(tasks, window.length()).await
}

/// Waits until a call is due, if it is not yet, and says from when it counts.
async fn wait_until(due: Instant) -> Instant {
    if Instant::now() >= due {
        return due;
    }
    sleep_until(due).await;
    Instant::now().min(due + TIMER)
}

/// Calls until `count` have succeeded, by `callers` at once; says how long it took.
pub async fn fill<T: Callee>(target: Arc<T>, callers: usize, count: u64) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let (begun, failed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let bearable = FAILED_MIN + count / FAILED_DIVISOR;
    let mut tasks: JoinSet<anyhow::Result<()>> = JoinSet::new();
    for caller in 0..callers {
        let (target, begun, failed) = (target.clone(), begun.clone(), failed.clone());
        tasks.spawn(async move {
            while begun.fetch_add(1, Ordering::Relaxed) < count {
                while let Err(status) = bounded_call(&*target, caller).await {
                    if failed.fetch_add(1, Ordering::Relaxed) >= bearable {
                        anyhow::bail!("more than {bearable} calls failed; the last: {status}");
                    }
                    sleep(RETRY).await;
                }
            }
            Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(began.elapsed())
}

/// The one in the middle; of an even number the mean of the two.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[half],
        _ => (sorted[half - 1] + sorted[half]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_and_even() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0]), 2.5);
        assert!(median(&[]).is_nan());
    }

    #[derive(Default)]
    struct Stalls {
        began: std::sync::OnceLock<Instant>,
    }

    impl Callee for Stalls {
        /// Nothing is answered in the first 100 ms after the first call.
        async fn call(&self, _caller: usize) -> Result<Instant, Status> {
            sleep_until(*self.began.get_or_init(Instant::now) + Duration::from_millis(100)).await;
            Ok(Instant::now())
        }
    }

    /// Every hundredth call fails.
    #[derive(Default)]
    struct Flawed(AtomicU64);

    impl Callee for Flawed {
        async fn call(&self, _caller: usize) -> Result<Instant, Status> {
            match self.0.fetch_add(1, Ordering::Relaxed) % 101 {
                100 => Err(Status::unavailable("the hundred and first")),
                _ => Ok(Instant::now()),
            }
        }
    }

    #[tokio::test]
    async fn what_failed_is_late_and_not_done() {
        let target = Arc::new(Flawed::default());
        let measured = open(target, 1, 2_000.0, Duration::ZERO, Duration::from_millis(202)).await.unwrap();
        assert_eq!((measured.failed(), measured.done()), (4, 400));
        assert!(measured.quantile_ms(0.999) >= 59_000.0, "{}", measured.quantile_ms(0.999));
        assert!(measured.quantile_ms(0.5) < 1_000.0);
    }

    #[tokio::test]
    async fn a_stall_counts_for_all_it_held_up() {
        let target = Arc::new(Stalls::default());
        let length = Duration::from_millis(200);
        let measured = open(target, 1, 1_000.0, Duration::ZERO, length).await.unwrap();
        // A caller that had waited for its turn before looking at the clock would see one slow call in a hundred.
        assert!(measured.quantile_ms(0.75) > 20.0);
    }
}
