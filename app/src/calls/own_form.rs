//! Forms that a page answers by itself: what was typed is shown again with what is wrong with it, and the status is
//! true.

use http::StatusCode;
use market::Error;

use crate::{
    context::{PostedForm, set_status},
    fail::Fail,
    flash::FlashBody,
};

/// Refuses a form that stood on a page of another site.
pub fn must_be_own() -> Result<(), Error> {
    if super::from_own_page() { Ok(()) } else { Err(Error::Denied) }
}

/// What the page shows of a failure that the form can be changed for; every other one replaces the page.
pub fn wrong(error: Error, form: &PostedForm, fields: &[&str]) -> Result<FlashBody, Fail> {
    let status = match &error {
        Error::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Conflict(_) => StatusCode::CONFLICT,
        Error::Limited { .. } => StatusCode::TOO_MANY_REQUESTS,
        _ => return Err(error.into()),
    };
    set_status(status);
    let values =
        fields.iter().map(|field| ((*field).to_owned(), form.text(field).to_owned())).collect();
    Ok(FlashBody { values, ..FlashBody::failed(&error) })
}
