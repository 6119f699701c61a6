//! Items that are told in bulk come with the monthly invoices, on both engines.

use market::{Asked, ImportItem, both_engines};
use model::Month;

use crate::{newcomer, operator};

both_engines! {
    the_months_run_bills_who_has_nothing_else, |market| {
        let (buyer, customer) = newcomer(&market, "importer").await;
        let chief = operator(&market).await;
        let month = Month::of(market.core().now().day()).previous();
        let item = |name: &str| ImportItem {
            customer: Some(customer),
            name: name.to_owned(),
            price: 1_250_000,
            ..ImportItem::default()
        };
        let (one, two) = (market.invoices(), market.invoices());
        let items = [item("a"), item("b")];
        // Told twice at once, every item is there once.
        let (first, second) = tokio::join!(
            one.import(&chief, month, &items),
            two.import(&chief, month, &items),
        );
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!((first.created + second.created, first.skipped + second.skipped), (2, 2));
        assert_eq!(market.invoices().make_all(&chief, month).await.unwrap(), 1);
        assert_eq!(market.invoices().make_all(&chief, month).await.unwrap(), 0);
        let (made, total) = market.invoices().list(&buyer, Asked::default(), (10, 0), false).await.unwrap();
        assert_eq!((total, made[0].price), (1, 2_500_000));
        // Taken back, nothing is left of it.
        let note = market.invoices().cancel(&chief, made[0].id, "wrong").await.unwrap();
        assert_eq!(note.price, -2_500_000);
        let refused = market.invoices().import(&buyer, month, &items).await;
        assert!(matches!(refused, Err(market::Error::Denied)), "{refused:?}");
    }
}
