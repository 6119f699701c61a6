//! The real program: killed, stopped, doubled; its commands.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what is not as it must be fails the test"
)]

mod clients;
mod http;

use std::{
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use http::{get, post};
use serde_json::{Value, json};

/// A folder of its own for one test; it goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cmp-it-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The program with the settings of a test.
#[derive(Clone)]
struct Program {
    settings: Vec<(&'static str, String)>,
    port: u16,
}

impl Program {
    fn new(folder: &Folder, database: Option<&str>) -> Self {
        let port = free_port();
        let mut settings = vec![
            ("CMP_DATA_DIR", folder.0.display().to_string()),
            ("CMP_ADDR", format!("127.0.0.1:{port}")),
            ("CMP_LOG", "warn".to_owned()),
            ("CMP_WORKERS", "2".to_owned()),
        ];
        settings.extend(database.map(|url| ("DATABASE_URL", url.to_owned())));
        Self { settings, port }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cmp-server"));
        command
            .args(args)
            .env_remove("DATABASE_URL")
            .envs(self.settings.iter().map(|(k, v)| (*k, v.as_str())));
        command.env("RUST_BACKTRACE", "0");
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// The proof, which must succeed.
    fn prove(&self) -> String {
        let output = self.run(&["proof"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        text
    }

    fn serve(&self) -> Server {
        let child = self.command(&["serve", "--samples"]).stdout(Stdio::null()).spawn().unwrap();
        let server = Server { child, port: self.port };
        let began = Instant::now();
        while get(self.port, "/readyz", "").is_none_or(|(status, _)| status != 200) {
            assert!(began.elapsed() < Duration::from_mins(1), "the server does not come up");
            thread::sleep(Duration::from_millis(50));
        }
        server
    }
}

/// A running server; it is killed when the test ends.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn signal(&self, name: &str) {
        assert!(
            Command::new("kill")
                .args([name, &self.child.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The sample buyer's token, and a key for a service that is paid by use.
fn buyer(port: u16) -> (String, String, String) {
    let sign_in = json!({ "username": "buyer@example.com", "password": "sample-password" });
    let (status, body) = post(port, "/api-auth/password/", "", &sign_in).unwrap();
    assert_eq!(status, 200, "{body}");
    let token = format!("Token {}", body["token"].as_str().unwrap());
    let (_, services) =
        get(port, "/marketplace/services?family=gpt&sort=-price&page_size=1", "").unwrap();
    let slug = services["services"][0]["slug"].as_str().unwrap().to_owned();
    let (status, body) =
        post(port, &format!("/v1/services/{slug}/subscribe"), &token, &json!({})).unwrap();
    assert_eq!(status, 201, "{body}");
    (token, format!("Bearer {}", body["api_key"].as_str().unwrap()), slug)
}

fn postgres() -> String {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(market::testing::postgres_url()).0
}

/// Kills the program at random moments under load; nothing acknowledged is lost and the ledger balances each time.
fn survives_kills(name: &str, database: Option<&str>) {
    let folder = Folder::new(name);
    let program = Program::new(&folder, database);
    let mut server = program.serve();
    let (token, key, slug) = buyer(server.port);
    let (mut receipts, mut runs): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for round in 0..5_u64 {
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..6)
            .map(|client| {
                let (stop, token, key, slug, port) = (Arc::clone(&stop), token.clone(), key.clone(), slug.clone(), server.port);
                thread::spawn(move || {
                    let (mut receipts, mut runs) = (Vec::new(), Vec::new());
                    for n in 0.. {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        if client % 3 == 2 {
                            let run_id = format!("{round}-{client}-{n}");
                            let authorize = json!({ "run_id": run_id, "budget": 0.002 });
                            let settle = json!({ "run_id": run_id, "credits": 0.001 });
                            let Some((200, _)) = post(port, "/billing/authorize", &token, &authorize) else { continue };
                            if let Some((200, _)) = post(port, "/billing/settle", &token, &settle) {
                                runs.push(run_id);
                            }
                        } else {
                            let call = json!({ "model": slug, "max_tokens": 5, "messages": [{ "role": "user", "content": "hi" }] });
                            if let Some((200, body)) = post(port, "/v1/chat/completions", &key, &call) {
                                receipts.push(body["__receipt"].as_str().unwrap().to_owned());
                            }
                        }
                    }
                    (receipts, runs)
                })
            })
            .collect();
        thread::sleep(Duration::from_millis(150 + 170 * round));
        server.kill();
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            let (more, settled) = client.join().unwrap();
            receipts.extend(more);
            runs.extend(settled);
        }
        program.prove();
        server = program.serve();
        program.prove();
    }
    assert!(
        receipts.len() > 20 && runs.len() > 20,
        "{} receipts, {} runs",
        receipts.len(),
        runs.len()
    );
    for id in &receipts {
        let (status, body) = get(server.port, &format!("/v1/receipts/{id}"), &key).unwrap();
        assert_eq!(status, 200, "receipt {id} was acknowledged and is gone: {body}");
    }
    let mut listed = std::collections::HashSet::new();
    for page in 1.. {
        let (_, body) =
            get(server.port, &format!("/wallets/me/ledger?page={page}&page_size=100"), &token)
                .unwrap();
        let entries = body["entries"].as_array().unwrap().clone();
        if entries.is_empty() {
            break;
        }
        listed.extend(entries.iter().filter_map(|e| e["run_id"].as_str().map(str::to_owned)));
    }
    for run in &runs {
        assert!(listed.contains(run), "the settlement of {run} was acknowledged and is gone");
    }
    let (_, wallet) = get(server.port, "/wallets/me", &token).unwrap();
    assert!(wallet["balance"].as_f64().unwrap() < 100.0, "{wallet}");
}

#[test]
fn kills_on_sqlite_lose_nothing() {
    survives_kills("kills-sqlite", None);
}

#[test]
fn kills_on_postgres_lose_nothing() {
    survives_kills("kills-postgres", Some(&postgres()));
}

#[test]
fn a_stopped_server_finishes_and_gives_everything_back() {
    let folder = Folder::new("stop");
    let program = Program::new(&folder, None);
    let mut server = program.serve();
    let (_, key, slug) = buyer(server.port);
    let port = server.port;
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let (key, slug) = (key.clone(), slug.clone());
            thread::spawn(move || {
                let call = json!({ "model": slug, "max_tokens": 5, "messages": [{ "role": "user", "content": "hi" }] });
                post(port, "/v1/chat/completions", &key, &call).filter(|(status, _)| *status == 200)
            })
        })
        .collect();
    thread::sleep(Duration::from_millis(30));
    server.signal("-TERM");
    assert!(server.child.wait().unwrap().success());
    let answered: Vec<Value> =
        calls.into_iter().filter_map(|c| c.join().unwrap()).map(|(_, body)| body).collect();
    program.prove();
    let server = program.serve();
    for body in answered {
        let id = body["__receipt"].as_str().unwrap();
        assert_eq!(get(server.port, &format!("/v1/receipts/{id}"), &key).unwrap().0, 200);
    }
}

#[test]
fn two_servers_on_one_postgres() {
    let (folder, url) = (Folder::new("two"), postgres());
    let (one, two) = (Program::new(&folder, Some(&url)), Program::new(&folder, Some(&url)));
    let (first, second) = (one.serve(), two.serve());
    let (token, key, slug) = buyer(first.port);
    let call = json!({ "model": slug, "max_tokens": 5, "messages": [{ "role": "user", "content": "hi" }] });
    for port in [first.port, second.port, first.port, second.port] {
        assert_eq!(post(port, "/v1/chat/completions", &key, &call).unwrap().0, 200);
    }
    let id = get(first.port, "/instances/", &token).unwrap().1[0]["instance_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let (_, wallet) = get(second.port, "/wallets/me", &token).unwrap();
    assert!(wallet["balance"].as_f64().unwrap() < 100.0);
    // Ending the subscription on one ends its key on the other within a moment.
    assert_eq!(
        http::delete(first.port, &format!("/v1/services/{slug}/subscribe"), &token),
        Some(204),
        "{id}"
    );
    let began = Instant::now();
    while post(second.port, "/v1/chat/completions", &key, &call).unwrap().0 != 401 {
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "the key still opens on the other server"
        );
        thread::sleep(Duration::from_millis(20));
    }
    first.signal("-TERM");
    second.signal("-TERM");
    drop((first, second));
    one.prove();
}

#[test]
fn the_commands_do_what_they_say() {
    let folder = Folder::new("commands");
    let program = Program::new(&folder, None);
    assert!(program.run(&["migrate"]).status.success());
    let made = program.run(&[
        "operator",
        "create",
        "--email",
        "op@example.org",
        "--password",
        "long enough password",
    ]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let token = program.run(&["token", "--email", "op@example.org"]);
    assert_eq!(String::from_utf8(token.stdout).unwrap().trim().len(), 40);
    let nobody = program.run(&["token", "--email", "nobody@example.org"]);
    assert!(!nobody.status.success());
    let short = program.run(&["operator", "create", "--email", "a@b.c", "--password", "short"]);
    assert!(
        !short.status.success() && String::from_utf8_lossy(&short.stderr).contains("12 characters")
    );
    assert!(program.prove().contains("The ledger balances"));
    let file = folder.0.join("copy.db");
    assert!(program.run(&["backup", file.to_str().unwrap()]).status.success());
    assert!(file.exists());
    assert!(
        !program.run(&["backup", file.to_str().unwrap()]).status.success(),
        "a backup never overwrites"
    );
    let openapi = program.run(&["openapi"]);
    let document: Value = serde_json::from_slice(&openapi.stdout).unwrap();
    assert!(document["paths"]["/v1/chat/completions"].is_object());
    let listed = program.run(&["bench-upstream", "--url", "http://127.0.0.1:9/v1"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert!(listed["api_key"].as_str().unwrap().starts_with("cmp_sk_"));
    let seeded = program.run(&["seed"]);
    assert!(String::from_utf8_lossy(&seeded.stdout).contains("nothing was changed"));
}

#[test]
fn a_wrong_setting_stops_the_start() {
    let folder = Folder::new("settings");
    let mut program = Program::new(&folder, None);
    program.settings.push(("PLATFORM_FEE_BPS", "a lot".to_owned()));
    let output = program.run(&["serve"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said.contains("PLATFORM_FEE_BPS") && said.contains("a lot") && said.contains("0 to 10000"),
        "{said}"
    );
}

#[test]
fn a_changed_ledger_fails_the_proof() {
    let folder = Folder::new("tampered");
    let program = Program::new(&folder, None);
    assert!(program.run(&["seed"]).status.success());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let db = store::Db::open(&format!("sqlite://{}/cmp.db", folder.0.display())).await.unwrap();
        store::testing::tamper(&db, "UPDATE postings SET amount = amount + 1 WHERE line = 0")
            .await
            .unwrap();
        db.close().await;
    });
    let output = program.run(&["proof"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("NOT SO") && said.contains("posting "), "{said}");
}

#[test]
fn bodies_are_cut_at_the_limit_and_not_after() {
    let folder = Folder::new("limits");
    let program = Program::new(&folder, None);
    let server = program.serve();
    let (_, key, _) = buyer(server.port);
    for path in ["/v1/chat/completions", "/billing/authorize"] {
        let (status, sent) = http::endless(server.port, path, &key);
        assert_eq!(status, 413, "{path}");
        assert!(sent < 64 * 1024 * 1024, "{sent} bytes were taken before the refusal");
    }
    assert_eq!(http::announced(server.port, "/v1/chat/completions", &key, 1 << 40), 413);
}

#[test]
fn pages_are_served_with_true_status_and_safe_headers() {
    let folder = Folder::new("pages");
    let server = Program::new(&folder, None).serve();
    for (path, status) in [
        ("/", 200),
        ("/marketplace/", 200),
        ("/marketplace/?family=gpt&sort=price", 200),
        ("/marketplace/?x=%FF&page=-1", 200),
        ("/login/", 200),
        ("/nothing/here/", 404),
        ("/marketplace", 308),
        ("/metrics", 200),
        ("/healthz", 200),
        ("/marketplace-public-offering/00000000000000000000000000000000/", 404),
    ] {
        let (got, head, _) = http::raw(server.port, "GET", path, "", "").unwrap();
        assert_eq!(got, status, "{path}");
        assert!(head.contains("x-content-type-options: nosniff"), "{path}: {head}");
        assert!(head.contains("frame-ancestors 'none'"), "{path}: {head}");
    }
    let (status, ..) = http::raw(
        server.port,
        "POST",
        "/rpc/resources/start",
        "Origin: http://evil.example\r\n",
        "offering=x",
    )
    .unwrap();
    assert_eq!(status, 403, "a form of another site");
}
