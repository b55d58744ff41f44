//! A department's system as a test plays it: what the office sends arrives here, or not, as the test wants.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Mutex;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use xinzhi_office::Office;
use xinzhi_office::push::deliver::{Later, Outbound, Parcel, round};
use xinzhi_office::push::subscribe::{HostForm, list_host};

use super::town::{Caller, Town, word};

/// Where recipients of the tests listen.
pub const HOST: &str = "push.example.gov.cn";
pub const URL: &str = "https://push.example.gov.cn/in";
pub const MEASURES: [&str; 3] = ["measure.begins", "measure.ends", "measure.withdrawn"];
pub const ALL: [&str; 5] = ["measure.begins", "measure.ends", "measure.withdrawn", "record.corrected", "obligation.due"];

/// What a recipient answers.
pub type Answering = Box<dyn FnMut(&Value) -> Result<u16, String> + Send>;

/// What arrived: address, headers, envelope.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub at: SocketAddr,
    pub parcel: Parcel,
    pub event: Value,
}

impl Arrived {
    pub fn header(&self, name: &str) -> String {
        self.parcel.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    pub fn kind(&self) -> String {
        word(&self.event["type"])
    }

    pub fn sequence(&self) -> i64 {
        word(&self.event["sequence"]).parse().unwrap()
    }

    /// Whether one of the signatures was made with the key.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{}.{}", self.header("webhook-id"), self.header("webhook-timestamp"), self.parcel.body).as_bytes());
        let bytes = mac.finalize().into_bytes();
        let made = format!("v1,{}", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes));
        self.header("webhook-signature").split(' ').any(|signature| signature == made)
    }
}

/// The outside world.
pub struct World {
    names: Mutex<HashMap<String, Vec<SocketAddr>>>,
    answering: Mutex<Answering>,
    arrived: Mutex<Vec<Arrived>>,
}

impl World {
    /// A world in which everybody accepts everything.
    pub fn new() -> World {
        let world = World { names: Mutex::default(), answering: Mutex::new(Box::new(|_| Ok(204))), arrived: Mutex::default() };
        world.name(HOST, &["203.119.25.1:443"]);
        world
    }

    /// From now on a name has these addresses.
    pub fn name(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.names.lock().unwrap().insert(name.to_owned(), addresses);
    }

    /// From now on this is answered.
    pub fn answer(&self, answering: impl FnMut(&Value) -> Result<u16, String> + Send + 'static) {
        *self.answering.lock().unwrap() = Box::new(answering);
    }

    /// What arrived since this was last asked.
    pub fn arrived(&self) -> Vec<Arrived> {
        std::mem::take(&mut *self.arrived.lock().unwrap())
    }

    /// One round of the office; what arrived in it.
    pub fn round(&self, town: &Town) -> Vec<Arrived> {
        town.wait(round(&town.office, self)).unwrap();
        self.arrived()
    }

    /// The same, as kind and number.
    pub fn told(&self, town: &Town) -> Vec<(String, i64)> {
        self.round(town).iter().map(|arrived| (arrived.kind(), arrived.sequence())).collect()
    }
}

impl Outbound for World {
    fn resolve<'a>(&'a self, host: &'a str, _port: u16) -> Later<'a, Result<Vec<SocketAddr>, String>> {
        let found = self.names.lock().unwrap().get(host).cloned().ok_or_else(|| "域名无法解析".to_owned());
        Box::pin(async move { found })
    }

    fn post<'a>(&'a self, to: SocketAddr, parcel: &'a Parcel) -> Later<'a, Result<u16, String>> {
        let event: Value = serde_json::from_str(&parcel.body).unwrap();
        let answer = (self.answering.lock().unwrap())(&event);
        self.arrived.lock().unwrap().push(Arrived { at: to, parcel: parcel.clone(), event });
        Box::pin(async move { answer })
    }
}

/// Puts a host on the list, as the operator does.
pub fn allow(town: &Town, host: &str) {
    list(town, host, true);
}

pub fn list(town: &Town, host: &str, allowed: bool) {
    let form = HostForm { host: host.to_owned(), allowed, note: "测试".to_owned(), authorities: None };
    town.wait(list_host(&town.office, &Office::operator(), &form, None)).unwrap();
}

/// Subscribes, the host being on the list; returns the number and the key.
pub fn subscribe(town: &Town, who: &Caller, events: &[&str]) -> (i64, String) {
    allow(town, HOST);
    let made = town.post(who, "/api/v1/subscriptions", &serde_json::json!({"events": events, "url": URL, "title": "监管系统"})).ok();
    (made["id"].as_i64().unwrap(), word(&made["secret"]))
}
