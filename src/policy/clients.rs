//! Who a request comes from, and what the origin is told about it: X-Forwarded-For, read and written.
//!
//! The peer of a connection is known; everything before it is hearsay. Only what a proxy that the operator
//! trusts says of its own peer is believed, and so on to the left: the client is the right-most address
//! that is no such proxy. So whatever a client writes into the field, it stands to the left of what is
//! true.
//!
//! A chain that holds anything but addresses, or more than [`CHAIN`] of them, is nobody's: it is neither
//! believed nor sent on, whoever sent it.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::semantics::fields;

/// Addresses of a chain; AWS's load balancers take no more either.
pub const CHAIN: usize = 30;

/// The field.
pub const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What an origin gets as X-Forwarded-For.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ForwardedFor {
    /// What the request came with, as CloudFront does it, and the peer behind it.
    #[default]
    Append,
    /// The client alone.
    Replace,
    /// Nothing.
    Drop,
}

/// Whose word counts, and what the origin is told.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Clients {
    /// Proxies that stand before the edge.
    pub trusted_proxies: Vec<Network>,
    /// What is told.
    pub forwarded_for: ForwardedFor,
}

impl Clients {
    /// Whether this peer is a proxy whose word counts.
    #[must_use]
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.trusted_proxies
            .iter()
            .any(|network| network.contains(peer))
    }

    /// Who has sent a request that came from `peer`.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.trusts(peer) {
            return peer;
        }
        let chain = chain(headers).unwrap_or_default();
        let untrusted = chain.iter().rev().find(|address| !self.trusts(**address));
        // Of nothing but proxies the first has begun it.
        *untrusted.or_else(|| chain.first()).unwrap_or(&peer)
    }

    /// What the origin gets, if anything.
    #[must_use]
    pub fn told(&self, peer: IpAddr, headers: &HeaderMap) -> Option<HeaderValue> {
        let text = match self.forwarded_for {
            ForwardedFor::Drop => return None,
            ForwardedFor::Replace => self.client(peer, headers).to_string(),
            ForwardedFor::Append => {
                let mut text = String::new();
                for address in chain(headers).unwrap_or_default() {
                    text.push_str(&address.to_string());
                    text.push_str(", ");
                }
                text + &peer.to_string()
            }
        };
        // Addresses, commas and blanks are a value.
        HeaderValue::from_str(&text).ok()
    }
}

/// The addresses of the field, over all its lines; `None` if it is not made of at most [`CHAIN`] of them.
fn chain(headers: &HeaderMap) -> Option<Vec<IpAddr>> {
    let members = fields::members(headers, X_FORWARDED_FOR);
    let addresses: Option<Vec<IpAddr>> = members.take(CHAIN + 1).map(address).collect();
    addresses.filter(|addresses| addresses.len() <= CHAIN)
}

/// An address as proxies write it: plain, in brackets, or with a port.
fn address(member: &[u8]) -> Option<IpAddr> {
    let text = core::str::from_utf8(member).ok()?;
    let is_port =
        |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    if let Some(rest) = text.strip_prefix('[') {
        let (literal, rest) = rest.split_once(']')?;
        let ends = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
        return literal
            .parse::<Ipv6Addr>()
            .ok()
            .filter(|_| ends)
            .map(IpAddr::V6);
    }
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let (literal, port) = text.split_once(':')?;
    let address = literal.parse::<Ipv4Addr>().ok().filter(|_| is_port(port));
    address.map(IpAddr::V4)
}

/// The addresses that begin with the same bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// The first `bits` of an address, at most as many as it has; the others do not count.
    #[must_use]
    pub fn of(address: IpAddr, bits: u8) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let bits = bits.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
                let address = Ipv4Addr::from_bits(address.to_bits() & mask).into();
                Self { address, bits }
            }
            IpAddr::V6(address) => {
                let bits = bits.min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                let address = Ipv6Addr::from_bits(address.to_bits() & mask).into();
                Self { address, bits }
            }
        }
    }

    /// Whether an address is one of them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && Self::of(address, self.bits) == *self
    }
}

impl FromStr for Network {
    type Err = &'static str;

    /// `ADDRESS/BITS`, or an address alone.
    fn from_str(text: &str) -> Result<Self, &'static str> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address
            .parse()
            .map_err(|_| "does not begin with an IP address")?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) => bits
                .parse()
                .ok()
                .filter(|found: &u8| *found <= most && bits == found.to_string())
                .ok_or("does not end with a number of bits that the address has")?,
        };
        let network = Self::of(address, bits);
        match network.address == address {
            true => Ok(network),
            false => Err("has bits set behind those that count"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients(forwarded_for: ForwardedFor) -> Clients {
        let proxies = ["10.0.0.0/8", "2001:db8::/32"];
        Clients {
            trusted_proxies: proxies.map(|text| text.parse().unwrap()).to_vec(),
            forwarded_for,
        }
    }

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            let value = HeaderValue::from_str(line).unwrap();
            headers.append(X_FORWARDED_FOR, value);
        }
        headers
    }

    #[test]
    fn the_client_is_the_right_most_address_that_is_no_proxy() {
        let clients = clients(ForwardedFor::Append);
        for (peer, lines, expected) in [
            ("192.0.2.1", &["203.0.113.9"][..], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            (
                "10.0.0.1",
                &["1.1.1.1, 203.0.113.9, 10.9.9.9"],
                "203.0.113.9",
            ),
            ("10.0.0.1", &["1.1.1.1", "203.0.113.9"], "203.0.113.9"),
            ("::ffff:10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9"),
            ("2001:db8::1", &["[2001:db9::2]:80"], "2001:db9::2"),
            ("2001:db8::1", &["2001:db9::2"], "2001:db9::2"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &["unknown, 203.0.113.9"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9;evil"], "10.0.0.1"),
        ] {
            let found = clients.client(peer.parse().unwrap(), &headers(lines));
            assert_eq!(found.to_string(), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn a_chain_is_sent_on_replaced_or_dropped() {
        use ForwardedFor::{Append, Drop, Replace};
        for (mode, peer, line, expected) in [
            (Append, "192.0.2.1", "1.1.1.1", Some("1.1.1.1, 192.0.2.1")),
            (
                Append,
                "10.0.0.1",
                "1.1.1.1,2.2.2.2",
                Some("1.1.1.1, 2.2.2.2, 10.0.0.1"),
            ),
            (Append, "192.0.2.1", "evil", Some("192.0.2.1")),
            (Append, "192.0.2.1", "", Some("192.0.2.1")),
            (Replace, "192.0.2.1", "1.1.1.1", Some("192.0.2.1")),
            (Replace, "10.0.0.1", "1.1.1.1, 2.2.2.2", Some("2.2.2.2")),
            (Replace, "10.0.0.1", "evil", Some("10.0.0.1")),
            (Drop, "10.0.0.1", "1.1.1.1", None),
        ] {
            let found = clients(mode).told(peer.parse().unwrap(), &headers(&[line]));
            let found = found.as_ref().map(|value| value.to_str().unwrap());
            assert_eq!(found, expected, "{mode:?} {peer} {line}");
        }
    }

    #[test]
    fn a_chain_has_thirty_addresses_at_the_most() {
        let clients = clients(ForwardedFor::Append);
        let peer: IpAddr = "10.0.0.1".parse().unwrap();
        let at = headers(&[&["1.1.1.1"; CHAIN].join(", ")]);
        let told = clients.told(peer, &at).unwrap();
        assert_eq!(told.to_str().unwrap().split(", ").count(), CHAIN + 1);
        assert_eq!(clients.client(peer, &at).to_string(), "1.1.1.1");
        let over = headers(&[&["1.1.1.1"; CHAIN].join(", "), "1.1.1.1"]);
        assert_eq!(clients.told(peer, &over).unwrap(), "10.0.0.1");
        assert_eq!(clients.client(peer, &over), peer);
    }

    #[test]
    fn a_network_holds_the_addresses_that_begin_like_it() {
        for (text, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("10.1.2.3", "10.1.2.3", "10.1.2.4"),
            ("0.0.0.0/0", "255.1.2.3", "::1"),
            ("192.0.2.128/25", "192.0.2.255", "192.0.2.127"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::/0", "fe80::1", "10.0.0.1"),
            ("::1", "::1", "::2"),
        ] {
            let network: Network = text.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{text} {inside}");
            assert!(
                !network.contains(outside.parse().unwrap()),
                "{text} {outside}"
            );
        }
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/08",
            "10.0.0.1/8",
            "::/129",
            "a/8",
            "10.0.0.0/8/8",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
