//! Text in the site's typeface: what of it can be drawn, how wide it is, where its lines break, and its outlines.

use skrifa::{
    FontRef, GlyphId, MetadataProvider,
    charmap::Charmap,
    instance::{LocationRef, Size},
    metrics::GlyphMetrics,
    outline::{DrawSettings, OutlineGlyphCollection, OutlinePen},
    raw::{
        TableProvider,
        tables::gpos::{PairPos, PositionSubtables},
    },
};
use zeno::{Command, Point};

use crate::Error;

const ELLIPSIS: char = '…';

/// No text on a card has room for more; a longer one is not even looked at.
const MOST: usize = 400;

/// One weight of the typeface.
pub struct Face {
    glyphs: Charmap<'static>,
    widths: GlyphMetrics<'static>,
    outlines: OutlineGlyphCollection<'static>,
    /// The kerning: in each list the first table that knows a pair has the say.
    kerning: Vec<Vec<PairPos<'static>>>,
    units: f32,
}

impl Face {
    pub fn regular() -> Result<Self, Error> {
        Self::read(include_bytes!("../fonts/Geist-Regular.ttf"))
    }

    pub fn semibold() -> Result<Self, Error> {
        Self::read(include_bytes!("../fonts/Geist-SemiBold.ttf"))
    }

    fn read(file: &'static [u8]) -> Result<Self, Error> {
        let font = FontRef::new(file)?;
        let mut kerning = Vec::new();
        for lookup in font.gpos()?.lookup_list()?.lookups().iter() {
            if let PositionSubtables::Pair(tables) = lookup?.subtables()? {
                kerning.push(tables.iter().collect::<Result<_, _>>()?);
            }
        }
        Ok(Self {
            glyphs: font.charmap(),
            widths: font.glyph_metrics(Size::unscaled(), LocationRef::default()),
            outlines: font.outline_glyphs(),
            kerning,
            units: f32::from(font.head()?.units_per_em().max(1)),
        })
    }

    /// The text on one line, without what the typeface has no glyph for. Nothing is left of a text that would lose
    /// more letters than it keeps: half a sentence says something else than the sentence.
    pub fn clean(&self, text: &str) -> String {
        let mut kept = String::new();
        let (mut drawn, mut lost) = (0_usize, 0_usize);
        for c in text.chars().take(MOST) {
            if c.is_whitespace() {
                if !kept.is_empty() && !kept.ends_with(' ') {
                    kept.push(' ');
                }
            } else if c != '\u{ad}' && !c.is_control() && self.glyphs.map(c).is_some() {
                kept.push(c);
                drawn += usize::from(c.is_alphanumeric());
            } else {
                lost += usize::from(c.is_alphanumeric());
            }
        }
        if lost > drawn {
            return String::new();
        }
        kept.truncate(kept.trim_end().len());
        kept
    }

    /// What to add between two glyphs, in the font's units.
    fn kern(&self, left: GlyphId, right: GlyphId) -> i16 {
        self.kerning.iter().filter_map(|t| t.iter().find_map(|t| pair(t, left, right))).sum()
    }
}

/// What a table says about a pair of glyphs; none where the next table is to be asked.
fn pair(table: &PairPos<'_>, left: GlyphId, right: GlyphId) -> Option<i16> {
    match table {
        PairPos::Format1(by_glyph) => {
            let set = by_glyph.coverage().ok()?.get(left)?;
            let set = by_glyph.pair_sets().get(usize::try_from(set).ok()?).ok()?;
            let found = set.pair_value_records().iter().flatten();
            let mut found = found.filter(|r| GlyphId::from(r.second_glyph()) == right);
            found.next()?.value_record1().x_advance()
        }
        PairPos::Format2(by_class) => {
            by_class.coverage().ok()?.get(left)?;
            let left = by_class.class_def1().ok()?.get(left);
            let right = by_class.class_def2().ok()?.get(right);
            if right == 0 {
                return None;
            }
            let row = by_class.class1_records().get(usize::try_from(left).ok()?).ok()?;
            row.class2_records().get(usize::try_from(right).ok()?).ok()?.value_record1().x_advance()
        }
        PairPos::Format3(_) | PairPos::Format4(_) => None,
    }
}

/// A face at a size, in pixels.
#[derive(Clone, Copy)]
pub struct Type<'a> {
    pub face: &'a Face,
    pub size: f32,
    /// Added between two letters, in parts of the size.
    pub tracking: f32,
}

/// A text broken into lines.
#[derive(Default)]
pub struct Lines {
    pub lines: Vec<String>,
    /// Whether nothing was cut off, and no word was broken.
    pub whole: bool,
}

impl<'a> Type<'a> {
    pub const fn new(face: &'a Face, size: f32) -> Self {
        Self { face, size, tracking: 0.0 }
    }

    /// Each character with its glyph and where it begins and ends.
    fn walk(self, text: &str) -> impl Iterator<Item = (char, GlyphId, f32, f32)> {
        let scale = self.size / self.face.units;
        let mut before = None;
        let mut x = 0.0;
        text.chars().filter_map(move |c| {
            let glyph = self.face.glyphs.map(c)?;
            if let Some(before) = before {
                let kern = f32::from(self.face.kern(before, glyph));
                x += kern.mul_add(scale, self.tracking * self.size);
            }
            before = Some(glyph);
            let start = x;
            x += self.face.widths.advance_width(glyph).unwrap_or_default() * scale;
            Some((c, glyph, start, x))
        })
    }

    pub fn width(self, text: &str) -> f32 {
        self.walk(text).last().map_or(0.0, |(.., end)| end)
    }

    /// How many bytes of the text fit.
    fn fits(self, text: &str, width: f32) -> usize {
        self.walk(text).take_while(|(.., end)| *end <= width).map(|(c, ..)| c.len_utf8()).sum()
    }

    /// The text, or as much of it as fits with an ellipsis.
    pub fn cut(self, text: &str, width: f32) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let room = width - self.width("…");
        let fitting = text.get(..self.fits(text, room)).unwrap_or_default();
        // After a word rather than within one, where that does not cost too much.
        let word = fitting.rfind(' ').filter(|at| *at > fitting.len() / 3 * 2);
        let fitting = word.and_then(|at| fitting.get(..at)).unwrap_or(fitting);
        let mut cut = fitting.trim_end_matches([' ', ',', '.', ';', ':', '-', '–', '—']).to_owned();
        cut.push(ELLIPSIS);
        cut
    }

    /// Breaks the text between words, or within a word that is longer than a line.
    pub fn wrap(self, text: &str, width: f32, most: usize) -> Lines {
        let mut lines = Vec::new();
        let mut whole = true;
        let mut rest = text;
        while !rest.is_empty() {
            let fits = self.fits(rest, width);
            if fits >= rest.len() {
                lines.push(rest.to_owned());
                break;
            }
            if lines.len() + 1 >= most {
                lines.push(self.cut(rest, width));
                whole = false;
                break;
            }
            // A space just behind the line is a break as well.
            let reach = rest.char_indices().map(|(at, c)| at + c.len_utf8()).find(|at| *at > fits);
            let reached = reach.and_then(|at| rest.get(..at)).unwrap_or(rest);
            let at = reached.rfind(' ').filter(|at| *at > 0).unwrap_or_else(|| {
                whole = false;
                fits.max(rest.chars().next().map_or(1, char::len_utf8))
            });
            let (line, left) = rest.split_at_checked(at).unwrap_or((rest, ""));
            lines.push(line.trim_end().to_owned());
            rest = left.trim_start();
        }
        Lines { lines, whole }
    }

    /// The outlines of a line of text that begins at `x` and stands on `y`.
    pub fn outlines(self, text: &str, x: f32, y: f32) -> Vec<Command> {
        let mut pen = Pen { shape: Vec::with_capacity(text.len() * 24), x, y };
        for (_, glyph, start, _) in self.walk(text) {
            if let Some(outline) = self.face.outlines.get(glyph) {
                pen.x = x + start;
                let settings = DrawSettings::unhinted(Size::new(self.size), LocationRef::default());
                // A glyph that cannot be drawn is left out, as one that is not there is.
                let _ = outline.draw(settings, &mut pen);
            }
        }
        pen.shape
    }
}

/// Takes outlines as the font has them, y upwards, to their place on the canvas.
struct Pen {
    shape: Vec<Command>,
    x: f32,
    y: f32,
}

impl Pen {
    const fn at(&self, x: f32, y: f32) -> Point {
        Point::new(self.x + x, self.y - y)
    }
}

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.shape.push(Command::MoveTo(self.at(x, y)));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.shape.push(Command::LineTo(self.at(x, y)));
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.shape.push(Command::QuadTo(self.at(cx, cy), self.at(x, y)));
    }

    fn curve_to(&mut self, ax: f32, ay: f32, bx: f32, by: f32, x: f32, y: f32) {
        self.shape.push(Command::CurveTo(self.at(ax, ay), self.at(bx, by), self.at(x, y)));
    }

    fn close(&mut self) {
        self.shape.push(Command::Close);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_glyph_is_left_out() {
        let face = Face::regular().unwrap();
        for (text, kept) in [
            ("🚀 Rocket\u{200d}  lab\r\n", "Rocket lab"),
            ("Żółw, Ærø, Tiếng Việt, Київ", "Żółw, Ærø, Tiếng Việt, Київ"),
            ("\u{202e}abc\u{0}\u{7}\u{ad}d", "abcd"),
            ("シンプル", ""),
            ("سلام عليكم GPT", ""),
            ("GPT 東京", "GPT"),
            ("\u{1f469}\u{200d}\u{1f4bb}", ""),
            ("", ""),
        ] {
            assert_eq!(face.clean(text), kept, "{text:?}");
        }
        assert_eq!(face.clean(&"x".repeat(10_000)).len(), MOST);
    }

    #[test]
    fn letters_are_kerned() {
        let face = Face::semibold().unwrap();
        let glyph = |c: char| face.glyphs.map(c).unwrap();
        // As fonttools reads them out of the file.
        for (left, right, kern) in [('T', 'o', -80), ('A', 'V', -112), ('H', 'H', -16)] {
            assert_eq!(face.kern(glyph(left), glyph(right)), kern, "{left}{right}");
        }
        let text = Type::new(&face, 100.0);
        assert!(text.width("AV") < text.width("A") + text.width("V") - 11.0);
    }

    #[test]
    fn every_glyph_can_be_drawn() {
        let face = Face::regular().unwrap();
        let drawable: Vec<char> =
            face.glyphs.mappings().filter_map(|(c, _)| char::from_u32(c)).collect();
        assert!(drawable.len() > 500, "{} characters", drawable.len());
        for c in drawable.into_iter().filter(|c| !c.is_whitespace() && *c != '\u{ad}') {
            let shape = Type::new(&face, 20.0).outlines(&c.to_string(), 0.0, 0.0);
            assert!(!shape.is_empty(), "{c:?}");
        }
    }

    #[test]
    fn lines_break_between_words_and_fit() {
        let face = Face::regular().unwrap();
        let text = Type::new(&face, 40.0);
        let found = text.wrap("one two three", text.width("one two"), 2);
        assert_eq!(found.lines, ["one two", "three"]);
        assert!(found.whole);
        let found = text.wrap("one two three four", text.width("one two"), 2);
        assert!(!found.whole && found.lines.len() == 2 && found.lines[1].ends_with(ELLIPSIS));
        let found = text.wrap(&"W".repeat(400), 300.0, 3);
        assert!(!found.whole && found.lines.len() == 3);
        for line in found.lines {
            assert!(text.width(&line) <= 300.0, "{line}");
        }
        // Not even room for one letter: it ends all the same.
        assert_eq!(text.wrap("WWW", 1.0, 9).lines.len(), 3);
        assert!(text.wrap("", 100.0, 2).lines.is_empty());
    }
}
