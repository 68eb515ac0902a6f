//! What happens to the cluster, and when: the `--fault` flags.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Result, ensure};
use sandbox::{Cluster, InjectedError};

/// One fault and its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// After the start of the cluster.
    pub(crate) at: Duration,
    what: Action,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Action {
    Stop(i32),
    Kill(i32),
    Start(i32),
    CutOff(i32),
    Reconnect(i32),
    /// The answers of a broker, and records on their way to it as a follower.
    Delay(i32, Duration),
    Inject(InjectedError),
    ClearErrors,
}

/// How faults are written.
pub(crate) const USAGE: &str = "\
A fault is a time after the start, and what happens then:
  10s stop 2                 broker 2 hands its leaders over and stops
  10s kill 2                 broker 2 is gone; the others notice when its session times out
  20s start 2                and is back, with the log that it had
  10s cut-off 2              broker 2 loses the other brokers, and keeps its clients
  20s reconnect 2            and has them again
  5s delay 2 200ms           broker 2 answers later, and follows later; 0s ends that
  5s error Produce 6 10      the next 10 Produce requests get error 6
  5s error Produce 6 10 2    the next 10 at broker 2
  9s clear-errors            no more of them";

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [at, action, arguments @ ..] = words.as_slice() else {
            return Err("write it as TIME WHAT, as in \"10s kill 2\"".to_owned());
        };
        let what = match (*action, arguments) {
            ("stop", [broker]) => Action::Stop(number(broker)?),
            ("kill", [broker]) => Action::Kill(number(broker)?),
            ("start", [broker]) => Action::Start(number(broker)?),
            ("cut-off", [broker]) => Action::CutOff(number(broker)?),
            ("reconnect", [broker]) => Action::Reconnect(number(broker)?),
            ("delay", [broker, by]) => Action::Delay(number(broker)?, time(by)?),
            ("error", [api, error_code, times, broker @ ..]) if broker.len() <= 1 => {
                Action::Inject(InjectedError {
                    broker: broker.first().map(|broker| number(broker)).transpose()?,
                    api: (*api).to_owned(),
                    error_code: number(error_code)?,
                    times: number(times)?,
                })
            }
            ("clear-errors", []) => Action::ClearErrors,
            _ => {
                return Err(format!("\"{action}\" with {} arguments is none of the faults", arguments.len()));
            }
        };
        Ok(Self { at: time(at)?, what })
    }
}

impl Fault {
    /// That the cluster has the broker, and the protocol the API and the error.
    pub(crate) fn check(&self, brokers: &RangeInclusive<i32>) -> Result<()> {
        let broker = match &self.what {
            Action::Stop(broker)
            | Action::Kill(broker)
            | Action::Start(broker)
            | Action::CutOff(broker)
            | Action::Reconnect(broker)
            | Action::Delay(broker, _) => Some(*broker),
            Action::Inject(error) => {
                error.check()?;
                error.broker
            }
            Action::ClearErrors => None,
        };
        let is_there = broker.is_none_or(|broker| brokers.contains(&broker));
        ensure!(is_there, "\"{self}\": the brokers are {} to {}", brokers.start(), brokers.end());
        Ok(())
    }

    async fn happen(&self, cluster: &Cluster) -> Result<()> {
        match &self.what {
            Action::Stop(broker) => cluster.stop_broker(*broker).await?,
            Action::Kill(broker) => cluster.kill_broker(*broker).await?,
            Action::Start(broker) => cluster.start_broker(*broker).await?,
            Action::CutOff(broker) => cluster.cut_off_broker(*broker, true)?,
            Action::Reconnect(broker) => cluster.cut_off_broker(*broker, false)?,
            Action::Delay(broker, by) => cluster.delay_broker(*broker, *by, *by)?,
            Action::Inject(error) => cluster.inject_error(error.clone())?,
            Action::ClearErrors => cluster.clear_errors(),
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", written(self.at))?;
        match &self.what {
            Action::Stop(broker) => write!(f, "stop {broker}"),
            Action::Kill(broker) => write!(f, "kill {broker}"),
            Action::Start(broker) => write!(f, "start {broker}"),
            Action::CutOff(broker) => write!(f, "cut-off {broker}"),
            Action::Reconnect(broker) => write!(f, "reconnect {broker}"),
            Action::Delay(broker, by) => write!(f, "delay {broker} {}", written(*by)),
            Action::Inject(InjectedError { broker, api, error_code, times }) => {
                write!(f, "error {api} {error_code} {times}")?;
                broker.map_or(Ok(()), |broker| write!(f, " {broker}"))
            }
            Action::ClearErrors => write!(f, "clear-errors"),
        }
    }
}

/// Lets all of it happen, each in its time, and tells what did.
pub(crate) async fn run(mut faults: Vec<Fault>, cluster: &Cluster, tell: impl Fn(&str)) -> Result<()> {
    faults.sort_by_key(|fault| fault.at);
    let start = tokio::time::Instant::now();
    for fault in faults {
        tokio::time::sleep_until(start + fault.at).await;
        fault.happen(cluster).await?;
        tell(&fault.to_string());
    }
    Ok(())
}

fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is not a number that can stand here"))
}

fn time(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{text} is no time as in 1m30s: {error}"))
}

fn written(time: Duration) -> String {
    humantime::format_duration(time).to_string().replace(' ', "")
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use sandbox::{BrokerState, Config};

    use super::*;

    #[test]
    fn each_line_of_the_usage_is_understood_and_written_as_it_was() {
        let lines = USAGE.lines().skip(1);
        assert_eq!(lines.clone().count(), 9);
        for line in lines {
            let words: Vec<_> = line.split("   ").map(str::trim).filter(|part| !part.is_empty()).collect();
            let fault: Fault = words[0].parse().unwrap();
            assert_eq!(fault.to_string(), words[0]);
        }
    }

    #[test]
    fn what_is_no_fault_is_refused_with_its_reason() {
        for text in ["", "10s", "10 kill 2", "10s kill", "10s kill 2 3", "10s kill x", "10s error Produce 6"]
        {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
        let fault: Fault = "10s kill 4".parse().unwrap();
        assert!(fault.check(&(1..=3)).unwrap_err().to_string().contains("1 to 3"));
        fault.check(&(1..=4)).unwrap();
        assert!(fault.check(&(0..=3)).unwrap_err().to_string().contains("0 to 3"));
        for text in ["1s error Nonsense 6 1", "1s error Produce 9999 1", "1s error Produce 6 1 4"] {
            assert!(text.parse::<Fault>().unwrap().check(&(1..=3)).is_err(), "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn faults_happen_in_the_order_of_their_times_and_are_told() {
        let cluster = Cluster::start(&Config::default()).unwrap();
        let faults = ["2h start 2", "1h kill 2", "90m stop 3", "5s error Produce 6 10"]
            .map(|text| text.parse().unwrap())
            .to_vec();
        let told = Mutex::new(Vec::new());
        run(faults, &cluster, |text| told.lock().unwrap().push(text.to_owned())).await.unwrap();
        let told = told.into_inner().unwrap();
        assert_eq!(told, ["5s error Produce 6 10", "1h kill 2", "1h30m stop 3", "2h start 2"]);
        let states: Vec<_> = cluster
            .snapshot()
            .unwrap()
            .brokers
            .iter()
            .map(|broker| broker.state == BrokerState::Up)
            .collect();
        assert_eq!(states, [true, true, false]);
    }
}
