//! A name server for a zone that is signed when it starts, with one delegation that is not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hickory_server::proto::dnssec::crypto::Ed25519SigningKey;
use hickory_server::proto::dnssec::rdata::{DNSKEY, DNSSECRData, NSEC, RRSIG};
use hickory_server::proto::dnssec::{DnssecSigner, SigningKey as _};
use hickory_server::proto::op::{Message, MessageType, ResponseCode};
use hickory_server::proto::rr::{DNSClass, Name, RData, Record, RecordSet, RecordType};
use hickory_server::proto::serialize::txt::Parser;
use tokio::net::UdpSocket;

const ORIGIN: &str = "example.com.";
/// What stands at or under it is not signed.
const PLAIN: &str = "plain.example.com.";
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Where the server is, and the key of its zone as a DNSKEY record.
pub(crate) struct Signed {
    pub(crate) address: SocketAddr,
    pub(crate) anchor: String,
}

impl Signed {
    /// Serves these records of `example.com`, signed an hour ago for `validity`.
    pub(crate) async fn serve(zone: &str, validity: Duration) -> Self {
        let zone = Zone::sign(zone, validity);
        let anchor = format!("{ORIGIN} 60 IN DNSKEY {}\n", zone.key);
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut buffer = [0; 4_096];
            while let Ok((length, client)) = socket.recv_from(&mut buffer).await {
                let question = Message::from_vec(&buffer[..length]).unwrap();
                let answer = zone.answer(question).to_vec().unwrap();
                let _ = socket.send_to(&answer, client).await;
            }
        });
        Self { address, anchor }
    }
}

struct Zone {
    key: DNSKEY,
    sets: Vec<RecordSet>,
}

impl Zone {
    fn sign(text: &str, validity: Duration) -> Self {
        let head = "@ 60 IN SOA ns admin 1 60 60 60 60\n@ 60 IN NS ns\nns 60 IN A 127.0.0.1\n";
        let lines: String = text
            .lines()
            .map(|line| format!("{}\n", line.trim()))
            .collect();
        let parser = Parser::new(format!("{head}{lines}"), None, Some(name(ORIGIN)));
        let mut sets: Vec<RecordSet> = parser.parse().unwrap().1.into_values().collect();
        let private = Ed25519SigningKey::generate_pkcs8().unwrap();
        let private = Ed25519SigningKey::from_pkcs8(&private).unwrap();
        let key = DNSKEY::from_key(&private.to_public_key().unwrap());
        let signer = DnssecSigner::new(key.clone(), Box::new(private), name(ORIGIN), validity);
        sets.push(set(
            &name(ORIGIN),
            RData::DNSSEC(DNSSECRData::DNSKEY(key.clone())),
        ));
        let owners = sets.iter().map(|set| set.name().clone());
        let mut owners: Vec<Name> = owners
            .filter(|owner| *owner == name(PLAIN) || !is_plain(owner))
            .collect();
        owners.sort();
        owners.dedup();
        for (at, owner) in owners.iter().enumerate() {
            let next = owners[(at + 1) % owners.len()].clone();
            let own = sets.iter().filter(|set| set.name() == owner);
            let kinds: Vec<_> = own.map(RecordSet::record_type).collect();
            // At a delegation the records of the child are none of the parent's.
            let kinds = match is_plain(owner) {
                true => vec![RecordType::NS],
                false => kinds,
            };
            let nsec = NSEC::new_cover_self(next, kinds);
            sets.push(set(owner, RData::DNSSEC(DNSSECRData::NSEC(nsec))));
        }
        for set in &mut sets {
            if set.record_type() == RecordType::NSEC || !is_plain(set.name()) {
                sign(set, &signer);
            }
        }
        Self { key, sets }
    }

    fn answer(&self, question: Message) -> Message {
        let (asked, kind) = {
            let query = &question.queries[0];
            (query.name().clone(), query.query_type())
        };
        let mut answer = question;
        answer.metadata.message_type = MessageType::Response;
        answer.metadata.authoritative = true;
        if !name(ORIGIN).zone_of(&asked) {
            answer.metadata.response_code = ResponseCode::Refused;
            return answer;
        }
        let mut end = asked;
        while kind != RecordType::CNAME
            && let Some(alias) = self.set(&end, RecordType::CNAME)
        {
            answer.answers.extend(all(alias));
            let RData::CNAME(to) = &alias.records_without_rrsigs().next().unwrap().data else {
                panic!("{alias:?}");
            };
            end = to.0.clone();
        }
        if is_plain(&end) && kind != RecordType::DS {
            match self.set(&end, kind) {
                Some(set) => answer.answers.extend(all(set)),
                None => {
                    let soa = self.set(&name(ORIGIN), RecordType::SOA).unwrap();
                    let soa = soa.records_without_rrsigs().next().unwrap().data.clone();
                    answer.authorities = vec![Record::from_rdata(name(PLAIN), 60, soa)];
                }
            }
            return answer;
        }
        if let Some(set) = self.set(&end, kind) {
            answer.answers.extend(all(set));
            return answer;
        }
        let exists = |name: &Name| self.sets.iter().any(|set| name.zone_of(set.name()));
        let mut closest = end.clone();
        while !exists(&closest) {
            closest = closest.base_name();
        }
        let wildcard = closest.prepend_label("*").unwrap();
        if closest != end
            && let Some(wild) = self.set(&wildcard, kind)
        {
            answer.answers.extend(all(wild).map(|mut record| {
                record.name = end.clone();
                record
            }));
            answer.authorities.extend(all(self.covering(&end)));
            return answer;
        }
        let soa = self.set(&name(ORIGIN), RecordType::SOA).unwrap();
        answer.authorities.extend(all(soa));
        match self.set(&end, RecordType::NSEC) {
            Some(nsec) => answer.authorities.extend(all(nsec)),
            None => {
                answer.metadata.response_code = ResponseCode::NXDomain;
                let (one, other) = (self.covering(&end), self.covering(&wildcard));
                answer.authorities.extend(all(one));
                if one.name() != other.name() {
                    answer.authorities.extend(all(other));
                }
            }
        }
        answer
    }

    fn set(&self, owner: &Name, kind: RecordType) -> Option<&RecordSet> {
        let mut sets = self.sets.iter();
        sets.find(|set| set.name() == owner && set.record_type() == kind)
    }

    /// The last NSEC record before `owner`.
    fn covering(&self, owner: &Name) -> &RecordSet {
        let denials = self
            .sets
            .iter()
            .filter(|set| set.record_type() == RecordType::NSEC);
        let before = denials.filter(|set| set.name() < owner);
        before
            .max_by(|one, other| one.name().cmp(other.name()))
            .unwrap()
    }
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

fn is_plain(owner: &Name) -> bool {
    name(PLAIN).zone_of(owner)
}

fn set(owner: &Name, data: RData) -> RecordSet {
    let mut set = RecordSet::new(owner.clone(), data.record_type(), 0);
    set.insert(Record::from_rdata(owner.clone(), 60, data), 0);
    set
}

fn all(set: &RecordSet) -> impl Iterator<Item = Record> {
    set.records_with_rrsigs().cloned()
}

#[expect(clippy::disallowed_methods, reason = "signatures hold for a time")]
fn sign(set: &mut RecordSet, signer: &DnssecSigner) {
    let since = SystemTime::now() - HOUR;
    let signature = RRSIG::from_rrset(set, DNSClass::IN, since.into(), signer).unwrap();
    let signature = RData::DNSSEC(DNSSECRData::RRSIG(signature));
    let record = Record::from_rdata(set.name().clone(), set.ttl(), signature);
    set.insert_rrsig(record);
}
