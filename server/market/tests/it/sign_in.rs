//! Signing in against people who guess, replay and come too late; and the mails that go with it.

use std::sync::{Arc, Mutex};

use market::{
    Actor, Asked, Client, Entered, Error, Market,
    mails::{Mail, Outgoing, Sending, Unsent},
    ports::TestClock,
    testing,
};
use model::{MailState, Register, Registered, SignIn};
use totp_rs::{Builder, Secret};

use crate::operator;

pub const PASSWORD: &str = "correct horse battery";
const MINUTE: i64 = 60_000;

/// A marketplace on each engine, whose clock the test moves.
pub async fn markets() -> Vec<(Market, Arc<TestClock>)> {
    let mut made = Vec::new();
    for db in [testing::sqlite().await, testing::postgres().await] {
        let clock = Arc::new(TestClock::at(1_800_000_000_000));
        made.push((testing::with_clock(db, Arc::clone(&clock)).await, clock));
    }
    made
}

pub fn from(address: &str) -> Client {
    Client { address: address.to_owned(), user_agent: "Firefox/140.0 (Linux)".to_owned() }
}

pub fn known(name: &str, password: &str, otp: Option<&str>) -> SignIn {
    SignIn {
        username: format!("{name}@example.org"),
        password: password.to_owned(),
        otp: otp.map(str::to_owned),
    }
}

pub async fn register(market: &Market, name: &str) -> Registered {
    let email = format!("{name}@example.org").parse().unwrap();
    let full_name = name.parse().unwrap();
    let request = Register { email, password: PASSWORD.to_owned(), full_name };
    market.identity().register(request).await.unwrap()
}

pub async fn session(market: &Market, name: &str) -> String {
    let entered = market.identity().sign_in(&known(name, PASSWORD, None), &from("10.0.0.1")).await;
    let Ok(Entered::Session(secret)) = entered else { panic!("{entered:?}") };
    secret
}

async fn actor(market: &Market, secret: &str) -> Actor {
    market.identity().by_session(secret).await.unwrap().unwrap()
}

/// The mails that wait for somebody, newest first.
pub async fn mails(market: &Market, name: &str) -> Vec<model::MailView> {
    let chief = operator(market).await;
    let to = format!("{name}@example.org");
    let mut found = Vec::new();
    for mail in market.mails().list(&chief, 1).await.unwrap() {
        if mail.to == to {
            found.push(market.mails().find(&chief, mail.id).await.unwrap());
        }
    }
    found
}

pub fn token(text: &str) -> String {
    text.split("?token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn four_wrong_passwords_lock_the_account_from_that_address() {
    for (market, clock) in markets().await {
        let made = register(&market, "target").await;
        let identity = market.identity();
        let (bad, good) =
            (known("target", "not the password", None), known("target", PASSWORD, None));
        for n in 0..4 {
            let wrong = if n % 2 == 0 {
                identity.sign_in(&bad, &from("192.0.2.1")).await.map(drop)
            } else {
                identity.issue_token(&bad, &from("192.0.2.1")).await.map(drop)
            };
            assert!(matches!(wrong, Err(Error::Credentials)), "{wrong:?}");
            clock.advance_ms(1_000);
        }
        let locked = identity.sign_in(&good, &from("192.0.2.1")).await;
        assert!(
            matches!(locked, Err(Error::Limited { retry_after_s: 590..=600, .. })),
            "{locked:?}"
        );
        let locked = identity.issue_token(&good, &from("192.0.2.1")).await;
        assert!(matches!(locked, Err(Error::Limited { .. })), "{locked:?}");
        // Its owner, elsewhere, gets in; so does everybody else.
        identity.issue_token(&good, &from("192.0.2.2")).await.unwrap();
        // Somebody who is not there is locked in the same way.
        let nobody = known("nobody", "not the password", None);
        for _ in 0..4 {
            let wrong = identity.sign_in(&nobody, &from("192.0.2.1")).await;
            assert!(matches!(wrong, Err(Error::Credentials)), "{wrong:?}");
        }
        let locked = identity.sign_in(&nobody, &from("192.0.2.1")).await;
        assert!(matches!(locked, Err(Error::Limited { .. })), "{locked:?}");
        // Its owner and operators read of it; what was typed stands nowhere.
        let ada = market.identity().by_token(&made.token).await.unwrap().unwrap();
        let read = market.history().list(&ada, Asked::default(), (100, 0)).await.unwrap().0;
        let count = |kind: &str| read.iter().filter(|event| event.kind == kind).count();
        assert_eq!((count("auth_login_failed_with_username"), count("auth_locked_out")), (4, 1));
        let told = read.iter().find(|event| event.kind == "auth_locked_out").unwrap();
        assert_eq!(told.context["ip_address"], "192.0.2.1");
        assert_eq!(told.object_id, ada.user().unwrap().to_string());
        // Trying on does not make it longer.
        clock.advance_ms(9 * MINUTE);
        assert!(identity.sign_in(&good, &from("192.0.2.1")).await.is_err());
        clock.advance_ms(MINUTE);
        identity.issue_token(&good, &from("192.0.2.1")).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_guesses_at_once_are_no_more_than_four() {
    for (market, _) in markets().await {
        register(&market, "busy").await;
        let mut tasks = Vec::new();
        for n in 0..24 {
            let market = market.clone();
            tasks.push(tokio::spawn(async move {
                // The same household, as far as anybody can tell.
                let client = from(&format!("2001:db8:1:2::{n:x}"));
                market.identity().sign_in(&known("busy", "not the password", None), &client).await
            }));
        }
        let mut looked_at = 0;
        for task in tasks {
            match task.await.unwrap() {
                Err(Error::Credentials) => looked_at += 1,
                Err(Error::Limited { .. }) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(looked_at, 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_password_on_many_accounts_is_limited_by_address() {
    for (market, _) in markets().await {
        for n in 0..60 {
            let guess = known(&format!("user{n}"), "Summer 2027, again", None);
            let wrong = market.identity().sign_in(&guess, &from("192.0.2.9")).await;
            assert!(matches!(wrong, Err(Error::Credentials)), "{n}: {wrong:?}");
        }
        let guess = known("user60", "Summer 2027, again", None);
        let wrong = market.identity().sign_in(&guess, &from("192.0.2.9")).await;
        assert!(matches!(wrong, Err(Error::Limited { what: "sign-in", .. })), "{wrong:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_reset_once_by_mail() {
    for (market, clock) in markets().await {
        let made = register(&market, "ada").await;
        let identity = market.identity();
        let secret = session(&market, "ada").await;
        let ask = |name: &str| format!("{name}@example.org").parse::<model::Email>().unwrap();
        identity.forgot(&ask("nobody"), &from("10.0.0.1")).await.unwrap();
        identity.forgot(&ask("ADA"), &from("10.0.0.1")).await.unwrap();
        assert_eq!(mails(&market, "nobody").await.len(), 0);
        let link = token(&mails(&market, "ada").await[0].text);
        assert!(identity.may_reset(&link).await.unwrap());
        // A password that is refused leaves the link as it is.
        let short = identity.reset(&link, "short".to_owned()).await;
        assert!(matches!(short, Err(Error::Invalid(_))), "{short:?}");
        identity.reset(&link, "another long password".to_owned()).await.unwrap();
        assert!(identity.by_session(&secret).await.unwrap().is_none(), "sessions have ended");
        assert!(identity.by_token(&made.token).await.unwrap().is_none(), "tokens have ended");
        let again = identity.reset(&link, "a third long password".to_owned()).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
        assert!(identity.sign_in(&known("ada", PASSWORD, None), &from("10.0.0.1")).await.is_err());
        let entered = identity
            .sign_in(&known("ada", "another long password", None), &from("10.0.0.1"))
            .await
            .unwrap();
        assert!(matches!(entered, Entered::Session(_)));
        // A new link makes the one before it worthless, and none lives longer than an hour.
        clock.advance_ms(1);
        identity.forgot(&ask("ada"), &from("10.0.0.1")).await.unwrap();
        let first = token(&mails(&market, "ada").await[0].text);
        clock.advance_ms(1);
        identity.forgot(&ask("ada"), &from("10.0.0.1")).await.unwrap();
        let second = token(&mails(&market, "ada").await[0].text);
        assert!(
            !identity.may_reset(&first).await.unwrap()
                && identity.may_reset(&second).await.unwrap()
        );
        let often = identity.forgot(&ask("ada"), &from("10.0.0.1")).await;
        assert!(matches!(often, Err(Error::Limited { .. })), "{often:?}");
        clock.advance_ms(60 * MINUTE);
        let late = identity.reset(&second, "a third long password".to_owned()).await;
        assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
        // A link for one thing opens no other.
        let wrong = identity.verify(&second).await;
        assert!(matches!(wrong, Err(Error::Conflict(_))), "{wrong:?}");
    }
}

/// A way for mail that remembers what it took, or refuses it.
#[derive(Default)]
pub struct Post {
    pub taken: Mutex<Vec<Outgoing>>,
    pub refuse: Mutex<Option<Unsent>>,
}

impl Mail for Post {
    fn send(&self, mail: Outgoing) -> Sending<'_> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            if let Some(unsent) = self.refuse.lock().unwrap().clone() {
                return Err(unsent);
            }
            self.taken.lock().unwrap().push(mail);
            Ok(())
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_verified_before_anything_is_opened_where_mail_is_sent() {
    for (market, clock) in markets().await {
        let before = register(&market, "before").await;
        let post = Arc::new(Post::default());
        market.send_mail_by(Arc::<Post>::clone(&post));
        let made = register(&market, "ada").await;
        let identity = market.identity();
        let refused = identity.by_token(&made.token).await;
        assert!(matches!(refused, Err(Error::Unverified)), "{refused:?}");
        let refused = identity.sign_in(&known("ada", PASSWORD, None), &from("10.0.0.1")).await;
        assert!(matches!(refused, Err(Error::Unverified)), "{refused:?}");
        let refused = identity.issue_token(&known("ada", PASSWORD, None), &from("10.0.0.1")).await;
        assert!(matches!(refused, Err(Error::Unverified)), "{refused:?}");
        // Who registered before there was mail has to, too.
        assert!(identity.by_token(&before.token).await.is_err());

        market.mails().send_due().await.unwrap();
        let link = token(&post.taken.lock().unwrap()[0].text);
        clock.advance_ms(48 * 60 * MINUTE);
        let late = identity.verify(&link).await;
        assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
        let address = "ada@example.org".parse().unwrap();
        identity.ask_to_verify(&address, &from("10.0.0.1")).await.unwrap();
        identity.ask_to_verify(&"x@example.org".parse().unwrap(), &from("10.0.0.1")).await.unwrap();
        market.mails().send_due().await.unwrap();
        assert_eq!(post.taken.lock().unwrap().len(), 2);
        let link = token(&post.taken.lock().unwrap()[1].text);
        identity.verify(&link).await.unwrap();
        let again = identity.verify(&link).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
        assert!(identity.by_token(&made.token).await.unwrap().is_some());
        session(&market, "ada").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_is_sent_once_and_tried_ten_times() {
    for (market, clock) in markets().await {
        let (chief, post) = (operator(&market).await, Arc::new(Post::default()));
        market.send_mail_by(Arc::<Post>::clone(&post));
        for n in 0..20 {
            register(&market, &format!("person{n}")).await;
        }
        // Two servers at once.
        let (one, two) = (market.mails(), market.mails());
        let (one, two) = tokio::join!(one.send_due(), two.send_due());
        assert_eq!(one.unwrap() + two.unwrap(), 20);
        let mut to: Vec<String> =
            post.taken.lock().unwrap().iter().map(|mail| mail.to.clone()).collect();
        to.sort();
        to.dedup();
        assert_eq!(to.len(), 20);
        let sent = &market.mails().list(&chief, 1).await.unwrap()[0];
        let sent = market.mails().find(&chief, sent.id).await.unwrap();
        assert_eq!((sent.state, sent.text.as_str(), sent.attempts), (MailState::Sent, "", 1));

        let away = Unsent { for_good: false, why: "away".to_owned() };
        *post.refuse.lock().unwrap() = Some(away);
        clock.advance_ms(1);
        register(&market, "late").await;
        let mut attempts = 0;
        for _ in 0..2_000 {
            attempts += market.mails().send_due().await.unwrap();
            clock.advance_ms(MINUTE);
        }
        assert_eq!(attempts, 10);
        let failed = &mails(&market, "late").await[0];
        assert_eq!((failed.state, failed.attempts), (MailState::Failed, 10));
        assert_eq!(failed.error.as_deref(), Some("away"));

        *post.refuse.lock().unwrap() =
            Some(Unsent { for_good: true, why: "no such person".to_owned() });
        register(&market, "nowhere").await;
        assert_eq!(market.mails().send_due().await.unwrap(), 1);
        assert_eq!(mails(&market, "nowhere").await[0].state, MailState::Failed);

        let member = register(&market, "member").await;
        *post.refuse.lock().unwrap() = None;
        market.mails().send_due().await.unwrap();
        let link = token(&post.taken.lock().unwrap().last().unwrap().text);
        market.identity().verify(&link).await.unwrap();
        let member = market.identity().by_token(&member.token).await.unwrap().unwrap();
        assert!(matches!(market.mails().list(&member, 1).await, Err(Error::Denied)));
        assert!(matches!(market.mails().find(&member, failed.id).await, Err(Error::Denied)));
    }
}

/// The code that an app with this secret shows at a time in seconds.
pub fn code(secret: &str, seconds: i64) -> String {
    let totp =
        Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build().unwrap();
    totp.generate(u64::try_from(seconds).unwrap()).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_asked_for_and_its_codes_work_once() {
    for (market, clock) in markets().await {
        register(&market, "ada").await;
        let (identity, factors) = (market.identity(), market.second_factors());
        let now = || {
            use market::ports::Clock as _;
            clock.now().ms() / 1_000
        };
        let (first, other) = (session(&market, "ada").await, session(&market, "ada").await);
        let me = actor(&market, &first).await;
        let setup = factors.begin(&me).await.unwrap();
        assert_eq!(factors.begin(&me).await.unwrap(), setup, "a page may be loaded again");
        assert!(setup.url.starts_with("otpauth://totp/CMP:ada%40example.org?secret="));
        let wrong = factors.confirm(&me, "000000").await;
        assert!(matches!(wrong, Err(Error::Invalid(_))), "{wrong:?}");
        // Not asked for before it is confirmed.
        session(&market, "ada").await;
        let codes = factors.confirm(&me, &code(&setup.secret, now())).await.unwrap();
        assert_eq!(codes.len(), 10);
        assert!(identity.by_session(&first).await.unwrap().is_some());
        assert!(identity.by_session(&other).await.unwrap().is_none(), "others have ended");
        assert!(factors.begin(&me).await.is_err() && factors.confirm(&me, "000000").await.is_err());

        // The page: a step of its own. The code that turned it on was used.
        let client = from("10.0.0.1");
        let entered = identity.sign_in(&known("ada", PASSWORD, None), &client).await.unwrap();
        let Entered::Pending(pending) = entered else { panic!("{entered:?}") };
        assert!(identity.by_session(&pending).await.unwrap().is_none());
        let replayed =
            identity.pass_second_factor(&pending, &code(&setup.secret, now()), &client).await;
        assert!(matches!(replayed, Err(Error::SecondFactor(_))), "{replayed:?}");
        // One step early or late is let through, two are not.
        clock.advance_ms(90_000);
        for off in [-60, 60] {
            let far = identity
                .pass_second_factor(&pending, &code(&setup.secret, now() + off), &client)
                .await;
            assert!(matches!(far, Err(Error::SecondFactor(_))), "{off}: {far:?}");
        }
        let spaced = code(&setup.secret, now() - 30);
        let spaced = format!(" {} {}", &spaced[..3], &spaced[3..]);
        let secret = identity.pass_second_factor(&pending, &spaced, &client).await.unwrap();
        assert!(identity.by_session(&secret).await.unwrap().is_some());
        let twice =
            identity.pass_second_factor(&pending, &code(&setup.secret, now()), &client).await;
        assert!(matches!(twice, Err(Error::Anonymous)), "{twice:?}");

        // The API: in one step.
        let without = identity.issue_token(&known("ada", PASSWORD, None), &client).await;
        assert!(matches!(without, Err(Error::SecondFactor(_))), "{without:?}");
        clock.advance_ms(60_000);
        let late = code(&setup.secret, now() + 30);
        identity.issue_token(&known("ada", PASSWORD, Some(&late)), &client).await.unwrap();
        // A code of an earlier step than the last one is as good as used.
        let earlier = known("ada", PASSWORD, Some(&code(&setup.secret, now())));
        assert!(identity.issue_token(&earlier, &client).await.is_err());

        // Recovery codes, in whatever spelling, once.
        let spelt = codes[0].to_lowercase().replace('-', " ");
        identity.issue_token(&known("ada", PASSWORD, Some(&spelt)), &client).await.unwrap();
        assert!(
            identity.issue_token(&known("ada", PASSWORD, Some(&codes[0])), &client).await.is_err()
        );
        assert_eq!(identity.security(&me).await.unwrap().recovery_codes, 9);
        let renewed = factors.renew_codes(&me, &codes[1]).await.unwrap();
        assert!(
            identity.issue_token(&known("ada", PASSWORD, Some(&codes[2])), &client).await.is_err()
        );

        // Guessing ends, wherever it comes from.
        clock.advance_ms(11 * MINUTE);
        for n in 0..5 {
            let guess = known("ada", PASSWORD, Some("123456"));
            let wrong = identity.issue_token(&guess, &from(&format!("10.0.{n}.1"))).await;
            assert!(matches!(wrong, Err(Error::SecondFactor(_))), "{wrong:?}");
        }
        let right = known("ada", PASSWORD, Some(&code(&setup.secret, now())));
        let locked = identity.issue_token(&right, &from("10.9.9.9")).await;
        assert!(matches!(locked, Err(Error::Limited { .. })), "{locked:?}");

        clock.advance_ms(11 * MINUTE);
        let off = factors.turn_off(&me, "not the password", &renewed[0], &client).await;
        assert!(matches!(off, Err(Error::Invalid(_))), "{off:?}");
        assert!(factors.turn_off(&me, PASSWORD, "123456", &client).await.is_err());
        factors.turn_off(&me, PASSWORD, &renewed[0], &client).await.unwrap();
        session(&market, "ada").await;
        assert_ne!(factors.begin(&me).await.unwrap().secret, setup.secret);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended_by_their_owner() {
    for (market, clock) in markets().await {
        register(&market, "ada").await;
        register(&market, "eve").await;
        let identity = market.identity();
        let (one, two, three) = (
            session(&market, "ada").await,
            session(&market, "ada").await,
            session(&market, "ada").await,
        );
        let eve = actor(&market, &session(&market, "eve").await).await;
        clock.advance_ms(5 * MINUTE);
        let me = actor(&market, &one).await;
        let list = identity.sessions(&me).await.unwrap();
        assert_eq!(list.len(), 3);
        assert!(list[0].current && list[0].seen_at.ms() - list[0].created_at.ms() == 5 * MINUTE);
        assert_eq!((list[1].address.as_str(), list[1].current), ("10.0.0.1", false));
        let foreign = identity.end_session(&eve, list[1].id).await;
        assert!(matches!(foreign, Err(Error::Missing("session"))), "{foreign:?}");
        identity.end_session(&me, list[1].id).await.unwrap();
        assert_eq!(identity.sessions(&me).await.unwrap().len(), 2);
        assert_eq!(identity.end_other_sessions(&me).await.unwrap(), 1);
        assert!(identity.by_session(&one).await.unwrap().is_some());
        for gone in [&two, &three] {
            assert!(identity.by_session(gone).await.unwrap().is_none());
        }
        let client = from("10.0.0.1");
        let next = "another long password".to_owned();
        let wrong = identity.change_password(&me, "not the password", next.clone(), &client).await;
        assert!(matches!(wrong, Err(Error::Invalid(_))), "{wrong:?}");
        let another = session(&market, "ada").await;
        identity.change_password(&me, PASSWORD, next.clone(), &client).await.unwrap();
        assert!(identity.by_session(&another).await.unwrap().is_none());
        assert!(identity.by_session(&one).await.unwrap().is_some());
        assert!(identity.issue_token(&known("ada", PASSWORD, None), &client).await.is_err());
        identity.issue_token(&known("ada", &next, None), &client).await.unwrap();
    }
}

/// Devices that say what the test has written: the answer is the person's id and the key's name.
struct Devices;

impl market::passkeys::Authenticators for Devices {
    fn invite(
        &self,
        user: model::UserId,
        _: (&str, &str),
        known: Vec<Vec<u8>>,
    ) -> Result<market::passkeys::Challenge, market::passkeys::Unfit> {
        let state = format!("{user}");
        Ok(market::passkeys::Challenge { options: format!("{}", known.len()), state })
    }

    fn enrol(&self, answer: &str, _: &str) -> Result<(Vec<u8>, String), market::passkeys::Unfit> {
        Ok((answer.as_bytes().to_vec(), "0".to_owned()))
    }

    fn ask(&self) -> Result<market::passkeys::Challenge, market::passkeys::Unfit> {
        Ok(market::passkeys::Challenge { options: "{}".to_owned(), state: "asked".to_owned() })
    }

    fn whose(&self, answer: &str) -> Result<(model::UserId, Vec<u8>), market::passkeys::Unfit> {
        let (user, key) = answer.split_once(' ').unwrap();
        Ok((user.parse().unwrap(), key.as_bytes().to_vec()))
    }

    fn check(
        &self,
        _: &str,
        state: &str,
        credential: &str,
    ) -> Result<String, market::passkeys::Unfit> {
        assert_eq!(state, "asked");
        Ok(format!("{}", credential.parse::<u32>().unwrap() + 1))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_opens_its_owners_account_only() {
    for (market, clock) in markets().await {
        let made = register(&market, "ada").await;
        let other = register(&market, "eve").await;
        let (passkeys, client) = (market.passkeys(), from("10.0.0.1"));
        let ada = actor(&market, &session(&market, "ada").await).await;
        let eve = actor(&market, &session(&market, "eve").await).await;
        assert!(matches!(passkeys.begin(&ada).await, Err(Error::Missing(_))), "no devices here");
        market.know_devices_by(Arc::new(Devices));
        let name = "phone".parse().unwrap();
        let (_, secret) = passkeys.begin(&ada).await.unwrap();
        // Somebody else's question is not answered for Ada, nor a question twice.
        assert!(passkeys.add(&eve, &secret, "key", &name).await.is_err());
        let (_, secret) = passkeys.begin(&ada).await.unwrap();
        passkeys.add(&ada, &secret, "key", &name).await.unwrap();
        assert!(passkeys.add(&ada, &secret, "key2", &name).await.is_err());
        let (known, secret) = passkeys.begin(&eve).await.unwrap();
        assert_eq!(known, "0");
        let taken = passkeys.add(&eve, &secret, "key", &name).await;
        assert!(matches!(taken, Err(Error::Conflict(_))), "{taken:?}");

        let shown = |user: model::UserId| format!("{user} key");
        let (_, secret) = passkeys.ask(&client).await.unwrap();
        let wrong = passkeys.enter(&secret, &shown(other.user_uuid), &client).await;
        assert!(matches!(wrong, Err(Error::Conflict(_))), "{wrong:?}");
        let (_, secret) = passkeys.ask(&client).await.unwrap();
        let session = passkeys.enter(&secret, &shown(made.user_uuid), &client).await.unwrap();
        assert_eq!(actor(&market, &session).await.user(), Some(made.user_uuid));
        assert!(passkeys.enter(&secret, &shown(made.user_uuid), &client).await.is_err(), "once");
        let (_, secret) = passkeys.ask(&client).await.unwrap();
        clock.advance_ms(5 * MINUTE);
        assert!(passkeys.enter(&secret, &shown(made.user_uuid), &client).await.is_err(), "late");

        let keys = passkeys.list(&ada).await.unwrap();
        assert_eq!(
            (keys.len(), keys[0].name.as_str(), keys[0].used_at.is_some()),
            (1, "phone", true)
        );
        let foreign = passkeys.remove(&eve, keys[0].id).await;
        assert!(matches!(foreign, Err(Error::Missing("passkey"))), "{foreign:?}");
        passkeys.remove(&ada, keys[0].id).await.unwrap();
        let (_, secret) = passkeys.ask(&client).await.unwrap();
        assert!(passkeys.enter(&secret, &shown(made.user_uuid), &client).await.is_err());
    }
}
