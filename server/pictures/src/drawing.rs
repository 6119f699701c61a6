//! The layout of a card: what stands where, how large and in which colour.

use png::EncodingError;
use zeno::{Cap, Command, Fill, Join, PathBuilder, PathData, Stroke, Transform};

use crate::{
    Card, HEIGHT, WIDTH,
    canvas::{Canvas, Colour, mix},
    text::{Face, Lines, Type},
};

// The light theme of style/main.css.
const PAGE: Colour = [0xf9, 0xfa, 0xfb];
const SHEET: Colour = [0xff; 3];
const INK: Colour = [0x14, 0x18, 0x22];
const MUTED: Colour = [0x50, 0x55, 0x61];
const SUBTLE: Colour = [0x63, 0x69, 0x75];
const BORDER: Colour = [0xe1, 0xe3, 0xe7];
const STRONG: Colour = [0x88, 0x8c, 0x96];
const PRIMARY: Colour = [0x49, 0x4f, 0xcc];
const SUCCESS: Colour = [0x15, 0x6f, 0x41];

/// The sides of the sheet, and of what is written on it.
const SHEET_SIDES: (f32, f32) = (36.0, 1164.0);
const SIDES: (f32, f32) = (92.0, 1108.0);
const COLUMN: f32 = SIDES.1 - SIDES.0;

/// Where the sheet ends: the upper ends of its torn edge.
const SHEET_END: f32 = 592.0;

/// Where the header ends, and how far from it and from the figures the headline stays.
const HEADER_END: f32 = 86.0;
const MARGIN: f32 = 36.0;

/// Between name and tagline.
const GAP: f32 = 40.0;

/// The height of a capital letter of the typeface, in parts of its size.
const CAPITAL: f32 = 0.71;

/// The tracking of a headline.
const TIGHT: f32 = -0.03;

// On a grid of 24, as in app/src/parts/icons.rs.
const MARK_ROWS: &str = "M6 7.5h12M6 12h7.5M6 16.5h4";
const MARK_CHECK: &str = "M13.5 16.2l1.8 1.8 3.2-3.8";
const SEAL: &str = "M12 3l2.4 1.9 3 .1.8 2.9 2.4 1.8-1 2.8 1 2.8-2.4 1.8-.8 2.9-3 .1L12 22l-2.4-1.9-3-.1-.8-2.9-2.4-1.8 1-2.8-1-2.8 2.4-1.8.8-2.9 3-.1z";
const SEAL_CHECK: &str = "M8.8 12.6l2.3 2.3 4.2-4.6";

pub struct Drawing<'a> {
    canvas: Canvas,
    regular: &'a Face,
    semibold: &'a Face,
}

impl<'a> Drawing<'a> {
    pub fn of(card: &Card<'_>, regular: &'a Face, semibold: &'a Face) -> Self {
        let accent = legible(card.accent);
        let canvas = Canvas::new(WIDTH, HEIGHT, mix(PAGE, accent, 1, 8));
        let mut drawing = Self { canvas, regular, semibold };
        drawing.sheet(accent);
        drawing.header(card, accent);
        let end = drawing.figures(card);
        drawing.headline(card, end);
        drawing
    }

    pub fn png(&self) -> Result<Vec<u8>, EncodingError> {
        self.canvas.png()
    }

    fn fill(&mut self, shape: &[Command], colour: Colour) {
        self.canvas.paint(shape, Fill::NonZero, colour);
    }

    fn write(&mut self, text: &str, font: Type<'_>, x: f32, y: f32, colour: Colour) {
        self.fill(&font.outlines(text, x, y), colour);
    }

    /// Strokes a path of an icon, at a place and a size.
    fn icon(&mut self, path: &str, width: f32, at: (f32, f32), size: f32, colour: Colour) {
        let scale = size / 24.0;
        let place = Transform::scale(scale, scale).then_translate(at.0, at.1);
        let shape: Vec<Command> = path.commands().map(|c| c.transform(&place)).collect();
        let mut stroke = Stroke::new(width * scale);
        stroke.cap(Cap::Round).join(Join::Round);
        self.canvas.paint(&shape, stroke, colour);
    }

    /// The receipt that everything is written on, with its torn edge.
    fn sheet(&mut self, accent: Colour) {
        const TEETH: u8 = 47;
        let (left, right) = SHEET_SIDES;
        let tooth = (right - left) / f32::from(TEETH);
        let mut shape = Vec::new();
        shape.move_to((left, -10.0)).line_to((left, SHEET_END));
        for n in 0..TEETH {
            let x = tooth.mul_add(f32::from(n), left);
            shape.line_to((x + tooth / 2.0, SHEET_END + tooth / 2.0));
            shape.line_to((x + tooth, SHEET_END));
        }
        shape.line_to((right, -10.0)).close();
        let lower = Transform::translation(0.0, 5.0);
        let below: Vec<Command> = shape.iter().map(|c| c.transform(&lower)).collect();
        self.fill(&below, mix(PAGE, mix(accent, INK, 1, 3), 1, 4));
        self.fill(&shape, SHEET);
    }

    /// Category and provider, and whose marketplace it is.
    fn header(&mut self, card: &Card<'_>, accent: Colour) {
        const BASE: f32 = 72.0;
        const MARK: f32 = 46.0;
        let (mut x, right) = SIDES;

        let brand = Type { face: self.semibold, size: 32.0, tracking: -0.01 };
        let brand_x = right - brand.width("CMP");
        self.write("CMP", brand, brand_x, BASE, INK);
        let mark_x = brand_x - 14.0 - MARK;
        let mark_y = BASE - 11.0 - MARK / 2.0;
        let mut tile = Vec::new();
        tile.add_round_rect((mark_x, mark_y), MARK, MARK, MARK / 4.0, MARK / 4.0);
        self.fill(&tile, PRIMARY);
        self.icon(MARK_ROWS, 2.0, (mark_x, mark_y), MARK, SHEET);
        self.icon(MARK_CHECK, 2.0, (mark_x, mark_y), MARK, SHEET);
        let end = mark_x - 40.0;

        let category = self.regular.clean(card.category);
        if !category.is_empty() {
            let font = Type::new(self.semibold, 26.0);
            let category = font.cut(&category, (end - x) / 2.0);
            let width = font.width(&category) + 40.0;
            let mut pill = Vec::new();
            pill.add_round_rect((x, BASE - 34.0), width, 48.0, 24.0, 24.0);
            self.fill(&pill, mix(SHEET, accent, 1, 9));
            self.write(&category, font, x + 20.0, BASE - 1.0, accent);
            x += width + 24.0;
        }

        let provider = self.regular.clean(card.provider);
        if !provider.is_empty() {
            let by = Type::new(self.regular, 28.0);
            self.write("by", by, x, BASE, SUBTLE);
            x += by.width("by ");
            let font = Type::new(self.semibold, 28.0);
            let seal = if card.verified { 44.0 } else { 0.0 };
            let provider = font.cut(&provider, end - x - seal);
            self.write(&provider, font, x, BASE, MUTED);
            x += font.width(&provider);
            if card.verified {
                let at = (x + 8.0, BASE - 28.0);
                self.icon(SEAL, 2.0, at, 36.0, SUCCESS);
                self.icon(SEAL_CHECK, 2.25, at, 36.0, SUCCESS);
            }
        }
    }

    /// Price and facts, from the end of the sheet upwards; returns where they begin.
    fn figures(&mut self, card: &Card<'_>) -> f32 {
        let mut end = SHEET_END - 30.0;

        let facts = card.facts.iter().map(|(k, v)| (self.regular.clean(k), self.regular.clean(v)));
        let facts: Vec<_> = facts.filter(|(_, value)| !value.is_empty()).take(4).collect();
        if !facts.is_empty() {
            let label = Type::new(self.regular, 24.0);
            let value = Type { face: self.semibold, size: 32.0, tracking: -0.01 };
            let columns = if facts.len() > 3 { 4 } else { 3_u8 };
            let step = COLUMN / f32::from(columns);
            for ((name, figure), n) in facts.iter().zip(0_u8..) {
                let x = step.mul_add(f32::from(n), SIDES.0);
                let room = step - 28.0;
                self.write(&label.cut(name, room), label, x, end - 44.0, SUBTLE);
                self.write(&value.cut(figure, room), value, x, end - 3.0, INK);
            }
            end -= 90.0;
        }

        let price = self.regular.clean(card.price);
        if !price.is_empty() {
            self.rule(end);
            let base = end - 27.0;
            let label = Type::new(self.regular, 30.0);
            let font = Type { face: self.semibold, size: 38.0, tracking: -0.01 };
            let price = font.cut(&price, COLUMN * 0.75);
            let x = SIDES.1 - font.width(&price);
            self.write("Price", label, SIDES.0, base, MUTED);
            self.write(&price, font, x, base, INK);
            self.leader(SIDES.0 + label.width("Price") + 18.0, x - 18.0, base - 3.0);
            end -= 81.0;
        }
        if end < SHEET_END - 40.0 {
            self.rule(end);
        }
        end
    }

    /// A dashed line across the sheet.
    fn rule(&mut self, y: f32) {
        let mut line = Vec::new();
        line.move_to((SIDES.0, y)).line_to((SIDES.1, y));
        let mut stroke = Stroke::new(2.0);
        stroke.dash(&[10.0, 8.0], 0.0).cap(Cap::Butt);
        self.canvas.paint(&line, stroke, mix(BORDER, STRONG, 1, 3));
    }

    /// The dots between a name and its figure, counted from the figure, as type is set.
    fn leader(&mut self, from: f32, to: f32, y: f32) {
        let mut dots = Vec::new();
        let mut x = to;
        while x >= from {
            dots.add_circle((x, y), 2.0);
            x -= 11.0;
        }
        self.fill(&dots, STRONG);
    }

    /// Name and tagline, in the middle of the room that is left for them.
    fn headline(&mut self, card: &Card<'_>, end: f32) {
        let tagline = self.regular.clean(card.tagline);
        let one = Type::new(self.regular, 34.0);
        let two = Type::new(self.regular, 32.0);
        let font = if one.width(&tagline) <= COLUMN { one } else { two };
        let tagline = Block::new(font, 1.36, balanced(font, font.wrap(&tagline, COLUMN, 2)));

        // Something has to be big: what cannot be written in Latin or Cyrillic is stood for by its category.
        let names = [card.name, card.category, "CMP"].map(|n| self.regular.clean(n));
        let name = names.into_iter().find(|n| !n.is_empty()).unwrap_or_default();
        let room = end - HEADER_END - 2.0 * MARGIN;
        let below = if tagline.lines.is_empty() { 0.0 } else { GAP + tagline.height() };
        let name = fit(self.semibold, &name, room - below);

        let free = room - below - name.height();
        // A little above the middle is where the eye takes the middle to be.
        let top = HEADER_END + MARGIN + free.max(0.0) * 0.47;
        // A letter's own side stands in from the edge of its box, which shows at this size.
        let x = name.font.size.mul_add(-0.045, SIDES.0);
        self.block(&name, x, top, INK);
        self.block(&tagline, SIDES.0, top + name.height() + GAP, MUTED);
    }

    fn block(&mut self, block: &Block<'_>, x: f32, top: f32, colour: Colour) {
        let mut y = block.font.size.mul_add(CAPITAL, top);
        for line in &block.lines {
            self.write(line, block.font, x, y, colour);
            y += block.step;
        }
    }
}

/// Lines of text below each other.
struct Block<'a> {
    font: Type<'a>,
    lines: Vec<String>,
    /// From one line to the next, in pixels.
    step: f32,
}

impl<'a> Block<'a> {
    fn new(font: Type<'a>, leading: f32, lines: Vec<String>) -> Self {
        Self { font, lines, step: font.size * leading }
    }

    /// From the top of the capitals to the last baseline, which is what the eye takes for the height.
    fn height(&self) -> f32 {
        let steps = self.lines.iter().skip(1).map(|_| self.step).sum::<f32>();
        self.font.size.mul_add(CAPITAL, steps)
    }
}

/// The largest size at which the name has room: on one line, else on two, else cut.
fn fit<'a>(face: &'a Face, name: &str, room: f32) -> Block<'a> {
    const SIZES: [(f32, usize); 13] = [
        (104.0, 1),
        (96.0, 1),
        (88.0, 1),
        (80.0, 1),
        (80.0, 2),
        (76.0, 2),
        (72.0, 2),
        (68.0, 2),
        (72.0, 1),
        (66.0, 1),
        (64.0, 2),
        (60.0, 2),
        (56.0, 2),
    ];
    let width = Type { face, size: 1.0, tracking: TIGHT }.width(name);
    let at = |(size, most): (f32, usize)| {
        let font = Type { face, size, tracking: TIGHT };
        // Most sizes are ruled out without breaking lines.
        let lines = if most == 1 && width * size > COLUMN {
            Lines::default()
        } else {
            font.wrap(name, COLUMN, most)
        };
        (lines.whole, Block::new(font, 1.09, balanced(font, lines)))
    };
    let mut found = SIZES.into_iter().map(at).filter(|(whole, b)| *whole && b.height() <= room);
    found.next().map_or_else(|| at((56.0, 2)).1, |(_, block)| block)
}

/// Two lines of about the same length instead of a long one and a rest.
fn balanced(font: Type<'_>, found: Lines) -> Vec<String> {
    if !found.whole || found.lines.len() != 2 {
        return found.lines;
    }
    let text = found.lines.join(" ");
    let mut best = found.lines;
    let (mut narrow, mut wide) = (font.width(&text) / 2.0, COLUMN);
    while wide - narrow > 8.0 {
        let middle = f32::midpoint(narrow, wide);
        let tried = font.wrap(&text, middle, 2);
        if tried.whole {
            (best, wide) = (tried.lines, middle);
        } else {
            narrow = middle;
        }
    }
    best
}

/// The colour, darkened until text in it can be read on white and on its own tint.
fn legible(colour: Colour) -> Colour {
    let steps = (0..=16).map(|n| mix(colour, INK, n, 16));
    // 4.5 : 1 on white is a luminance of 0.183; some is kept for the tint.
    let mut dark = steps.filter(|c| luminance(*c) <= 0.15);
    dark.next().unwrap_or(INK)
}

/// As WCAG 2 defines it, from 0 to 1.
fn luminance(colour: Colour) -> f32 {
    let [r, g, b] = colour.map(|c| {
        let c = f32::from(c) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    r.mul_add(0.2126, g.mul_add(0.7152, b * 0.0722))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headline_has_room_whatever_is_below_it() {
        let face = Face::semibold().unwrap();
        let long = "General Knowledge Assistant for Regulated Industries";
        for (name, room, lines) in
            [("Échos", 200.0, 1), (long, 150.0, 2), (long, 130.0, 2), (&"W ".repeat(99), 130.0, 2)]
        {
            let block = fit(&face, name, room);
            assert_eq!(block.lines.len(), lines, "{name}");
            assert!(block.height() <= room, "{name}");
            for line in &block.lines {
                assert!(block.font.width(line) <= COLUMN, "{line}");
            }
        }
    }

    #[test]
    fn a_light_accent_is_darkened_and_a_dark_one_kept() {
        for accent in [[255; 3], [255, 255, 0], [0xf5, 0x9e, 0x0b], [0, 255, 0]] {
            let dark = legible(accent);
            let tint = mix(SHEET, dark, 1, 9);
            let contrast = (luminance(tint) + 0.05) / (luminance(dark) + 0.05);
            assert!(contrast >= 4.5, "{accent:?}: {contrast}");
        }
        assert_eq!(legible([0x24, 0x5f, 0xd4]), [0x24, 0x5f, 0xd4]);
    }
}
