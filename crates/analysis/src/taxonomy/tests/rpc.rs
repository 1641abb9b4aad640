use super::*;

/// JSON-RPC errors by code, as they are read from a body, and a word of what is said about them.
pub(super) const ERRORS: &[(Option<i64>, &str, &str)] = &[
    // JSON-RPC 2.0 and EIP-1474.
    (Some(-32700), "JSON-RPC error -32700: Parse error", "as JSON"),
    (Some(-32600), "JSON-RPC error -32600: Invalid Request", "no valid JSON-RPC request"),
    (
        Some(-32601),
        "JSON-RPC error -32601: the method eth_foo does not exist/is not available",
        "method",
    ),
    (Some(-32602), "JSON-RPC error -32602: missing value for required argument 0", "parameters"),
    (Some(-32603), "JSON-RPC error -32603: Internal error", "inside"),
    (Some(-32000), "JSON-RPC error -32000: nonce too low", "catch-all"),
    (Some(-32001), "JSON-RPC error -32001: Resource not found", "not found"),
    (Some(-32002), "JSON-RPC error -32002: Resource unavailable", "not available"),
    (Some(-32003), "JSON-RPC error -32003: Transaction rejected", "rejected"),
    (Some(-32004), "JSON-RPC error -32004: Method not supported", "does not support it"),
    (
        Some(-32005),
        "JSON-RPC error -32005: query returned more than 10000 results",
        "beyond a limit",
    ),
    (Some(-32006), "JSON-RPC error -32006: JSON-RPC version not supported", "version"),
    (Some(3), "JSON-RPC error 3: x", "reverted"),
    (Some(-32050), "JSON-RPC error -32050: x", "of its own, from the range"),
    (Some(1), "JSON-RPC error 1: x", "a JSON-RPC error inside"),
    (None, "JSON-RPC error: x", "a JSON-RPC error inside"),
    (None, "", "a JSON-RPC error inside"),
    // Providers' limits.
    (
        Some(-32005),
        "JSON-RPC error -32005: daily request count exceeded, request rate limited",
        "over its rate limit",
    ),
    (
        Some(-32007),
        "JSON-RPC error -32007: 50/second request limit reached - reduce calls per second",
        "over its rate limit",
    ),
    (Some(-32007), "JSON-RPC error -32007: x", "beyond a limit"),
    (Some(429), "JSON-RPC error 429: x", "beyond a limit"),
    (
        Some(429),
        "JSON-RPC error 429: Your app has exceeded its compute units per second capacity.",
        "over its rate limit",
    ),
    (Some(-32016), "JSON-RPC error -32016: over rate limit", "over its rate limit"),
    (Some(-32000), "JSON-RPC error -32000: Too many requests", "over its rate limit"),
    (Some(-32000), "JSON-RPC error -32000: too many concurrent requests", "over its rate limit"),
    (Some(-32000), "JSON-RPC error -32000: call rate exceeded", "over its rate limit"),
    (Some(-32000), "JSON-RPC error -32000: daily request count exceeded", "over its rate limit"),
    (Some(-32000), "JSON-RPC error -32000: monthly quota has been exceeded", "over its rate limit"),
    (Some(-32000), "JSON-RPC error -32000: request throttled", "over its rate limit"),
    // What nodes say under many codes.
    (
        Some(-32000),
        "JSON-RPC error -32000: execution reverted: ERC20: transfer amount exceeds balance",
        "reverted",
    ),
    (Some(-32015), "JSON-RPC error -32015: VM execution error.", "reverted"),
    (None, "JSON-RPC error: VM Exception while processing transaction: revert", "reverted"),
    (Some(-32000), "JSON-RPC error -32000: header not found", "does not have the block"),
    (Some(-32000), "JSON-RPC error -32000: block not found", "does not have the block"),
    (Some(-32000), "JSON-RPC error -32000: unknown block", "does not have the block"),
    (
        Some(-32000),
        "JSON-RPC error -32000: missing trie node 0x5f (path ) <nil>",
        "does not have the block",
    ),
    (
        Some(-32000),
        "JSON-RPC error -32000: required historical state unavailable (reexec=128)",
        "does not have the block",
    ),
    (
        Some(-32000),
        "JSON-RPC error -32000: cannot query unfinalized data",
        "does not have the block",
    ),
    (Some(-32011), "JSON-RPC error -32011: no backends available for method", "no node behind it"),
    (Some(-32012), "JSON-RPC error -32012: backend is over capacity", "no node behind it"),
    (Some(-32015), "JSON-RPC error -32015: gateway timeout", "no node behind it"),
    (Some(-32000), "JSON-RPC error -32000: no matched providers found", "no node behind it"),
    (Some(-32000), "JSON-RPC error -32000: execution timeout", "took too long"),
    (Some(-32000), "JSON-RPC error -32000: context deadline exceeded", "took too long"),
];

fn cause_of<'a>(taxonomy: &'a Taxonomy, code: Option<i64>, text: &str) -> Cause<'a> {
    let failure = Failure { template: &fold(text), status: 200, sign: BodySign::RpcError(code) };
    taxonomy.cause(taxonomy.classify(&failure))
}

#[test]
fn errors_are_explained_by_message_and_code() {
    let taxonomy = Taxonomy::default();
    for (code, text, said) in ERRORS {
        let cause = cause_of(&taxonomy, *code, text);
        assert_eq!(cause.class, Class::RpcError, "{text}");
        assert!(cause.meaning.contains(said), "{text}: {}", cause.meaning);
        let is_limit = said.contains("limit");
        assert_eq!(cause.alternatives.contains(&Class::RateLimited), is_limit, "{text}");
    }
}

#[test]
fn configured_codes_are_limits_or_successes() {
    let codes = RpcCodes { success: vec![3], rate_limited: vec![-32005] };
    let taxonomy = Taxonomy::new(&[], codes).unwrap();
    let limited = cause_of(&taxonomy, Some(-32005), "JSON-RPC error -32005: limit exceeded");
    assert_eq!((limited.class, limited.alternatives), (Class::RateLimited, &[][..]));
    assert!(limited.meaning.contains("rate_limited_codes"));
    let other = cause_of(&taxonomy, Some(-32603), "JSON-RPC error -32603: Internal error");
    assert_eq!(other.class, Class::RpcError);
    assert!(taxonomy.accepts_rpc(Some(3)));
    assert!(!taxonomy.accepts_rpc(Some(-32005)) && !taxonomy.accepts_rpc(None));
    assert!(!Taxonomy::default().accepts_rpc(Some(3)));
}
