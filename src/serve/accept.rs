//! Listeners and the accept loop.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::connection::Protocols;
use super::places::{Place, Places};
use super::viewer::Viewers;
use super::{Phase, limits};
use crate::clock;

/// `count` listeners on one address, between which the kernel spreads connections.
///
/// The first is bound and listens without `SO_REUSEPORT`: two copies of the program would
/// otherwise share a port, and its traffic, without a word. It becomes one of several only then,
/// and is never let go of in between: somebody else could take the port.
///
/// # Errors
/// When the address is taken or not this machine's.
pub fn bind(address: SocketAddr, count: usize) -> io::Result<Vec<TcpListener>> {
    let first = socket(address, false)?;
    first.set_reuse_port(true)?;
    let first = TcpListener::from(first);
    let address = first.local_addr()?;
    let mut listeners = vec![first];
    for _ in 1..count {
        listeners.push(socket(address, true)?.into());
    }
    Ok(listeners)
}

fn socket(address: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // Connections of before a restart may linger in TIME_WAIT; they do not own the port.
    socket.set_reuse_address(true)?;
    if shared {
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(limits::BACKLOG)?;
    Ok(socket)
}

/// Serves all listeners of one thread until the server closes.
pub async fn serve_all(
    listeners: Vec<TcpListener>,
    viewers: Viewers,
    protocols: Arc<Protocols>,
    places: Places,
    mut phase: watch::Receiver<Phase>,
) {
    for listener in listeners {
        let (viewers, protocols, places, phase) = (
            viewers.clone(),
            Arc::clone(&protocols),
            places.clone(),
            phase.clone(),
        );
        tokio::spawn(accept(listener, viewers, protocols, places, phase));
    }
    // The server outlives its threads, so the channel stays open until the phase is Closed.
    let _ = phase.wait_for(|phase| *phase == Phase::Closed).await;
}

async fn accept(
    listener: TcpListener,
    viewers: Viewers,
    protocols: Arc<Protocols>,
    places: Places,
    mut phase: watch::Receiver<Phase>,
) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "a listener cannot be used");
            return;
        }
    };
    loop {
        let accepted = tokio::select! {
            biased;
            // From here on the port is free for a successor.
            _ = phase.wait_for(|phase| *phase != Phase::Open) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let address = viewers.counts(peer.ip()).then(|| peer.ip());
                let Some(place) = places.enter(address) else {
                    continue;
                };
                let (viewers, protocols, phase) =
                    (viewers.clone(), Arc::clone(&protocols), phase.clone());
                tokio::spawn(connection(stream, peer, viewers, protocols, place, phase));
            }
            // The viewer left before it was let in.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::warn!(%error, "accepting pauses");
                clock::sleep(&*protocols.clock, limits::ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    viewers: Viewers,
    protocols: Arc<Protocols>,
    place: Place,
    phase: watch::Receiver<Phase>,
) {
    protocols
        .serve(stream, viewers.viewer(peer.ip().to_canonical()), phase)
        .await;
    drop(place);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_an_error_and_not_shared() {
        let first = bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        let address = first[0].local_addr().unwrap();
        assert_eq!(first[1].local_addr().unwrap(), address);
        assert_eq!(
            bind(address, 2).unwrap_err().kind(),
            io::ErrorKind::AddrInUse
        );
        drop(first);
        assert_eq!(bind(address, 1).unwrap().len(), 1);
    }

    #[test]
    fn the_kernel_spreads_connections_between_all_listeners() {
        let listeners = bind("127.0.0.1:0".parse().unwrap(), 3).unwrap();
        let address = listeners[0].local_addr().unwrap();
        let connected: Vec<_> = (0..192)
            .map(|_| std::net::TcpStream::connect(address).unwrap())
            .collect();
        let accepted: Vec<usize> = listeners
            .iter()
            .map(|listener| std::iter::from_fn(|| listener.accept().ok()).count())
            .collect();
        assert_eq!(accepted.iter().sum::<usize>(), connected.len());
        assert!(accepted.iter().all(|count| *count > 0), "{accepted:?}");
    }

    #[test]
    fn free_ports_that_are_taken_at_once_are_never_shared() {
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let taking: Vec<_> = (0..8)
            .map(|_| {
                std::thread::spawn(move || {
                    let taken: Vec<_> = (0..100).map(|_| bind(any, 2).unwrap()).collect();
                    taken
                })
            })
            .collect();
        let taken: Vec<_> = taking
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect();
        let ports: std::collections::HashSet<u16> = taken
            .iter()
            .map(|listeners| listeners[0].local_addr().unwrap().port())
            .collect();
        assert_eq!(ports.len(), taken.len());
    }
}
