//! Line icons on a 24-unit grid, drawn for this program in the manner of Lucide. They stand beside text, so they are
//! hidden from assistive technology.

use leptos::prelude::*;

/// What an icon shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    Agents,
    Apps,
    Assistants,
    Automations,
    Search,
    Sun,
    Moon,
    Device,
    Check,
    Cross,
    Alert,
    Info,
    Wallet,
    Key,
    Chart,
    Arrow,
    Copy,
    Filter,
    Receipt,
    Shelf,
    Verified,
    Star,
    Columns,
    Rows,
    Play,
    Book,
    Flag,
    Stop,
}

impl Icon {
    /// The icon of a category by its slug.
    pub fn of_category(slug: &str) -> Self {
        match slug {
            "agents" => Self::Agents,
            "apps" => Self::Apps,
            "assistants" => Self::Assistants,
            "automations" => Self::Automations,
            _ => Self::Shelf,
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Agents => {
                "M12 4v3M5 11a4 4 0 0 1 4-4h6a4 4 0 0 1 4 4v5a4 4 0 0 1-4 4H9a4 4 0 0 1-4-4zM2 13v2M22 13v2M9.5 12.5v2M14.5 12.5v2"
            }
            Self::Apps => "M4 4h6v6H4zM14 4h6v10h-6zM4 14h6v6H4zM14 18h6",
            Self::Assistants => {
                "M20 15a3 3 0 0 1-3 3H9l-5 3.5V7a3 3 0 0 1 3-3h10a3 3 0 0 1 3 3zM8.5 9h7M8.5 13h4"
            }
            Self::Automations => "M13 3 5 13.5h6L10.5 21 19 10.5h-6z",
            Self::Search => "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM20 20l-4.6-4.6",
            Self::Sun => {
                "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4"
            }
            Self::Moon => "M20 14.2A8.2 8.2 0 0 1 9.8 4 8.2 8.2 0 1 0 20 14.2z",
            Self::Device => {
                "M5 4h14a1.5 1.5 0 0 1 1.5 1.5v9A1.5 1.5 0 0 1 19 16H5a1.5 1.5 0 0 1-1.5-1.5v-9A1.5 1.5 0 0 1 5 4zM8.5 20h7M12 16v4"
            }
            Self::Check => "M5 12.5 10 17.5 19.5 7",
            Self::Cross => "M6 6 18 18M18 6 6 18",
            Self::Alert => "M12 4 21.5 20h-19zM12 10v4.5M12 17.2v.1",
            Self::Info => "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM12 11v5M12 7.8v.1",
            Self::Wallet => {
                "M4 7.5A2.5 2.5 0 0 1 6.5 5H18v3M4 7.5V17a2 2 0 0 0 2 2h14V8H6.5A2.5 2.5 0 0 1 4 7.5zM16 13.5h.1"
            }
            Self::Key => "M8 11.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM11.2 12.8 20 4M16.5 7.5l3 3",
            Self::Chart => "M4 4v16h16M8.5 16v-4M13 16V8M17.5 16v-6",
            Self::Arrow => "M5 12h14M13 6l6 6-6 6",
            Self::Copy => "M9 9h10v11H9zM5 15V4h10",
            Self::Filter => "M4 6h16M7 12h10M10 18h4",
            Self::Receipt => {
                "M6 3.5v17l2-1.3 2 1.3 2-1.3 2 1.3 2-1.3 2 1.3v-17l-2 1.3-2-1.3-2 1.3-2-1.3-2 1.3zM9 9h6M9 13h6"
            }
            Self::Shelf => "M4 5h16v5H4zM4 14h16v5H4z",
            Self::Star => {
                "M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9L12 16.9l-5.2 2.8 1-5.9L3.5 9.7l5.9-.8z"
            }
            Self::Columns => "M4 4h7v16H4zM13 4h7v16h-7z",
            Self::Rows => "M4 5h16M4 10h16M4 15h16M4 20h16",
            Self::Verified => {
                "M12 3l2.4 1.9 3 .1.8 2.9 2.4 1.8-1 2.8 1 2.8-2.4 1.8-.8 2.9-3 .1L12 22l-2.4-1.9-3-.1-.8-2.9-2.4-1.8 1-2.8-1-2.8 2.4-1.8.8-2.9 3-.1zM8.8 12.6l2.3 2.3 4.2-4.6"
            }
            Self::Play => "M8 5v14l11-7z",
            Self::Book => {
                "M12 6.5C10 5 7 4.5 4 5v13c3-.5 6 0 8 1.5 2-1.5 5-2 8-1.5V5c-3-.5-6 0-8 1.5zM12 6.5v13"
            }
            Self::Flag => "M6 21V4h11l-2 4 2 4H6",
            Self::Stop => "M7 7h10v10H7z",
        }
    }
}

/// An icon of 20 pixels, or 16 in small type.
pub fn icon(icon: Icon) -> AnyView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
            <path d=icon.path()></path>
        </svg>
    }
    .into_any()
}

/// The mark of CMP: three rows of a ledger, the last one settled.
pub fn mark() -> AnyView {
    view! {
        <svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
            <rect width="24" height="24" rx="6" fill="currentColor"></rect>
            <path d="M6 7.5h12M6 12h7.5M6 16.5h4" stroke-width="2" stroke-linecap="round" fill="none"></path>
            <path d="M13.5 16.2l1.8 1.8 3.2-3.8" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" fill="none"></path>
        </svg>
    }
    .into_any()
}
