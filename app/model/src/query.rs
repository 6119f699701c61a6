//! What a visitor asked the catalogue for. The page and the API read the same parameters here.

use std::fmt::Write as _;

use crate::ModelFamily;

/// The order of results. Services without a value for the key come last; ties go by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Sort {
    #[default]
    Newest,
    /// Cheapest first.
    Price,
    /// Dearest first.
    PriceDown,
}

impl Sort {
    pub const ALL: &'static [Self] = &[Self::Newest, Self::Price, Self::PriceDown];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Price => "price",
            Self::PriceDown => "-price",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::Newest => "Newest",
            Self::Price => "Price: low to high",
            Self::PriceDown => "Price: high to low",
        }
    }
}

/// Something in a query that was not understood and left out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Notice(pub String);

/// A normalised query: equal questions are equal values, which makes it the key of the page cache.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CatalogQuery {
    /// Words to find, folded to lower case; empty for all.
    pub search: String,
    /// Slugs of categories, sorted; empty for all.
    pub categories: Vec<String>,
    /// Sorted; empty for all.
    pub families: Vec<ModelFamily>,
    pub sort: Sort,
    /// From 1.
    pub page: u64,
    /// From 1 to 100.
    pub page_size: u64,
    /// What was left out, for the page to say.
    pub notices: Vec<Notice>,
}

impl Default for CatalogQuery {
    fn default() -> Self {
        Self {
            search: String::new(),
            categories: Vec::new(),
            families: Vec::new(),
            sort: Sort::default(),
            page: 1,
            page_size: Self::PAGE_SIZE,
            notices: Vec::new(),
        }
    }
}

impl CatalogQuery {
    pub const PAGE_SIZE: u64 = 24;
    pub const MAX_PAGE_SIZE: u64 = 100;
    /// Characters of search text that are looked at.
    pub const MAX_SEARCH: usize = 200;

    /// Reads decoded parameters. Any parameters give a query: what is unknown or absurd is left out with a notice.
    pub fn read<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut query = Self::default();
        for (name, value) in pairs.into_iter().take(64) {
            query.take(name, value.trim());
        }
        query.categories.sort();
        query.categories.dedup();
        query.families.sort();
        query.families.dedup();
        query
    }

    fn take(&mut self, name: &str, value: &str) {
        match name {
            _ if value.is_empty() => {}
            "search" => {
                if value.chars().count() > Self::MAX_SEARCH {
                    self.notice(format!(
                        "Only the first {} characters were searched for",
                        Self::MAX_SEARCH
                    ));
                }
                let kept: String = value.chars().take(Self::MAX_SEARCH).collect();
                self.search = kept.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
            }
            "category" if value.len() <= 80 => self.categories.push(value.to_lowercase()),
            "family" => match value.to_lowercase().parse() {
                Ok(family) => self.families.push(family),
                Err(_) => self.notice("An unknown model family was left out".to_owned()),
            },
            "sort" => match Sort::ALL.iter().find(|sort| sort.as_str() == value) {
                Some(sort) => self.sort = *sort,
                None => self.notice("An unknown order was left out".to_owned()),
            },
            "page" => match value.parse() {
                Ok(page @ 1..=100_000) => self.page = page,
                _ => self.notice("An unknown page number was left out".to_owned()),
            },
            "page_size" => match value.parse::<u64>() {
                Ok(size) => self.page_size = size.clamp(1, Self::MAX_PAGE_SIZE),
                Err(_) => self.notice("An unknown page size was left out".to_owned()),
            },
            // What pages put into an address for themselves.
            "service" | "start" | "plan" | "utm_source" | "utm_medium" | "utm_campaign" => {}
            _ => self.notice("An unknown filter was left out".to_owned()),
        }
    }

    fn notice(&mut self, text: String) {
        if !self.notices.iter().any(|notice| notice.0 == text) {
            self.notices.push(Notice(text));
        }
    }

    /// The canonical parameters, percent-encoded, defaults dropped, without the question mark.
    pub fn to_query(&self) -> String {
        let mut text = String::new();
        let mut put = |name: &str, value: &str| {
            if !text.is_empty() {
                text.push('&');
            }
            text.push_str(name);
            text.push('=');
            escape(value, &mut text);
        };
        if !self.search.is_empty() {
            put("search", &self.search);
        }
        self.categories.iter().for_each(|slug| put("category", slug));
        self.families.iter().for_each(|family| put("family", family.as_str()));
        if self.sort != Sort::default() {
            put("sort", self.sort.as_str());
        }
        if self.page_size != Self::PAGE_SIZE {
            put("page_size", &self.page_size.to_string());
        }
        if self.page != 1 {
            put("page", &self.page.to_string());
        }
        text
    }

    /// True when nothing narrows the list.
    pub fn is_everything(&self) -> bool {
        self.search.is_empty() && self.categories.is_empty() && self.families.is_empty()
    }

    /// The same question at its first page, for links that change something else.
    #[must_use]
    pub fn first_page(&self) -> Self {
        Self { page: 1, notices: Vec::new(), ..self.clone() }
    }
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
fn escape(value: &str, text: &mut String) {
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(byte));
            }
            // Writing into a string cannot fail.
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_questions_are_equal() {
        let one =
            CatalogQuery::read([("family", "GPT"), ("category", "apps"), ("family", "claude")]);
        let two = CatalogQuery::read([
            ("category", "Apps"),
            ("family", "claude"),
            ("family", "gpt"),
            ("page", "1"),
        ]);
        assert_eq!(one, two);
        assert_eq!(one.to_query(), "category=apps&family=gpt&family=claude");
    }

    #[test]
    fn absurd_parameters_are_left_out_and_said() {
        let query = CatalogQuery::read([
            ("sort", "'; DROP"),
            ("page", "-1"),
            ("page_size", "9999"),
            ("zzz", "1"),
        ]);
        assert_eq!((query.sort, query.page, query.page_size), (Sort::Newest, 1, 100));
        assert_eq!(query.notices.len(), 3);
        let long = "ä".repeat(10_000);
        assert_eq!(CatalogQuery::read([("search", long.as_str())]).search.chars().count(), 200);
    }

    proptest! {
        #[test]
        fn any_parameters_are_safe_and_the_canonical_form_is_stable(
            pairs in proptest::collection::vec((
                "search|category|family|sort|page|page_size|x", "\\PC{0,20}|gpt|price|3",
            ), 0..8)
        ) {
            let query = CatalogQuery::read(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())));
            prop_assert!(query.to_query().is_ascii());
            prop_assert!((1..=100).contains(&query.page_size));
        }
    }
}
