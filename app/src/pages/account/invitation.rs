//! Somebody is invited: `/invitations/:secret/`.

use leptos::prelude::*;
use leptos_meta::Title;
use market::Error;
use model::{InvitationState, ScopeKind};

use crate::{
    calls::own_form,
    context::{actor, forbid_storing, here, loaded, market, param, posted, see_other},
    flash::{self, FlashBody},
    parts::{
        detail::own_words,
        fields::hidden,
        notices::{error_summary, warning},
    },
};

/// What is offered, and the two buttons. Nobody is sent to sign in first.
#[component]
pub fn InvitationPage() -> impl IntoView {
    loaded(async {
        forbid_storing();
        let secret: String = param("secret")?;
        let (market, actor) = (market()?, actor()?);
        let row = market.invitations().by_secret(&secret).await?;
        let id = row.invitation.id;
        let wrong = match posted() {
            None => None,
            Some(form) => {
                let done = async {
                    own_form::must_be_own()?;
                    if form.text("do") == "reject" {
                        market.invitations().reject(&actor, id, Some(&secret)).await?;
                        return Ok("/account/".to_owned());
                    }
                    let row = market.invitations().accept(&actor, id, Some(&secret)).await?;
                    Ok::<_, Error>(match row.invitation.kind {
                        ScopeKind::Customer => {
                            format!("/organizations/{}/", row.invitation.customer)
                        }
                        ScopeKind::Project | ScopeKind::Offering => "/account/".to_owned(),
                    })
                };
                match done.await {
                    Ok(place) => {
                        let told = if form.text("do") == "reject" {
                            "The invitation is declined."
                        } else {
                            "The invitation is accepted."
                        };
                        flash::put(&FlashBody::done(told));
                        see_other(&place);
                        return Ok(().into_any());
                    }
                    Err(error @ Error::Refused(_)) => Some(FlashBody::failed(&error)),
                    Err(error) => Some(own_form::wrong(error, &form, &[])?),
                }
            }
        };
        let me = market.identity().me(&actor).await?;
        let it = &row.invitation;
        let fits = me.email.to_lowercase() == it.email.to_lowercase();
        let body = match (it.state, fits) {
            (InvitationState::Pending, true) => buttons(),
            (InvitationState::Pending, false) => warning(
                "This invitation is for another e-mail address. Sign out, and sign in with the account that has it.",
            ),
            (InvitationState::Expired, _) => {
                warning("This invitation has expired. Ask for a new one.")
            }
            _ => warning("This invitation was accepted, declined or canceled before."),
        };
        let note = (fits && !it.note.is_empty()).then(|| own_words(&it.note));
        Ok(view! {
            <Title text="Invitation – CMP" />
            <div class="wrap wrap-narrow">
                {error_summary(wrong.as_ref())}
                <header class="page-head">
                    <h1>"Invitation"</h1>
                </header>
                <section class="panel-box">
                    <p>
                        {row.author_name.clone()} " invites you to " <strong>{row.scope_name.clone()}</strong>
                        " as " {it.role.title()} "."
                    </p>
                    {note}
                    <p class="meta">"You are signed in as " {me.email.clone()} "."</p>
                    {body}
                </section>
            </div>
        }
        .into_any())
    })
}

fn buttons() -> AnyView {
    let here = here();
    let button = |what: &'static str, words: &'static str, class: &'static str| {
        view! {
            <form method="post" action=here.clone()>
                {hidden("do", what)}
                <button class=class type="submit">{words}</button>
            </form>
        }
    };
    view! {
        <div class="row">
            {button("accept", "Accept invitation", "btn btn-primary")}
            {button("reject", "Decline", "btn btn-secondary")}
        </div>
    }
    .into_any()
}
