//! Where everything stands: A4, in points from the upper left corner.

use skrifa::{
    FontRef, MetadataProvider,
    charmap::Charmap,
    instance::{LocationRef, Size},
    metrics::GlyphMetrics,
};

use crate::{Error, Paper, REGULAR, Row, SEMIBOLD};

pub const WIDTH: f32 = 595.0;
pub const HEIGHT: f32 = 842.0;
const LEFT: f32 = 52.0;
const RIGHT: f32 = WIDTH - 52.0;
const BOTTOM: f32 = HEIGHT - 70.0;
/// Where the columns of the table end; the first begins at the left.
const NAME: f32 = 300.0;
const QUANTITY: f32 = 370.0;
const UNIT: f32 = 455.0;
/// No text on paper is longer, in characters.
const MOST: usize = 400;

/// Something on a page.
#[derive(Debug, Clone)]
pub enum Op {
    Text { x: f32, y: f32, size: f32, strong: bool, grey: bool, text: String, place: Place },
    Rule { x: f32, y: f32, to: f32 },
}

/// What a text belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Heading,
    Before,
    /// Row 0 is the head of the table.
    Cell {
        row: usize,
        column: usize,
    },
    After,
    /// No part of what is said.
    Furniture,
}

/// One page.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub ops: Vec<Op>,
}

struct Face {
    glyphs: Charmap<'static>,
    widths: GlyphMetrics<'static>,
    units: f32,
}

impl Face {
    fn read(file: &'static [u8]) -> Result<Self, Error> {
        let font = FontRef::new(file).map_err(|_| Error::Font)?;
        let metrics = font.metrics(Size::unscaled(), LocationRef::default());
        Ok(Self {
            glyphs: font.charmap(),
            widths: font.glyph_metrics(Size::unscaled(), LocationRef::default()),
            units: f32::from(metrics.units_per_em.max(1)),
        })
    }

    /// The text with `?` for what the typeface has no letter for.
    fn shown(&self, text: &str) -> String {
        let known = |c: char| if self.glyphs.map(c).is_some() { c } else { '?' };
        let plain = text.chars().take(MOST).map(|c| if c.is_whitespace() { ' ' } else { c });
        plain.filter(|c| !c.is_control()).map(known).collect()
    }

    fn width(&self, text: &str, size: f32) -> f32 {
        let advance = |c| self.glyphs.map(c).and_then(|glyph| self.widths.advance_width(glyph));
        text.chars().filter_map(advance).sum::<f32>() * size / self.units
    }

    /// The text cut into lines of at most a width; a word that is longer is cut anywhere.
    fn lines(&self, text: &str, size: f32, most: f32) -> Vec<String> {
        let (mut lines, mut line) = (Vec::new(), String::new());
        for word in self.shown(text).split(' ').filter(|word| !word.is_empty()) {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.width(&longer, size) <= most {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for letter in word.chars() {
                line.push(letter);
                if self.width(&line, size) > most {
                    line.pop();
                    lines.push(std::mem::take(&mut line));
                    line.push(letter);
                }
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }
}

struct Layout {
    regular: Face,
    bold: Face,
    pages: Vec<Page>,
    page: Page,
    y: f32,
}

/// Lays a paper out.
pub fn pages(paper: &Paper) -> Result<Vec<Page>, Error> {
    let mut layout = Layout {
        regular: Face::read(REGULAR)?,
        bold: Face::read(SEMIBOLD)?,
        pages: Vec::new(),
        page: Page::default(),
        y: 72.0,
    };
    layout.head(paper);
    layout.table_head(true);
    for (number, row) in paper.rows.iter().enumerate() {
        layout.row(number + 1, row);
    }
    layout.totals(paper);
    Ok(layout.finished(&paper.title))
}

impl Layout {
    fn text(&mut self, x: f32, size: f32, (strong, grey): (bool, bool), text: &str, place: Place) {
        let face = if strong { &self.bold } else { &self.regular };
        let text = face.shown(text);
        if !text.is_empty() {
            self.page.ops.push(Op::Text { x, y: self.y, size, strong, grey, text, place });
        }
    }

    /// A text that ends at a column's end.
    fn right(
        &mut self,
        end: f32,
        size: f32,
        (strong, grey): (bool, bool),
        text: &str,
        place: Place,
    ) {
        let face = if strong { &self.bold } else { &self.regular };
        let x = end - face.width(&face.shown(text), size);
        self.text(x, size, (strong, grey), text, place);
    }

    fn rule(&mut self, x: f32) {
        self.page.ops.push(Op::Rule { x, y: self.y, to: RIGHT });
    }

    fn turn(&mut self) {
        self.pages.push(std::mem::take(&mut self.page));
        self.y = 60.0;
    }

    fn head(&mut self, paper: &Paper) {
        self.text(LEFT, 22.0, (true, false), &paper.title, Place::Heading);
        self.y += 34.0;
        let top = self.y;
        let mut lowest = top;
        for (x, label, lines) in [(LEFT, "From", &paper.from), (LEFT + 170.0, "To", &paper.to)] {
            self.y = top;
            self.text(x, 8.5, (false, true), label, Place::Before);
            self.y += 14.0;
            for (number, line) in lines.iter().take(12).enumerate() {
                for part in self.regular.lines(line, 9.5, 155.0).into_iter().take(4) {
                    self.text(x, 9.5, (number == 0, false), &part, Place::Before);
                    self.y += 13.0;
                }
            }
            lowest = lowest.max(self.y);
        }
        self.y = top;
        for (label, value) in paper.facts.iter().take(12) {
            self.text(LEFT + 345.0, 8.5, (false, true), label, Place::Before);
            self.right(RIGHT, 9.5, (false, false), value, Place::Before);
            self.y += 14.0;
        }
        self.y = lowest.max(self.y) + 22.0;
    }

    /// The head of the table; on later pages it is furniture, so that nobody hears it twice.
    fn table_head(&mut self, first: bool) {
        let place = |column| if first { Place::Cell { row: 0, column } } else { Place::Furniture };
        self.text(LEFT, 8.5, (false, true), "Item", place(0));
        self.right(QUANTITY, 8.5, (false, true), "Quantity", place(1));
        self.right(UNIT, 8.5, (false, true), "Unit price", place(2));
        self.right(RIGHT, 8.5, (false, true), "Price", place(3));
        self.y += 7.0;
        self.rule(LEFT);
        self.y += 15.0;
    }

    fn row(&mut self, row: usize, item: &Row) {
        let lines = self.regular.lines(&item.name, 9.5, NAME - LEFT);
        let shown = lines.len().clamp(1, 4);
        let height = 13.0 * f32::from(u8::try_from(shown).unwrap_or(4));
        if self.y + height > BOTTOM {
            self.turn();
            self.table_head(false);
        }
        let top = self.y;
        for line in lines.into_iter().take(shown) {
            self.text(LEFT, 9.5, (false, false), &line, Place::Cell { row, column: 0 });
            self.y += 13.0;
        }
        let below = self.y.max(top + 13.0);
        self.y = top;
        self.right(QUANTITY, 9.5, (false, false), &item.quantity, Place::Cell { row, column: 1 });
        self.right(UNIT, 9.5, (false, false), &item.unit_price, Place::Cell { row, column: 2 });
        self.right(RIGHT, 9.5, (false, false), &item.price, Place::Cell { row, column: 3 });
        self.y = below + 4.0;
    }

    fn totals(&mut self, paper: &Paper) {
        if self.y + 60.0 + 16.0 * 4.0 > BOTTOM {
            self.turn();
        }
        self.rule(LEFT);
        self.y += 18.0;
        let last = paper.totals.len().saturating_sub(1);
        for (number, (label, value)) in paper.totals.iter().enumerate() {
            let strong = number == last;
            let size = if strong { 12.0 } else { 9.5 };
            self.text(UNIT - 85.0, size, (strong, !strong), label, Place::After);
            self.right(RIGHT, size, (strong, false), value, Place::After);
            self.y += 17.0;
        }
        self.y += 16.0;
        for note in paper.notes.iter().take(6) {
            for line in self.regular.lines(note, 9.0, RIGHT - LEFT).into_iter().take(3) {
                self.text(LEFT, 9.0, (false, true), &line, Place::After);
                self.y += 13.0;
            }
        }
    }

    fn finished(mut self, title: &str) -> Vec<Page> {
        self.turn();
        let mut pages = std::mem::take(&mut self.pages);
        let count = pages.len();
        for (number, page) in pages.iter_mut().enumerate() {
            let text = self.regular.shown(&format!("{title} · {} of {count}", number + 1));
            let x = RIGHT - self.regular.width(&text, 8.0);
            let (y, place) = (HEIGHT - 36.0, Place::Furniture);
            page.ops.push(Op::Text { x, y, size: 8.0, strong: false, grey: true, text, place });
        }
        pages
    }
}
