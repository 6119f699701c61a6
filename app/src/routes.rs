//! The document, the frame and the table of routes.

use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};
use market::{Actor, On, Permission};
use model::{CustomerId, Role};

use crate::{
    assets::Assets,
    context::{Theme, here, market, query, settled, visitor},
    pages::{
        account::{
            AccountPage, CodePage, ForgotPage, InvitationPage, LoginPage, RegisterPage, ResetPage,
            SecondFactorPage, VerifyPage,
        },
        admin::{
            AllOrdersPage, CustomersPage, FiguresPage, InvoicesPage, MailPage, ModerationPage,
            OutboxPage, TicketQueuePage, UsersPage,
        },
        buyer::{
            AgentPage, AgentsPage, BillingPage, CustomerSettingsPage, InvoicePage, KeyCreatedPage,
            KeysPage, OrderPage, OrdersPage, ReceiptPage, SettlePage, StartPage, SupportPage,
            TeamPage, TicketPage, UsagePage, WalletPage, WorkspacePage,
        },
        docs::{ComponentsPage, ReferencePage},
        public::{
            CategoryPage, ComparePage, LandingPage, MarketplacePage, MissingPage, OfferingPage,
            PricingPage, ProviderPage, ReportPage, ReviewPage, TryOutPage,
        },
    },
    parts::frames::{SignedIn, foot, top_bar},
};

/// The document around the app. The theme is in it, so that the first paint has the right colours.
#[expect(
    clippy::needless_pass_by_value,
    reason = "handlers hand a copy of the options to each call"
)]
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let assets = Assets::of(&options);
    let theme = use_context::<Theme>().unwrap_or_default();
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme.as_str()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="preload" href="/fonts/geist-latin.woff2" r#as="font" r#type="font/woff2" crossorigin="anonymous" />
                <link rel="stylesheet" href=assets.css.clone() />
                <link rel="icon" href="/favicon.svg" r#type="image/svg+xml" />
                <script src="/boot.js" defer data-js=assets.js.clone() data-wasm=assets.wasm.clone()></script>
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// Every page of CMP. With `?fragment=1` the frame is left out, for the dialog that shows a page over another.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let whole = query::<String>("fragment").is_none();
    view! {
        <Title text="CMP" />
        <a class="skip" href="#content">"Skip to content"</a>
        {whole.then(frame_top)}
        <main id="content" tabindex="-1">
            <Router>
                <Routes fallback=MissingPage>
                    <Route path=path!("/") view=LandingPage ssr=SsrMode::Async />
                    <Route path=path!("/marketplace/") view=MarketplacePage ssr=SsrMode::Async />
                    <Route path=path!("/marketplace/compare/") view=ComparePage ssr=SsrMode::Async />
                    <Route path=path!("/marketplace-category/:category/") view=CategoryPage ssr=SsrMode::Async />
                    <Route path=path!("/pricing/") view=PricingPage ssr=SsrMode::Async />
                    <Route path=path!("/marketplace-public-offering/:offering/") view=OfferingPage ssr=SsrMode::Async />
                    <Route path=path!("/marketplace-public-offering/:offering/try/") view=TryOutPage ssr=SsrMode::Async />
                    <Route path=path!("/marketplace-public-offering/:offering/review/") view=ReviewPage ssr=SsrMode::Async />
                    <Route path=path!("/marketplace-public-offering/:offering/report/") view=ReportPage ssr=SsrMode::Async />
                    <Route path=path!("/marketplace/providers/:provider/") view=ProviderPage ssr=SsrMode::Async />
                    <Route path=path!("/resource/:offering/deploy/") view=StartPage ssr=SsrMode::Async />
                    <Route path=path!("/organizations/:customer/") view=WorkspacePage ssr=SsrMode::Async />
                    <Route path=path!("/organizations/:customer/wallet/") view=WalletPage ssr=SsrMode::Async />
                    <Route path=path!("/organizations/:customer/agents/") view=AgentsPage ssr=SsrMode::Async />
                    <Route path=path!("/organizations/:customer/agents/:resource/") view=AgentPage ssr=SsrMode::Async />
                    <Route path=path!("/organizations/:customer/agents/:resource/keys/") view=KeysPage ssr=SsrMode::Async />
                    <Route path=path!("/organizations/:customer/agents/:resource/keys/created/") view=KeyCreatedPage ssr=SsrMode::Async />
                    <Route path=path!("/organizations/:customer/agents/:resource/usage/") view=UsagePage ssr=SsrMode::Async />
                    <Route path=path!("/organizations/:customer/orders/") view=OrdersPage ssr=SsrMode::Async />
                    <Route path=path!("/organizations/:customer/billing/") view=BillingPage ssr=SsrMode::Async />
                    <Route path=path!("/organizations/:customer/billing/:invoice/") view=InvoicePage ssr=SsrMode::Async />
                    <Route path=path!("/marketplace-order/:order/") view=OrderPage ssr=SsrMode::Async />
                    <Route path=path!("/organizations/:customer/support/") view=SupportPage ssr=SsrMode::Async />
                    <Route path=path!("/organizations/:customer/support/:ticket/") view=TicketPage ssr=SsrMode::Async />
                    <Route path=path!("/organizations/:customer/team/") view=TeamPage ssr=SsrMode::Async />
                    <Route path=path!("/organizations/:customer/settings/") view=CustomerSettingsPage ssr=SsrMode::Async />
                    <Route path=path!("/invitations/:secret/") view=InvitationPage ssr=SsrMode::Async />
                    <Route path=path!("/admin/customers/") view=CustomersPage ssr=SsrMode::Async />
                    <Route path=path!("/admin/orders/") view=AllOrdersPage ssr=SsrMode::Async />
                    <Route path=path!("/admin/invoices/") view=InvoicesPage ssr=SsrMode::Async />
                    <Route path=path!("/admin/invoices/:invoice/") view=SettlePage ssr=SsrMode::Async />
                    <Route path=path!("/admin/reports/") view=FiguresPage ssr=SsrMode::Async />
                    <Route path=path!("/admin/users/") view=UsersPage ssr=SsrMode::Async />
                    <Route path=path!("/admin/reviews/") view=ModerationPage ssr=SsrMode::Async />
                    <Route path=path!("/admin/support/") view=TicketQueuePage ssr=SsrMode::Async />
                    <Route path=path!("/docs/api/") view=ReferencePage ssr=SsrMode::Async />
                    <Route path=path!("/docs/components/") view=ComponentsPage ssr=SsrMode::Async />
                    <Route path=path!("/receipts/:receipt/") view=ReceiptPage ssr=SsrMode::Async />
                    <Route path=path!("/login/") view=LoginPage ssr=SsrMode::Async />
                    <Route path=path!("/login/code/") view=CodePage ssr=SsrMode::Async />
                    <Route path=path!("/login/forgot/") view=ForgotPage ssr=SsrMode::Async />
                    <Route path=path!("/login/reset/") view=ResetPage ssr=SsrMode::Async />
                    <Route path=path!("/login/verify/") view=VerifyPage ssr=SsrMode::Async />
                    <Route path=path!("/account/") view=AccountPage ssr=SsrMode::Async />
                    <Route path=path!("/account/second-factor/") view=SecondFactorPage ssr=SsrMode::Async />
                    <Route path=path!("/admin/outbox/") view=OutboxPage ssr=SsrMode::Async />
                    <Route path=path!("/admin/outbox/:mail/") view=MailPage ssr=SsrMode::Async />
                    <Route path=path!("/register/") view=RegisterPage ssr=SsrMode::Async />
                </Routes>
            </Router>
        </main>
        {whole.then(foot)}
        <p class="sr-only" id="live" role="status"></p>
    }
}

/// The bar, with the workspace of whoever is signed in. If the workspace cannot be read, the page itself says why.
fn frame_top() -> AnyView {
    let theme = use_context::<Theme>().unwrap_or_default();
    let address = here();
    let Some((actor, market)) = visitor().zip(market().ok()) else {
        return top_bar(None, theme, &address);
    };
    settled(async move {
        let Ok(me) = market.identity().me(&actor).await else {
            return top_bar(None, theme, &address);
        };
        let customer = me.customers.into_iter().next();
        let wallet = match &customer {
            Some(one) => market.wallets().wallet(&actor, Some(one.id)).await.ok(),
            None => None,
        };
        let workspace =
            customer.as_ref().map(|one| workspace_links(&actor, one.id)).unwrap_or_default();
        let operator = operator_links(&actor, me.role);
        let who = SignedIn { name: me.full_name, customer, wallet, workspace, operator };
        top_bar(Some(&who), theme, &address)
    })
}

/// The pages of a workspace that somebody may open.
fn workspace_links(actor: &Actor, customer: CustomerId) -> Vec<(&'static str, &'static str)> {
    let bills = actor.may(Permission::SeeBilling, On::customer(customer));
    let all = [
        (true, "", "Workspace"),
        (true, "orders/", "Orders"),
        (bills, "billing/", "Billing"),
        (true, "team/", "Team"),
        (true, "settings/", "Settings"),
        (true, "support/", "Support"),
    ];
    all.into_iter().filter(|(may, ..)| *may).map(|(_, path, words)| (path, words)).collect()
}

/// The operator's pages that somebody may open.
fn operator_links(actor: &Actor, role: Option<Role>) -> Vec<(&'static str, &'static str)> {
    let may = |permission| actor.may_everywhere(permission);
    let staff = role == Some(Role::Staff);
    let all = [
        (actor.sees_all(), "/admin/customers/", "Organizations"),
        (may(Permission::SeeUsers), "/admin/users/", "People"),
        (actor.sees_all(), "/admin/orders/", "All orders"),
        (may(Permission::SeeBilling), "/admin/invoices/", "Invoices"),
        (may(Permission::SeeStats), "/admin/reports/", "Reports"),
        (may(Permission::ManageTickets), "/admin/support/", "Tickets"),
        (staff, "/admin/reviews/", "Reported reviews"),
        (staff, "/admin/outbox/", "Outbox"),
    ];
    all.into_iter().filter(|(may, ..)| *may).map(|(_, path, words)| (path, words)).collect()
}
