//! The marketplace as one value: what doors hold.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use arc_swap::ArcSwap;
use model::ServerId;
use store::Db;

use crate::{
    Catalog, Core, CreditsView, Customers, History, Hooks, Idempotency, Identity, Invitations,
    Invoices, Issues, Keys, Ledger, Mails, Passkeys, Payments, Projects, Quality, Resources,
    Result, Reviews, SecondFactors, Settings, SignOn, Stats, Team, Tickets, Tokens, Tryouts, Usage,
    Usages, Users, Wallets,
    access::Access,
    mails::Mail,
    passkeys::Authenticators,
    ports::{Clock, Entropy, SystemClock, SystemEntropy, Tell},
    quality::Gauges,
    sign_on::Provider,
    tokens::Uses,
    tryouts::Demo,
};

/// The services and what they share. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Market(Arc<Shared>);

#[derive(Debug)]
pub(crate) struct Shared {
    pub core: Arc<Core>,
    pub settings: Settings,
    pub server: ServerId,
    pub ledger: Ledger,
    pub catalog: ArcSwap<Catalog>,
    pub access: Access,
    pub gauges: Gauges,
    /// Uses of access tokens that are not yet written down.
    pub uses: Uses,
    /// How hooks are told, where they are.
    pub teller: OnceLock<Arc<dyn Tell>>,
    pub demo: Demo,
    /// How mail leaves, where it does.
    pub mail: OnceLock<Arc<dyn Mail>>,
    /// The identity provider, where there is one.
    pub provider: OnceLock<Arc<dyn Provider>>,
    /// The devices that people sign in with, where this server has a name.
    pub authenticators: OnceLock<Arc<dyn Authenticators>>,
    pub stopping: AtomicBool,
    /// One reading of the catalogue at a time, so that an older one never replaces a newer.
    pub reading: tokio::sync::Mutex<()>,
}

impl Market {
    /// Opens the marketplace on a migrated database and starts the ledger's writer.
    pub async fn open(db: Db, settings: Settings) -> Result<Self> {
        Self::open_with(db, settings, Arc::new(SystemClock), Arc::new(SystemEntropy)).await
    }

    /// Opens it with a clock and randomness of the caller's.
    pub async fn open_with(
        db: Db,
        settings: Settings,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self> {
        let core = Arc::new(Core::new(db.clone(), clock, entropy));
        let server = core.id(ServerId::new);
        let catalog = Catalog::load(&core, &settings).await?;
        let ledger = Ledger::start(db.alone().await?, &core, settings.fee, server);
        Ok(Self(Arc::new(Shared {
            core,
            settings,
            server,
            ledger,
            catalog: ArcSwap::from_pointee(catalog),
            access: Access::default(),
            gauges: Gauges::default(),
            uses: Uses::default(),
            teller: OnceLock::new(),
            demo: Demo::default(),
            mail: OnceLock::new(),
            provider: OnceLock::new(),
            authenticators: OnceLock::new(),
            stopping: AtomicBool::new(false),
            reading: tokio::sync::Mutex::default(),
        })))
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0
    }

    pub fn core(&self) -> &Core {
        &self.0.core
    }

    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    pub fn identity(&self) -> Identity<'_> {
        Identity(self)
    }

    pub fn customers(&self) -> Customers<'_> {
        Customers(self)
    }

    pub fn invitations(&self) -> Invitations<'_> {
        Invitations(self)
    }

    pub fn tokens(&self) -> Tokens<'_> {
        Tokens(self)
    }

    pub fn hooks(&self) -> Hooks<'_> {
        Hooks(self)
    }

    /// Lets hooks be told from now on. The first way stays.
    pub fn tell_hooks_by(&self, way: Arc<dyn Tell>) {
        let _ = self.0.teller.set(way);
    }

    pub fn projects(&self) -> Projects<'_> {
        Projects(self)
    }

    pub fn team(&self) -> Team<'_> {
        Team(self)
    }

    pub fn users(&self) -> Users<'_> {
        Users(self)
    }

    /// What was done.
    pub fn history(&self) -> History<'_> {
        History(self)
    }

    /// Lets mail leave this server from now on. The first way stays.
    pub fn send_mail_by(&self, way: Arc<dyn Mail>) {
        let _ = self.0.mail.set(way);
    }

    /// Lets people sign in with an identity provider from now on. The first one stays.
    pub fn sign_on_by(&self, provider: Arc<dyn Provider>) {
        let _ = self.0.provider.set(provider);
    }

    pub fn sign_on(&self) -> SignOn<'_> {
        SignOn(self)
    }

    /// Lets people sign in with their devices from now on. The first way to talk with them stays.
    pub fn know_devices_by(&self, authenticators: Arc<dyn Authenticators>) {
        let _ = self.0.authenticators.set(authenticators);
    }

    pub fn passkeys(&self) -> Passkeys<'_> {
        Passkeys(self)
    }

    pub fn second_factors(&self) -> SecondFactors<'_> {
        SecondFactors(self)
    }

    pub fn mails(&self) -> Mails<'_> {
        Mails(self)
    }

    /// The catalogue as it is now; a later change makes a new one and leaves this one alone.
    pub fn catalog(&self) -> Arc<Catalog> {
        self.0.catalog.load_full()
    }

    /// Another number for every catalogue that was ever loaded.
    pub fn edition(&self) -> u64 {
        self.0.catalog.load().edition
    }

    pub fn resources(&self) -> Resources<'_> {
        Resources(self)
    }

    pub fn keys(&self) -> Keys<'_> {
        Keys(self)
    }

    pub fn wallets(&self) -> Wallets<'_> {
        Wallets(self)
    }

    pub fn usage(&self) -> Usage<'_> {
        Usage(self)
    }

    /// What providers tell of the use of their components.
    pub fn usages(&self) -> Usages<'_> {
        Usages(self)
    }

    pub fn invoices(&self) -> Invoices<'_> {
        Invoices(self)
    }

    pub fn payments(&self) -> Payments<'_> {
        Payments(self)
    }

    pub fn stats(&self) -> Stats<'_> {
        Stats(self)
    }

    /// The wallets as Waldur's clients know them.
    pub fn credits(&self) -> CreditsView<'_> {
        CreditsView(self)
    }

    pub fn quality(&self) -> Quality<'_> {
        Quality(self)
    }

    pub fn reviews(&self) -> Reviews<'_> {
        Reviews(self)
    }

    pub fn issues(&self) -> Issues<'_> {
        Issues(self)
    }

    pub fn tickets(&self) -> Tickets<'_> {
        Tickets(self)
    }

    pub fn tryouts(&self) -> Tryouts<'_> {
        Tryouts(self)
    }

    pub fn shelves(&self) -> crate::Shelves<'_> {
        crate::Shelves(self)
    }

    pub fn vendors(&self) -> crate::Vendors<'_> {
        crate::Vendors(self)
    }

    pub fn offers(&self) -> crate::Offers<'_> {
        crate::Offers(self)
    }

    pub fn plans(&self) -> crate::Plans<'_> {
        crate::Plans(self)
    }

    pub fn orders(&self) -> crate::Orders<'_> {
        crate::Orders(self)
    }

    pub fn holdings(&self) -> crate::Holdings<'_> {
        crate::Holdings(self)
    }

    pub(crate) fn provisioning(&self) -> crate::provisioning::Provisioning<'_> {
        crate::provisioning::Provisioning(self)
    }

    pub fn screenshots(&self) -> crate::Screenshots<'_> {
        crate::Screenshots(self)
    }

    pub fn idempotency(&self) -> Idempotency<'_> {
        Idempotency(self)
    }

    /// Asks the database for a sign of life; an error while it is away or this server is stopping.
    pub async fn ready(&self) -> Result<()> {
        if self.0.stopping.load(Ordering::Relaxed) {
            return Err(crate::Error::Conflict("The server is stopping."));
        }
        Ok(self.core().db().ping().await?)
    }

    /// Reads the whole catalogue again and makes it the one that everybody sees.
    pub async fn reload(&self) -> Result<()> {
        let _turn = self.0.reading.lock().await;
        self.reload_in_turn().await
    }

    async fn reload_in_turn(&self) -> Result<()> {
        let catalog = Catalog::load(self.core(), self.settings()).await?;
        self.0.catalog.store(Arc::new(catalog));
        self.0.access.forget();
        Ok(())
    }

    /// Reads what has changed in the catalogue and makes it seen.
    pub async fn catch_up(&self) -> Result<()> {
        let _turn = self.0.reading.lock().await;
        let catalog = self.catalog();
        match catalog.changes(self.core(), self.settings()).await? {
            Some(changes) => self.0.catalog.store(catalog.with(changes, self.core().now())),
            None => return self.reload_in_turn().await,
        }
        self.0.access.forget();
        Ok(())
    }

    /// Looks at the clock: who has opened or closed since.
    pub async fn look_at_the_clock(&self) {
        let _turn = self.0.reading.lock().await;
        if let Some(next) = self.catalog().at(self.core().now()) {
            self.0.catalog.store(Arc::new(next));
        }
    }

    /// Brings the figures of the catalogue up to date: use, measured quality, stars.
    pub async fn refresh_figures(&self) -> Result<()> {
        let _turn = self.0.reading.lock().await;
        let catalog = self.catalog();
        match catalog.fresh_figures(self.core()).await? {
            Some(changes) => {
                let now = self.core().now();
                let next = tokio::task::spawn_blocking(move || catalog.with(changes, now)).await;
                let next = next.map_err(|error| crate::Error::Internal(Box::new(error)))?;
                self.0.catalog.store(next);
                Ok(())
            }
            None => self.reload_in_turn().await,
        }
    }

    /// Proves the ledger: every rule against one moment of all records.
    pub async fn prove(&self) -> Result<(store::proof::Extent, Vec<store::proof::Offence>)> {
        let mut tx = self.core().db().snapshot().await?;
        Ok(store::proof::check(&mut tx).await?)
    }
}
