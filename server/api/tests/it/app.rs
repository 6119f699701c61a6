//! A marketplace to knock at.

use std::sync::Mutex;

use api::Api;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode},
};
use market::{
    Client, Market,
    ports::{Tell, Telling},
};
use model::{Email, Role, Service, SignIn};
use serde_json::{Value, json};
use tower::ServiceExt;

pub const PASSWORD: &str = "correct horse battery";

pub struct App {
    pub router: Router,
    pub market: Market,
}

/// What a door answered.
#[derive(Debug)]
pub struct Answered {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answered {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The `name=value` of a cookie that was set.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let set = self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
        set.filter_map(|text| text.split(';').next())
            .find(|pair| pair.split('=').next() == Some(name))
            .map(str::to_owned)
    }

    /// The JSON of an answer that must have this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self.json()
    }
}

/// Somebody with an account.
pub struct Person {
    pub email: String,
    pub authorization: String,
    pub customer: String,
}

/// A market on `SQLite`, for what no engine has a say in.
pub async fn app() -> App {
    App::over(market::testing::market().await)
}

impl App {
    pub fn over(market: Market) -> Self {
        let gateway = gateway::Gateway::new(market.clone(), gateway::Config::default());
        let public_url = "https://cmp.example".to_owned();
        Self { router: api::router(Api { market: market.clone(), gateway, public_url }), market }
    }

    pub async fn send(&self, request: Request<Body>) -> Answered {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answered { status: parts.status, headers: parts.headers, text }
    }

    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answered {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into()).unwrap()).await
    }

    pub async fn get(&self, path: &str, authorization: &str) -> Answered {
        self.ask(Method::GET, path, &[("authorization", authorization)], Body::empty()).await
    }

    pub async fn post(&self, path: &str, authorization: &str, body: &Value) -> Answered {
        self.post_once(path, authorization, "", body).await
    }

    /// With an idempotency key, unless that is empty.
    pub async fn post_once(
        &self,
        path: &str,
        authorization: &str,
        key: &str,
        body: &Value,
    ) -> Answered {
        let all = [
            ("content-type", "application/json"),
            ("authorization", authorization),
            ("idempotency-key", key),
        ];
        let sent: Vec<_> = all.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        self.ask(Method::POST, path, &sent, body.to_string()).await
    }

    pub async fn form(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answered {
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend_from_slice(headers);
        self.ask(Method::POST, path, &all, body.to_owned()).await
    }

    /// Opens an account; its wallet holds the 100 trial credits.
    pub async fn person(&self, name: &str) -> Person {
        let email = format!("{name}@example.com");
        let body = json!({ "email": email, "password": PASSWORD, "full_name": name });
        let made = self.post("/api-auth/register/", "", &body).await.expect(201);
        Person {
            email,
            authorization: format!("Token {}", made["token"].as_str().unwrap()),
            customer: made["customer_uuid"].as_str().unwrap().to_owned(),
        }
    }

    /// The `Authorization` of somebody who may do everything.
    pub async fn operator(&self) -> String {
        let email: Email = "chief@example.com".parse().unwrap();
        let identity = self.market.identity();
        identity.create_operator(&email, PASSWORD.to_owned(), Role::Staff).await.unwrap();
        let known =
            SignIn { username: email.to_string(), password: PASSWORD.to_owned(), otp: None };
        format!("Token {}", identity.issue_token(&known, &Client::default()).await.unwrap())
    }

    /// The `Authorization` of an operator with a role, and the id of the user without hyphens.
    pub async fn operator_as(&self, email: &str, role: Role) -> (String, String) {
        let email: Email = email.parse().unwrap();
        let identity = self.market.identity();
        let id = identity.create_operator(&email, PASSWORD.to_owned(), role).await.unwrap();
        let known =
            SignIn { username: email.to_string(), password: PASSWORD.to_owned(), otp: None };
        let token = identity.issue_token(&known, &Client::default()).await.unwrap();
        (format!("Token {token}"), id.hex())
    }

    /// A sample service that can be called and has no monthly fee.
    pub fn service(&self) -> Service {
        let catalog = self.market.catalog();
        let found = catalog.find(&model::CatalogQuery { page_size: 100, ..Default::default() });
        let fits = |found: &&std::sync::Arc<model::ServiceDetail>| {
            found.service.monthly_fee == model::Usd::ZERO && found.callable
        };
        found.services.iter().find(fits).unwrap().service.clone()
    }

    /// Subscribes somebody to a service and returns the key.
    pub async fn key(&self, person: &Person, slug: &str) -> String {
        let path = format!("/v1/services/{slug}/subscribe");
        let made = self.post(&path, &person.authorization, &json!({})).await.expect(201);
        made["api_key"].as_str().unwrap().to_owned()
    }
}

/// What hooks were told, and what they answer (204 when nothing is said).
#[derive(Default)]
pub struct Ear(pub Mutex<Vec<Heard>>, pub Mutex<Vec<u16>>);

/// The address, the headers and the body that were sent.
pub type Heard = (String, Vec<(&'static str, String)>, String);

impl Tell for Ear {
    fn tell(&self, url: String, headers: Vec<(&'static str, String)>, body: String) -> Telling<'_> {
        Box::pin(async move {
            self.0.lock().unwrap().push((url, headers, body));
            Ok(self.1.lock().unwrap().pop().unwrap_or(204))
        })
    }
}
