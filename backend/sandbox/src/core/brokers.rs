//! The brokers: which of them run, what each of them has seen of the metadata, and who can reach whom.

use std::sync::Arc;
use std::time::Duration;

use super::deadlines::Due;
use super::image::Image;
use super::{BrokerId, Core, Effects, Now};
use crate::window::Happening;
use crate::wire::KafkaString;

/// Where a broker is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// Host name or address.
    pub(crate) host: KafkaString,
    /// Port.
    pub(crate) port: u16,
}

/// A broker's process.
#[derive(Debug)]
pub(crate) struct Broker {
    pub(crate) id: BrokerId,
    pub(crate) address: Address,
    pub(crate) running: bool,
    /// How it ended, if it did.
    pub(crate) ended_by: End,
    /// Since when the controller hears nothing of it.
    pub(crate) unheard_since: Option<Duration>,
    /// Cut off from the other brokers and from the controller, not from clients: the metadata that it saw last.
    pub(crate) cut_off: Option<Arc<Image>>,
    /// How long it keeps each answer back.
    pub(crate) response_delay: Duration,
    /// How long its fetches from leaders take more than they should.
    pub(crate) replication_delay: Duration,
}

impl Broker {
    pub(crate) fn new(id: BrokerId, address: Address) -> Self {
        Self {
            id,
            address,
            running: false,
            ended_by: End::Controlled,
            unheard_since: None,
            cut_off: None,
            response_delay: Duration::ZERO,
            replication_delay: Duration::ZERO,
        }
    }
}

/// How a broker's process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It is told to stop: its leaders move to other brokers first.
    Controlled,
    /// It is killed: the controller notices when its session times out.
    Kill,
}

impl Core {
    /// A broker's process ends. Its connections are to be closed.
    pub(crate) fn end_broker(&mut self, now: Now, id: BrokerId, end: End) -> Effects {
        self.now = now;
        self.fire_due();
        if self.broker(id).is_some_and(|broker| broker.running) {
            if end == End::Controlled && self.is_connected(id) {
                self.fence(id);
            }
            self.happened(|_| Happening::BrokerDown { broker: id, killed: end == End::Kill });
            if let Some(broker) = self.broker_mut(id) {
                broker.running = false;
                broker.cut_off = None;
                broker.ended_by = end;
            }
            if end == End::Kill {
                // Who waits hears nothing more of it.
                self.connections_end(id);
            }
            self.coordinators_end(id);
            for partition in self.partitions.values_mut() {
                partition.follow(id);
            }
            self.expect_session_end(id);
            self.connections_end(id);
        }
        self.take_effects()
    }

    /// A broker's process starts, with the log that it had.
    pub(crate) fn start_broker(&mut self, now: Now, id: BrokerId) -> Effects {
        self.now = now;
        self.fire_due();
        if let Some(broker) = self.broker(id).filter(|broker| !broker.running) {
            // A broker whose session had not timed out yet would be refused until it has.
            match broker.ended_by {
                End::Kill => self.fence_unclean(id),
                End::Controlled => self.fence(id),
            }
            self.register(id);
            self.happened(|_| Happening::BrokerUp { broker: id });
        }
        self.take_effects()
    }

    /// The controller hears no more of a broker: it fences it when its session has timed out.
    fn expect_session_end(&mut self, id: BrokerId) {
        let (now, timeout) =
            (self.now.monotonic, self.image.configs.broker_settings().broker_session_timeout);
        let is_live = self.image.is_live(id);
        let Some(broker) = self.broker_mut(id) else { return };
        if is_live && broker.unheard_since.is_none() {
            broker.unheard_since = Some(now);
            self.deadlines.add(now.saturating_add(timeout), Due::BrokerSession(id));
        }
    }

    fn connections_end(&mut self, id: BrokerId) {
        let its: Vec<_> = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.broker == id)
            .map(|(connection, _)| *connection)
            .collect();
        for connection in its {
            self.disconnect(connection);
        }
    }

    /// Cuts a broker off from the other brokers and the controller, or mends that. Clients reach it all the while.
    pub(crate) fn cut_off(&mut self, now: Now, id: BrokerId, cut_off: bool) -> Effects {
        self.now = now;
        self.fire_due();
        let image = Arc::clone(&self.image);
        let Some(broker) = self.broker_mut(id).filter(|broker| broker.running) else {
            return self.take_effects();
        };
        if cut_off && broker.cut_off.is_none() {
            broker.cut_off = Some(image);
            self.happened(|_| Happening::BrokerCutOff { broker: id });
            self.expect_session_end(id);
        } else if !cut_off && broker.cut_off.take().is_some() {
            broker.unheard_since = None;
            self.happened(|_| Happening::BrokerReconnected { broker: id });
            if let Some(registration) = Arc::make_mut(&mut self.image).brokers.get_mut(&id) {
                registration.fenced = false;
            }
            self.elect_where_leaderless();
            self.metadata_seen(id);
            self.balance_later();
        }
        self.take_effects()
    }

    /// Slows a broker down: how long it keeps each answer back, and how long records take to reach it.
    pub(crate) fn delay(
        &mut self,
        now: Now,
        id: BrokerId,
        response: Duration,
        replication: Duration,
    ) -> Effects {
        self.now = now;
        self.fire_due();
        if let Some(broker) = self.broker_mut(id) {
            broker.response_delay = response;
            broker.replication_delay = replication;
        }
        self.metadata_seen(id);
        self.take_effects()
    }

    /// A broker by its id.
    pub(super) fn broker(&self, id: BrokerId) -> Option<&Broker> {
        self.brokers.get(self.place_of(id)?)
    }

    /// The same, to be changed.
    pub(super) fn broker_mut(&mut self, id: BrokerId) -> Option<&mut Broker> {
        let place = self.place_of(id)?;
        self.brokers.get_mut(place)
    }

    fn place_of(&self, id: BrokerId) -> Option<usize> {
        usize::try_from(id.checked_sub(self.first_broker)?).ok()
    }

    /// The metadata as a broker has seen it last.
    pub(super) fn image_of(&self, broker: BrokerId) -> &Arc<Image> {
        self.broker(broker).and_then(|broker| broker.cut_off.as_ref()).unwrap_or(&self.image)
    }

    /// Whether a broker runs and sees what the controller decides.
    pub(super) fn is_connected(&self, broker: BrokerId) -> bool {
        self.broker(broker).is_some_and(|broker| broker.running && broker.cut_off.is_none())
    }
}
