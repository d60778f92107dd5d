//! Name servers over TCP that do what they must not.

use hickory_server::proto::op::{Message, ResponseCode};
use hickory_server::proto::rr::{DNSClass, Name, RecordType};
use offhook_sip_resolver::Options;

use crate::exchange::tcp_after;
use crate::network::resolve;
use crate::server::{empty, serve};

const ZONE: &str = "
    _sip._tls 60 IN SRV 10 0 5061 one
    one 60 IN A 192.0.2.1
";
const SERVER: &str = "TLS 192.0.2.1:5061 as example.com";

#[tokio::test]
async fn an_answer_with_another_question_is_nobodys() {
    let other_name = |mut question: Message| {
        question.queries[0].set_name(Name::from_ascii("example.net.").unwrap());
        Some(empty(question, ResponseCode::NoError))
    };
    let other_type = |mut question: Message| {
        question.queries[0].set_query_type(RecordType::TXT);
        Some(empty(question, ResponseCode::NXDomain))
    };
    let other_class = |mut question: Message| {
        question.queries[0].set_query_class(DNSClass::CH);
        Some(empty(question, ResponseCode::NoError))
    };
    let none = |mut question: Message| {
        question.queries.clear();
        Some(empty(question, ResponseCode::NoError))
    };
    let question = |question: Message| question.to_vec().ok();
    let zone = serve(ZONE).await;
    for (what, before) in [
        ("name", other_name as fn(Message) -> Option<Vec<u8>>),
        ("type", other_type),
        ("class", other_class),
        ("none", none),
        ("question", question),
    ] {
        let (server, _) = tcp_after(zone, usize::MAX, before).await;
        let found = resolve(server, Options::default()).await;
        let found = found.unwrap_or_else(|failure| panic!("{what}:\n{}", failure.trace()));
        assert_eq!(found.hops()[0].to_string(), SERVER, "{what}");
    }
}
