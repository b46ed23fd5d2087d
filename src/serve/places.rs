//! Places for connections: so many in all, and so many of one address.
//!
//! An IPv6 address is one of 2^64 that its owner has, so there the network of 64 bits counts. What is
//! remembered of addresses is never more than there are connections.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::policy::clients::Network;
use crate::telemetry::metrics::Metrics;

/// The places of a server.
#[derive(Clone, Debug)]
pub struct Places(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    free: Arc<Semaphore>,
    total: usize,
    of_one: usize,
    /// How many connections each address has that has any.
    addresses: Mutex<HashMap<Network, usize>>,
    metrics: Arc<Metrics>,
}

/// A place of one connection, given back when it closes.
#[derive(Debug)]
pub struct Place {
    shared: Arc<Shared>,
    network: Option<Network>,
    _place: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(network) = &self.network {
            self.shared.leave(network);
        }
        self.shared.metrics.connections_open.decrement();
    }
}

impl Places {
    /// `total` places, `of_one` of them for one address.
    #[must_use]
    pub fn new(total: usize, of_one: usize, metrics: Arc<Metrics>) -> Self {
        Self(Arc::new(Shared {
            free: Arc::new(Semaphore::new(total)),
            total,
            of_one,
            addresses: Mutex::default(),
            metrics,
        }))
    }

    /// A place for a connection from this address; from one that is not counted, without it.
    #[must_use]
    pub fn enter(&self, address: Option<IpAddr>) -> Option<Place> {
        let shared = &self.0;
        let Ok(place) = Arc::clone(&shared.free).try_acquire_owned() else {
            shared.metrics.connections_refused.increment();
            return None;
        };
        let network = address.map(network);
        if let Some(network) = &network
            && !shared.join(*network)
        {
            shared.metrics.connections_refused_by_address.increment();
            return None;
        }
        shared.metrics.connections.increment();
        shared.metrics.connections_open.increment();
        Some(Place {
            shared: Arc::clone(shared),
            network,
            _place: place,
        })
    }

    /// Waits until every connection has closed. Nothing may enter any more by then.
    pub async fn all_closed(&self) {
        let all = u32::try_from(self.0.total).unwrap_or(u32::MAX);
        // The semaphore is never closed; to hold every place is to know that nobody has one.
        drop(self.0.free.acquire_many(all).await);
    }
}

impl Shared {
    fn join(&self, network: Network) -> bool {
        let mut addresses = self
            .addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let have = addresses.entry(network).or_default();
        // It has one at least, unless none is allowed, which the configuration does not take.
        let joins = *have < self.of_one;
        *have += usize::from(joins);
        joins
    }

    fn leave(&self, network: &Network) {
        let mut addresses = self
            .addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(have) = addresses.get_mut(network) {
            *have -= 1;
            if *have == 0 {
                addresses.remove(network);
            }
        }
    }
}

/// What counts as one address.
fn network(address: IpAddr) -> Network {
    let address = address.to_canonical();
    Network::of(address, if address.is_ipv4() { 32 } else { 64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(places: &Places, address: &str) -> Option<Place> {
        places.enter(Some(address.parse().unwrap()))
    }

    #[test]
    fn one_address_has_so_many_places_and_leaves_the_others() {
        let metrics = Arc::new(Metrics::new());
        let places = Places::new(10, 2, Arc::clone(&metrics));
        for (one, same, another) in [
            ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"),
            ("2001:db8::1", "2001:db8::ffff:0:0:1", "2001:db8:0:1::1"),
        ] {
            let refused = metrics.connections_refused_by_address.value();
            let first = enter(&places, one).unwrap();
            let second = enter(&places, same).unwrap();
            assert!(enter(&places, one).is_none() && enter(&places, same).is_none());
            assert_eq!(metrics.connections_refused_by_address.value(), refused + 2);
            assert!(enter(&places, another).is_some());
            // Who is not counted is not one of them.
            assert!(places.enter(None).is_some());
            drop(first);
            let third = enter(&places, same).unwrap();
            drop((second, third));
        }
        assert_eq!(metrics.connections_open.value(), 0);
        assert!(
            places.0.addresses.lock().unwrap().is_empty(),
            "nothing is remembered"
        );
        assert_eq!(metrics.connections_refused.value(), 0);
    }

    #[test]
    fn a_place_in_all_comes_first() {
        let metrics = Arc::new(Metrics::new());
        let places = Places::new(1, 5, Arc::clone(&metrics));
        let only = enter(&places, "192.0.2.1").unwrap();
        assert!(enter(&places, "192.0.2.2").is_none());
        assert_eq!(metrics.connections_refused.value(), 1);
        drop(only);
        assert!(enter(&places, "192.0.2.2").is_some());
    }
}
