//! Who is let in: by which name, from which page, with which token.

use trimtab_http::{Role, Token, Tokens};

use crate::stage::Stage;

fn token(name: &str, role: Role) -> Token {
    Token { name: name.into(), role, hash: Tokens::hash(&format!("secret of {name}")) }
}

#[tokio::test]
async fn a_name_that_was_made_to_point_here_is_no_name_of_the_api() {
    let stage = Stage::with(|builder| builder.hosts(["trimtab.example".into()])).await;
    let asked = async |host: &str| stage.ask("GET", "/v1/kinds", &[("Host", host)], "").await;
    for host in
        ["127.0.0.1", "127.0.0.1:7420", "[::1]:7420", "localhost:1", "LOCALHOST", "trimtab.example:7420"]
    {
        assert_eq!(asked(host).await.status, 200, "{host}");
    }
    for host in
        ["evil.example", "127.0.0.1.evil.example", "trimtab.example.evil", "localhost.evil.example:7420"]
    {
        let problem = asked(host).await.problem(403, "foreign-host");
        assert_eq!(problem["field"], "Host", "{host}");
    }
}

/// Another server may stand before this one and look at the other name.
#[tokio::test]
async fn every_name_that_a_request_says_must_be_one_of_the_api() {
    let stage = Stage::with(|builder| builder.hosts(["trimtab.example".into()])).await;
    let asked = async |line: &str, hosts: &[&str]| {
        let mut client = stage.connect().await;
        let hosts = hosts.iter().map(|host| format!("Host: {host}\r\n")).collect::<Vec<_>>().concat();
        client.say(&format!("GET {line} HTTP/1.1\r\n{hosts}\r\n")).await;
        client.answer().await.unwrap()
    };
    assert_eq!(asked("http://localhost:1/healthz", &["localhost:1"]).await.status, 200);
    assert_eq!(asked("http://trimtab.example/healthz", &["127.0.0.1"]).await.status, 200);
    for (line, host) in [
        ("http://evil.example/healthz", "localhost"),
        ("http://localhost/healthz", "evil.example"),
        ("http://localhost@evil.example/healthz", "localhost"),
        ("http://evil.example@localhost/healthz", "localhost"),
        ("/healthz", "localhost."),
        ("/healthz", "trimtab.example."),
        ("/healthz", "localhost:80:80"),
        ("/healthz", "[::1]:80:80"),
        ("/healthz", "[127.0.0.1]"),
        ("/healthz", "::1"),
        ("/healthz", "[::1"),
        ("/healthz", "[fe80::1%25lo]"),
        ("/healthz", "2130706433"),
        ("/healthz", "0x7f.0.0.1"),
        ("/healthz", "127.1"),
        ("/healthz", ""),
    ] {
        asked(line, &[host]).await.problem(403, "foreign-host");
    }
    for hosts in [&["localhost", "localhost"][..], &["localhost", "evil.example"], &[]] {
        asked("/healthz", hosts).await.problem(400, "malformed");
        asked("http://localhost/healthz", hosts).await.problem(400, "malformed");
    }
}

#[tokio::test]
async fn a_request_that_gives_two_tokens_gives_none() {
    let tokens = Tokens::of(vec![token("ci", Role::Write)]);
    let stage = Stage::with(|builder| builder.tokens(&tokens)).await;
    let (right, wrong) = (("Authorization", "Bearer secret of ci"), ("Authorization", "Bearer x"));
    for headers in [[right, wrong], [wrong, right], [right, right]] {
        stage.ask("GET", "/v1/kinds", &headers, "").await.problem(400, "malformed");
    }
}

#[tokio::test]
async fn a_page_asks_in_vain_what_it_may_and_looking_with_head_is_looking() {
    let tokens = Tokens::of(vec![token("grafana", Role::Read)]);
    let stage = Stage::with(|builder| builder.tokens(&tokens)).await;
    let reader = ("Authorization", "Bearer secret of grafana");
    let asking = [
        ("Host", "localhost:1"),
        ("Origin", "http://evil.example"),
        ("Access-Control-Request-Method", "PUT"),
    ];
    let answer = stage.ask("OPTIONS", "/v1/entries/site/a", &asking, "").await;
    answer.problem(403, "foreign-host");
    assert!(answer.headers.iter().all(|(name, _)| !name.starts_with("access-control-")), "{answer:?}");
    let mut client = stage.connect().await;
    client
        .say(&format!("HEAD /v1/kinds HTTP/1.1\r\nHost: localhost\r\n{}: {}\r\n\r\n", reader.0, reader.1))
        .await;
    assert_eq!(client.head().await.unwrap().status, 200);
}

#[tokio::test]
async fn a_page_of_another_origin_may_neither_look_nor_write() {
    let stage = Stage::new().await;
    let asked = async |origin: &str| {
        let headers = [("Host", "localhost:7420"), ("Origin", origin), ("Content-Type", "application/json")];
        stage.ask("PUT", "/v1/entries/site/a", &headers, r#"{"spec":{}}"#).await
    };
    for origin in ["http://evil.example", "null", "http://localhost:1", "http://localhost.evil:7420"] {
        asked(origin).await.problem(403, "foreign-host");
    }
    assert_eq!(asked("http://localhost:7420").await.status, 201);
}

#[tokio::test]
async fn a_token_opens_what_its_role_allows_and_nothing_is_open_without_one() {
    let tokens = Tokens::of(vec![token("grafana", Role::Read), token("ci", Role::Write)]);
    let stage = Stage::with(|builder| builder.tokens(&tokens).readiness(|| vec!["not yet".into()])).await;
    let asked = async |method: &str, token: Option<&str>| {
        let value = token.map(|name| format!("Bearer secret of {name}")).unwrap_or_default();
        let mut headers = vec![("Content-Type", "application/json")];
        headers.extend(token.map(|_| ("Authorization", value.as_str())));
        let body = if method == "PUT" { r#"{"spec":{}}"# } else { "" };
        stage.ask(method, "/v1/entries/site/a", &headers, body).await
    };
    let answer = asked("GET", None).await;
    answer.problem(401, "unauthorized");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    asked("GET", Some("nobody")).await.problem(401, "unauthorized");
    asked("PUT", Some("grafana")).await.problem(403, "forbidden");
    assert_eq!(asked("PUT", Some("ci")).await.status, 201);
    assert_eq!(asked("GET", Some("grafana")).await.status, 200);

    // Who only asks whether it lives needs none, and is told no more.
    assert_eq!(stage.get("/healthz").await.status, 200);
    let ready = stage.get("/readyz").await;
    assert_eq!((ready.status, ready.json()["reasons"].as_array().map(Vec::len)), (503, Some(0)));
    stage.get("/metrics").await.problem(401, "unauthorized");

    tokens.replace(vec![token("new", Role::Write)]);
    asked("PUT", Some("ci")).await.problem(401, "unauthorized");
    assert_eq!(asked("GET", Some("new")).await.status, 200);
    tokens.replace(Vec::new());
    asked("GET", Some("new")).await.problem(401, "unauthorized");
}
