//! Who asks: a browser or a program, by itself or through a proxy.

use serde_json::{Value, json};

use super::{Folder, Program, http};

/// A provider of the sample content and a service that can be tried.
fn sample(port: u16) -> (String, String) {
    let (_, providers) = http::get(port, "/v1/providers", "").unwrap();
    let (_, models) = http::get(port, "/v1/models", "").unwrap();
    let name = |value: &Value| value.as_str().unwrap().to_owned();
    (name(&providers["providers"][0]["slug"]), name(&models["data"][0]["id"]))
}

fn has(head: &str, header: &str) -> bool {
    head.lines().any(|line| line.starts_with(header))
}

#[test]
fn a_provider_is_a_page_to_browsers_and_data_to_programs() {
    let folder = Folder::new("both");
    let program = Program::new(&folder, None);
    let server = program.serve();
    let (provider, _) = sample(program.port);
    let browser = "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\n";
    for path in [
        format!("/marketplace/providers/{provider}/"),
        format!("/marketplace/providers/{provider}"),
    ] {
        // Twice and in turn, so that neither is answered with what was kept of the other.
        for _ in 0..2 {
            for accept in ["", "Accept: */*\r\n", "Accept: application/json\r\n"] {
                let (status, head, body) =
                    http::raw(program.port, "GET", &path, accept, "").unwrap();
                assert_eq!(status, 200, "{path} {accept}");
                let body: Value = serde_json::from_str(&body).unwrap();
                assert_eq!(body["provider"]["slug"], provider);
                assert!(has(&head, "content-type: application/json"), "{head}");
                assert!(has(&head, "vary: accept"), "{head}");
            }
            for method in ["GET", "HEAD"] {
                let (_, head, _) = http::raw(program.port, method, &path, browser, "").unwrap();
                assert!(!has(&head, "content-type: application/json"), "{head}");
                assert!(has(&head, "vary: accept"), "{head}");
                assert!(has(&head, "content-security-policy"), "{head}");
                if path.ends_with('/') {
                    assert!(has(&head, "content-type: text/html"), "{head}");
                }
            }
        }
        let (status, ..) = http::raw(program.port, "POST", &path, browser, "").unwrap();
        assert_eq!(status, 405);
    }
    drop(server);
}

/// The status of a try, and how many are left.
fn try_as(port: u16, service: &str, forwarded: &str) -> (u16, Option<u32>) {
    let body = json!({ "messages": [{ "role": "user", "content": "hi" }] }).to_string();
    let headers = format!("X-Forwarded-For: {forwarded}\r\nContent-Type: application/json\r\n");
    let path = format!("/marketplace/services/{service}/try");
    let (status, head, _) = http::raw(port, "POST", &path, &headers, &body).unwrap();
    let left = head.lines().find_map(|line| line.strip_prefix("x-cmp-demo-left: "));
    (status, left.map(|left| left.trim().parse().unwrap()))
}

#[test]
fn nobody_gets_more_tries_by_claiming_other_addresses() {
    let folder = Folder::new("claims");
    let program = Program::new(&folder, None);
    let server = program.serve();
    let (_, service) = sample(program.port);
    for left in (0..5).rev() {
        let claimed = format!("203.0.113.{left}");
        assert_eq!(try_as(program.port, &service, &claimed), (200, Some(left)));
    }
    assert_eq!(try_as(program.port, &service, "203.0.113.99"), (429, None));
    drop(server);
    program.prove();
}

#[test]
fn behind_a_proxy_the_client_is_whom_the_proxy_has_seen() {
    let folder = Folder::new("proxy");
    let mut program = Program::new(&folder, None);
    program.settings.push(("CMP_TRUST_PROXY", "true".to_owned()));
    let server = program.serve();
    let (_, service) = sample(program.port);
    for (forwarded, left) in [
        ("203.0.113.1", 4),
        ("203.0.113.2", 4),
        ("9.9.9.9, 203.0.113.1", 3),
        ("8.8.8.8, 7.7.7.7, 203.0.113.1", 2),
        ("2001:db8:1:2::1", 4),
        ("[2001:db8:1:2:ffff::9]:4711", 3),
    ] {
        assert_eq!(try_as(program.port, &service, forwarded), (200, Some(left)), "{forwarded}");
    }
    drop(server);
    program.prove();
}
