//! What a visitor asked the catalogue for. The page and the API read the same parameters here.

use std::{collections::BTreeSet, fmt::Write as _};

use crate::{Choice, Facet, Place};

crate::offerings::words! {
    /// The order of results. Services without a value for the key come last; ties go by name.
    Sort {
        /// Most metered calls in the last seven days first.
        Popularity = "popularity",
        /// Cheapest first.
        Price = "price",
        /// Dearest first.
        PriceDown = "-price",
        /// Best rated first.
        Rating = "rating",
        Newest = "newest",
        /// Quickest first token first.
        Latency = "latency",
        /// Most reliable first.
        Uptime = "uptime",
        /// Longest context window first.
        Context = "context",
    }

    /// How results are shown.
    View {
        Cards = "cards",
        Table = "table",
    }
}

impl Sort {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Popularity => "Most used in 7 days",
            Self::Price => "Price: low to high",
            Self::PriceDown => "Price: high to low",
            Self::Rating => "Best rated",
            Self::Newest => "Newest",
            Self::Latency => "Quickest first token",
            Self::Uptime => "Highest uptime",
            Self::Context => "Longest context",
        }
    }
}

/// Something in a query that was not understood and left out, or corrected.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Notice(pub String);

/// A normalised query: equal questions are equal values, which makes it the key of the page cache.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CatalogQuery {
    /// Words to find, folded to lower case; empty for all.
    pub search: String,
    /// What narrows the list.
    pub choices: BTreeSet<Choice>,
    /// The order asked for; without one, a search is ordered by how well it fits, everything else by popularity.
    pub sort: Option<Sort>,
    pub view: View,
    /// Where the calls will come from, for the estimate of the distance.
    pub near: Option<Place>,
    /// From 1.
    pub page: u64,
    /// From 1 to 100.
    pub page_size: u64,
    /// What was left out or corrected, for the page to say.
    pub notices: Vec<Notice>,
}

impl Default for CatalogQuery {
    fn default() -> Self {
        Self {
            search: String::new(),
            choices: BTreeSet::new(),
            sort: None,
            view: View::Cards,
            near: None,
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
    /// How many parameters of a query are looked at.
    pub const MAX_PARAMETERS: usize = 64;

    /// Reads decoded parameters. Any parameters give a query: what is unknown or absurd is left out with a notice.
    pub fn read<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut query = Self::default();
        let mut pairs = pairs.into_iter();
        for (name, value) in pairs.by_ref().take(Self::MAX_PARAMETERS) {
            query.take(name, value.trim());
        }
        if pairs.next().is_some() {
            query.notice(&format!(
                "Only the first {} parameters were looked at",
                Self::MAX_PARAMETERS
            ));
        }
        query.straighten();
        query
    }

    fn take(&mut self, name: &str, value: &str) {
        match name {
            _ if value.is_empty() => {}
            "search" => {
                if value.chars().nth(Self::MAX_SEARCH).is_some() {
                    self.notice(&format!(
                        "Only the first {} characters were searched for",
                        Self::MAX_SEARCH
                    ));
                }
                let kept: String = value.chars().take(Self::MAX_SEARCH).collect();
                self.search = kept.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
            }
            "sort" => match value.parse() {
                Ok(sort) => self.sort = Some(sort),
                Err(_) => self.notice("An unknown order was left out"),
            },
            "view" => match value.parse() {
                Ok(view) => self.view = view,
                // What the seeds call the cards.
                Err(_) if value == "grid" => self.view = View::Cards,
                Err(_) => self.notice("An unknown view was left out"),
            },
            "near" => match value.parse() {
                Ok(place) => self.near = Some(place),
                Err(_) => self.notice("An unknown place was left out"),
            },
            "page" => match value.parse() {
                Ok(page @ 1..=100_000) => self.page = page,
                _ => self.notice("An unknown page number was left out"),
            },
            "page_size" => match value.parse::<u64>() {
                Ok(size) => self.page_size = size.clamp(1, Self::MAX_PAGE_SIZE),
                Err(_) => self.notice("An unknown page size was left out"),
            },
            // What pages put into an address for themselves.
            "service" | "start" | "plan" | "fragment" | "utm_source" | "utm_medium"
            | "utm_campaign" => {}
            _ if value.len() > 200 => self.notice("A filter value that is too long was left out"),
            _ => match Choice::read(name, value) {
                Some(Ok(choice)) => self.add(choice),
                Some(Err(wrong)) => self.notice(wrong),
                None if name.parse::<Facet>().is_ok() => {}
                None => self.notice("An unknown filter was left out"),
            },
        }
    }

    fn add(&mut self, choice: Choice) {
        if choice.facet().is_single() {
            self.choices.retain(|other| other.facet() != choice.facet());
        }
        self.choices.insert(choice);
    }

    /// Ranges whose ends were swapped are turned round.
    fn straighten(&mut self) {
        let find = |facet: Facet| self.choices.iter().find(|c| c.facet() == facet).cloned();
        if let (Some(Choice::MinPrice(min)), Some(Choice::MaxPrice(max))) =
            (find(Facet::MinPrice), find(Facet::MaxPrice))
            && min > max
        {
            self.add(Choice::MinPrice(max));
            self.add(Choice::MaxPrice(min));
            self.notice("The ends of the price range were swapped");
        }
        let find = |facet: Facet| self.choices.iter().find(|c| c.facet() == facet).cloned();
        if let (Some(Choice::MinContext(min)), Some(Choice::MaxContext(max))) =
            (find(Facet::MinContext), find(Facet::MaxContext))
            && min > max
        {
            self.add(Choice::MinContext(max));
            self.add(Choice::MaxContext(min));
            self.notice("The ends of the context range were swapped");
        }
    }

    fn notice(&mut self, text: &str) {
        if !self.notices.iter().any(|notice| notice.0 == text) {
            self.notices.push(Notice(text.to_owned()));
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
        for choice in &self.choices {
            put(choice.facet().parameter(), &choice.value());
        }
        if let Some(near) = self.near {
            put("near", near.as_str());
        }
        if let Some(sort) = self.sort {
            put("sort", sort.as_str());
        }
        if self.view != View::Cards {
            put("view", self.view.as_str());
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
        self.search.is_empty() && self.choices.is_empty()
    }

    /// Whether a value is chosen.
    pub fn has(&self, choice: &Choice) -> bool {
        self.choices.contains(choice)
    }

    /// The same question at its first page, for links that change something else.
    #[must_use]
    pub fn first_page(&self) -> Self {
        Self { page: 1, notices: Vec::new(), ..self.clone() }
    }

    /// The same question without one of its choices, at its first page.
    #[must_use]
    pub fn without(&self, choice: &Choice) -> Self {
        let mut query = self.first_page();
        query.choices.remove(choice);
        query
    }

    /// The same question with one more choice, at its first page.
    #[must_use]
    pub fn with(&self, choice: Choice) -> Self {
        let mut query = self.first_page();
        query.add(choice);
        query
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
    use crate::Usd;

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
            ("min_price", "cheap"),
        ]);
        assert_eq!((query.sort, query.page, query.page_size), (None, 1, 100));
        assert_eq!(query.notices.len(), 4);
        let long = "ä".repeat(10_000);
        let query = CatalogQuery::read([("search", long.as_str())]);
        assert_eq!((query.search.chars().count(), query.notices.len()), (200, 1));
    }

    #[test]
    fn swapped_ranges_are_turned_round() {
        let query =
            CatalogQuery::read([("min_price", "0.5"), ("max_price", "0.1"), ("min_price", "1")]);
        assert!(query.has(&Choice::MinPrice(Usd::from_micros(100_000))));
        assert!(query.has(&Choice::MaxPrice(Usd::from_micros(1_000_000))));
        assert_eq!(query.notices.len(), 1);
    }

    #[test]
    fn a_choice_can_be_taken_back() {
        let query = CatalogQuery::read([("feature", "vision"), ("feature", "json"), ("page", "3")]);
        assert_eq!(
            query.without(&Choice::Feature(crate::Feature::Vision)).to_query(),
            "feature=json"
        );
    }

    proptest! {
        #[test]
        fn any_parameters_are_safe_and_the_canonical_form_is_stable(
            pairs in proptest::collection::vec((
                "search|category|family|sort|page|page_size|x|min_price|max_price|uptime|region|near|view|free",
                "\\PC{0,20}|gpt|price|3|99.9|0.01",
            ), 0..12)
        ) {
            let query = CatalogQuery::read(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())));
            let text = query.to_query();
            prop_assert!(text.is_ascii());
            prop_assert!((1..=100).contains(&query.page_size));
        }
    }
}
