//! Stars: read as a figure with its count, and chosen with five radio buttons.

use leptos::prelude::*;
use model::Stars;

use super::badges::{Tone, badge};
use crate::format::count;

const STAR: &str = "M12 3l2.7 5.6 6.1.8-4.5 4.2 1.1 6.1L12 16.8l-5.4 2.9 1.1-6.1-4.5-4.2 6.1-.8z";
const HALF: &str = "M12 3v13.8l-5.4 2.9 1.1-6.1-4.5-4.2 6.1-.8z";

/// Reviews below this number are too few to trust their average.
const FEW: u64 = 5;

/// Five stars, filled to the nearest half. What they say stands beside them in words.
fn row(average: f64) -> AnyView {
    let star = |place: u8| {
        let over = average - f64::from(place);
        let fill = if over >= 0.75 {
            Some(STAR)
        } else if over >= 0.25 {
            Some(HALF)
        } else {
            None
        };
        let fill = fill.map(|path| view! { <path class="star-full" d=path></path> });
        view! {
            <g transform=format!("translate({} 0)", u32::from(place) * 24)>
                <path class="star-line" d=STAR></path>
                {fill}
            </g>
        }
    };
    view! {
        <svg class="stars" viewBox="0 0 120 24" width="90" height="18" aria-hidden="true" focusable="false">
            {(0..5).map(star).collect_view()}
        </svg>
    }
    .into_any()
}

/// The stars of one review.
pub fn stars(stars: Stars) -> AnyView {
    let words = format!("{} of 5 stars", stars.get());
    view! {
        <span class="score">
            {row(f64::from(stars.get()))}
            <span class="sr-only">{words}</span>
        </span>
    }
    .into_any()
}

/// An average with its count, which always stands beside it.
pub fn rating(average: Option<f64>, reviews: u64) -> AnyView {
    let Some(average) = average.filter(|_| reviews > 0) else {
        return view! { <span class="score meta">"No reviews yet"</span> }.into_any();
    };
    let few = (reviews < FEW).then(|| badge("New", Tone::Neutral));
    view! {
        <span class="score">
            {row(average)}
            <span class="num">
                <strong>{format!("{average:.1}")}</strong>
                <span class="sr-only">" of 5"</span>
                {format!(", {}", count(reviews, "review", "reviews"))}
            </span>
            {few}
        </span>
    }
    .into_any()
}

/// What each number of stars says.
pub const fn word(stars: Stars) -> &'static str {
    match stars.get() {
        1 => "Unusable",
        2 => "Poor",
        3 => "Acceptable",
        4 => "Good",
        _ => "Excellent",
    }
}

/// Five radio buttons, the best first, which the arrow keys move between.
pub fn stars_input(chosen: Option<Stars>, fault: Option<String>) -> AnyView {
    let option = |stars: Stars| {
        let id = if stars == Stars::ALL.last().copied().unwrap_or(stars) {
            "stars".to_owned()
        } else {
            format!("stars-{}", stars.get())
        };
        let own = id.clone();
        view! {
            <label class="star-option" for=id>
                <input type="radio" name="stars" id=own value=stars.get().to_string() checked=chosen == Some(stars) />
                {row(f64::from(stars.get()))}
                <span>{format!("{} – {}", stars.get(), word(stars))}</span>
            </label>
        }
    };
    let invalid = fault.is_some().then_some("stars-error");
    let fault = fault.map(|text| {
        view! {
            <p class="fault" id="stars-error">
                <span class="sr-only">"Error: "</span>
                {text}
            </p>
        }
    });
    view! {
        <fieldset class="field" aria-describedby=invalid>
            <legend class="label">"Stars"</legend>
            {fault}
            <div class="star-options">{Stars::ALL.into_iter().rev().map(option).collect_view()}</div>
        </fieldset>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_average_never_stands_without_its_count() {
        let html = rating(Some(4.26), 12).to_html();
        assert!(html.contains("4.3") && html.contains("12 reviews"), "{html}");
        assert!(rating(None, 0).to_html().contains("No reviews yet"));
        assert!(rating(Some(5.0), 2).to_html().contains("New"));
    }

    #[test]
    fn the_summary_s_link_leads_to_the_first_radio() {
        let html = stars_input(None, Some("Choose from 1 to 5 stars".to_owned())).to_html();
        assert_eq!(html.matches("type=\"radio\"").count(), 5);
        assert!(html.contains("id=\"stars\"") && html.contains("stars-error"), "{html}");
    }
}
