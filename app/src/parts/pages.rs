//! Turning the pages of a list.

use leptos::prelude::*;

use crate::format::grouped;

/// Where a list stands.
#[derive(Debug, Clone, Copy)]
pub struct Pages {
    pub page: u64,
    pub size: u64,
    pub total: u64,
}

impl Pages {
    /// The number of pages, at least one.
    pub const fn count(self) -> u64 {
        let pages = self.total.div_ceil(if self.size == 0 { 1 } else { self.size });
        if pages == 0 { 1 } else { pages }
    }

    /// Which rows are shown, as in `1–24 of 120`.
    pub fn range(self) -> String {
        if self.total == 0 {
            return "0".to_owned();
        }
        let first = (self.page.saturating_sub(1)).saturating_mul(self.size) + 1;
        let last = (first + self.size - 1).min(self.total);
        format!("{}–{} of {}", grouped(first.min(self.total)), grouped(last), grouped(self.total))
    }

    /// Links to the pages before and after; nothing when everything is on one page.
    pub fn view(self, what: &'static str, link: impl Fn(u64) -> String) -> Option<AnyView> {
        if self.count() < 2 {
            return None;
        }
        let before = (self.page > 1).then(|| {
            view! { <a class="btn btn-secondary" rel="prev" href=link(self.page - 1)>"Previous"</a> }
        });
        let after = (self.page < self.count()).then(|| {
            view! { <a class="btn btn-secondary" rel="next" href=link(self.page + 1)>"Next"</a> }
        });
        Some(
            view! {
                <nav class="pages" aria-label=format!("Pages of {what}")>
                    <p class="meta num">
                        {self.range()} " · page " {grouped(self.page)} " of " {grouped(self.count())}
                    </p>
                    <div class="row">{before} {after}</div>
                </nav>
            }
            .into_any(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_end_with_the_list() {
        let pages = Pages { page: 3, size: 50, total: 101 };
        assert_eq!((pages.count(), pages.range().as_str()), (3, "101–101 of 101"));
        assert_eq!(Pages { page: 1, size: 50, total: 0 }.count(), 1);
    }
}
