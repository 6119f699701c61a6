//! The words of listings, and finding them: by prefix, with typing mistakes, best field first.

use std::{collections::BTreeMap, sync::Arc};

/// Where a word stands in a listing, the best place first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    FirstOfName = 0,
    Name = 1,
    /// Model family, base model and provider.
    Maker = 2,
    Tagline = 3,
    Description = 4,
}

impl Field {
    const fn of(code: u32) -> Self {
        match code {
            0 => Self::FirstOfName,
            1 => Self::Name,
            2 => Self::Maker,
            3 => Self::Tagline,
            _ => Self::Description,
        }
    }

    const fn weight(self) -> u8 {
        match self {
            Self::FirstOfName => 24,
            Self::Name => 20,
            Self::Maker => 10,
            Self::Tagline => 5,
            Self::Description => 1,
        }
    }
}

/// Characters of a word that count.
const LONGEST: usize = 32;
/// Words of one query that count.
const ASKED: usize = 12;
/// How many places are visited for one word of a query: what one letter begins is half the catalogue.
const VISITED: usize = 400_000;
/// Words too frequent to tell services apart.
const SMALL: [&str; 14] =
    ["a", "an", "and", "as", "at", "by", "for", "in", "is", "of", "on", "or", "the", "to"];

/// Cuts a text into folded words.
pub(super) fn words_of(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(LONGEST).flat_map(char::to_lowercase).collect())
}

/// All words of the catalogue with the places where each stands. A place is a slot and, in its lowest three bits, a
/// field; a word that is in several fields of a listing is there once, in the best.
#[derive(Debug, Clone, Default)]
pub(super) struct Words(BTreeMap<Arc<str>, Places>);

/// The places of one word, and what tells quickly that it is too far from another.
#[derive(Debug, Clone, Default)]
struct Places {
    /// See [`letters_of`].
    letters: u32,
    /// In characters.
    length: u32,
    at: Arc<Vec<u32>>,
}

impl Places {
    fn of(word: &str, at: Vec<u32>) -> Self {
        let length = u32::try_from(word.chars().count()).unwrap_or(u32::MAX);
        Self { letters: letters_of(word), length, at: Arc::new(at) }
    }
}

/// How well each slot fits a query, and the words that made it so.
#[derive(Debug)]
pub(super) struct Scores {
    /// Zero is no fit.
    pub by_slot: Vec<u16>,
    /// The words of the catalogue that were taken for those of the query.
    pub terms: Vec<String>,
}

/// The words of a listing with the best field of each.
pub(super) type Tokens = BTreeMap<String, Field>;

impl Words {
    /// Adds many listings, slots ascending: the fast way to begin.
    pub fn build(listings: impl Iterator<Item = (u32, Tokens)>) -> Self {
        let mut found: std::collections::HashMap<String, Vec<u32>> =
            std::collections::HashMap::new();
        for (slot, tokens) in listings {
            for (word, field) in tokens {
                found.entry(word).or_default().push(place(slot, field));
            }
        }
        Self(
            found
                .into_iter()
                .map(|(word, mut places)| {
                    places.shrink_to_fit();
                    (Arc::from(word.as_str()), Places::of(&word, places))
                })
                .collect(),
        )
    }

    pub fn insert(&mut self, slot: u32, tokens: Tokens) {
        for (word, field) in tokens {
            let entry = self.0.entry(Arc::from(word.as_str()));
            let places =
                Arc::make_mut(&mut entry.or_insert_with(|| Places::of(&word, Vec::new())).at);
            let at = places.partition_point(|other| other >> 3 < slot);
            places.insert(at, place(slot, field));
        }
    }

    pub fn remove(&mut self, slot: u32, tokens: &Tokens) {
        for word in tokens.keys() {
            let Some(places) = self.0.get_mut(word.as_str()) else { continue };
            Arc::make_mut(&mut places.at).retain(|other| other >> 3 != slot);
            if places.at.is_empty() {
                self.0.remove(word.as_str());
            }
        }
    }

    /// Finds the slots that have every word of a query.
    pub fn search(&self, query: &str, slots: usize) -> Scores {
        let mut asked: Vec<String> = words_of(query).take(ASKED).collect();
        if asked.iter().any(|word| !SMALL.contains(&word.as_str())) {
            asked.retain(|word| !SMALL.contains(&word.as_str()));
        }
        let mut scores = Scores { by_slot: vec![0; slots], terms: Vec::new() };
        if asked.is_empty() {
            return scores;
        }
        let mut best = vec![0_u8; slots];
        for (n, word) in asked.iter().enumerate() {
            best.fill(0);
            self.find(word, &mut best, &mut scores.terms);
            if n == 0 {
                scores.by_slot.iter_mut().zip(&best).for_each(|(sum, one)| *sum = u16::from(*one));
            } else {
                for (sum, one) in scores.by_slot.iter_mut().zip(&best) {
                    *sum = if *sum > 0 && *one > 0 { *sum + u16::from(*one) } else { 0 };
                }
            }
        }
        scores
    }

    /// Notes for each slot how well it has one word.
    fn find(&self, word: &str, best: &mut [u8], terms: &mut Vec<String>) {
        let mut visited = 0;
        let mut note = |term: &Arc<str>, places: &[u32], factor: u8| {
            if terms.len() < 64 {
                terms.push(term.to_string());
            }
            for place in places {
                let weight = Field::of(place & 7).weight().saturating_mul(factor);
                if let Some(slot) =
                    usize::try_from(place >> 3).ok().and_then(|slot| best.get_mut(slot))
                {
                    *slot = weight.max(*slot);
                }
            }
        };
        let begin =
            self.0.range::<str, _>((std::ops::Bound::Included(word), std::ops::Bound::Unbounded));
        for (term, places) in begin.take_while(|(term, _)| term.starts_with(word)) {
            note(term, &places.at, if &**term == word { 9 } else { 6 });
            visited += places.at.len();
            if visited > VISITED {
                break;
            }
        }
        if visited > 0 {
            return;
        }
        let allowed = match word.chars().count() {
            0..4 => return,
            4..8 => 1,
            _ => 2,
        };
        let asked: Vec<char> = word.chars().collect();
        let (letters, length) = (letters_of(word), u32::try_from(asked.len()).unwrap_or(u32::MAX));
        for (term, places) in &self.0 {
            // A wrong letter changes at most two of the letters that occur, and the length by at most one.
            if (letters ^ places.letters).count_ones() <= 2 * allowed
                && length.abs_diff(places.length) <= allowed
                && distance(&asked, term, allowed).is_some()
            {
                note(term, &places.at, 3);
            }
        }
    }
}

const fn place(slot: u32, field: Field) -> u32 {
    slot << 3 | field as u32
}

/// Which letters occur in a word, as bits; different letters may share one.
fn letters_of(word: &str) -> u32 {
    word.chars().fold(0, |letters, c| letters | 1 << (u32::from(c) % 32))
}

/// The number of wrong, missing, superfluous and swapped letters between a word and a term; none when there are more than
/// allowed.
fn distance(word: &[char], term: &str, allowed: u32) -> Option<u32> {
    let term: Vec<char> = term.chars().collect();
    let most = usize::try_from(allowed).ok()?;
    if term.len().abs_diff(word.len()) > most {
        return None;
    }
    let width = term.len() + 1;
    let mut before_last: Vec<usize> = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for (i, a) in word.iter().enumerate() {
        let mut row = vec![i + 1; width];
        for (j, b) in term.iter().enumerate() {
            let get = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let mut cost = (get(&last, j) + usize::from(a != b))
                .min(get(&last, j + 1) + 1)
                .min(get(&row, j) + 1);
            let swapped =
                i > 0 && j > 0 && word.get(i - 1) == Some(b) && term.get(j - 1) == Some(a);
            if swapped {
                cost = cost.min(get(&before_last, j - 1) + 1);
            }
            if let Some(cell) = row.get_mut(j + 1) {
                *cell = cost;
            }
        }
        if row.iter().min().is_none_or(|least| *least > most) {
            return None;
        }
        before_last = std::mem::replace(&mut last, row);
    }
    let found = *last.last()?;
    (found <= most).then(|| u32::try_from(found).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(name: &str, text: &str) -> Tokens {
        let mut found = Tokens::new();
        for word in words_of(text) {
            found.insert(word, Field::Description);
        }
        for word in words_of(name) {
            found.insert(word, Field::Name);
        }
        found
    }

    fn shelf() -> Words {
        let all = [
            ("Support Agent", "answers customers"),
            ("Code Reviewer", "supports teams"),
            ("Übersetzer", "translates texts"),
        ];
        Words::build((0..).zip(all.map(|(name, text)| tokens(name, text))))
    }

    fn found(words: &Words, query: &str) -> Vec<usize> {
        let scores = words.search(query, 3).by_slot;
        let mut found: Vec<usize> = (0..3).filter(|n| scores[*n] > 0).collect();
        found.sort_by_key(|n| std::cmp::Reverse(scores[*n]));
        found
    }

    #[test]
    fn names_come_before_descriptions() {
        assert_eq!(found(&shelf(), "support"), [0, 1]);
        assert_eq!(found(&shelf(), "supp"), [0, 1]);
        assert_eq!(found(&shelf(), "the support agent"), [0]);
        assert_eq!(found(&shelf(), "support translates"), [] as [usize; 0]);
    }

    #[test]
    fn typing_mistakes_are_forgiven() {
        for typed in ["suport", "supprot", "suppport", "sapport"] {
            assert!(found(&shelf(), typed).contains(&0), "{typed}");
        }
        assert_eq!(found(&shelf(), "reveiwer"), [1]);
        assert_eq!(found(&shelf(), "übersetser"), [2]);
        assert_eq!(found(&shelf(), "zzzzzzz"), [] as [usize; 0]);
        assert_eq!(shelf().search("suport", 3).terms, ["support"]);
    }

    #[test]
    fn a_change_is_found_and_what_was_is_not() {
        let mut words = shelf();
        words.remove(1, &tokens("Code Reviewer", "supports teams"));
        assert_eq!(found(&words, "code"), [] as [usize; 0]);
        words.insert(1, tokens("Support Desk", ""));
        assert_eq!(found(&words, "desk"), [1]);
        assert_eq!(found(&words, "support").len(), 2);
    }

    #[test]
    fn hostile_queries_find_nothing_and_fail_nowhere() {
        for query in ["", "   ", "%00", "\u{202e}", &"x".repeat(10_000), &"a ".repeat(5_000)] {
            shelf().search(query, 3);
        }
    }
}
