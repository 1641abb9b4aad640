use super::*;

fn rule(pattern: &str, class: Class) -> Rule {
    Rule { pattern: pattern.to_owned(), class, meaning: String::new(), advice: String::new() }
}

fn classify(taxonomy: &Taxonomy, text: &str, status: u16, sign: BodySign) -> Class {
    let failure = Failure { template: &fold(text), status, sign };
    taxonomy.cause(taxonomy.classify(&failure)).class
}

#[test]
fn a_users_rules_come_first() {
    let rules = [
        rule("SHEDDING load", Class::Unavailable),
        rule("^503 ", Class::RateLimited),
        rule("10\\.0\\.0\\.7:", Class::Unreachable),
        rule("quota of plan <n>", Class::RateLimited),
        rule("header not found", Class::Unavailable),
        rule("connection refused", Class::Proxy),
    ];
    let taxonomy = Taxonomy::new(&rules, RpcCodes::default()).unwrap();
    let classify =
        |text: &str, status: u16, sign: BodySign| classify(&taxonomy, text, status, sign);
    assert_eq!(classify("shedding load", 0, BodySign::Nothing), Class::Unavailable);
    assert_eq!(classify("503 Service Unavailable", 503, BodySign::Nothing), Class::RateLimited);
    let rpc = BodySign::RpcError(Some(-32000));
    assert_eq!(classify("JSON-RPC error -32000: header not found", 200, rpc), Class::Unavailable);
    assert_eq!(classify("quota of plan 17 used up", 0, BodySign::Nothing), Class::RateLimited);
    // What is blanked decides nothing.
    let text = "dial tcp 10.0.0.7:80: connect: connection refused";
    assert_eq!(classify(text, 0, BodySign::Nothing), Class::Proxy);
    assert_eq!(classify("EOF", 0, BodySign::Nothing), Class::ClosedEarly);
}

#[test]
fn words_left_out_are_the_classs_own() {
    let own = Rule { meaning: "We shed load.".into(), ..rule("shedding", Class::Unavailable) };
    let taxonomy = Taxonomy::new(&[own], RpcCodes::default()).unwrap();
    let failure = Failure { template: "shedding", status: 0, sign: BodySign::Nothing };
    let cause = taxonomy.cause(taxonomy.classify(&failure));
    assert_eq!(cause.meaning, "We shed load.");
    assert_eq!(cause.advice, BUILT_IN.of_class(Class::Unavailable).cause(false).advice);
}

#[test]
fn a_wrong_pattern_is_named() {
    let says = |pattern: &str| {
        let rules = [rule("fine", Class::Reset), rule(pattern, Class::Reset)];
        let error = Taxonomy::new(&rules, RpcCodes::default()).unwrap_err();
        assert_eq!(error.index(), 1);
        error.to_string()
    };
    assert_eq!(says("("), "the pattern of taxonomy rule 2 is not valid: unclosed group");
    assert_eq!(says(""), "the pattern of taxonomy rule 2 is not valid: it is empty");
    assert!(!says("a{1000}{1000}{1000}").contains('\n'));
}
