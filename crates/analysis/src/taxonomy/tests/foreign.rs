//! What other tools and platforms print. Texts marked `recorded` were recorded from the tool for this test.

use super::*;

pub(super) const FOREIGN: &[Texts] = &[
    // Linux (glibc) errno texts, as Rust's standard library prints them.
    (Class::Refused, &["Connection refused (os error 111)", "Connection refused (os error 61)"]),
    (
        Class::Reset,
        &["Connection reset by peer (os error 104)", "Connection reset by peer (os error 54)"],
    ),
    (Class::ClosedEarly, &["Broken pipe (os error 32)"]),
    (
        Class::FileLimit,
        &["Too many open files (os error 24)", "Too many open files in system (os error 23)"],
    ),
    (
        Class::PortExhaustion,
        &[
            "Cannot assign requested address (os error 99)",
            "Can't assign requested address (os error 49)",
            "Address already in use (os error 98)",
        ],
    ),
    (
        Class::Overload,
        &["No buffer space available (os error 105)", "Cannot allocate memory (os error 12)"],
    ),
    (
        Class::Unreachable,
        &[
            "Network is unreachable (os error 101)",
            "No route to host (os error 113)",
            "Host is down (os error 112)",
        ],
    ),
    (
        Class::ConnectTimeout,
        &["Connection timed out (os error 110)", "Operation timed out (os error 60)"],
    ),
    // The same in another language: the number alone tells.
    (
        Class::Refused,
        &[
            "Es konnte keine Verbindung hergestellt werden, da der Zielcomputer die Verbindung verweigerte. (os error 10061)",
            "Verbindungsaufbau abgelehnt (os error 111)",
        ],
    ),
    (
        Class::Reset,
        &["Die Verbindung wurde vom Kommunikationspartner zurückgesetzt (os error 104)"],
    ),
    (Class::ConnectTimeout, &["Délai de connexion dépassé (os error 110)"]),
    (
        Class::PortExhaustion,
        &["Die Adresse wird bereits verwendet (os error 98)", "[Errno 99] Adresse"],
    ),
    (Class::FileLimit, &["Zu viele offene Dateien (os error 24)", "[Errno 23] Zu viele"]),
    (Class::Overload, &["[Errno 105] Kein Puffer", "[WinError 10055] x, os error 10055"]),
    (Class::Unreachable, &["[Errno 113] Kein Weg", "[Errno 101] Kein Netz"]),
    (Class::ClosedEarly, &["[Errno 32] Rohr"]),
    (
        Class::BadTarget,
        &[
            "Die Adresse ist in diesem Kontext ungültig. (os error 10049)",
            "net::ERR_ADDRESS_INVALID",
        ],
    ),
    // musl.
    (Class::PortExhaustion, &["connect: Address not available", "bind: Address in use"]),
    (Class::FileLimit, &["No file descriptors available (os error 24)"]),
    (
        Class::Unreachable,
        &["Host is unreachable (os error 113)", "Network unreachable (os error 101)"],
    ),
    (Class::ConnectTimeout, &["connect: Operation timed out (os error 110)"]),
    (
        Class::UnknownHost,
        &["dns error: failed to lookup address information: Name does not resolve"],
    ),
    (Class::DnsFailure, &["dns error: failed to lookup address information: Try again"]),
    // Rust: reqwest, hyper, hyper-util, h2, rustls, hickory, oha.
    (
        Class::Refused,
        &[
            "error sending request for url (http://127.0.0.1:1/): error trying to connect: tcp connect error: Connection refused (os error 111)",
            "client error (Connect): tcp connect error: Connection refused (os error 111)",
        ],
    ),
    (
        Class::ConnectTimeout,
        &[
            "error trying to connect: deadline has elapsed",
            "client error (Connect): operation timed out",
            "tcp connect error: deadline has elapsed",
        ],
    ),
    (
        Class::Timeout,
        &[
            "error sending request for url (http://h/): operation timed out",
            "operation timed out",
            "deadline has elapsed",
            "request timed out",
        ],
    ),
    (
        Class::LocalAddress,
        &[
            "client error (Connect): tcp bind local error: Cannot assign requested address (os error 99)",
        ],
    ),
    (Class::PortExhaustion, &["tcp bind local error: Address already in use (os error 98)"]),
    (
        Class::UnknownHost,
        &[
            "error trying to connect: dns error: failed to lookup address information: Name or service not known",
            "dns error: failed to lookup address information: nodename nor servname provided, or not known",
            "dns error: no record found for Query { name: Name(\"nx.example.\"), query_type: AAAA }",
            "failed to lookup address information: No address associated with hostname",
        ],
    ),
    (
        Class::DnsFailure,
        &[
            "dns error: failed to lookup address information: Temporary failure in name resolution",
            "dns error: proto error: io error",
            "failed to lookup address information: System error",
            "failed to lookup address information: Non-recoverable failure in name resolution",
            "dns error: Der angegebene Name wurde nicht aufgelöst. (os error 11002)",
        ],
    ),
    (Class::UnknownHost, &["dns error: Der angegebene Host ist unbekannt. (os error 11001)"]),
    (Class::LocalDns, &["dns error: error parsing resolv.conf: no such file or directory"]),
    (
        Class::TlsTrust,
        &[
            "error trying to connect: invalid peer certificate: UnknownIssuer",
            "client error (Connect): invalid peer certificate: certificate not valid for name \"eof.example\"",
            "received fatal alert: CertificateRequired",
            "received fatal alert: BadCertificate",
            "received fatal alert: UnknownCA",
        ],
    ),
    (Class::Auth, &["received fatal alert: AccessDenied"]),
    (
        Class::TlsMismatch,
        &[
            "client error (Connect): received corrupt message of type InvalidContentType",
            "error trying to connect: InvalidContentType",
            "received fatal alert: HandshakeFailure",
            "received fatal alert: ProtocolVersion",
            "received fatal alert: UnrecognisedName",
            "received fatal alert: NoApplicationProtocol",
            "peer is incompatible: server does not support TLS 1.2/1.3",
        ],
    ),
    (
        Class::TlsFailure,
        &[
            "tls handshake eof",
            "received fatal alert: InternalError",
            "peer misbehaved: TooManyRenegotiationRequests",
        ],
    ),
    (Class::TlsFailure, &["Cannot finish SSL handshake"]),
    (
        Class::ClosedEarly,
        &[
            "connection closed before message completed",
            "error reading a body from connection: end of file before message length reached",
            "hyper::Error(IncompleteMessage)",
            "error reading a body from connection: unexpected EOF during chunk size line",
            "connection error: peer closed connection without sending TLS close_notify: https://docs.rs/rustls",
            "operation was canceled: connection closed",
            "connection closed",
        ],
    ),
    (
        Class::H2EnhanceYourCalm,
        &[
            "http2 error: connection error received: detected excessive load generating behavior (b\"too_many_resets\")",
            "http2 error: stream error received: detected excessive load generating behavior",
        ],
    ),
    (
        Class::H2RefusedStream,
        &[
            "http2 error: stream error received: refused stream before processing any application logic",
        ],
    ),
    (Class::H2Goaway, &["http2 error: connection error received: not a result of an error"]),
    (
        Class::H2StreamError,
        &[
            "http2 error: stream error received: unexpected internal error encountered",
            "stream error detected: unspecific protocol error detected",
            "http2 error: keep-alive",
        ],
    ),
    (
        Class::Malformed,
        &[
            "invalid HTTP version parsed",
            "invalid HTTP status-code parsed",
            "invalid HTTP header parsed",
        ],
    ),
    (Class::Redirects, &["error following redirect for url (http://h/): too many redirects"]),
    (Class::Proxy, &["client error (Connect): tunnel error: unsuccessful", "unsuccessful tunnel"]),
    (
        Class::Overload,
        &[
            "Cannot allocate memory",
            "OutOfMemoryError: Java heap space",
            "getaddrinfo: Memory allocation failure",
        ],
    ),
    // Node.js, recorded: http, https, http2, fetch.
    (
        Class::Refused,
        &[
            "connect ECONNREFUSED 127.0.0.1:1",
            "connect ECONNREFUSED ::1:80",
            "request to http://h/ failed, reason: connect ECONNREFUSED 10.0.0.2:80",
        ],
    ),
    (Class::Reset, &["read ECONNRESET", "write ECONNABORTED", "ECONNRESET"]),
    (
        Class::ClosedEarly,
        &[
            "socket hang up",
            "Error: socket hang up",
            "other side closed",
            "write EPIPE",
            "Premature close",
            "ERR_STREAM_PREMATURE_CLOSE",
        ],
    ),
    (
        Class::TlsMismatch,
        &[
            "write EPROTO 805C731CE67F0000:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/openssl/openssl/ssl/record/ssl3_record.c:350:",
            "error:1408F10B:SSL routines:ssl3_get_record:wrong version number",
        ],
    ),
    (
        Class::TlsFailure,
        &[
            "Client network socket disconnected before secure TLS connection was established",
            "write EPROTO 1401:error:14094438:SSL routines:ssl3_read_bytes:tlsv1 alert internal error:s3_pkt.c:1493:SSL alert number 80",
            "write EPROTO",
        ],
    ),
    (
        Class::TlsTrust,
        &[
            "self-signed certificate",
            "self signed certificate in certificate chain",
            "DEPTH_ZERO_SELF_SIGNED_CERT",
            "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            "unable to verify the first certificate",
            "unable to get local issuer certificate",
            "certificate has expired",
            "Hostname/IP does not match certificate's altnames: Host: eof.example. is not in the cert's altnames: DNS:h.example",
            "805C731CE67F0000:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:1601:SSL alert number 116",
        ],
    ),
    (
        Class::UnknownHost,
        &[
            "getaddrinfo ENOTFOUND nx.invalid",
            "getaddrinfo ENOTFOUND timeout",
            "queryA ENOTFOUND h",
            "ENOTFOUND",
            "queryA ENODATA h",
        ],
    ),
    (
        Class::DnsFailure,
        &["getaddrinfo EAI_AGAIN h.example", "queryA ETIMEOUT h.example", "queryAaaa ESERVFAIL h"],
    ),
    (Class::LocalDns, &["queryA ECONNREFUSED h.example"]),
    (
        Class::PortExhaustion,
        &["connect EADDRNOTAVAIL 10.0.0.2:80 - Local (0.0.0.0:0)", "bind EADDRINUSE 0.0.0.0"],
    ),
    (
        Class::FileLimit,
        &[
            "connect EMFILE 10.0.0.2:80 - Local (undefined:undefined)",
            "ENFILE: file table overflow",
        ],
    ),
    (Class::Overload, &["connect ENOBUFS 10.0.0.2:80", "spawn ENOMEM"]),
    (
        Class::ConnectTimeout,
        &[
            "connect ETIMEDOUT 10.0.0.2:80",
            "Connect Timeout Error (attempted address: 10.0.0.2:80, timeout: 10000ms)",
            "UND_ERR_CONNECT_TIMEOUT",
        ],
    ),
    (
        Class::Unreachable,
        &[
            "connect EHOSTUNREACH 10.0.0.2:80",
            "connect ENETUNREACH 10.0.0.2:80",
            "connect EPERM 10.0.0.2:80",
        ],
    ),
    (
        Class::Timeout,
        &[
            "The operation was aborted due to timeout",
            "read ETIMEDOUT",
            "ETIMEDOUT",
            "ESOCKETTIMEDOUT",
            "Headers Timeout Error",
            "Body Timeout Error",
            "timeout of 1000ms exceeded",
            "network timeout at: http://h/",
            "TimeoutError: The operation timed out.",
        ],
    ),
    (
        Class::Malformed,
        &[
            "Parse Error: Expected HTTP/, RTSP/ or ICE/",
            "Parse Error: Invalid character in chunk size",
            "Response does not match the HTTP/1.1 protocol (Expected HTTP/)",
            "HPE_INVALID_CONSTANT",
            "incorrect header check",
        ],
    ),
    (
        Class::Redirects,
        &[
            "redirect count exceeded",
            "Maximum number of redirects exceeded",
            "maximum redirect reached at: http://h/",
        ],
    ),
    (Class::H2EnhanceYourCalm, &["Stream closed with error code NGHTTP2_ENHANCE_YOUR_CALM"]),
    (Class::H2RefusedStream, &["Stream closed with error code NGHTTP2_REFUSED_STREAM"]),
    (
        Class::H2Goaway,
        &["New streams cannot be created after receiving a GOAWAY", "ERR_HTTP2_GOAWAY_SESSION"],
    ),
    (
        Class::H2StreamError,
        &["Stream closed with error code NGHTTP2_INTERNAL_ERROR", "ERR_HTTP2_ERROR"],
    ),
    (Class::Unavailable, &["Request failed with status code 503", "Unexpected status: 503"]),
    (Class::RateLimited, &["Request failed with status code 429"]),
    // Python: urllib, requests and aiohttp; recorded where the standard library speaks.
    (
        Class::Refused,
        &[
            "<urlopen error [Errno 111] Connection refused>",
            "HTTPConnectionPool(host='timeout', port=80): Max retries exceeded with url: /x (Caused by NewConnectionError('<urllib3.connection.HTTPConnection object at 0x7f2b1c>: Failed to establish a new connection: [Errno 111] Connection refused'))",
            "Cannot connect to host eof.example:443 ssl:default [Connect call failed ('10.0.0.2', 443)]",
            "[Errno 111] Connect call failed ('127.0.0.1', 80)",
            "ConnectionRefusedError(111, 'Connection refused')",
        ],
    ),
    (
        Class::Reset,
        &[
            "('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))",
            "[Errno 104] Connection reset by peer",
            "ConnectionResetError: Cannot write to closing transport",
        ],
    ),
    (
        Class::ClosedEarly,
        &[
            "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))",
            "Remote end closed connection without response",
            "RemoteDisconnected",
            "Server disconnected",
            "Server disconnected without sending a response.",
            "IncompleteRead(3 bytes read, 97 more expected)",
            "Response payload is not completed: <ContentLengthError: 400, message='Not enough data for satisfy content length header.'>",
            "<urlopen error [SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol (_ssl.c:1006)>",
            "[SSL: UNEXPECTED_EOF_WHILE_READING]",
            "EOF occurred in violation of protocol (_ssl.c:997)",
            "[Errno 32] Broken pipe",
        ],
    ),
    (
        Class::UnknownHost,
        &[
            "<urlopen error [Errno -2] Name or service not known>",
            "[Errno 8] nodename nor servname provided, or not known",
            "[Errno 11001] getaddrinfo failed",
            "[Errno -2] Nom ou service inconnu",
            "HTTPConnectionPool(host='h', port=80): Max retries exceeded with url: / (Caused by NameResolutionError(\"x: y\"))",
        ],
    ),
    (
        Class::DnsFailure,
        &[
            "[Errno -3] Temporary failure in name resolution",
            "[Errno -3] Échec temporaire dans la résolution du nom",
        ],
    ),
    (
        Class::ConnectTimeout,
        &[
            "HTTPConnectionPool(host='h', port=80): Max retries exceeded with url: / (Caused by ConnectTimeoutError(<urllib3.connection.HTTPConnection object at 0x7f>, 'Connection to h timed out. (connect timeout=5)'))",
            "Connection to h timed out. (connect timeout=5)",
            "[Errno 110] Connection timed out",
            "Connection timeout to host http://h/",
            "Connection timed out",
        ],
    ),
    (
        Class::Timeout,
        &[
            "HTTPConnectionPool(host='h', port=80): Read timed out. (read timeout=5)",
            "timed out",
            "TimeoutError('timed out')",
            "TimeoutError()",
            "socket.timeout: x",
            "Timeout on reading data from socket",
            "httpx.ReadTimeout",
            "httpx.WriteTimeout: The write operation took too long",
        ],
    ),
    (
        Class::PortExhaustion,
        &[
            "[Errno 99] Cannot assign requested address",
            "[Errno 49] Can't assign requested address",
        ],
    ),
    (Class::Unreachable, &["[Errno 113] No route to host", "[Errno 101] Network is unreachable"]),
    (
        Class::TlsTrust,
        &[
            "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)",
            "hostname 'eof.example' doesn't match 'h.example'",
            "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required (_ssl.c:2580)",
        ],
    ),
    (
        Class::TlsMismatch,
        &[
            "<urlopen error [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)>",
            "[SSL: UNSUPPORTED_PROTOCOL] unsupported protocol (_ssl.c:1006)",
            "[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] sslv3 alert handshake failure (_ssl.c:1006)",
            "[SSL: TLSV1_UNRECOGNIZED_NAME] tlsv1 unrecognized name (_ssl.c:1006)",
            "[SSL] record layer failure: packet length too long",
        ],
    ),
    (Class::TlsFailure, &["<urlopen error _ssl.c:989: The handshake operation timed out>"]),
    (
        Class::Proxy,
        &[
            "HTTPSConnectionPool(host='h', port=443): Max retries exceeded with url: / (Caused by ProxyError('Cannot connect to proxy.', NewConnectionError('[Errno 111] Connection refused')))",
            "ProxyError",
            "Tunnel connection failed: 403 Forbidden",
            "Unable to connect to proxy",
            "SOCKSHTTPConnectionPool: SOCKS5 error: 0x05",
        ],
    ),
    (
        Class::Redirects,
        &[
            "Exceeded 30 redirects.",
            "TooManyRedirects",
            "HTTP Error 302: The HTTP server returned a redirect error that would lead to an infinite loop.\nThe last 30x error message was:\nFound",
        ],
    ),
    (
        Class::Malformed,
        &[
            "BadStatusLine('\\x00\\x01')",
            "InvalidChunkLength(got length b'', 0 bytes read)",
            "ContentDecodingError",
        ],
    ),
    (Class::Unavailable, &["503 Server Error: Service Unavailable for url: http://h/"]),
    (Class::BadGateway, &["HTTP Error 502: Bad Gateway"]),
    (Class::NotFound, &["404 Client Error: Not Found for url: http://timeout/"]),
    // Java: HttpURLConnection and HttpClient recorded; JMeter with Apache HttpClient, Gatling with Netty, okhttp.
    (
        Class::Refused,
        &[
            "java.net.ConnectException: Connection refused",
            "Non HTTP response code: org.apache.http.conn.HttpHostConnectException/Non HTTP response message: Connect to eof.example:443 [eof.example/10.0.0.2] failed: Connection refused (Connection refused)",
            "finishConnect(..) failed: Connection refused: /10.0.0.2:80",
        ],
    ),
    (
        Class::Reset,
        &[
            "java.net.SocketException: Connection reset",
            "j.i.IOException: Connection reset by peer",
        ],
    ),
    (
        Class::Reset,
        &[
            "java.net.SocketException: Software caused connection abort: recv failed",
            "WSAECONNRESET",
        ],
    ),
    (
        Class::ClosedEarly,
        &[
            "org.apache.http.NoHttpResponseException: 10.0.0.2:80 failed to respond",
            "eof.example:443 failed to respond",
            "Premature end of Content-Length delimited message body (expected: 100; received: 3)",
            "j.i.IOException: Premature close",
            "java.net.SocketException: Unexpected end of file from server",
            "java.net.SocketException: Socket closed",
            "java.io.IOException: HTTP/1.1 header parser received no bytes",
            "java.io.IOException: fixed content-length: 100, bytes received: 3",
            "j.i.IOException: Remotely closed",
            "unexpected end of stream on http://h/...",
            "SSL peer shut down incorrectly",
        ],
    ),
    (
        Class::PortExhaustion,
        &[
            "java.net.NoRouteToHostException: Cannot assign requested address (Address not available)",
            "java.net.BindException: Cannot assign requested address (connect failed)",
            "Non HTTP response code: java.net.BindException/Non HTTP response message: Address already in use: connect",
        ],
    ),
    (
        Class::LocalAddress,
        &[
            "java.net.BindException: Cannot assign requested address: bind",
            "java.net.BindException: Cannot assign requested address (Bind failed)",
        ],
    ),
    (
        Class::FileLimit,
        &[
            "java.net.SocketException: Too many open files",
            "i.n.c.ChannelException: Too many open files",
        ],
    ),
    (Class::Overload, &["java.lang.OutOfMemoryError: unable to create native thread"]),
    (
        Class::ConnectTimeout,
        &[
            "java.net.SocketTimeoutException: connect timed out",
            "org.apache.http.conn.ConnectTimeoutException: Connect to h:80 [h/10.0.0.2] failed: connect timed out",
            "java.net.ConnectException: Connection timed out: connect",
            "java.net.ConnectException: Connection timed out (Connection timed out)",
            "i.n.c.ConnectTimeoutException: connection timed out: /10.0.0.2:80",
            "connection timed out after 10000 ms: h.example/10.0.0.2:443",
            "java.net.http.HttpConnectTimeoutException: HTTP connect timed out",
        ],
    ),
    (
        Class::Timeout,
        &[
            "Non HTTP response code: java.net.SocketTimeoutException/Non HTTP response message: Read timed out",
            "java.net.http.HttpTimeoutException: request timed out",
            "i.g.h.c.i.RequestTimeoutException: Request timeout to eof.example/10.0.0.2:443 after 60000 ms",
            "java.net.SocketTimeoutException: timeout",
            "java.net.SocketTimeoutException",
        ],
    ),
    (
        Class::UnknownHost,
        &[
            "java.net.UnknownHostException: nx.invalid",
            "java.net.UnknownHostException: timeout: Name or service not known",
        ],
    ),
    (
        Class::DnsFailure,
        &[
            "java.net.UnknownHostException: h: Temporary failure in name resolution",
            "io.netty.resolver.dns.DnsNameResolverTimeoutException: [4711: /10.0.0.53:53] DefaultDnsQuestion(h. IN A) query via UDP timed out",
        ],
    ),
    (
        Class::UnknownHost,
        &[
            "j.n.UnknownHostException: failed to resolve 'h.example' after 2 queries",
            "failed to resolve 'h'",
        ],
    ),
    (
        Class::Unreachable,
        &[
            "java.net.NoRouteToHostException: No route to host (Host unreachable)",
            "java.net.NoRouteToHostException",
        ],
    ),
    (
        Class::TlsTrust,
        &[
            "javax.net.ssl.SSLHandshakeException: PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to requested target",
            "unable to find valid certification path to requested target",
            "javax.net.ssl.SSLHandshakeException: No subject alternative DNS name matching eof.example found.",
            "No name matching timeout found",
            "Certificate for <eof.example> doesn't match any of the subject alternative names: [h.example]",
            "javax.net.ssl.SSLPeerUnverifiedException: peer not authenticated",
            "javax.net.ssl.SSLException: the trustAnchors parameter must be non-empty",
            "javax.net.ssl.SSLHandshakeException: Received fatal alert: bad_certificate",
            "Received fatal alert: certificate_unknown",
        ],
    ),
    (
        Class::TlsMismatch,
        &[
            "javax.net.ssl.SSLException: Unsupported or unrecognized SSL message",
            "javax.net.ssl.SSLException: Unrecognized SSL message, plaintext connection?",
            "io.netty.handler.ssl.NotSslRecordException: not an SSL/TLS record: 485454502f312e31",
            "javax.net.ssl.SSLHandshakeException: Received fatal alert: handshake_failure",
            "javax.net.ssl.SSLHandshakeException: Received fatal alert: protocol_version",
            "javax.net.ssl.SSLHandshakeException: No appropriate protocol (protocol is disabled or cipher suites are inappropriate)",
            "no cipher suites in common",
            "The server selected protocol version TLS10 is not accepted by client preferences [TLS12]",
        ],
    ),
    (
        Class::TlsFailure,
        &[
            "javax.net.ssl.SSLHandshakeException: Remote host terminated the handshake",
            "javax.net.ssl.SSLHandshakeException: Remote host closed connection during handshake",
            "javax.net.ssl.SSLHandshakeException: something new",
            "i.n.h.s.SslHandshakeTimeoutException: handshake timed out after 10000ms",
            "SslHandshakeTimeoutException",
            "Received fatal alert: internal_error",
        ],
    ),
    (
        Class::Redirects,
        &[
            "java.net.ProtocolException: Server redirected too many  times (20)",
            "org.apache.http.client.CircularRedirectException: Circular redirect to 'http://h/'",
            "Maximum redirects (50) exceeded",
        ],
    ),
    (
        Class::Proxy,
        &[
            "java.io.IOException: Unable to tunnel through proxy. Proxy returns \"HTTP/1.1 403 Forbidden\"",
            "Malformed reply from SOCKS server",
        ],
    ),
    (
        Class::Malformed,
        &[
            "java.io.IOException: Invalid Http response",
            "java.io.IOException: Bogus chunk size",
            "java.net.ProtocolException: Invalid status line: \"x\"",
        ],
    ),
    (
        Class::BadRequest,
        &[
            "java.io.IOException: Server returned HTTP response code: 400 for URL: http://127.0.0.1/",
        ],
    ),
    (
        Class::H2RefusedStream,
        &["stream was reset: REFUSED_STREAM", "Received RST_STREAM: Refused stream"],
    ),
    (Class::H2EnhanceYourCalm, &["stream was reset: ENHANCE_YOUR_CALM"]),
    (
        Class::H2Goaway,
        &["/10.0.0.2:443: GOAWAY received", "okhttp3.internal.http2.ConnectionShutdownException"],
    ),
    (
        Class::H2StreamError,
        &["stream was reset: INTERNAL_ERROR", "Received RST_STREAM: Internal error"],
    ),
    // curl, recorded with OpenSSL; GnuTLS; nghttp2.
    (
        Class::Refused,
        &[
            "curl: (7) Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server",
            "Failed to connect to h.example port 80: Connection refused",
            "Failed to connect to h port 80 after 1 ms: Could not connect to server",
        ],
    ),
    (
        Class::Reset,
        &[
            "curl: (56) Recv failure: Connection reset by peer",
            "curl: (35) Recv failure: Connection reset by peer",
        ],
    ),
    (
        Class::ClosedEarly,
        &[
            "curl: (52) Empty reply from server",
            "curl: (18) transfer closed with 97 bytes remaining to read",
            "OpenSSL SSL_read: SSL_ERROR_SYSCALL, errno 0",
            "OpenSSL SSL_read: error:0A000126:SSL routines::unexpected eof while reading, errno 0",
            "getpeername() failed with errno 107: Transport endpoint is not connected",
        ],
    ),
    (
        Class::Timeout,
        &[
            "curl: (28) Operation timed out after 1000 milliseconds with 0 bytes received",
            "curl: (28) Operation timed out after 1001 milliseconds with 3 out of 100 bytes received",
            "Operation too slow. Less than 1000 bytes/sec transferred the last 30 seconds",
            "Timeout was reached",
        ],
    ),
    (
        Class::ConnectTimeout,
        &[
            "curl: (28) Connection timed out after 1001 milliseconds",
            "Failed to connect to h port 80 after 130000 ms: Connection timed out",
            "Failed to connect to h port 80 after 1000 ms: Timeout was reached",
        ],
    ),
    (
        Class::UnknownHost,
        &["curl: (6) Could not resolve host: nx.invalid", "Couldn't resolve host name"],
    ),
    (Class::DnsFailure, &["Resolving timed out after 5000 milliseconds", "DNS lookup timed out"]),
    (Class::LocalDns, &["Could not contact DNS servers"]),
    (
        Class::LocalAddress,
        &[
            "curl: (45) bind failed with errno 99: Cannot assign requested address",
            "Couldn't bind to '10.99.99.99'",
        ],
    ),
    (
        Class::TlsMismatch,
        &[
            "curl: (35) OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number",
            "error:0A0000BF:SSL routines::no protocols available",
            "error:1409442E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version",
            "error:0A000410:SSL routines::ssl/tls alert handshake failure",
            "error:1407742E:SSL routines:SSL23_GET_SERVER_HELLO:tlsv1 unrecognized name",
            "gnutls_handshake() failed: An unexpected TLS packet was received.",
            "error:1408F09C:SSL routines:ssl3_get_record:http request",
            "remote handshake failure alert",
        ],
    ),
    (
        Class::TlsFailure,
        &[
            "curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to 127.0.0.1:19001 ",
            "OpenSSL SSL_connect: Connection reset by peer in connection to h:443",
            "gnutls_handshake() failed: The TLS connection was non-properly terminated.",
            "SSL connection timeout",
            "SSL connect error",
            "error:0A000438:SSL routines::tlsv1 alert internal error",
            "error:0A00041A:SSL routines::ssl/tls alert bad record mac",
        ],
    ),
    (
        Class::TlsTrust,
        &[
            "curl: (60) SSL certificate problem: self-signed certificate",
            "SSL certificate problem: unable to get local issuer certificate",
            "SSL certificate problem: something new",
            "SSL certificate is not trusted",
            "SSL: no alternative certificate subject name matches target host name 'eof.example'",
            "SSL: certificate subject name 'h.example' does not match target host name 'timeout'",
            "server certificate verification failed. CAfile: none CRLfile: none",
            "error:0A000418:SSL routines::tlsv1 alert unknown ca",
        ],
    ),
    (Class::Auth, &["error:0A000419:SSL routines::tlsv1 alert access denied"]),
    (
        Class::Proxy,
        &[
            "curl: (56) CONNECT tunnel failed, response 400",
            "Received HTTP code 407 from proxy after CONNECT",
            "Could not resolve proxy: proxy.example",
            "Couldn't connect to proxy",
            "Received invalid version in initial SOCKS5 response.",
            "Can't complete SOCKS5 connection to h. (1)",
        ],
    ),
    (Class::Redirects, &["curl: (47) Maximum (50) redirects followed"]),
    (
        Class::Malformed,
        &[
            "curl: (1) Received HTTP/0.9 when not allowed",
            "curl: (56) Illegal or missing hexadecimal sequence in chunked-encoding",
            "Weird server reply",
        ],
    ),
    (
        Class::H2EnhanceYourCalm,
        &[
            "HTTP/2 stream 1 was not closed cleanly: ENHANCE_YOUR_CALM (err 11)",
            "recv GOAWAY frame <length=8, last_stream_id=1, error_code=ENHANCE_YOUR_CALM(0x0b)>",
        ],
    ),
    (Class::H2RefusedStream, &["HTTP/2 stream 1 was not closed cleanly: REFUSED_STREAM (err 7)"]),
    (
        Class::H2StreamError,
        &[
            "HTTP/2 stream 1 was not closed cleanly: INTERNAL_ERROR (err 2)",
            "HTTP/2 stream 0 was closed cleanly, but before getting all response header fields, treated as error",
            "Error in the HTTP2 framing layer",
        ],
    ),
    // k6 (lib/netext/httpext/error_codes.go).
    (Class::ConnectTimeout, &["dial: i/o timeout"]),
    (Class::Refused, &["dial: connection refused"]),
    (Class::UnknownHost, &["lookup: no such host"]),
    (Class::Reset, &["read: connection reset by peer", "write: connection reset by peer"]),
    (Class::ClosedEarly, &["write: broken pipe"]),
    (Class::Timeout, &["request timeout"]),
    (Class::TlsTrust, &["x509: unknown authority", "x509: certificate doesn't match hostname"]),
    (Class::BadTarget, &["invalid URL", "ip is blacklisted", "hostname is blocked"]),
    (
        Class::H2EnhanceYourCalm,
        &[
            "http2: received GoAway with http2 ErrCode ENHANCE_YOUR_CALM",
            "http2: stream error with http2 ErrCode ENHANCE_YOUR_CALM",
        ],
    ),
    (
        Class::H2RefusedStream,
        &[
            "http2: stream error with http2 ErrCode REFUSED_STREAM",
            "http2: received GoAway with http2 ErrCode REFUSED_STREAM",
        ],
    ),
    (Class::H2Goaway, &["http2: received GoAway with http2 ErrCode NO_ERROR"]),
    (Class::H2StreamError, &["http2: connection error with http2 ErrCode PROTOCOL_ERROR"]),
    (
        Class::PortExhaustion,
        &[
            "dial: unknown errno `99` on linux with message `connect: cannot assign requested address`",
        ],
    ),
    (
        Class::Overload,
        &[
            "Insufficient VUs, reached 100 active VUs and cannot initialize more",
            "dropped_iterations",
            "no free workers",
        ],
    ),
    // fasthttp (bombardier).
    (Class::Timeout, &["timeout"]),
    (Class::ConnectTimeout, &["dialing to the given TCP address timed out"]),
    (
        Class::ClosedEarly,
        &[
            "the server closed connection before returning the first response byte. Make sure the server returns 'Connection: close' response header before closing the connection",
        ],
    ),
    (Class::Overload, &["no free connections available to host"]),
    (Class::TlsFailure, &["tls handshake timed out"]),
    (
        Class::UnknownHost,
        &["couldn't find DNS entries for the given domain. Try using DialDualStack"],
    ),
    (
        Class::Malformed,
        &[
            "error when reading response headers: cannot find whitespace in the first line of response \"x\"",
        ],
    ),
    // ApacheBench, wrk, h2load.
    (Class::Timeout, &["apr_pollset_poll: The timeout specified has expired (70007)"]),
    (Class::Reset, &["apr_socket_recv: Connection reset by peer (104)"]),
    (Class::UnknownHost, &["unable to resolve nx:80 Name or service not known"]),
    (Class::TlsFailure, &["SSL handshake failed (1)."]),
    // Windows (winsock), .NET.
    (
        Class::Refused,
        &[
            "No connection could be made because the target machine actively refused it. (h.example:80)",
            "WSAECONNREFUSED",
        ],
    ),
    (
        Class::Reset,
        &[
            "An existing connection was forcibly closed by the remote host.",
            "Unable to write data to the transport connection: An established connection was aborted by the software in your host machine.",
            "The connection was reset",
        ],
    ),
    (
        Class::PortExhaustion,
        &[
            "Only one usage of each socket address (protocol/network address/port) is normally permitted. (h.example:80)",
            "WSAEADDRINUSE",
        ],
    ),
    (
        Class::Overload,
        &[
            "An operation on a socket could not be performed because the system lacked sufficient buffer space or because a queue was full.",
            "WSAENOBUFS",
        ],
    ),
    (Class::FileLimit, &["Too many open sockets."]),
    (
        Class::ConnectTimeout,
        &[
            "A connection attempt failed because the connected party did not properly respond after a period of time, or established connection failed because connected host has failed to respond. (h:80)",
        ],
    ),
    (Class::Unreachable, &["A socket operation was attempted to an unreachable host."]),
    (
        Class::UnknownHost,
        &[
            "No such host is known. (nx.invalid:80)",
            "The requested name is valid, but no data of the requested type was found.",
        ],
    ),
    (
        Class::DnsFailure,
        &[
            "This is usually a temporary error during hostname resolution and means that the local server did not receive a response from an authoritative server.",
        ],
    ),
    (
        Class::Timeout,
        &[
            "The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing.",
            "The operation has timed out.",
        ],
    ),
    (
        Class::ClosedEarly,
        &[
            "The response ended prematurely.",
            "The underlying connection was closed: The connection was closed unexpectedly.",
            "The pipe has been ended.",
        ],
    ),
    (
        Class::TlsTrust,
        &[
            "The remote certificate is invalid because of errors in the certificate chain: UntrustedRoot",
            "The remote certificate was rejected by the provided RemoteCertificateValidationCallback.",
            "schannel: SEC_E_UNTRUSTED_ROOT (0x80090325) - The certificate chain was issued by an authority that is not trusted.",
            "schannel: SEC_E_UNTRUSTED_ROOT",
        ],
    ),
    (Class::ConnectTimeout, &["The semaphore timeout period has expired."]),
    (Class::Reset, &["The specified network name is no longer available."]),
    (
        Class::Refused,
        &["The remote computer refused the network connection.", "[WinError 10061] x"],
    ),
    (
        Class::Unreachable,
        &[
            "The network location cannot be reached. For information about network troubleshooting, see Windows Help.",
        ],
    ),
    (Class::TlsFailure, &["The SSL connection could not be established, see inner exception."]),
    (
        Class::H2EnhanceYourCalm,
        &["The HTTP/2 server reset the stream. HTTP/2 error code 'ENHANCE_YOUR_CALM' (0xb)."],
    ),
    (
        Class::H2RefusedStream,
        &["The HTTP/2 server reset the stream. HTTP/2 error code 'REFUSED_STREAM' (0x7)."],
    ),
    (
        Class::H2Goaway,
        &["The HTTP/2 server closed the connection. HTTP/2 error code 'NO_ERROR' (0x0)."],
    ),
    (
        Class::H2StreamError,
        &[
            "The HTTP/2 server sent invalid data on the connection. HTTP/2 error code 'PROTOCOL_ERROR' (0x1).",
        ],
    ),
    (Class::Malformed, &["The server returned an invalid or unrecognized response."]),
    // A client's own pool of connections.
    (
        Class::Overload,
        &[
            "httpx.PoolTimeout",
            "org.apache.http.conn.ConnectionPoolTimeoutException: Timeout waiting for connection from pool",
            "Pool#acquire(Duration) has been pending for more than the configured timeout of 45000ms",
            "java.net.SocketException: No buffer space available (maximum connections reached?): connect",
        ],
    ),
    (Class::Refused, &["httpx.ConnectError: All connection attempts failed"]),
    (
        Class::Unreachable,
        &["java.net.SocketException: Permission denied: connect", "host unreachable"],
    ),
    (
        Class::Reset,
        &["connection aborted", "('Connection aborted.', ConnectionResetError(104, 'x'))"],
    ),
    (
        Class::ClosedEarly,
        &[
            "i.n.h.s.SslClosedEngineException: SSLEngine closed already",
            "java.nio.channels.ClosedChannelException",
            "i.n.h.c.PrematureChannelClosureException: Channel closed while still aggregating message",
        ],
    ),
    (Class::TlsTrust, &["certificate signed by unknown authority"]),
    (
        Class::TlsMismatch,
        &[
            "Client sent an HTTP request to an HTTPS server.",
            "The plain HTTP request was sent to HTTPS port",
        ],
    ),
    (
        Class::ClosedEarly,
        &[
            "ServerDisconnectedError",
            "The connection with the server was terminated abnormally",
            "rpc error: code = Unavailable desc = transport is closing",
        ],
    ),
    (Class::Reset, &["The connection with the server was reset"]),
    (Class::Overload, &["fatal error: runtime: out of memory"]),
    (Class::TlsTrust, &["The certificate was not trusted."]),
    (Class::BadTarget, &["connect ENOENT /run/s.sock", "TypeError: Invalid URL"]),
    (Class::Timeout, &["timeout: no recent network activity"]),
    (
        Class::Unavailable,
        &[
            "HTTPError('503 Server Error: Service Unavailable for url: /x')",
            "503 Service Unavailable",
        ],
    ),
    (Class::RateLimited, &["429 Too Many Requests"]),
    (Class::GatewayTimeout, &["504 Gateway Time-out"]),
    (
        Class::BadGateway,
        &[
            "HTTP status server error (502 Bad Gateway) for url (http://h/)",
            "HTTP/1.1 502 Bad Gateway",
        ],
    ),
    // Chromium, as k6's browser and other headless tools print it.
    (Class::Refused, &["net::ERR_CONNECTION_REFUSED at http://h/"]),
    (Class::Reset, &["net::ERR_CONNECTION_RESET"]),
    (Class::ClosedEarly, &["net::ERR_EMPTY_RESPONSE", "net::ERR_CONNECTION_CLOSED"]),
    (Class::ConnectTimeout, &["net::ERR_CONNECTION_TIMED_OUT"]),
    (Class::Timeout, &["net::ERR_TIMED_OUT"]),
    (Class::UnknownHost, &["net::ERR_NAME_NOT_RESOLVED"]),
    (Class::DnsFailure, &["net::ERR_NAME_RESOLUTION_FAILED"]),
    (Class::Unreachable, &["net::ERR_ADDRESS_UNREACHABLE", "net::ERR_INTERNET_DISCONNECTED"]),
    (Class::Overload, &["net::ERR_INSUFFICIENT_RESOURCES"]),
    (Class::TlsTrust, &["net::ERR_CERT_AUTHORITY_INVALID", "net::ERR_CERT_DATE_INVALID"]),
    (Class::TlsMismatch, &["net::ERR_SSL_PROTOCOL_ERROR"]),
    (Class::TlsFailure, &["net::ERR_SSL_SERVER_ALERT"]),
    (Class::H2RefusedStream, &["net::ERR_HTTP2_SERVER_REFUSED_STREAM"]),
    (Class::H2StreamError, &["net::ERR_HTTP2_PROTOCOL_ERROR"]),
    (Class::Malformed, &["net::ERR_INVALID_HTTP_RESPONSE", "net::ERR_INVALID_CHUNKED_ENCODING"]),
    (Class::Redirects, &["net::ERR_TOO_MANY_REDIRECTS"]),
    (Class::Proxy, &["net::ERR_PROXY_CONNECTION_FAILED", "net::ERR_TUNNEL_CONNECTION_FAILED"]),
    // gRPC.
    (
        Class::H2EnhanceYourCalm,
        &[
            "closing transport due to: connection error: desc = \"error reading from server: EOF\", received prior goaway: code: ENHANCE_YOUR_CALM, debug data: \"too_many_pings\"",
        ],
    ),
    (
        Class::H2Goaway,
        &[
            "closing transport due to: connection error, received prior goaway: code: NO_ERROR, debug data: \"graceful_stop\"",
        ],
    ),
    // Envoy's router (source/common/router/router.cc), alone and as grpc-go prints it.
    (
        Class::Unavailable,
        &[
            "upstream connect error or disconnect/reset before headers. reset reason: overflow",
            "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
            "rpc error: code = Unavailable desc = upstream connect error or disconnect/reset before headers. reset reason: connection failure, transport failure reason: delayed connect error: 111",
            "rpc error: code = Unavailable desc = upstream connect error or disconnect/reset before headers. retried and the latest reset reason: connection timeout",
            "rpc error: code = Unavailable desc = no healthy upstream",
        ],
    ),
    (Class::GatewayTimeout, &["rpc error: code = Unavailable desc = upstream request timeout"]),
    // Nothing that is known, or too little to tell.
    (
        Class::Unclassified,
        &[
            "java.net.ConnectException",
            "error sending request for url (http://timeout.example/)",
            "fetch failed",
            "terminated",
            "context canceled",
            "Status 200 was not expected: status code 200",
            "exit code 137",
            "the timeout of the EOF service was reset to its default",
            "500 requests in flight",
        ],
    ),
];

#[test]
fn other_tools() {
    check(FOREIGN);
}
