//! The list of hosts against everything that tries to get around it.

use super::*;

fn hosts(lines: &[&str]) -> Vec<Host> {
    lines.iter().map(|line| Host::parse(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

fn reach(list: &[&str], url: &str, address: &str) -> Result<(), String> {
    may_reach(&hosts(list), &Target::parse(url)?, address.parse().unwrap())
}

#[test]
fn an_address_is_read_in_one_way_or_not_at_all() {
    let target = Target::parse("HTTPS://Push.Example.gov.cn:8443/in?x=1").unwrap();
    assert_eq!(target, Target { tls: true, host: "push.example.gov.cn".into(), port: 8443, path: "/in?x=1".into() });
    assert_eq!(target.host_header(), "push.example.gov.cn:8443");
    assert_eq!(Target::parse("https://[2400::1]").unwrap().host_header(), "[2400::1]");
    assert_eq!(Target::parse("http://10.1.2.3?a").unwrap().path, "/?a");
    for wrong in [
        "",
        "push.gov.cn",
        "ftp://push.gov.cn/",
        "https://",
        "https:///x",
        "https://a@push.gov.cn/",
        "https://push.gov.cn\\@evil.cn/",
        "https://push.gov.cn/#x",
        "https://push.gov.cn:0/",
        "https://push.gov.cn:70000/",
        "https://push.gov.cn:+80/",
        "https://推送.cn/",
        "https://push .gov.cn/",
        "https://-a.cn/",
        "https://a..cn/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://0x7f000001/",
        "https://[::1/",
        "https://[push]/",
        "https://push.gov.cn:80:90/",
        "https://push.gov.cn./",
    ] {
        assert!(Target::parse(wrong).is_err(), "{wrong}");
    }
    assert!(Target::parse(&format!("https://push.gov.cn/{}", "a".repeat(URL_BYTES_MAX))).is_err());
}

#[test]
fn lines_of_the_list_are_read_and_written_back() {
    for line in ["push.gov.cn", "push.gov.cn:8443", "10.1.2.3", "10.1.2.3:8443", "10.1.0.0/16", "10.1.0.0/16:8443", "[fd00::1]:8443"] {
        assert_eq!(Host::parse(line).unwrap().text(), line);
    }
    for wrong in
        ["", "*", "*.gov.cn", "0.0.0.0/0", "10.0.0.0/7", "10.0.0.0/33", "10.0.0.0/x", "https://a.cn", "a b", "10.1.2.3:0", "a.cn/8"]
    {
        assert_eq!(Host::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn x8_only_listed_hosts_at_public_or_listed_addresses() {
    let name = ["push.gov.cn"];
    assert_eq!(reach(&name, "https://push.gov.cn/in", "203.119.25.1"), Ok(()));
    for (url, address) in [
        // Another host, another port, the same host in other words.
        ("https://evil.cn/in", "203.119.25.1"),
        ("https://push.gov.cn.evil.cn/in", "203.119.25.1"),
        ("https://push.gov.cn:8443/in", "203.119.25.1"),
        ("https://203.119.25.1/in", "203.119.25.1"),
        // Without TLS on the public network.
        ("http://push.gov.cn/in", "203.119.25.1"),
        // Names that resolve to the inside.
        ("https://push.gov.cn/in", "127.0.0.1"),
        ("https://push.gov.cn/in", "10.1.2.3"),
        ("https://push.gov.cn/in", "172.16.0.1"),
        ("https://push.gov.cn/in", "192.168.1.1"),
        ("https://push.gov.cn/in", "169.254.169.254"),
        ("https://push.gov.cn/in", "100.64.0.1"),
        ("https://push.gov.cn/in", "0.0.0.0"),
        ("https://push.gov.cn/in", "224.0.0.1"),
        ("https://push.gov.cn/in", "255.255.255.255"),
        ("https://push.gov.cn/in", "198.18.0.1"),
        ("https://push.gov.cn/in", "::1"),
        ("https://push.gov.cn/in", "::"),
        ("https://push.gov.cn/in", "::ffff:10.1.2.3"),
        ("https://push.gov.cn/in", "64:ff9b::a01:203"),
        ("https://push.gov.cn/in", "fd00::1"),
        ("https://push.gov.cn/in", "fe80::1"),
        ("https://push.gov.cn/in", "ff02::1"),
        ("https://push.gov.cn/in", "2002:a01:203::1"),
        ("https://push.gov.cn/in", "2001:db8::1"),
    ] {
        assert!(reach(&name, url, address).is_err(), "{url} at {address}");
    }
}

#[test]
fn x8_an_intranet_is_reached_where_the_operator_named_it() {
    assert_eq!(reach(&["10.1.2.3:8443"], "http://10.1.2.3:8443/in", "10.1.2.3"), Ok(()));
    assert_eq!(reach(&["10.1.0.0/16:8443"], "https://10.1.9.9:8443/in", "10.1.9.9"), Ok(()));
    let both = ["push.county:8443", "10.1.2.3:8443"];
    assert_eq!(reach(&both, "https://push.county:8443/in", "10.1.2.3"), Ok(()));
    assert_eq!(reach(&both, "https://push.county:8443/in", "::ffff:10.1.2.3"), Ok(()));
    assert!(reach(&both, "https://push.county:8443/in", "10.1.2.4").is_err(), "the name means another machine now");
    assert!(reach(&["10.1.2.3:8443"], "http://10.1.2.3:22/in", "10.1.2.3").is_err(), "another service of the same machine");
    assert!(reach(&["10.1.2.3:8443"], "http://push.county:8443/in", "10.1.2.3").is_err(), "a name that is not on the list");
}
