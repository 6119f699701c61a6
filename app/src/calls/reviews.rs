//! What is said and done about reviews with one button.

use leptos::{prelude::*, server};
use market::Error;
use model::{OfferingId, ReviewFault, ReviewId};

use super::{Posted, go_back, read};
use crate::{
    context::see_other,
    flash::{self, FlashBody},
};

/// The reviews of a service; an id that cannot be read leads to the list.
fn reviews_of(offering: &str) -> String {
    offering.parse::<OfferingId>().map_or_else(
        |_| "/marketplace/".to_owned(),
        |id| format!("/marketplace-public-offering/{id}/#reviews"),
    )
}

/// Says what was done on the page, or what went wrong.
fn answer(done: Result<&str, Error>, page: &str) {
    match done {
        Ok(words) => {
            flash::put(&FlashBody::done(words));
            see_other(page);
        }
        Err(error) => go_back(error, page),
    }
}

/// Takes one's own review away.
#[server(prefix = "/rpc", endpoint = "reviews/remove")]
pub async fn remove_review(
    #[server(default)] offering: String,
    #[server(default)] review: String,
) -> Result<(), ServerFnError> {
    answer(remove(&review).await.map(|()| "Your review is removed."), &reviews_of(&offering));
    Ok(())
}

async fn remove(review: &str) -> Result<(), Error> {
    let Posted { market, actor } = Posted::find()?;
    market.reviews().remove(&actor, read::<ReviewId>(review, "review")?).await
}

/// Publishes the provider's reply, or changes it.
#[server(prefix = "/rpc", endpoint = "reviews/reply")]
pub async fn reply_to_review(
    #[server(default)] offering: String,
    #[server(default)] review: String,
    #[server(default)] text: String,
) -> Result<(), ServerFnError> {
    answer(
        reply(&review, &text).await.map(|()| "Your reply is published."),
        &reviews_of(&offering),
    );
    Ok(())
}

async fn reply(review: &str, text: &str) -> Result<(), Error> {
    let Posted { market, actor } = Posted::find()?;
    market.reviews().reply(&actor, read::<ReviewId>(review, "review")?, text).await
}

/// Tells the operator that something is wrong with a review.
#[server(prefix = "/rpc", endpoint = "reviews/report")]
pub async fn report_review(
    #[server(default)] offering: String,
    #[server(default)] review: String,
    #[server(default)] fault: String,
) -> Result<(), ServerFnError> {
    let done = report(&review, &fault).await;
    answer(done.map(|()| "Thank you. The operator looks at the review."), &reviews_of(&offering));
    Ok(())
}

async fn report(review: &str, fault: &str) -> Result<(), Error> {
    let Posted { market, actor } = Posted::find()?;
    let fault: ReviewFault =
        fault.parse().map_err(|_| Error::Conflict("Select what is wrong with the review."))?;
    market.reviews().report(&actor, read::<ReviewId>(review, "review")?, fault).await
}

/// Hides a reported review or keeps it.
#[server(prefix = "/rpc", endpoint = "reviews/moderate")]
pub async fn moderate_review(
    #[server(default)] review: String,
    #[server(default)] decision: String,
    #[server(default)] reason: String,
) -> Result<(), ServerFnError> {
    let hide = decision == "hide";
    let words = if hide { "The review is hidden." } else { "The review is kept." };
    answer(moderate(&review, hide, &reason).await.map(|()| words), "/admin/reviews/");
    Ok(())
}

async fn moderate(review: &str, hide: bool, reason: &str) -> Result<(), Error> {
    let Posted { market, actor } = Posted::find()?;
    market.reviews().moderate(&actor, read::<ReviewId>(review, "review")?, hide, reason).await
}
