use offhook_sip_resolver::{Cause, Policy};

use crate::zone::Zone;

#[test]
fn each_failure_leads_to_the_next_server_until_there_is_none() {
    let zone = Zone::new(
        "
        _sip._tls.example.com 60 SRV 10 0 5061 one.example.com
        _sip._tls.example.com 60 SRV 20 0 5061 two.example.com
        one.example.com 60 A 192.0.2.1
        two.example.com 60 A 192.0.2.2
        ",
    );
    let found = zone.resolve("example.com", Policy::room_os()).unwrap();
    let mut servers = found.failover();
    assert_eq!(servers.current(), found.hops().first());
    servers.fail(&found.hops()[0], Cause::ServiceUnavailable);
    assert_eq!(servers.current(), found.hops().get(1));
    servers.fail(&found.hops()[1], Cause::Timeout);
    assert_eq!(servers.current(), None);
    servers.fail(&found.hops()[1], Cause::Connection);
    let causes: Vec<_> = servers.failed().map(|(_, cause)| cause).collect();
    assert_eq!(causes, [Cause::ServiceUnavailable, Cause::Timeout]);
}
