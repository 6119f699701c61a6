//! People whom an identity provider vouches for: whose account they get, which role, and how they leave.

use std::sync::{Arc, Mutex};

use market::{
    Asked, Error, InvitationDraft, Market, Scope, Settings, TokenDraft,
    ports::{Clock, SystemEntropy, TestClock},
    sign_on::{Asking, Heard, Leaving, Provider, Unheard, Word},
    testing,
};
use model::{Role, ScopeRole, Timestamp};

use crate::{
    operator,
    sign_in::{PASSWORD, from, known, markets, register},
};

/// A provider that says what the test has told it to.
#[derive(Default)]
struct Told {
    word: Mutex<Option<Word>>,
    asked: Mutex<Option<Asking>>,
    leaving: Mutex<Option<Leaving>>,
}

impl Provider for Told {
    fn address<'a>(&'a self, asking: &'a Asking) -> Heard<'a, String> {
        *self.asked.lock().unwrap() = Some(asking.clone());
        Box::pin(async { Ok("https://id.example/auth".to_owned()) })
    }

    fn word<'a>(&'a self, code: &'a str, asking: &'a Asking) -> Heard<'a, Word> {
        let asked = self.asked.lock().unwrap().clone().unwrap();
        let same = asked.nonce == asking.nonce && asked.verifier == asking.verifier;
        let word = self.word.lock().unwrap().clone().filter(|_| same && code == "code");
        Box::pin(async move { word.ok_or_else(|| Unheard::Refused("no".to_owned())) })
    }

    fn leave<'a>(&'a self, id_token: &'a str) -> Heard<'a, Option<String>> {
        Box::pin(
            async move { Ok(Some(format!("https://id.example/logout?id_token_hint={id_token}"))) },
        )
    }

    fn leaving<'a>(&'a self, _: &'a str, _: Timestamp) -> Heard<'a, Leaving> {
        let leaving = self.leaving.lock().unwrap().clone();
        Box::pin(async move { leaving.ok_or_else(|| Unheard::Refused("forged".to_owned())) })
    }
}

fn word(subject: &str, email: &str, roles: &[&str]) -> Word {
    Word {
        issuer: "https://id.example".to_owned(),
        subject: subject.to_owned(),
        email: Some(email.to_owned()),
        email_verified: true,
        name: Some("Ada Lovelace".to_owned()),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        sid: Some(format!("sid-{subject}")),
        id_token: format!("token-of-{subject}"),
    }
}

/// Somebody goes to the provider and comes back; the session's secret.
async fn enter(market: &Market, told: &Told, word: Word) -> market::Result<String> {
    *told.word.lock().unwrap() = Some(word);
    let (_, secret) = market.sign_on().start("/wallet/?a=b", &from("10.0.0.1")).await?;
    let state = told.asked.lock().unwrap().clone().unwrap().state;
    let (session, next) =
        market.sign_on().finish(&secret, &state, "code", &from("10.0.0.1")).await?;
    assert_eq!(next, "/wallet/?a=b");
    Ok(session)
}

fn connect(market: &Market) -> Arc<Told> {
    let told = Arc::new(Told::default());
    market.sign_on_by(Arc::<Told>::clone(&told));
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_has_an_account_and_the_providers_role() {
    for (market, _) in markets().await {
        let nobody = market.sign_on().start("/", &from("10.0.0.1")).await;
        assert!(matches!(nobody, Err(Error::Missing(_))), "{nobody:?}");
        let told = connect(&market);
        let session = enter(&market, &told, word("1", "ada@example.org", &["x", "finance"])).await;
        let actor = market.identity().by_session(&session.unwrap()).await.unwrap().unwrap();
        let me = market.identity().me(&actor).await.unwrap();
        assert_eq!((me.email.as_str(), me.full_name.as_str()), ("ada@example.org", "Ada Lovelace"));
        assert_eq!((me.role, me.customers.len()), (Some(Role::Finance), 1));
        let security = market.identity().security(&actor).await.unwrap();
        assert!(!security.has_password && security.verified_at.is_some());
        assert_eq!(security.issuers, ["https://id.example"]);
        // There is no password to guess.
        assert!(
            market
                .identity()
                .issue_token(&known("ada", "", None), &from("10.0.0.2"))
                .await
                .is_err()
        );
        // The provider's name counts from now on, not the address; and what it gave, it takes.
        let session = enter(&market, &told, word("1", "other@example.org", &[])).await.unwrap();
        let again = market.identity().by_session(&session).await.unwrap().unwrap();
        assert_eq!(again.user(), actor.user());
        assert_eq!(market.identity().me(&again).await.unwrap().role, None);
        let chief = operator(&market).await;
        let told = market.history().list(&chief, Asked::default(), (100, 0)).await.unwrap().0;
        assert_eq!(told.iter().filter(|event| event.kind == "user_role_changed").count(), 2);
        // Nobody fills the table of those who are on their way.
        for _ in 0..58 {
            market.sign_on().start("/", &from("10.0.0.1")).await.unwrap();
        }
        let often = market.sign_on().start("/", &from("10.0.0.1")).await;
        assert!(matches!(often, Err(Error::Limited { .. })), "{often:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_found_by_a_verified_address_only() {
    for (market, _) in markets().await {
        let told = connect(&market);
        let made = register(&market, "ada").await;
        let waits = market.identity().by_token(&made.token).await.unwrap().unwrap();
        let draft = TokenDraft {
            name: "robot".to_owned(),
            scopes: vec!["read".to_owned()],
            ..TokenDraft::default()
        };
        let robot = market.tokens().create(&waits, draft).await.unwrap().1;
        let unverified = Word { email_verified: false, ..word("1", "ada@example.org", &[]) };
        let refused = enter(&market, &told, unverified).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
        let none = Word { email: None, ..word("1", "", &[]) };
        assert!(enter(&market, &told, none).await.is_err());
        // Nobody had shown that the account's address is theirs: whoever made it is out.
        let session = enter(&market, &told, word("1", "ADA@example.org", &[])).await.unwrap();
        let actor = market.identity().by_session(&session).await.unwrap().unwrap();
        assert_eq!(actor.user(), Some(made.user_uuid));
        assert!(market.identity().by_token(&made.token).await.unwrap().is_none());
        assert!(market.identity().by_token(&robot).await.unwrap().is_none());
        let old =
            market.identity().issue_token(&known("ada", PASSWORD, None), &from("10.0.0.1")).await;
        assert!(matches!(old, Err(Error::Credentials)), "{old:?}");
        // An operator's account was vouched for, and its own role is not the provider's to take.
        let chief = "operator@example.com".parse().unwrap();
        let token = market.identity().token_of(&chief).await.unwrap();
        let session = enter(&market, &told, word("2", "operator@example.com", &[])).await.unwrap();
        let actor = market.identity().by_session(&session).await.unwrap().unwrap();
        assert!(actor.is_operator());
        assert!(market.identity().by_token(&token).await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_kept_out_where_that_is_set() {
    for db in [testing::sqlite().await, testing::postgres().await] {
        let clock: Arc<dyn Clock> = Arc::new(TestClock::at(1_800_000_000_000));
        let settings = Settings { block_uninvited: true, ..Settings::default() };
        let market = Market::open_with(db, settings, clock, Arc::new(SystemEntropy)).await.unwrap();
        let told = connect(&market);
        let stranger = enter(&market, &told, word("1", "stranger@example.org", &["staff"])).await;
        assert!(matches!(stranger, Err(Error::Conflict(_))), "{stranger:?}");
        let made = register(&market, "ada").await;
        let session = enter(&market, &told, word("2", "ada@example.org", &[])).await.unwrap();
        // Whoever is invited is no stranger, as long as the invitation waits.
        let ada = market.identity().by_session(&session).await.unwrap().unwrap();
        let invite = async |email: &str| {
            let draft = InvitationDraft {
                email: email.to_owned(),
                scope: Scope::Customer(made.customer_uuid),
                role: ScopeRole::CustomerManager,
                note: String::new(),
            };
            market.invitations().create(&ada, draft).await.unwrap().row.invitation.id
        };
        invite("Guest@example.org").await;
        let session = enter(&market, &told, word("3", "guest@example.org", &[])).await.unwrap();
        assert!(market.identity().by_session(&session).await.unwrap().is_some());
        let canceled = invite("late@example.org").await;
        market.invitations().cancel(&ada, canceled).await.unwrap();
        let late = enter(&market, &told, word("4", "late@example.org", &[])).await;
        assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_back_is_for_the_browser_that_went_and_once() {
    for (market, clock) in markets().await {
        let told = connect(&market);
        *told.word.lock().unwrap() = Some(word("1", "ada@example.org", &[]));
        let (sign_on, client) = (market.sign_on(), from("10.0.0.1"));
        let state = || told.asked.lock().unwrap().clone().unwrap().state;
        let (_, secret) = sign_on.start("/", &from("10.0.0.1")).await.unwrap();
        assert!(sign_on.finish(&"0".repeat(64), &state(), "code", &client).await.is_err());
        sign_on.finish(&secret, &state(), "code", &client).await.unwrap();
        assert!(sign_on.finish(&secret, &state(), "code", &client).await.is_err(), "once");
        let (_, secret) = sign_on.start("/", &from("10.0.0.1")).await.unwrap();
        assert!(sign_on.finish(&secret, "another state", "code", &client).await.is_err());
        assert!(sign_on.finish(&secret, &state(), "code", &client).await.is_err(), "not again");
        let (_, secret) = sign_on.start("/", &from("10.0.0.1")).await.unwrap();
        clock.advance_ms(15 * 60_000);
        assert!(sign_on.finish(&secret, &state(), "code", &client).await.is_err(), "too late");
        let (_, secret) = sign_on.start("/", &from("10.0.0.1")).await.unwrap();
        let wrong = sign_on.finish(&secret, &state(), "another code", &client).await;
        assert!(matches!(wrong, Err(Error::Conflict(_))), "{wrong:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_works_both_ways() {
    for (market, _) in markets().await {
        let told = connect(&market);
        let identity = market.identity();
        let mut ada = Vec::new();
        for n in 0..3 {
            let one = Word { sid: Some(format!("s{n}")), ..word("ada", "ada@example.org", &[]) };
            ada.push(enter(&market, &told, one).await.unwrap());
        }
        let eve = enter(&market, &told, word("eve", "eve@example.org", &[])).await.unwrap();
        let lives = async |secret: &str| identity.by_session(secret).await.unwrap().is_some();

        let left = identity.sign_out(&ada[0]).await.unwrap();
        assert_eq!(left.as_deref(), Some("https://id.example/logout?id_token_hint=token-of-ada"));
        assert_eq!(identity.sign_out(&ada[0]).await.unwrap(), None);

        let forged = market.sign_on().back_channel("x").await;
        assert!(matches!(forged, Err(Error::Invalid(_))), "{forged:?}");
        let leaving = Leaving {
            issuer: "https://id.example".to_owned(),
            subject: Some("ada".to_owned()),
            sid: Some("s1".to_owned()),
            jti: "one".to_owned(),
            expires_at: market.core().now().plus_ms(120_000),
        };
        *told.leaving.lock().unwrap() = Some(leaving.clone());
        assert_eq!(market.sign_on().back_channel("x").await.unwrap(), 1);
        assert!(!lives(&ada[1]).await && lives(&ada[2]).await && lives(&eve).await);
        let again = market.sign_on().back_channel("x").await;
        assert!(matches!(again, Err(Error::Invalid(_))), "{again:?}");
        // Another provider's name for somebody is nobody here.
        let foreign =
            Leaving { issuer: "https://evil.example".to_owned(), sid: None, ..leaving.clone() };
        *told.leaving.lock().unwrap() = Some(foreign);
        assert_eq!(market.sign_on().back_channel("x").await.unwrap(), 0);
        let all = Leaving { sid: None, jti: "two".to_owned(), ..leaving };
        *told.leaving.lock().unwrap() = Some(all);
        assert_eq!(market.sign_on().back_channel("x").await.unwrap(), 1);
        assert!(!lives(&ada[2]).await && lives(&eve).await);
    }
}
