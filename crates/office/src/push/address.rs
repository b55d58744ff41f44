//! Where the office may send to (X8): hosts on its list, addresses that are public or on the list themselves, never another one by a
//! redirect or by a name that suddenly means something else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// Longest address.
pub const URL_BYTES_MAX: usize = 500;

/// An address that can be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whether over TLS.
    pub tls: bool,
    /// Name or address, in lower case, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Path with query.
    pub path: String,
}

impl Target {
    /// Reads `https://host[:port]/path`. What is refused is what different readers read differently: names and passwords before the host,
    /// fragments, spaces, backslashes, anything that is not ASCII.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(url: &str) -> Result<Target, String> {
        if url.len() > URL_BYTES_MAX {
            return Err(format!("推送地址不能超过 {URL_BYTES_MAX} 个字符"));
        }
        if !url.bytes().all(|b| b.is_ascii_graphic()) || url.contains(['\\', '#', '@', '"', '<', '>', '`', '{', '}', '|', '^']) {
            return Err("推送地址只能用英文字符，不能含空格、反斜线、#、@ 等符号".to_owned());
        }
        let shape = || "推送地址应写成 https://主机[:端口]/路径".to_owned();
        let (scheme, rest) = url.split_once("://").ok_or_else(shape)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(shape()),
        };
        let cut = rest.find(['/', '?']).unwrap_or(rest.len());
        let (place, path) = rest.split_at_checked(cut).ok_or_else(shape)?;
        let (host, port) = host_and_port(place).ok_or_else(shape)?;
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Target { tls, host, port: port.unwrap_or(default_port(tls)), path })
    }

    /// The `Host` header.
    pub fn host_header(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == default_port(self.tls) { host } else { format!("{host}:{}", self.port) }
    }
}

fn default_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`; the host in lower case.
fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let host = host.to_ascii_lowercase();
    if host.parse::<IpAddr>().is_err() && !is_name(&host) {
        return None;
    }
    let plain = |port: &str| port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit());
    let port = port.map(|port| port.parse::<u16>().ok().filter(|number| plain(port) && *number > 0));
    match port {
        None => Some((host, None)),
        Some(port) => port.map(|port| (host, Some(port))),
    }
}

/// A name of the domain name system that is not a number in disguise: some resolvers read `2130706433` and `0x7f.1` as 127.0.0.1.
fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = host.rsplit('.').next().unwrap_or(host);
    let number = last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x");
    host.len() <= 253 && host.split('.').all(label) && !number
}

/// One line of the office's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    place: Place,
    /// The port; none is the scheme's own.
    port: Option<u16>,
    /// Certificates of the authorities by which alone it is known.
    authorities: Option<Arc<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Name(String),
    Range(IpAddr, u8),
}

impl Host {
    /// Reads `name[:port]`, `10.1.2.3[:port]`, `[v6][:port]` or a range `10.1.0.0/16[:port]`.
    pub fn parse(text: &str) -> Option<Host> {
        let Some((address, rest)) = text.split_once('/') else {
            let (host, port) = host_and_port(text)?;
            let place = match host.parse::<IpAddr>() {
                Ok(address) => Place::Range(address.to_canonical(), full(address.to_canonical())),
                Err(_) => Place::Name(host),
            };
            return Some(Host { place, port, authorities: None });
        };
        let address: IpAddr = address.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
        let (length, port) = match rest.split_once(':') {
            Some((length, port)) => (length, Some(port.parse::<u16>().ok().filter(|port| *port > 0)?)),
            None => (rest, None),
        };
        // A range of everything is no list.
        let length: u8 = length.parse().ok().filter(|length| (8..=full(address)).contains(length))?;
        Some(Host { place: Place::Range(address, length), port, authorities: None })
    }

    /// The same, known by these authorities alone.
    #[must_use]
    pub fn known_by(self, authorities: Option<&str>) -> Host {
        Host { authorities: authorities.map(Arc::from), ..self }
    }

    /// As it is written in the list.
    pub fn text(&self) -> String {
        let place = match &self.place {
            Place::Name(name) => name.clone(),
            Place::Range(IpAddr::V6(address), 128) => format!("[{address}]"),
            Place::Range(address, length) if *length == full(*address) => address.to_string(),
            Place::Range(address, length) => format!("{address}/{length}"),
        };
        self.port.map_or_else(|| place.clone(), |port| format!("{place}:{port}"))
    }

    fn fits_port(&self, target: &Target) -> bool {
        target.port == self.port.unwrap_or(default_port(target.tls))
    }

    fn covers(&self, address: IpAddr) -> bool {
        match (&self.place, address.to_canonical()) {
            (Place::Range(IpAddr::V4(range), length), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(*length);
                u32::from(*range).checked_shr(shift) == u32::from(address).checked_shr(shift)
            }
            (Place::Range(IpAddr::V6(range), length), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(*length);
                u128::from(*range).checked_shr(shift) == u128::from(address).checked_shr(shift)
            }
            _ => false,
        }
    }
}

fn full(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Whether the host of a target is on the list at all: asked when somebody subscribes, and again before every try.
pub fn is_listed(hosts: &[Host], target: &Target) -> bool {
    let literal = target.host.parse::<IpAddr>().ok();
    hosts.iter().filter(|host| host.fits_port(target)).any(|host| match (&host.place, literal) {
        (Place::Name(name), None) => *name == target.host,
        (Place::Range(..), Some(address)) => host.covers(address),
        _ => false,
    })
}

/// The authorities by which alone a target at an address is known: those of its name, else those of the narrowest range.
pub fn authorities(hosts: &[Host], target: &Target, address: IpAddr) -> Option<Arc<str>> {
    let fitting = hosts.iter().filter(|host| host.fits_port(target));
    let near = |host: &&Host| match &host.place {
        Place::Name(name) => (*name == target.host).then_some(u8::MAX),
        Place::Range(_, length) => host.covers(address).then_some(*length),
    };
    fitting.filter_map(|host| Some((near(&host)?, host))).max_by_key(|(near, _)| *near).and_then(|(_, host)| host.authorities.clone())
}

/// Whether a target may be reached at an address that its name resolved to just now.
///
/// # Errors
/// A clause that says why not.
pub fn may_reach(hosts: &[Host], target: &Target, address: IpAddr) -> Result<(), String> {
    if !is_listed(hosts, target) {
        return Err("推送地址不在允许的名单内".to_owned());
    }
    if hosts.iter().any(|host| host.fits_port(target) && host.covers(address)) {
        return Ok(());
    }
    if !is_public(address) {
        return Err(format!("主机名解析到内部地址 {address}，该地址不在允许的名单内"));
    }
    if !target.tls {
        return Err("公网地址须使用 https".to_owned());
    }
    Ok(())
}

/// Whether anybody on the public network could have this address. What is not known to be public is not.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => {
            let head = address.segments();
            let first = head.first().copied().unwrap_or(0);
            // Of the global unicast block: no documentation, no tunnels that carry an IPv4 address inside.
            let [second, ..] = head.get(1..).and_then(|rest| rest.first()).map_or([0], |second| [*second]);
            let tunnel = first == 0x2002 || (first == 0x2001 && (second == 0 || second == 0x0db8));
            (0x2000..=0x3fff).contains(&first) && !tunnel
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b));
    !special
}

#[cfg(test)]
mod tests;
