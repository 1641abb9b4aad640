use super::*;

/// Text, status, sign and class of a recorded failure.
type Recorded = (&'static str, u16, BodySign, &'static str);

/// The recordings of `tests/fixtures/corpus`, with the texts of their failures as `ERRORS.md` has them, a port and a stream
/// id put in, and the classes of `expected.json`.
const CORPUS: [(&str, &[Recorded]); 51] = {
    use BodySign::{Nothing, Partial, RpcError, WantsTls};
    [
        ("status-429", &[("429 Too Many Requests", 429, Nothing, "server.rate_limited")]),
        ("mix-429", &[("429 Too Many Requests", 429, Nothing, "server.rate_limited")]),
        ("status-500", &[("500 Internal Server Error", 500, Nothing, "server.http_5xx")]),
        ("status-502", &[("502 Bad Gateway", 502, Nothing, "server.bad_gateway")]),
        ("status-503", &[("503 Service Unavailable", 503, Nothing, "server.unavailable")]),
        ("status-404", &[("404 Not Found", 404, Nothing, "setup.not_found")]),
        ("status-400", &[("400 Bad Request", 400, Nothing, "setup.bad_request")]),
        ("status-403", &[("403 Forbidden", 403, Nothing, "setup.auth")]),
        (
            "rpc-error-200",
            &[
                (
                    "JSON-RPC error -32000: header not found",
                    200,
                    RpcError(Some(-32000)),
                    "application.rpc_error",
                ),
                (
                    "JSON-RPC error -32601: the method foo does not exist/is not available",
                    200,
                    RpcError(Some(-32601)),
                    "application.rpc_error",
                ),
                (
                    "JSON-RPC error -32005: daily request count exceeded, request rate limited",
                    200,
                    RpcError(Some(-32005)),
                    "application.rpc_error",
                ),
            ],
        ),
        (
            "conn-refused",
            &[(
                r#"Get "http://127.0.0.1:9/": dial tcp 0.0.0.0:0->127.0.0.1:9: connect: connection refused"#,
                0,
                Nothing,
                "server.refused",
            )],
        ),
        (
            "conn-refused-localhost",
            &[(
                r#"Get "http://localhost:9/": dial tcp 0.0.0.0:0->127.0.0.1:9: connect: connection refused"#,
                0,
                Nothing,
                "server.refused",
            )],
        ),
        (
            "conn-reset-before",
            &[(
                r#"Get "http://127.0.0.1:9001/reset": read tcp 127.0.0.1:34567->127.0.0.1:9001: read: connection reset by peer"#,
                0,
                Nothing,
                "server.reset",
            )],
        ),
        (
            "conn-reset-body",
            &[(
                "read tcp 127.0.0.1:34567->127.0.0.1:9001: read: connection reset by peer",
                0,
                Partial,
                "server.reset",
            )],
        ),
        (
            "eof-get",
            &[(r#"Get "http://127.0.0.1:9001/eof": EOF"#, 0, Nothing, "server.closed_early")],
        ),
        ("unexpected-eof-body", &[("unexpected EOF", 0, Partial, "server.closed_early")]),
        (
            "timeout-headers",
            &[(
                r#"Get "http://127.0.0.1:9001/slow?ms=500": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"#,
                0,
                Nothing,
                "server.timeout",
            )],
        ),
        (
            "timeout-body",
            &[(
                "context deadline exceeded (Client.Timeout or context cancellation while reading body)",
                0,
                Partial,
                "server.timeout",
            )],
        ),
        (
            "timeout-tls-handshake",
            &[
                (
                    r#"Get "https://127.0.0.1:9012/": context deadline exceeded"#,
                    0,
                    Nothing,
                    "server.timeout",
                ),
                (
                    r#"Get "https://127.0.0.1:9012/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)"#,
                    0,
                    Nothing,
                    "server.timeout",
                ),
                (
                    r#"Get "https://127.0.0.1:9012/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"#,
                    0,
                    Nothing,
                    "server.timeout",
                ),
            ],
        ),
        (
            "dns-nxdomain",
            &[(
                r#"Get "http://nx.test.example:9001/": lookup nx.test.example on 10.255.255.53:53: no such host"#,
                0,
                Nothing,
                "setup.unknown_host",
            )],
        ),
        (
            "dns-servfail",
            &[(
                r#"Get "http://servfail.test.example:9001/": lookup servfail.test.example on 10.255.255.53:53: server misbehaving"#,
                0,
                Nothing,
                "path.dns_failure",
            )],
        ),
        (
            "dns-refused",
            &[(
                r#"Get "http://refused.test.example:9001/": lookup refused.test.example on 10.255.255.53:53: server misbehaving"#,
                0,
                Nothing,
                "path.dns_failure",
            )],
        ),
        (
            "dns-timeout",
            &[(
                r#"Get "http://drop.test.example:9001/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"#,
                0,
                Nothing,
                "server.timeout",
            )],
        ),
        (
            "tls-http-on-https",
            &[(
                r#"Get "https://127.0.0.1:9001/": http: server gave HTTP response to HTTPS client"#,
                0,
                Nothing,
                "setup.tls_mismatch",
            )],
        ),
        ("tls-https-on-http", &[("400 Bad Request", 400, WantsTls, "setup.tls_mismatch")]),
        ("port-exhaustion-laddr", &[("400 Bad Request", 400, WantsTls, "setup.tls_mismatch")]),
        (
            "tls-self-signed",
            &[(
                r#"Get "https://127.0.0.1:9443/eth": tls: failed to verify certificate: x509: certificate signed by unknown authority"#,
                0,
                Nothing,
                "setup.tls_trust",
            )],
        ),
        (
            "tls-handshake-eof",
            &[(r#"Get "https://127.0.0.1:9013/": EOF"#, 0, Nothing, "server.closed_early")],
        ),
        (
            "redirect-limit",
            &[(r#"Get "/redirect": stopped after 10 redirects"#, 0, Nothing, "setup.redirects")],
        ),
        (
            "dial-timeout",
            &[(
                r#"Get "http://10.9.0.2:80/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"#,
                0,
                Nothing,
                "server.timeout",
            )],
        ),
        (
            "dial-timeout-5s",
            &[(
                r#"Get "http://10.9.0.2:80/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"#,
                0,
                Nothing,
                "server.timeout",
            )],
        ),
        (
            "dial-etimedout",
            &[(
                r#"Get "http://10.9.1.2:80/": dial tcp 0.0.0.0:0->10.9.1.2:80: connect: connection timed out"#,
                0,
                Nothing,
                "path.connect_timeout",
            )],
        ),
        (
            "dial-network-unreachable",
            &[(
                r#"Get "http://192.0.2.1:80/": dial tcp 0.0.0.0:0->192.0.2.1:80: connect: network is unreachable"#,
                0,
                Nothing,
                "path.unreachable",
            )],
        ),
        (
            "dial-host-unreachable",
            &[(
                r#"Get "http://10.8.0.1:80/": dial tcp 0.0.0.0:0->10.8.0.1:80: connect: no route to host"#,
                0,
                Nothing,
                "path.unreachable",
            )],
        ),
        (
            "bad-laddr",
            &[(
                r#"Get "http://127.0.0.1:9001/eth": dial tcp 10.99.99.99:0->127.0.0.1:9001: bind: cannot assign requested address"#,
                0,
                Nothing,
                "setup.local_address",
            )],
        ),
        (
            "too-many-open-files",
            &[(
                r#"Get "http://127.0.0.1:9001/slow?ms=400": dial tcp 0.0.0.0:0->127.0.0.1:9001: socket: too many open files"#,
                0,
                Nothing,
                "generator.file_limit",
            )],
        ),
        (
            "port-exhaustion-keepalive-off",
            &[(
                r#"Get "http://127.0.0.1:9001/eth": dial tcp 0.0.0.0:0->127.0.0.1:9001: bind: address already in use"#,
                0,
                Nothing,
                "generator.port_exhaustion",
            )],
        ),
        (
            "port-exhaustion-default",
            &[(
                r#"Get "http://127.0.0.1:9001/slow?ms=1500": dial tcp 0.0.0.0:0->127.0.0.1:9001: bind: address already in use"#,
                0,
                Nothing,
                "generator.port_exhaustion",
            )],
        ),
        (
            "keepalive-close-post",
            &[(
                r#"Post "http://127.0.0.1:9021/": read tcp 127.0.0.1:34567->127.0.0.1:9021: read: connection reset by peer"#,
                0,
                Nothing,
                "server.reset",
            )],
        ),
        (
            "bigpost-close",
            &[
                (
                    r#"Post "http://127.0.0.1:9020/": readfrom tcp 127.0.0.1:34567->127.0.0.1:9020: write tcp 127.0.0.1:34567->127.0.0.1:9020: write: connection reset by peer"#,
                    0,
                    Nothing,
                    "server.reset",
                ),
                (
                    r#"Post "http://127.0.0.1:9020/": readfrom tcp 127.0.0.1:34567->127.0.0.1:9020: write tcp 127.0.0.1:34567->127.0.0.1:9020: use of closed network connection"#,
                    0,
                    Nothing,
                    "server.closed_early",
                ),
                (
                    r#"Post "http://127.0.0.1:9020/": readfrom tcp 127.0.0.1:34567->127.0.0.1:9020: write tcp 127.0.0.1:34567->127.0.0.1:9020: write: broken pipe"#,
                    0,
                    Nothing,
                    "server.closed_early",
                ),
            ],
        ),
        (
            "h2-goaway-calm-real",
            &[
                (
                    r#"Get "https://127.0.0.1:9547/stuck?ms=30000": net/http: request canceled (Client.Timeout exceeded while awaiting headers)"#,
                    0,
                    Nothing,
                    "server.timeout",
                ),
                (
                    r#"Get "https://127.0.0.1:9547/stuck?ms=30000": context deadline exceeded"#,
                    0,
                    Nothing,
                    "server.timeout",
                ),
                (
                    r#"Get "https://127.0.0.1:9547/stuck?ms=30000": http2: server sent GOAWAY and closed the connection; LastStreamID=43, ErrCode=ENHANCE_YOUR_CALM, debug="""#,
                    0,
                    Nothing,
                    "server.h2_enhance_your_calm",
                ),
            ],
        ),
        (
            "h2-abort",
            &[(
                r#"Get "https://127.0.0.1:9444/abort": stream error: stream ID 7; INTERNAL_ERROR; received from peer"#,
                0,
                Nothing,
                "server.h2_stream_error",
            )],
        ),
        (
            "h2-timeout",
            &[(
                r#"Get "https://127.0.0.1:9444/slow?ms=500": net/http: request canceled (Client.Timeout exceeded while awaiting headers)"#,
                0,
                Nothing,
                "server.timeout",
            )],
        ),
        (
            "h2-rst-protocol-error",
            &[(
                r#"Get "https://127.0.0.1:9500/": context deadline exceeded"#,
                0,
                Nothing,
                "server.timeout",
            )],
        ),
        (
            "h2-rst-protocol-error-exhausted",
            &[(
                r#"Get "https://127.0.0.1:9549/": stream error: stream ID 1; PROTOCOL_ERROR; received from peer"#,
                0,
                Nothing,
                "server.h2_stream_error",
            )],
        ),
        (
            "h2-rst-internal-error",
            &[(
                r#"Get "https://127.0.0.1:9501/": stream error: stream ID 17; INTERNAL_ERROR; received from peer"#,
                0,
                Nothing,
                "server.h2_stream_error",
            )],
        ),
        (
            "h2-rst-refused-stream",
            &[(
                r#"Get "https://127.0.0.1:9502/": context deadline exceeded"#,
                0,
                Nothing,
                "server.timeout",
            )],
        ),
        (
            "h2-rst-refused-stream-post",
            &[(
                r#"Post "https://127.0.0.1:9502/": context deadline exceeded"#,
                0,
                Nothing,
                "server.timeout",
            )],
        ),
        (
            "h2-rst-calm",
            &[(
                r#"Get "https://127.0.0.1:9504/": stream error: stream ID 19; ENHANCE_YOUR_CALM; received from peer"#,
                0,
                Nothing,
                "server.h2_enhance_your_calm",
            )],
        ),
        (
            "h2-goaway-noerror-unprocessed",
            &[(
                r#"Get "https://127.0.0.1:9505/": context deadline exceeded"#,
                0,
                Nothing,
                "server.timeout",
            )],
        ),
        (
            "h2-goaway-noerror-processed",
            &[(
                r#"Get "https://127.0.0.1:9508/": http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR, debug="calm down""#,
                0,
                Nothing,
                "server.h2_goaway",
            )],
        ),
        (
            "h2-goaway-calm-processed",
            &[(
                r#"Get "https://127.0.0.1:9509/": http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=ENHANCE_YOUR_CALM, debug="calm down""#,
                0,
                Nothing,
                "server.h2_enhance_your_calm",
            )],
        ),
    ]
};

#[test]
fn recorded_failures_get_the_classes_that_are_expected() {
    let taxonomy = Taxonomy::default();
    for (recording, failures) in CORPUS {
        for (text, status, sign, class) in failures {
            let failure = Failure { template: &fold(text), status: *status, sign: *sign };
            let cause = taxonomy.cause(taxonomy.classify(&failure));
            assert_eq!(cause.class.to_string(), *class, "{recording}: {text}");
        }
    }
}

#[test]
fn an_answer_that_had_begun_rules_causes_out() {
    let taxonomy = Taxonomy::default();
    let alternatives = |text: &str, sign: BodySign| {
        let failure = Failure { template: &fold(text), status: 0, sign };
        taxonomy.cause(taxonomy.classify(&failure)).alternatives.to_vec()
    };
    let timeout = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
    assert_eq!(
        alternatives(timeout, BodySign::Nothing),
        [Class::ConnectTimeout, Class::DnsFailure, Class::TlsFailure]
    );
    assert_eq!(alternatives(timeout, BodySign::Partial), []);
    let body =
        "context deadline exceeded (Client.Timeout or context cancellation while reading body)";
    assert_eq!(alternatives(body, BodySign::Nothing), []);
}

#[test]
fn failures_without_text() {
    let taxonomy = Taxonomy::default();
    let class = |status: u16, sign: BodySign| {
        let failure = Failure { template: "", status, sign };
        taxonomy.cause(taxonomy.classify(&failure)).class
    };
    assert_eq!(class(0, BodySign::Nothing), Class::Unclassified);
    assert_eq!(class(0, BodySign::Partial), Class::ClosedEarly);
    assert_eq!(class(200, BodySign::Nothing), Class::Unclassified);
    assert_eq!(class(503, BodySign::Nothing), Class::Unavailable);
    assert_eq!(class(500, BodySign::WantsTls), Class::Http5xx);
}
