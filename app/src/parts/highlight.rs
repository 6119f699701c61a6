//! Marks the words of a text that a search was taken to mean. The text stays text: nothing of it becomes markup.

use leptos::{either::Either, prelude::*};

/// A piece of a text, and whether it is one of the words.
type Piece<'a> = (bool, &'a str);

/// Cuts a text at the words that are among the folded `terms`.
fn pieces<'a>(text: &'a str, terms: &[String]) -> Vec<Piece<'a>> {
    let mut found = Vec::new();
    let (mut plain, mut word) = (0, None);
    // One character more than there are, so that the last word ends, too.
    let ends = text.char_indices().map(|(at, c)| (at, c.is_alphanumeric()));
    for (at, inside) in ends.chain([(text.len(), false)]) {
        match (word, inside) {
            (None, true) => word = Some(at),
            (Some(from), false) => {
                word = None;
                let whole = text.get(from..at).unwrap_or_default();
                let folded = whole.to_lowercase();
                if terms.contains(&folded) {
                    found.push((false, text.get(plain..from).unwrap_or_default()));
                    found.push((true, whole));
                    plain = at;
                }
            }
            _ => {}
        }
    }
    found.push((false, text.get(plain..).unwrap_or_default()));
    found.retain(|(_, piece)| !piece.is_empty());
    found
}

/// A text with the words of a search marked in it.
pub fn highlight(text: &str, terms: &[String]) -> impl IntoView + use<> {
    if terms.is_empty() {
        return Either::Left(text.to_owned());
    }
    let pieces = pieces(text, terms).into_iter().map(|(marked, piece)| {
        let piece = piece.to_owned();
        if marked { Either::Left(view! { <mark>{piece}</mark> }) } else { Either::Right(piece) }
    });
    Either::Right(pieces.collect_view())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_are_marked_and_everything_is_kept() {
        let terms = ["support".to_owned(), "élan".to_owned()];
        for text in ["Support agent", "a supporter’s Élan", "", "x < y & support", "support"] {
            let found = pieces(text, &terms);
            assert_eq!(found.iter().map(|(_, piece)| *piece).collect::<String>(), text);
        }
        assert_eq!(pieces("Support agent", &terms), [(true, "Support"), (false, " agent")]);
        assert_eq!(
            pieces("a supporter’s Élan", &terms),
            [(false, "a supporter’s "), (true, "Élan")]
        );
    }

    #[test]
    fn a_hostile_name_stays_text() {
        let html = highlight("<img src=x> support", &["support".to_owned()]).to_html();
        assert!(html.contains("&lt;img src=x") && html.contains("<mark>support</mark>"), "{html}");
    }
}
