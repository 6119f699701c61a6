//! Money: the seeds' arithmetic, exactly-once, parallel spending, and the proof that notices a lie.

use market::{Authorize, Authorized, Error, Run, both_engines};
use model::{Credits, EntryKind};

use crate::{assert_proven, newcomer, operator};

fn credits(n: i64) -> Credits {
    Credits::whole(n).unwrap()
}

fn run(id: &str, budget: i64) -> Authorize {
    Authorize { run_id: id.to_owned(), budget: credits(budget), resource: None }
}

both_engines! {
    the_seeds_arithmetic, |market| {
        let (actor, customer) = newcomer(&market, "seed").await;
        let wallets = market.wallets();
        let Authorized::Allowed { budget, balance, .. } = wallets.authorize(&actor, run("r1", 10)).await.unwrap() else {
            panic!("refused");
        };
        assert_eq!((budget, balance), (credits(10), credits(100)));
        let held = wallets.wallet(&actor, None).await.unwrap();
        assert_eq!((held.balance, held.held, held.available), (credits(100), credits(10), credits(90)));
        let settled = wallets.settle(&actor, Run::Id("r1".to_owned()), credits(3)).await.unwrap();
        assert_eq!((settled.debited, settled.balance), (credits(3), credits(97)));
        let operator = operator(&market).await;
        let added = wallets.add_credits(&operator, customer, credits(500), "pack-1").await.unwrap();
        assert_eq!(added, (credits(500), credits(597)));
        let page = wallets.ledger(&actor, None, 1, 10).await.unwrap();
        let seen: Vec<_> = page.entries.iter().map(|e| (e.kind, e.amount, e.balance)).collect();
        assert_eq!(seen, vec![
            (EntryKind::TopUp, credits(500), credits(597)),
            (EntryKind::Settle, credits(-3), credits(97)),
            (EntryKind::Trial, credits(100), credits(100)),
        ]);
        assert_eq!(page.total, 3);
        assert_proven(&market).await;
    }

    the_same_request_works_once, |market| {
        let (actor, customer) = newcomer(&market, "twice").await;
        let wallets = market.wallets();
        let first = wallets.authorize(&actor, run("r", 10)).await.unwrap();
        assert_eq!(wallets.authorize(&actor, run("r", 10)).await.unwrap(), first);
        assert!(matches!(wallets.authorize(&actor, run("r", 11)).await, Err(Error::Conflict(_))));
        let settle = || wallets.settle(&actor, Run::Id("r".to_owned()), credits(4));
        assert_eq!(settle().await.unwrap(), settle().await.unwrap());
        let other = wallets.settle(&actor, Run::Id("r".to_owned()), credits(5)).await;
        assert!(matches!(other, Err(Error::Conflict(_))), "{other:?}");
        let operator = operator(&market).await;
        for _ in 0..3 {
            let added = wallets.add_credits(&operator, customer, credits(5), "ref").await.unwrap();
            assert_eq!(added, (credits(5), credits(101)));
        }
        let other = wallets.add_credits(&operator, customer, credits(6), "ref").await;
        assert!(matches!(other, Err(Error::Conflict(_))), "{other:?}");
        assert_proven(&market).await;
    }

    parallel_copies_of_one_request_work_once, |market| {
        let (actor, customer) = newcomer(&market, "copies").await;
        let operator = operator(&market).await;
        let tasks: Vec<_> = (0..50).map(|_| {
            let (market, operator) = (market.clone(), operator.clone());
            tokio::spawn(async move { market.wallets().add_credits(&operator, customer, credits(7), "one").await.unwrap() })
        }).collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), (credits(7), credits(107)));
        }
        assert_eq!(market.wallets().wallet(&actor, None).await.unwrap().balance, credits(107));
        assert_proven(&market).await;
    }

    a_settlement_may_not_exceed_its_budget, |market| {
        let (actor, _) = newcomer(&market, "over").await;
        let wallets = market.wallets();
        wallets.authorize(&actor, run("r", 2)).await.unwrap();
        let over = wallets.settle(&actor, Run::Id("r".to_owned()), credits(3)).await;
        assert!(matches!(over, Err(Error::Invalid(_))), "{over:?}");
        assert!(matches!(wallets.settle(&actor, Run::Id("none".to_owned()), credits(1)).await, Err(Error::Missing(_))));
        let settled = wallets.settle(&actor, Run::Id("r".to_owned()), Credits::ZERO).await.unwrap();
        assert_eq!((settled.debited, settled.balance), (Credits::ZERO, credits(100)));
        assert_eq!(wallets.wallet(&actor, None).await.unwrap().held, Credits::ZERO);
        assert_proven(&market).await;
    }

    two_hundred_runs_on_a_balance_for_seven, |market| {
        let (actor, customer) = newcomer(&market, "seven").await;
        market.wallets().add_credits(&operator(&market).await, customer, credits(5), "top").await.unwrap();
        let tasks: Vec<_> = (0..200).map(|n| {
            let (market, actor) = (market.clone(), actor.clone());
            tokio::spawn(async move { market.wallets().authorize(&actor, run(&format!("r{n}"), 15)).await.unwrap() })
        }).collect();
        let mut allowed = 0;
        for task in tasks {
            match task.await.unwrap() {
                Authorized::Allowed { .. } => allowed += 1,
                Authorized::Refused { reason, .. } => assert_eq!(reason, "insufficient_credits"),
            }
        }
        assert_eq!(allowed, 7);
        assert_eq!(market.wallets().wallet(&actor, None).await.unwrap().available, Credits::ZERO);
        assert_proven(&market).await;
    }

    a_foreign_run_does_not_exist, |market| {
        let (one, customer) = newcomer(&market, "one").await;
        let (two, _) = newcomer(&market, "two").await;
        let Authorized::Allowed { reservation, .. } = market.wallets().authorize(&one, run("r", 1)).await.unwrap() else {
            panic!("refused");
        };
        let taken = market.wallets().settle(&two, Run::Reservation(reservation), credits(1)).await;
        assert!(matches!(taken, Err(Error::Missing(_))), "{taken:?}");
        assert!(matches!(market.wallets().wallet(&two, Some(customer)).await, Err(Error::Missing(_))));
        assert!(matches!(market.wallets().add_credits(&two, customer, credits(1), "x").await, Err(Error::Denied)));
    }

    a_changed_record_is_found_by_the_proof, |market| {
        let (actor, _) = newcomer(&market, "liar").await;
        market.wallets().authorize(&actor, run("r", 5)).await.unwrap();
        assert_proven(&market).await;
        store::testing::tamper(market.core().db(), "UPDATE accounts SET balance = balance + 1 WHERE id = 'fees'").await.unwrap();
        let (_, offences) = market.prove().await.unwrap();
        assert!(offences.iter().any(|o| o.record == "account fees" && o.recorded == o.proven + 1), "{offences:?}");
        store::testing::tamper(market.core().db(), "UPDATE accounts SET balance = balance - 1 WHERE id = 'fees'").await.unwrap();
        store::testing::tamper(market.core().db(), "UPDATE entries SET amount = amount + 1").await.unwrap();
        let (_, offences) = market.prove().await.unwrap();
        assert!(offences.iter().any(|o| o.record.starts_with("posting ")), "{offences:?}");
    }
}
