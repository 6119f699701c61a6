//! The picture of a listing that other sites show beside a link to it (Open Graph): a receipt with the service's name,
//! its price and a few facts, 1200 × 630 pixels, legible at half of that.
//!
//! Every text comes from a provider and may be anything: too long is cut, what the typeface lacks is left out.

mod canvas;
mod drawing;
mod text;

use skrifa::raw::ReadError;

use crate::{drawing::Drawing, text::Face};

pub const WIDTH: u16 = 1200;
pub const HEIGHT: u16 = 630;

/// What is on the picture; an empty text leaves its place empty.
#[derive(Debug, Clone, Copy)]
pub struct Card<'a> {
    pub name: &'a str,
    pub tagline: &'a str,
    pub provider: &'a str,
    pub verified: bool,
    pub category: &'a str,
    pub price: &'a str,
    /// Label and value; more than four are not shown.
    pub facts: &'a [(&'a str, &'a str)],
    /// The colour of the category. One that is too light to be read is darkened.
    pub accent: [u8; 3],
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the typeface cannot be read: {0}")]
    Font(#[from] ReadError),
    #[error("the picture cannot be written: {0}")]
    Png(#[from] png::EncodingError),
}

/// Draws the picture, as PNG. The same card gives the same bytes.
pub fn card(card: &Card<'_>) -> Result<Vec<u8>, Error> {
    let (regular, semibold) = (Face::regular()?, Face::semibold()?);
    Ok(Drawing::of(card, &regular, &semibold).png()?)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    const USUAL: Card<'_> = Card {
        name: "Kestrel Clause",
        tagline: "Finds the clause that you have overlooked.",
        provider: "Kestrel Labs",
        verified: true,
        category: "Agents",
        price: "$0.012 / 1K tokens",
        facts: &[("Context", "500K tokens"), ("Answers in", "0.8 s"), ("Region", "EU")],
        accent: [0x24, 0x5f, 0xd4],
    };

    /// Draws, reads back, and returns the pixels as numbers of a palette.
    fn pixels(of: &Card<'_>) -> Vec<u8> {
        let bytes = card(of).unwrap();
        assert!(bytes.len() < 60_000, "{} bytes", bytes.len());
        let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info().unwrap();
        let info = reader.info();
        assert_eq!((info.width, info.height), (1200, 630));
        // All colours in one palette: else the file is three times as large.
        assert_eq!(info.color_type, png::ColorType::Indexed);
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        pixels
    }

    #[test]
    fn the_same_card_is_the_same_picture() {
        assert_eq!(card(&USUAL).unwrap(), card(&USUAL).unwrap());
    }

    #[test]
    fn it_is_not_blank_and_keeps_its_margins() {
        let pixels = pixels(&USUAL);
        let mut numbers = pixels.clone();
        numbers.sort_unstable();
        numbers.dedup();
        assert!(numbers.len() > 50, "{} colours", numbers.len());
        // Beside the sheet there is the page and nothing else.
        for row in pixels.chunks(1200) {
            assert!(row[..30].iter().chain(&row[1170..]).all(|p| *p == row[0]));
        }
    }

    #[test]
    fn everything_that_a_card_says_shows() {
        let usual = card(&USUAL).unwrap();
        for other in [
            Card { name: "Kestrel Clauses", ..USUAL },
            Card { tagline: "Finds the clause.", ..USUAL },
            Card { provider: "Kestrel", ..USUAL },
            Card { verified: false, ..USUAL },
            Card { category: "Apps", ..USUAL },
            Card { price: "$0.013 / 1K tokens", ..USUAL },
            Card { facts: &[("Context", "500K tokens")], ..USUAL },
            Card { accent: [0x18, 0x75, 0x52], ..USUAL },
        ] {
            assert_ne!(card(&other).unwrap(), usual, "{other:?}");
        }
    }

    #[test]
    fn whatever_the_texts_are_there_is_a_picture() {
        let all_planes: String =
            (0..=0x0010_ffff).step_by(997).filter_map(char::from_u32).collect();
        for text in [
            "",
            " ",
            "\u{0}\u{1}\u{1b}[31m\r\n\t\u{7f}\u{85}",
            "مرحبا بالعالم \u{202e}abc\u{202c}",
            "👩‍💻🏳️‍🌈🇩🇪",
            "e\u{301}\u{301}\u{301}\u{301}",
            "<svg onload=\"alert(1)\">&amp;",
            "\u{feff}\u{fffd}\u{ffff}\u{10ffff}",
            "…",
            "日本語",
            &"x".repeat(10_240),
            &"M W ".repeat(2_560),
            &" ".repeat(10_240),
            &"ẞ".repeat(10_240),
            &"\u{202e}🚀".repeat(2_048),
            &all_planes,
        ] {
            let facts = [(text, text); 9];
            for accent in [[0; 3], [255; 3]] {
                pixels(&Card {
                    name: text,
                    tagline: text,
                    provider: text,
                    verified: true,
                    category: text,
                    price: text,
                    facts: &facts,
                    accent,
                });
            }
        }
    }

    #[test]
    fn a_name_in_another_script_gives_way_to_the_category() {
        let foreign = card(&Card { name: "日本語アシスタント", ..USUAL }).unwrap();
        assert_eq!(foreign, card(&Card { name: "Agents", ..USUAL }).unwrap());
    }
}
