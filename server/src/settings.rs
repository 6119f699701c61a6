//! The settings: from the environment, from the file that `CMP_CONFIG` names, or their defaults, in this order.

use std::{env, fmt, fs, net::SocketAddr, path::PathBuf, time::Duration};

use model::{BasisPoints, Credits, Usd};

/// A setting that cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    name: &'static str,
    value: String,
    allowed: &'static str,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The setting {} is “{}”. Allowed is: {}.", self.name, self.value, self.allowed)
    }
}

impl std::error::Error for Wrong {}

/// All that an operator may choose.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the operator's")]
#[derive(Debug, Clone)]
pub struct Settings {
    pub database_url: String,
    pub addr: SocketAddr,
    pub public_url: String,
    pub data_dir: PathBuf,
    pub site_root: Option<PathBuf>,
    pub credit_price: Usd,
    pub fee: BasisPoints,
    pub trial_credits: Credits,
    pub demo_credits_per_day: Credits,
    pub demo_calls_per_address: u32,
    pub demo_calls_per_day: u32,
    pub trust_proxy: bool,
    pub lease_max: Credits,
    pub allow_private_upstreams: bool,
    pub first_byte: Duration,
    pub between_bytes: Duration,
    /// How often each service is probed; none when none is.
    pub probe_every: Option<Duration>,
    pub workers: usize,
    /// How many rendered pages are kept; none are at 0.
    pub page_cache: usize,
    /// Whether a customer that an operator makes gets a first project.
    pub default_project: bool,
    /// Whether anybody who is signed in may open an organization.
    pub self_register: bool,
    pub server_name: String,
    /// The mail server; without one mail stays in the outbox.
    pub smtp_url: Option<String>,
    /// Whom mail comes from.
    pub mail_from: String,
    /// The identity provider; without one people sign in with passwords alone.
    pub oidc_issuer: Option<String>,
    pub oidc_client_id: String,
    pub oidc_client_secret: Option<String>,
    /// Whether who comes from the identity provider must have an account already.
    pub block_uninvited: bool,
    pub listing_approval: market::ListingApproval,
    pub issuer: market::Issuer,
    pub invoice_due_days: i64,
    pub log: String,
}

/// Where values come from.
struct Source {
    file: toml::Table,
}

impl Source {
    fn text(&self, name: &str) -> Option<String> {
        let from_file = || match self.file.get(name)? {
            toml::Value::String(text) => Some(text.clone()),
            toml::Value::Integer(number) => Some(number.to_string()),
            toml::Value::Float(number) => Some(number.to_string()),
            toml::Value::Boolean(choice) => Some(choice.to_string()),
            toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => {
                Some("not a value".to_owned())
            }
        };
        env::var(name).ok().filter(|text| !text.is_empty()).or_else(from_file)
    }

    fn read<T>(
        &self,
        name: &'static str,
        allowed: &'static str,
        default: T,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Wrong> {
        let Some(value) = self.text(name) else { return Ok(default) };
        parse(&value).ok_or(Wrong { name, value, allowed })
    }
}

fn seconds(text: &str) -> Option<Duration> {
    text.parse().ok().filter(|s| (1..=3_600).contains(s)).map(Duration::from_secs)
}

fn up_to_a_million(text: &str) -> Option<u32> {
    text.parse().ok().filter(|n| *n <= 1_000_000)
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

impl Settings {
    pub fn load() -> Result<Self, Wrong> {
        let file = match env::var("CMP_CONFIG") {
            Err(_) => toml::Table::new(),
            Ok(path) => {
                let wrong = || Wrong {
                    name: "CMP_CONFIG",
                    value: path.clone(),
                    allowed: "the path of a readable TOML file with settings by their names",
                };
                let text = fs::read_to_string(&path).map_err(|_| wrong())?;
                text.parse().map_err(|_: toml::de::Error| wrong())?
            }
        };
        Self::from(&Source { file })
    }

    fn from(source: &Source) -> Result<Self, Wrong> {
        let defaults = market::Settings::default();
        let data_dir =
            PathBuf::from(source.text("CMP_DATA_DIR").unwrap_or_else(|| "data".to_owned()));
        let addr = source.read(
            "CMP_ADDR",
            "an address and a port, as in 127.0.0.1:3000",
            SocketAddr::from(([127, 0, 0, 1], 3000)),
            |text| text.parse().ok(),
        )?;
        let database_url = source.read(
            "DATABASE_URL",
            "sqlite://path/to/file.db or postgres://user:password@host/database",
            format!("sqlite://{}/cmp.db", data_dir.display()),
            |text| {
                ["sqlite:", "postgres://", "postgresql://"]
                    .iter()
                    .any(|s| text.starts_with(s))
                    .then(|| text.to_owned())
            },
        )?;
        Ok(Self {
            public_url: source.read(
                "CMP_PUBLIC_URL",
                "the address of this marketplace in browsers, as in https://market.example.com",
                format!("http://{addr}"),
                |text| {
                    let sound = (text.starts_with("http://") || text.starts_with("https://"))
                        && text.len() < 200
                        && !text.contains(['"', '<', ' ']);
                    sound.then(|| text.trim_end_matches('/').to_owned())
                },
            )?,
            credit_price: source.read(
                "CREDIT_PRICE",
                "US dollars for a credit, above 0 and at most 1000, as in 0.08",
                defaults.credit_price,
                |text| {
                    text.parse()
                        .ok()
                        .filter(|price: &Usd| (1..=1_000_000_000).contains(&price.micros()))
                },
            )?,
            fee: source.read(
                "PLATFORM_FEE_BPS",
                "hundredths of a percent from 0 to 10000",
                defaults.fee,
                |text| BasisPoints::try_from(text.parse::<u16>().ok()?).ok(),
            )?,
            trial_credits: source.read(
                "TRIAL_CREDITS",
                "credits for a new workspace, from 0 to 1000000",
                defaults.trial_credits,
                |text| {
                    text.parse().ok().filter(|credits| {
                        (Credits::ZERO..=Credits::from_micros(1_000_000_000_000)).contains(credits)
                    })
                },
            )?,
            demo_credits_per_day: source.read(
                "DEMO_CREDITS_PER_DAY",
                "credits for tries without an account, from 0 to 1000000; 0 for none",
                defaults.demo_credits_per_day,
                |text| {
                    text.parse().ok().filter(|credits| {
                        (Credits::ZERO..=Credits::from_micros(1_000_000_000_000)).contains(credits)
                    })
                },
            )?,
            demo_calls_per_address: source.read(
                "DEMO_CALLS_PER_ADDRESS",
                "tries without an account of one address in a day, from 0 to 1000000",
                defaults.demo_calls_per_address,
                up_to_a_million,
            )?,
            demo_calls_per_day: source.read(
                "DEMO_CALLS_PER_DAY",
                "tries without an account in a day, from 0 to 1000000",
                defaults.demo_calls_per_day,
                up_to_a_million,
            )?,
            trust_proxy: source.read("CMP_TRUST_PROXY", "true or false", false, yes_or_no)?,
            default_project: source.read(
                "CREATE_DEFAULT_PROJECT_ON_ORGANIZATION_CREATION",
                "true or false",
                false,
                yes_or_no,
            )?,
            self_register: source.read(
                "ONBOARDING_UNIVERSAL_AUTO_APPROVE",
                "true or false",
                false,
                yes_or_no,
            )?,
            lease_max: source.read(
                "CMP_LEASE_MAX",
                "credits of one customer that a server may set aside at a time, above 0",
                defaults.lease_max,
                |text| text.parse().ok().filter(|credits: &Credits| credits.is_positive()),
            )?,
            allow_private_upstreams: source.read(
                "CMP_ALLOW_PRIVATE_UPSTREAMS",
                "true or false",
                false,
                yes_or_no,
            )?,
            first_byte: source.read(
                "CMP_UPSTREAM_FIRST_BYTE_S",
                "seconds from 1 to 3600",
                Duration::from_mins(2),
                seconds,
            )?,
            between_bytes: source.read(
                "CMP_UPSTREAM_PAUSE_S",
                "seconds from 1 to 3600",
                Duration::from_mins(1),
                seconds,
            )?,
            page_cache: source.read(
                "CMP_PAGE_CACHE",
                "a number of pages from 0 to 1000000",
                2_000,
                |text| text.parse().ok().filter(|pages| *pages <= 1_000_000),
            )?,
            probe_every: source.read(
                "CMP_PROBE_EVERY_S",
                "0 for no probes, or seconds from 10 to 86400",
                Some(Duration::from_mins(5)),
                |text| match text.parse().ok()? {
                    0 => Some(None),
                    s @ 10..=86_400 => Some(Some(Duration::from_secs(s))),
                    _ => None,
                },
            )?,
            workers: source.read(
                "CMP_WORKERS",
                "a number of threads from 1 to 256",
                std::thread::available_parallelism().map_or(2, usize::from),
                |text| text.parse().ok().filter(|n| (1..=256).contains(n)),
            )?,
            issuer: market::Issuer {
                name: source.text("CMP_ISSUER_NAME").unwrap_or(defaults.issuer.name),
                address: source.text("CMP_ISSUER_ADDRESS").unwrap_or_default(),
                country: source.text("CMP_ISSUER_COUNTRY").unwrap_or_default(),
                email: source.text("CMP_ISSUER_EMAIL").unwrap_or_default(),
                phone_number: source.text("CMP_ISSUER_PHONE").unwrap_or_default(),
                vat_code: source.text("CMP_ISSUER_VAT").unwrap_or_default(),
                bank_name: source.text("CMP_ISSUER_BANK").unwrap_or_default(),
                bank_account: source.text("CMP_ISSUER_ACCOUNT").unwrap_or_default(),
            },
            invoice_due_days: source.read(
                "CMP_INVOICE_DUE_DAYS",
                "a number of days from 0 to 365",
                defaults.invoice_due_days,
                |text| text.parse().ok().filter(|days| (0..=365).contains(days)),
            )?,
            server_name: source
                .text("CMP_SERVER_NAME")
                .unwrap_or_else(|| format!("{}@{addr}", hostname())),
            smtp_url: source.read(
                "CMP_SMTP_URL",
                "smtp://host:port or smtps://user:password@host:port",
                None,
                |text| {
                    let sound = text.starts_with("smtp://") || text.starts_with("smtps://");
                    sound.then(|| Some(text.to_owned()))
                },
            )?,
            oidc_issuer: source.read(
                "CMP_OIDC_ISSUER",
                "the address of an OpenID provider, as in https://id.example.com/realms/cmp",
                None,
                |text| {
                    let sound = text.starts_with("https://") || text.starts_with("http://");
                    (sound && !text.ends_with('?') && text.bytes().all(|b| b.is_ascii_graphic()))
                        .then(|| Some(text.to_owned()))
                },
            )?,
            oidc_client_id: source.text("CMP_OIDC_CLIENT_ID").unwrap_or_else(|| "cmp".to_owned()),
            oidc_client_secret: source.text("CMP_OIDC_CLIENT_SECRET"),
            block_uninvited: source.read(
                "OIDC_BLOCK_CREATION_OF_UNINVITED_USERS",
                "true or false",
                false,
                |text| yes_or_no(&text.to_ascii_lowercase()),
            )?,
            listing_approval: source.read(
                "CMP_LISTING_APPROVAL",
                "required or auto",
                market::ListingApproval::Required,
                |text| match text {
                    "required" => Some(market::ListingApproval::Required),
                    "auto" => Some(market::ListingApproval::Auto),
                    _ => None,
                },
            )?,
            mail_from: source.read(
                "CMP_MAIL_FROM",
                "an address, as in Marketplace <mail@example.com>",
                format!("CMP <noreply@{}>", mail_host(source)),
                |text| (text.contains('@') && text.len() <= 300).then(|| text.to_owned()),
            )?,
            log: source.text("CMP_LOG").unwrap_or_else(|| "info,sqlx=warn,hyper=warn".to_owned()),
            site_root: source
                .text("CMP_SITE_ROOT")
                .or_else(|| source.text("LEPTOS_SITE_ROOT"))
                .map(PathBuf::from),
            addr,
            database_url,
            data_dir,
        })
    }

    /// The choices that the services read.
    pub fn market(&self) -> market::Settings {
        market::Settings {
            public_url: self.public_url.clone(),
            credit_price: self.credit_price,
            fee: self.fee,
            trial_credits: self.trial_credits,
            demo_credits_per_day: self.demo_credits_per_day,
            demo_calls_per_address: self.demo_calls_per_address,
            demo_calls_per_day: self.demo_calls_per_day,
            lease_max: self.lease_max,
            default_project: self.default_project,
            self_register: self.self_register,
            block_uninvited: self.block_uninvited,
            listing_approval: self.listing_approval,
            server_name: self.server_name.clone(),
            issuer: self.issuer.clone(),
            invoice_due_days: self.invoice_due_days,
        }
    }

    /// The identity provider, where there is one.
    pub fn oidc(&self) -> Option<sso::Config> {
        Some(sso::Config {
            issuer: self.oidc_issuer.clone()?,
            client_id: self.oidc_client_id.clone(),
            client_secret: self.oidc_client_secret.clone(),
            public_url: self.public_url.clone(),
        })
    }

    /// The choices that the gateway reads.
    pub fn gateway(&self) -> gateway::Config {
        gateway::Config {
            allow_private: self.allow_private_upstreams,
            first_byte: self.first_byte,
            between_bytes: self.between_bytes,
            lease_max: self.lease_max,
        }
    }
}

/// What mail comes from when nobody says: the host of the public address, if that is a name.
fn mail_host(source: &Source) -> String {
    let url = source.text("CMP_PUBLIC_URL").unwrap_or_default();
    let host = url.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let named = host.contains('.') && host.parse::<std::net::IpAddr>().is_err();
    if named { host.to_owned() } else { "localhost".to_owned() }
}

fn hostname() -> String {
    fs::read_to_string("/etc/hostname")
        .map_or_else(|_| "cmp".to_owned(), |name| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Result<Settings, Wrong> {
        Settings::from(&Source { file: text.parse().unwrap() })
    }

    #[test]
    fn a_wrong_setting_is_named_with_its_value_and_what_is_allowed() {
        for (text, name) in [
            ("CREDIT_PRICE = \"free\"", "CREDIT_PRICE"),
            ("CREDIT_PRICE = \"0\"", "CREDIT_PRICE"),
            ("PLATFORM_FEE_BPS = 10001", "PLATFORM_FEE_BPS"),
            ("TRIAL_CREDITS = \"-1\"", "TRIAL_CREDITS"),
            ("CMP_ADDR = \"3000\"", "CMP_ADDR"),
            ("CMP_PUBLIC_URL = \"javascript:alert(1)\"", "CMP_PUBLIC_URL"),
            ("DATABASE_URL = \"mysql://x\"", "DATABASE_URL"),
            ("CMP_WORKERS = 0", "CMP_WORKERS"),
            ("CMP_PROBE_EVERY_S = 5", "CMP_PROBE_EVERY_S"),
            ("DEMO_CREDITS_PER_DAY = \"-1\"", "DEMO_CREDITS_PER_DAY"),
            ("DEMO_CALLS_PER_ADDRESS = 1000001", "DEMO_CALLS_PER_ADDRESS"),
            ("CMP_TRUST_PROXY = \"perhaps\"", "CMP_TRUST_PROXY"),
            ("CMP_SMTP_URL = \"mail.example.com\"", "CMP_SMTP_URL"),
            ("CMP_MAIL_FROM = \"CMP\"", "CMP_MAIL_FROM"),
            ("CMP_OIDC_ISSUER = \"id.example.com\"", "CMP_OIDC_ISSUER"),
        ] {
            let wrong = with(text).unwrap_err();
            assert_eq!(wrong.name, name);
            let sentence = wrong.to_string();
            assert!(
                sentence.contains(name)
                    && sentence.contains(&wrong.value)
                    && sentence.contains(wrong.allowed)
            );
        }
    }

    #[test]
    fn numbers_and_texts_are_both_read() {
        let settings = with(
            "CREDIT_PRICE = 0.1\nPLATFORM_FEE_BPS = \"0\"\nCMP_PUBLIC_URL = \"https://a.example/\"",
        )
        .unwrap();
        assert_eq!(settings.credit_price.micros(), 100_000);
        assert_eq!(settings.fee.get(), 0);
        assert_eq!(settings.public_url, "https://a.example");
        assert_eq!(settings.mail_from, "CMP <noreply@a.example>");
        assert_eq!(
            with("CMP_ADDR = \"127.0.0.1:1\"").unwrap().mail_from,
            "CMP <noreply@localhost>"
        );
        assert_eq!(settings.probe_every, Some(Duration::from_mins(5)));
        assert_eq!(with("CMP_PROBE_EVERY_S = 0").unwrap().probe_every, None);
    }
}
