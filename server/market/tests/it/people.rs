//! Accounts, sessions and tokens.

use market::{Client, Entered, Error, both_engines};
use model::{Credits, Register, SignIn};

use crate::newcomer;

fn sign_in(username: &str, password: &str) -> SignIn {
    SignIn { username: username.to_owned(), password: password.to_owned(), otp: None }
}

both_engines! {
    a_newcomer_has_a_workspace_and_trial_credits, |market| {
        let (actor, customer) = newcomer(&market, "Ada").await;
        let me = market.identity().me(&actor).await.unwrap();
        assert_eq!(me.customers.len(), 1);
        assert_eq!((me.customers[0].id, me.customers[0].name.as_str()), (customer, "Ada's Workspace"));
        assert_eq!(me.customers[0].projects.len(), 1);
        let wallet = market.wallets().wallet(&actor, None).await.unwrap();
        assert_eq!((wallet.balance, wallet.held), (Credits::whole(100).unwrap(), Credits::ZERO));
    }

    an_address_has_one_account_whatever_its_case, |market| {
        newcomer(&market, "bob").await;
        let again = market.identity().register(Register {
            email: "BOB@example.org".parse().unwrap(),
            password: "correct horse battery".to_owned(),
            full_name: "Bob".parse().unwrap(),
        }).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    }

    a_session_lasts_until_it_is_ended, |market| {
        newcomer(&market, "eve").await;
        let (identity, client) = (market.identity(), Client::default());
        assert!(matches!(identity.sign_in(&sign_in("eve@example.org", "wrong password!!"), &client).await, Err(Error::Credentials)));
        assert!(matches!(identity.sign_in(&sign_in("nobody@example.org", "wrong password!!"), &client).await, Err(Error::Credentials)));
        let entered = identity.sign_in(&sign_in(" EVE@example.org ", "correct horse battery"), &client).await;
        let Ok(Entered::Session(secret)) = entered else { panic!("{entered:?}") };
        assert!(identity.by_session(&secret).await.unwrap().is_some());
        let other = secret.replace('a', "b");
        assert!(other == secret || identity.by_session(&other).await.unwrap().is_none());
        identity.sign_out(&secret).await.unwrap();
        assert!(identity.by_session(&secret).await.unwrap().is_none());
    }

    a_short_password_is_refused, |market| {
        let refused = market.identity().register(Register {
            email: "short@example.org".parse().unwrap(),
            password: "elevenchars".to_owned(),
            full_name: "Short".parse().unwrap(),
        }).await;
        let Err(Error::Invalid(faults)) = refused else { panic!("{refused:?}") };
        assert_eq!(faults[0].field, "password");
    }
}
