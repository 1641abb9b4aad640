use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Names that are phrases of errors, or parts of them.
const HOSTS: [&str; 16] = [
    "timeout",
    "eof.example",
    "refused-1",
    "goaway.example",
    "reset",
    "localhost",
    "EOF",
    "econnrefused",
    "x509",
    "no-such-host.example",
    "proxyconnect",
    "i.o.timeout",
    "readtimeout.example",
    "lookup",
    "connection-refused.internal",
    "gateway",
];

const ADDRESSES: [&str; 6] =
    ["10.0.0.2", "127.0.0.1", "[::1]", "[2001:db8::2]", "[fe80::1%eth0]", "[::ffff:10.0.0.2]"];

/// Texts with holes: `{url}`, `{host}`, `{addr}`, `{local}`, `{id}`, `{path}`.
const TEXTS: [(Class, &str); 30] = [
    (Class::Refused, "dial tcp {addr}: connect: connection refused"),
    (Class::Refused, "dial tcp {local}->{addr}: connect: connection refused"),
    (Class::Refused, "dial tcp {host}:{port}: connect: connection refused"),
    (Class::PortExhaustion, "dial tcp {local}->{addr}: bind: address already in use"),
    (Class::PortExhaustion, "dial tcp {addr}: connect: cannot assign requested address"),
    (Class::LocalAddress, "dial tcp {local}->{addr}: bind: cannot assign requested address"),
    (
        Class::FileLimit,
        "dial tcp: lookup {host} on {addr}: dial udp {addr}: socket: too many open files",
    ),
    (
        Class::LocalDns,
        "dial tcp: lookup {host} on {addr}: read udp {local}->{addr}: read: connection refused",
    ),
    (Class::UnknownHost, "dial tcp: lookup {host} on {addr}: no such host"),
    (Class::UnknownHost, "lookup {host}: no such host"),
    (Class::DnsFailure, "dial tcp: lookup {host}: i/o timeout"),
    (Class::DnsFailure, "dial tcp: lookup {host} on {addr}: server misbehaving"),
    (Class::ConnectTimeout, "dial tcp {addr}: i/o timeout"),
    (Class::ConnectTimeout, "dial tcp {host}:{port}: i/o timeout"),
    (Class::ConnectTimeout, "dial tcp {local}->{addr}: operation was canceled"),
    (Class::Unreachable, "dial tcp {addr}: connect: no route to host"),
    (Class::Reset, "read tcp {local}->{addr}: read: connection reset by peer"),
    (Class::ClosedEarly, "EOF"),
    (Class::ClosedEarly, "write tcp {local}->{addr}: write: broken pipe"),
    (Class::Timeout, "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"),
    (Class::Timeout, "read tcp {local}->{addr}: i/o timeout"),
    (
        Class::TlsTrust,
        "tls: failed to verify certificate: x509: certificate is valid for {host}, not {host}",
    ),
    (Class::TlsMismatch, "http: server gave HTTP response to HTTPS client"),
    (Class::Proxy, "proxyconnect tcp: dial tcp {addr}: connect: connection refused"),
    (Class::Proxy, "socks connect tcp {host}:{port}->{host}:{port}: EOF"),
    (Class::Redirects, "stopped after {id} redirects"),
    (Class::H2StreamError, "stream error: stream ID {id}; INTERNAL_ERROR; received from peer"),
    (
        Class::H2Goaway,
        r#"http2: server sent GOAWAY and closed the connection; LastStreamID={id}, ErrCode=NO_ERROR, debug="{host}""#,
    ),
    (
        Class::H2EnhanceYourCalm,
        r#"http2: server sent GOAWAY and closed the connection; LastStreamID={id}, ErrCode=ENHANCE_YOUR_CALM, debug="""#,
    ),
    (Class::Unclassified, "something new about {host}"),
];

/// A method as Go spells it in its texts: `Get`, `Options`, `Foo`, and none at all.
fn prefix() -> impl Strategy<Value = String> {
    let methods = prop_oneof!["[A-Z][a-z]{2,7}", "[A-Z]{3,8}", Just("M-search".to_owned())];
    let url = (select(&HOSTS[..]), any::<Option<u16>>(), "[a-z/?=&%.]{0,12}");
    prop_oneof![
        Just(String::new()),
        (methods, url).prop_map(|(method, (host, port, path))| {
            let port = port.map_or_else(String::new, |port| format!(":{port}"));
            format!(r#"{method} "https://{host}{port}/{path}": "#)
        }),
    ]
}

proptest! {
    #[test]
    fn what_varies_never_decides(
        (class, text) in select(&TEXTS[..]),
        prefix in prefix(),
        hosts in prop::collection::vec(select(&HOSTS[..]), 2),
        address in select(&ADDRESSES[..]),
        local in select(&["0.0.0.0:0", "10.0.0.1:40123", "[::1]:1", "[fe80::1%lo0]:65535"][..]),
        port in 1_u16..,
        id in any::<u32>(),
    ) {
        let mut text = format!("{prefix}{text}");
        for host in hosts {
            text = text.replacen("{host}", host, 1);
        }
        let text = text
            .replace("{host}", "h.example")
            .replace("{addr}", &format!("{address}:{port}"))
            .replace("{local}", local)
            .replace("{port}", &port.to_string())
            .replace("{id}", &id.to_string());
        prop_assert_eq!(classify_text(&text), class, "{}", text);
    }

    #[test]
    fn any_text_is_classified(text in r#"(connection |refused|timeout|EOF|: |lookup |dial tcp |"|tls: |[a-z]{1,8}|\PC){0,20}"#, status in any::<u16>()) {
        let taxonomy = Taxonomy::default();
        let failure = Failure { template: &fold(&text), status, sign: BodySign::Nothing };
        let cause = taxonomy.cause(taxonomy.classify(&failure));
        prop_assert!(!cause.meaning.is_empty());
    }
}
