//! Recipients behind an authority of their own: real certificates over real connections, and every way in which one is not to be trusted.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd};
use serde_json::{Value, json};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};
use xinzhi_core::actor::Role;
use xinzhi_office::Office;
use xinzhi_office::push::deliver::round;
use xinzhi_office::push::subscribe::{HostForm, list_host};

use super::pushes_wire::{client, decide, listed, serve};
use crate::support::binary::{self, text, told, xinzhi};
use crate::support::database::{force, unguard};
use crate::support::files::company;
use crate::support::recipient::MEASURES;
use crate::support::town::{Caller, Town, each_database, word};

/// A bureau that signs its own certificates.
struct Bureau {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Bureau {
    fn new() -> Bureau {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let pem = params.self_signed(&key).unwrap().pem();
        Bureau { issuer: Issuer::new(params, key), pem }
    }

    /// A server with a certificate for a name, good until a year; returns where it listens.
    fn serve(&self, name: &str, until: i32) -> SocketAddr {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(until, 1, 1));
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
        let config = Arc::new(config);
        serve(move |stream| accept(&config, stream))
    }
}

/// Answers one push that came over TLS; a handshake that fails ends the connection.
fn accept(config: &Arc<ServerConfig>, stream: TcpStream) {
    let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream);
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        bytes.extend(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.to_ascii_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
        if length == Some(body.len()) {
            let _gone = stream.write_all(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n");
            stream.conn.send_close_notify();
            let _gone = stream.flush();
            return;
        }
    }
}

fn allow(town: &Town, host: &str, authorities: Option<&str>) {
    let form = HostForm { host: host.to_owned(), allowed: true, note: "测试".to_owned(), authorities: authorities.map(str::to_owned) };
    town.wait(list_host(&town.office, &Office::operator(), &form, None)).unwrap();
}

fn subscribe(town: &Town, who: &Caller, place: &str) -> i64 {
    let body = json!({"events": MEASURES, "url": format!("https://{place}/in"), "title": place});
    town.post(who, "/api/v1/subscriptions", &body).ok()["id"].as_i64().unwrap()
}

fn event(town: &Town, who: &Caller, id: i64) -> Value {
    town.get(who, &format!("/api/v1/subscriptions/{id}/events/1")).ok()
}

#[test]
fn x8_a_recipient_behind_its_own_ca_is_known_by_that_alone() {
    each_database(|town| {
        let person = town.program(Role::Department);
        let company = company(3);
        listed(town, &company);
        let (own, other) = (Bureau::new(), Bureau::new());
        let at = |address: SocketAddr| format!("localhost:{}", address.port());
        let places = [
            at(own.serve("localhost", 2099)),
            at(other.serve("localhost", 2099)),
            at(own.serve("localhost", 2021)),
            at(own.serve("elsewhere.gov.cn", 2099)),
            at(own.serve("localhost", 2099)),
            own.serve("127.0.0.1", 2099).to_string(),
        ];
        for (number, place) in places.iter().enumerate() {
            // The fifth is not said to have an authority of its own: the public ones do not know it.
            allow(town, place, Some(own.pem.as_str()).filter(|_| number != 4));
        }
        // Names that mean this machine: the address is on the list for these ports.
        for place in &places[..5] {
            let port = place.rsplit_once(':').unwrap().1;
            allow(town, &format!("127.0.0.1:{port}"), None);
            allow(town, &format!("[::1]:{port}"), None);
        }
        let ids = places.each_ref().map(|place| subscribe(town, &person, place));
        decide(town, &company);
        let client = client(town);
        let tries = town.wait(round(&town.office, &client)).unwrap();
        assert_eq!(tries, ids.len(), "one each");
        let told = ids.map(|id| event(town, &person, id));
        for well in [&told[0], &told[5]] {
            assert_eq!(well["state"], "accepted", "{well}");
        }
        for (refused, says) in [
            (&told[1], "为它登记的 CA"),
            (&told[2], "已过期"),
            (&told[3], "不是发给主机名 localhost"),
            (&told[4], "xinzhi subscription allow --ca"),
        ] {
            assert_eq!((&refused["state"], &refused["tries"]), (&json!("waiting"), &json!(1)), "{says}: {refused}");
            assert!(word(&refused["error"]).contains(says), "{says}: {refused}");
        }
        let work = town.get(&town.person(Role::Audit), "/admin/work").text();
        for says in ["连续失败 1 次", "接收方的证书已过期", "待送达 1 件", "正常"] {
            assert!(work.contains(says), "{says}: {work}");
        }
        // Later by the usual waits, and with the right authority it arrives.
        assert_eq!(town.wait(round(&town.office, &client)).unwrap(), 0, "not at once");
        allow(town, &places[1], Some(&format!("{}{}", own.pem, other.pem)));
        allow(town, &places[4], Some(&own.pem));
        town.advance_seconds(8);
        town.wait(round(&town.office, &client)).unwrap();
        for (id, state, tries) in [(ids[1], "accepted", 2), (ids[4], "accepted", 2), (ids[2], "waiting", 2), (ids[3], "waiting", 2)] {
            let now = event(town, &person, id);
            assert_eq!((&now["state"], &now["tries"]), (&json!(state), &json!(tries)), "{now}");
        }
        assert_eq!(town.doctor(), []);
        unguard(town, "outbound_host");
        let host = &places[0];
        force(town, &format!("update outbound_host set authorities = '{}' where host = '{host}'", other.pem));
        assert!(town.doctor().iter().any(|(_, fault)| fault.contains("host_listed")), "an authority that somebody slipped in is found");
    });
}

#[test]
fn x8_authorities_are_certificates_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    binary::found(&data, None);
    let data = data.to_str().unwrap();
    let file = |name: &str, content: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let allow = |ca: &str| xinzhi(&["subscription", "allow", "push.gov.cn", "--note", "审批系统", "--ca", ca, "--data", data]);
    let own = Bureau::new();
    let key = KeyPair::generate().unwrap().serialize_pem();
    let broken = own.pem.replace("MII", "AAA");
    for (name, content, says) in [
        ("key.pem", format!("{}{key}", own.pem), "私钥"),
        ("empty.pem", String::new(), "CA 证书"),
        ("notes.txt", "这是说明".to_owned(), "CA 证书"),
        ("broken.pem", broken, "第 1 张 CA 证书读不出"),
        ("second.pem", format!("{}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", own.pem), "第 2 张"),
        ("long.pem", "x".repeat(70_000), "64 KB"),
    ] {
        let refused = allow(&file(name, &content));
        assert!(!refused.status.success() && text(&refused.stderr).contains(says), "{name}: {}", text(&refused.stderr));
    }
    let missing = allow("/no/such/file.pem");
    assert!(!missing.status.success() && text(&missing.stderr).contains("无法读取 CA 证书"), "{}", text(&missing.stderr));
    let done = allow(&file("ca.pem", &own.pem));
    assert!(done.status.success() && text(&done.stdout).contains("只认所给 CA"), "{}", text(&done.stderr));
    let hosts = told(&["subscription", "hosts", "--data", data]);
    assert!(hosts.contains("push.gov.cn") && hosts.contains("自有 CA"), "{hosts}");
    // Said again without one, it is known by the public ones again.
    told(&["subscription", "allow", "push.gov.cn", "--note", "换了公共证书", "--data", data]);
    assert!(told(&["subscription", "hosts", "--data", data]).contains("公共 CA"));
}
