use super::*;
use proptest::prelude::*;

#[test]
fn each_part_of_a_url_is_masked() {
    for (url, masked) in [
        ("http://127.0.0.1:9001/slow?ms=500", "http://127.0.0.1:9001/slow?ms=***"),
        ("https://user:pa@ss@h:1/", "https://***@h:1/"),
        ("https://h/?a=&b&c=1", "https://h/?a=&b&c=***"),
        ("https://eth.example/v2/short", "https://eth.example/v2/short"),
        ("https://eth.example/v2/AbCdEfGhIjKlMnOp", "https://eth.example/v2/***"),
        ("https://h/0123456789abcdef0123/x", "https://h/***/x"),
        ("https://h/a1b2c3d4e5f60718/x", "https://h/***/x"),
        ("https://h/KqTzVbXwRmNpLsDfGhJk", "https://h/***"),
        ("https://h/getTransactionReceiptsByBlock", "https://h/getTransactionReceiptsByBlock"),
        ("https://h/block-20261123", "https://h/block-20261123"),
        ("https://h/eyJhbGciOiJIUzI1NiJ9.e30.abc", "https://h/***"),
        ("https://h/transaction-receipts-by-hash", "https://h/transaction-receipts-by-hash"),
        ("https://h?AAAAAAAAAAAAAAAAAAA1", "https://h?***"),
        ("https://h#frag", "https://h#***"),
        ("/redirect?to=x", "/redirect?to=***"),
        // Passwords with what ends an authority.
        ("https://user:p/a#s?s@host/x", "https://***@host/x"),
        ("https://user:123456/7@host/x", "https://***@host/x"),
        ("https://h:8080/@handle?a=b", "https://h:8080/@handle?a=***"),
        ("https://h/a:b/@handle", "https://h/a:b/@handle"),
        ("https://[::1]:8080/@x", "https://[::1]:8080/@x"),
        ("//user:pw@h/x", "//***@h/x"),
        ("user:pw@host:80/x", "***@host:80/x"),
        ("user@host:80/x", "user@host:80/x"),
        ("https://h:s3cretpw/", "https://h:***/"),
        ("https://[::1]:s3cretpw/", "https://[::1]:***/"),
        (r"https:\/\/user:pw@h\/v3\/abcdefghijklmnop", r"https:\/\/***@h\/v3\/***"),
        (r"https:\/\/h:80\/eth\/block", r"https:\/\/h:80\/eth\/block"),
        // Keys in the path.
        ("https://h/qwertzuiopasdfghjklyxcvbnmqwertz/x", "https://h/***/x"),
        ("https://h/QWERTZUIOPASDFGHJKLYXCVBNMQWERTZUIOPASDF", "https://h/***"),
        ("https://h/internationalization", "https://h/internationalization"),
        ("https://h/%41bCdEfGhIjKlMnOp", "https://h/***"),
        ("https://h/%6b%65y%2Fabcdefgh", "https://h/***"),
        ("https://h/caf%C3%A9%zz%2", "https://h/caf%C3%A9%zz%2"),
        ("https://h/eth;key=v;n=/x;y", "https://h/eth;key=***;n=/x;y"),
        ("https://h/token=abc/a=b", "https://h/token=***/a=b"),
        ("https://h/api_key/hunter22", "https://h/api_key/***"),
        ("https://h/token/abcdefgh/x", "https://h/token/***/x"),
        ("https://h/key/secret/abcdefgh", "https://h/key/secret/***"),
        ("https://h/key/short/abcdefgh", "https://h/key/short/abcdefgh"),
        ("https://h/monkey/abcdefgh", "https://h/monkey/abcdefgh"),
        ("https://h/v3//abcdefghijklmnop", "https://h/v3//***"),
        ("https://h/v1/abcdefghijklmnopqr", "https://h/v1/***"),
        ("https://h/v4/ABCDEFGHIJKLMNOPQR", "https://h/v4/***"),
        ("https://h/v1/abcdefghijklmnopq", "https://h/v1/abcdefghijklmnopq"),
        ("https://h/v1/transaction-receipts", "https://h/v1/transaction-receipts"),
        ("https://h/123e4567-e89b-12d3-a456-426614174000/x", "https://h/***/x"),
        ("https://h/x?123e4567-e89b-12d3-a456-426614174000", "https://h/x?***"),
        ("https://h/sk_live_abcdefghijklmnop", "https://h/***"),
        (
            "https://rpc-mainnet-eu-west-1.example.com/eth",
            "https://rpc-mainnet-eu-west-1.example.com/eth",
        ),
        ("", ""),
    ] {
        assert_eq!(mask_url(url), masked);
    }
}

#[test]
fn texts_lose_their_credentials_and_keep_the_rest() {
    for (text, masked) in [
        (
            r#"Get "https://h/v3/0123456789abcdef?x=1": dial tcp: lookup h: no such host"#,
            r#"Get "https://h/v3/***?x=***": dial tcp: lookup h: no such host"#,
        ),
        (
            r#"Get "/login?next=/a": stopped after 10 redirects"#,
            r#"Get "/login?next=***": stopped after 10 redirects"#,
        ),
        (r#"{"api_key":"abc","n":1}"#, r#"{"api_key":"***","n":1}"#),
        ("auth failed access_token=abc&x=1", "auth failed access_token=***&x=1"),
        ("sent Authorization: Basic dTpw, got 401", "sent Authorization: ***, got 401"),
        ("invalid token: unexpected EOF", "invalid token: unexpected EOF"),
        ("401 Unauthorized", "401 Unauthorized"),
        ("attack ethmainnet5000rps20261123 failed", "attack ethmainnet5000rps20261123 failed"),
        ("project 4f9a1c7e2b8d0356a4e1 has no plan", "project *** has no plan"),
        ("tls: DECRYPT_ERROR_WITH_LONG_NAME", "tls: DECRYPT_ERROR_WITH_LONG_NAME"),
        ("PASSWORD='a b'", "PASSWORD='***'"),
        // What Go says of URLs that it cannot parse.
        (
            r#"parse "user:pw@host:80/x": first path segment in URL cannot contain colon"#,
            r#"parse "***@host:80/x": first path segment in URL cannot contain colon"#,
        ),
        (r#"parse "//user:pw@h/": x"#, r#"parse "//***@h/": x"#),
        (
            r#"parse "://user:p/w@h/": missing protocol scheme"#,
            r#"parse "://***@h/": missing protocol scheme"#,
        ),
        (
            r#"parse "https://h:s3cretpw/": invalid port ":s3cretpw" after host"#,
            r#"parse "https://h:***/": invalid port ":***" after host"#,
        ),
        (r#"\"invalid port \":s3 pw\" after host\""#, r#"\"invalid port \":***\" after host\""#),
        (
            r#"parse "https://user:p w<x@h/y": net/url: invalid userinfo"#,
            r#"parse "https://***@h/y": net/url: invalid userinfo"#,
        ),
        (
            r#"parse "https://us er:pw@h/y": net/url: invalid userinfo"#,
            r#"parse "https://us ***@h/y": net/url: invalid userinfo"#,
        ),
        (
            r#"Get "https://h:80 is down, mail admin@x""#,
            r#"Get "https://h:80 is down, mail admin@x""#,
        ),
        ("Get https://h:443: EOF", "Get https://h:443: EOF"),
        ("dsn user:p/w@tcp(h:3306)/db", "dsn ***@tcp(h:3306)/db"),
        ("mail admin@example.com: refused", "mail admin@example.com: refused"),
        ("clone git@h.example:org/repo: EOF", "clone git@h.example:org/repo: EOF"),
        ("from h:80/@handle", "from h:80/@handle"),
        (
            r#"{"url":"https:\/\/user:pw@h\/v3\/0123456789abcdef"}"#,
            r#"{"url":"https:\/\/***@h\/v3\/***"}"#,
        ),
        (r"https://h/?a=1\u0026key=abc", "https://h/?a=***"),
        (r#"\"https://h/x\": EOF"#, r#"\"https://h/x\": EOF"#),
        // Tokens by their looks.
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ-CVP_mB9 bad", "jwt *** bad"),
        ("stripe sk_live_4eC39HqLyjWDarjtT1zdp7dc", "stripe ***"),
        ("push ghp_abcdefghijklmnopqrstuvwxyzABCDEFGHIJ: 403", "push ***: 403"),
        ("slack xoxb-123456789012-1234567890123-AbCdEfGhIjKl", "slack ***"),
        ("custom acme_9f8e7d6c5b4a39281706 failed", "custom *** failed"),
        ("no plan for 8d7f2a91c3be4056af12.", "no plan for ***"),
        ("eyJ, ghp_short, sk_buff_head_init_class", "eyJ, ghp_short, sk_buff_head_init_class"),
        (
            "request 123e4567-e89b-12d3-a456-426614174000 gone",
            "request 123e4567-e89b-12d3-a456-426614174000 gone",
        ),
        ("api_key=123e4567-e89b-12d3-a456-426614174000", "api_key=***"),
        // Headers.
        ("X-Api-Key: v, x-access-token: w", "X-Api-Key: ***, x-access-token: ***"),
        ("api-key: v api_key:w", "api-key: *** api_key:***"),
        ("Cookie: a=b; c=\"d\"\nHost: h", "Cookie: ***\nHost: h"),
        ("Set-Cookie: a=b; Path=/", "Set-Cookie: ***"),
        ("http: named cookie not present", "http: named cookie not present"),
        ("got Basic dXNlcjpwdw==, 401", "got Basic ***, 401"),
        ("Basic Auth and basic authentication", "Basic Auth and basic authentication"),
        ("apikey v", "apikey v"),
        ("no secret: not found", "no secret: not found"),
        ("invalid_token: expired", "invalid_token: expired"),
        (r#"{"X-Api-Key":["v w"],"n":["1"]}"#, r#"{"X-Api-Key":["***"],"n":["1"]}"#),
        (r#"{\"password\":\"a b\",\"n\":1}"#, r#"{\"password\":\"***\",\"n\":1}"#),
        (r#"{"password": "a\"b", "token": null}"#, r#"{"password": "***", "token": null}"#),
        ("{'secret': 'a b', 'n': 1}", "{'secret': '***', 'n': 1}"),
    ] {
        assert_eq!(mask_text(text), masked);
    }
}

/// Go's texts, names of methods, files and hosts.
#[test]
fn texts_without_credentials_stay() {
    for text in [
        "dial tcp 127.0.0.1:0->127.0.0.1:8080: connect: cannot assign requested address",
        r#"http2: server sent GOAWAY and closed the connection; LastStreamID=1999, ErrCode=ENHANCE_YOUR_CALM, debug="""#,
        "context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
        "the method eth_getTransactionReceiptsByBlockNumber does not exist/is not available",
        "debug_traceTransactionV2ByHash: x",
        "lookup rpc-mainnet-eu-west-1.example.com on 10.0.0.2:53: no such host",
        "open results/block-20261123.json: no such file or directory",
        "load-20261123T101500Z-mainnet",
        "java.net.NoRouteToHostException: NoRouteToHostException",
        "readLoopPeekFailLocked: EOF",
        "trace-4bf92f3577b34da6 at 0xc000012345",
        r#"parse "http://[::1": missing ']' in host"#,
        r#"Get "http://h:99999999/": dial tcp: address 99999999: invalid port"#,
        "dial tcp [fe80::1%eth0]:80: connect: no route to host",
        "exec /usr/lib/x86_64-linux-gnu/libssl.so.3: 2026-11-25T02:17:49Z",
        r#"password="" token='' secret=, key"#,
    ] {
        assert_eq!(mask_text(text), text);
    }
}

#[test]
fn endless_texts_are_masked_in_one_go() {
    for shape in [
        "a:",
        "a:b@",
        "\"https://h:x ",
        "token=\"\n",
        "token='\\",
        "port \":1",
        "Basic YTpi ",
        "\\/",
        "\\",
        "%41",
        "/v3/",
        ";a=",
        "é:\"/",
        "eyJ.",
        "a_",
        "Cookie:\n",
        "https:\\/\\/",
        "x:***@",
        "bearer",
    ] {
        let masked = mask_text(&shape.repeat(65_536 / shape.len()));
        assert_eq!(mask_text(&masked), masked);
        let masked = mask_url(&shape.repeat(65_536 / shape.len()));
        assert_eq!(mask_url(&masked), masked);
    }
}

#[test]
fn headers_that_hold_credentials() {
    for name in ["Authorization", "proxy-authorization", "Set-Cookie", "X-Api-Key", "X-Auth-Token"]
    {
        assert!(is_credential_header(name), "{name}");
    }
    for name in ["Content-Type", "Www-Authenticate", "Etag", "X-Request-Id"] {
        assert!(!is_credential_header(name), "{name}");
    }
    assert!(is_url_header("Location") && !is_url_header("Server"));
}

proptest! {
    #[test]
    fn masking_twice_changes_nothing(
        text in r#"([a-z0-9]{0,24}|://|[/?#&=@:"' ]|token|Bearer |password=|Authorization: |v3/|\PC|[;\\\n%*,]|\\/|\\"|//|u:p|@h|:80|%2f|%41|api_key|key/|v1/|X-Api-Key: |Cookie: |Authorization:|Basic |dTpw|invalid port ":|eyJ|ghp_|[a-z]{16,40}|[0-9a-f]{16,20}|https://u:|\\u0026|\*\*\*){0,24}"#
    ) {
        let url = mask_url(&text);
        prop_assert_eq!(mask_url(&url), url);
        let masked = mask_text(&text);
        prop_assert_eq!(mask_text(&masked), masked);
    }

    #[test]
    fn a_password_never_survives(password in "[a-z0-9]{6,30}", path in "[a-z/]{0,12}") {
        let text = format!("Post \"https://user:{password}@rpc.example/{path}?key={password}\": EOF");
        prop_assert!(!mask_text(&text).contains(&password) || path.contains(&password));
    }
}
