//! From where deliveries may come.

use std::{
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

use b24_core::{Error, SdkCode};

/// Addresses that deliveries may come from, beside what proves them: `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`.
///
/// Those of the cloud change: take them from the vendor's list, and look at it again now and then.
///
/// Source: <https://dl.bitrix24.com/webhook/app-world.json>
#[derive(Clone, Debug, Default)]
pub struct AllowedSources(Vec<Network>);

#[derive(Clone, Copy, Debug)]
struct Network {
    /// As an address of IPv6; one of IPv4 is mapped.
    address: u128,
    mask: u128,
}

impl AllowedSources {
    /// A list of addresses and networks.
    ///
    /// # Errors
    /// Kind [`Usage`](b24_core::ErrorKind::Usage) for a text that is neither, with the text.
    pub fn new<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, Error> {
        texts.into_iter().map(|text| text.as_ref().parse()).collect::<Result<_, _>>().map(Self)
    }

    /// Whether this address is on the list.
    #[must_use]
    pub fn contains(&self, source: IpAddr) -> bool {
        let bits = bits(source);
        self.0.iter().any(|network| bits & network.mask == network.address)
    }
}

impl FromStr for Network {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::usage(SdkCode::InvalidConfig, format!("{text:?} is no address and no network"));
        let (address, length) = match text.trim().split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            Some(length) => length.parse::<u32>().ok().filter(|length| *length <= width).ok_or_else(wrong)?,
            None => width,
        };
        let mask = u128::MAX.checked_shl(width - length).unwrap_or(0);
        Ok(Self { address: bits(address) & mask, mask })
    }
}

/// An IPv4 address is the same one when it comes over a socket of IPv6.
fn bits(address: IpAddr) -> u128 {
    let address: Ipv6Addr = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    address.to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_on_the_list_or_in_a_network_on_it() {
        let list = AllowedSources::new(["203.0.113.7", "198.51.100.0/24", "2001:db8::/32", " 10.0.0.1/32 "]).unwrap();
        for (source, want) in [
            ("203.0.113.7", true),
            ("::ffff:203.0.113.7", true),
            ("203.0.113.8", false),
            ("198.51.100.200", true),
            ("198.51.101.1", false),
            ("2001:db8:1::1", true),
            ("2001:db9::1", false),
            ("10.0.0.1", true),
            ("::1", false),
        ] {
            assert_eq!(list.contains(source.parse().unwrap()), want, "{source}");
        }
        assert!(!AllowedSources::default().contains("127.0.0.1".parse().unwrap()));
        assert!(AllowedSources::new(["0.0.0.0/0"]).unwrap().contains("8.8.8.8".parse().unwrap()));
        assert!(!AllowedSources::new(["0.0.0.0/0"]).unwrap().contains("2001:db8::1".parse().unwrap()));
        assert!(AllowedSources::new(["::/0"]).unwrap().contains("8.8.8.8".parse().unwrap()));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for bad in
            ["", "portal.example", "203.0.113.0/33", "2001:db8::/129", "203.0.113.0/", "203.0.113.0/-1", "1.2.3.4/24/8"]
        {
            assert_eq!(AllowedSources::new([bad]).unwrap_err().code(), "INVALID_CONFIG", "{bad}");
        }
    }
}
