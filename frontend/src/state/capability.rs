//! What only some clusters can do, and what of it this one lacks.

use shared::Command;
use shared::kafka::ClusterKind;

use super::State;

/// What only a sandbox can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capability {
    /// Brokers are stopped, killed and started.
    Brokers,
    /// Brokers are delayed and cut off, errors injected.
    Faults,
    /// The cluster is made anew.
    Reset,
    /// The whole cluster is seen as it changes.
    Watch,
}

impl Capability {
    const ALL: [Self; 4] = [Self::Brokers, Self::Faults, Self::Reset, Self::Watch];

    /// As lesson steps and the server name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Brokers => "brokers",
            Self::Faults => "faults",
            Self::Reset => "reset",
            Self::Watch => "watch",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Brokers => "stopping and starting brokers",
            Self::Faults => "delaying brokers, cutting them off and injecting errors",
            Self::Reset => "making the cluster anew",
            Self::Watch => "looking into the cluster",
        }
    }

    /// What a command takes, if it takes anything.
    fn of(command: &Command) -> Option<Self> {
        match command {
            Command::StopBroker(_) | Command::KillBroker(_) | Command::StartBroker(_) => Some(Self::Brokers),
            Command::CutOffBroker(_)
            | Command::DelayBroker(_)
            | Command::InjectError(_)
            | Command::ClearFaults(_) => Some(Self::Faults),
            Command::ResetCluster(_) => Some(Self::Reset),
            Command::Watch(_) => Some(Self::Watch),
            Command::DescribeCluster(_)
            | Command::ListTopics(_)
            | Command::CreateTopic(_)
            | Command::DeleteTopic(_)
            | Command::DescribeTopic(_)
            | Command::Produce(_)
            | Command::StartConsumer(_)
            | Command::Commit(_)
            | Command::StopConsumer(_)
            | Command::CrashConsumer(_)
            | Command::DescribeGroup(_)
            | Command::StartOver(_) => None,
        }
    }
}

/// What a step needs by its own word, and by its commands.
pub(crate) fn needs<'a>(named: &[String], commands: impl IntoIterator<Item = &'a Command>) -> Vec<String> {
    let mut needs = named.to_vec();
    for capability in commands.into_iter().filter_map(Capability::of) {
        if !needs.iter().any(|need| need == capability.name()) {
            needs.push(capability.name().to_owned());
        }
    }
    needs
}

impl State {
    /// Whether the cluster can do this. Not before the server has said so.
    pub(crate) fn can(&self, capability: Capability) -> bool {
        self.server
            .as_ref()
            .is_some_and(|server| server.capabilities.iter().any(|can| can == capability.name()))
    }

    /// What the cluster lacks of this, in a sentence; `None`: nothing, as far as the page knows.
    pub(crate) fn lack(&self, needs: &[String]) -> Option<String> {
        let server = self.server.as_ref()?;
        let words: Vec<&str> = needs
            .iter()
            .filter(|need| !server.capabilities.contains(need))
            .map(|need| {
                let known = Capability::ALL.into_iter().find(|capability| capability.name() == need);
                known.map_or(need.as_str(), |capability| capability.words())
            })
            .collect();
        if words.is_empty() {
            return None;
        }
        let words = words.join("; ");
        Some(match server.kind {
            ClusterKind::Kafka => {
                format!("This takes a cluster of your own: {words}. The workshop runs on a shared Kafka.")
            }
            ClusterKind::Sandbox => format!("This cluster can’t do what is needed here: {words}."),
        })
    }
}

#[cfg(test)]
mod tests {
    use shared::command::{ListTopics, StopBroker};
    use shared::wire::ServerInfo;

    use super::*;

    fn on(kind: ClusterKind, capabilities: &[&str]) -> State {
        State {
            server: Some(ServerInfo {
                version: "0".to_owned(),
                librdkafka: "2".to_owned(),
                kind,
                capabilities: capabilities.iter().map(ToString::to_string).collect(),
            }),
            ..State::default()
        }
    }

    #[test]
    fn a_step_needs_what_it_says_and_what_its_commands_take() {
        let commands = [Command::StopBroker(StopBroker { broker: 2 }), Command::ListTopics(ListTopics {})];
        assert_eq!(needs(&["watch".to_owned()], &commands), ["watch", "brokers"]);
        assert_eq!(needs(&["brokers".to_owned()], &commands), ["brokers"]);
        assert!(needs(&[], &commands[1..]).is_empty());
    }

    #[test]
    fn what_is_lacking_is_said_and_what_is_there_is_not() {
        let needs = ["brokers".to_owned(), "watch".to_owned()];
        let said = on(ClusterKind::Kafka, &[]).lack(&needs).unwrap();
        assert!(said.contains("stopping and starting brokers; looking into the cluster"), "{said}");
        assert!(said.contains("shared Kafka"), "{said}");
        let sandbox = on(ClusterKind::Sandbox, &["brokers", "watch"]);
        assert_eq!(sandbox.lack(&needs), None);
        assert!(sandbox.lack(&["quotas".to_owned()]).unwrap().contains("quotas"));
        assert!(sandbox.can(Capability::Brokers) && !sandbox.can(Capability::Reset));
    }

    #[test]
    fn nothing_is_said_to_lack_before_the_server_spoke() {
        assert_eq!(State::default().lack(&["brokers".to_owned()]), None);
        assert!(!State::default().can(Capability::Watch));
    }
}
