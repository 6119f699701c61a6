//! A sheet of pixels to paint shapes on, and the PNG that is made of it.

use std::collections::{HashMap, hash_map::Entry};

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError, Filter};
use zeno::{Command, Mask, Style};

/// Red, green, blue.
pub type Colour = [u8; 3];

/// How finely an edge is shaded. Fewer steps than the 255 that the mask has, and the eye sees no difference, but all
/// the colours of a card fit into one palette: a third of the bytes, and a third of the time to write them.
const SHADES: u16 = 15;

pub struct Canvas {
    width: u16,
    height: u16,
    pixels: Vec<Colour>,
}

impl Canvas {
    pub fn new(width: u16, height: u16, ground: Colour) -> Self {
        let pixels = vec![ground; usize::from(width) * usize::from(height)];
        Self { width, height, pixels }
    }

    /// Paints a shape, filled or stroked; what lies outside is left out.
    pub fn paint<'a>(&mut self, shape: &[Command], style: impl Into<Style<'a>>, colour: Colour) {
        let (mask, at) = Mask::new(shape).style(style).render();
        let Some(width) = usize::try_from(at.width).ok().filter(|w| *w > 0) else { return };
        for (shades, y) in mask.chunks_exact(width).zip(at.top..) {
            let Ok(y) = usize::try_from(y) else { continue };
            let mut rows = self.pixels.chunks_exact_mut(usize::from(self.width));
            let Some(row) = rows.nth(y) else { break };
            for (shade, x) in shades.iter().zip(at.left..) {
                let Some(pixel) = usize::try_from(x).ok().and_then(|x| row.get_mut(x)) else {
                    continue;
                };
                // Nearly all pixels are outside or inside, and need no arithmetic.
                match (u16::from(*shade) + 8) / (255 / SHADES) {
                    0 => {}
                    SHADES => *pixel = colour,
                    part => *pixel = mix(*pixel, colour, part, SHADES),
                }
            }
        }
    }

    pub fn png(&self) -> Result<Vec<u8>, EncodingError> {
        let mut bytes = Vec::with_capacity(32 * 1024);
        let mut encoder = Encoder::new(&mut bytes, self.width.into(), self.height.into());
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(Compression::Balanced);
        if let Some((palette, numbers)) = self.indexed() {
            encoder.set_color(ColorType::Indexed);
            encoder.set_palette(palette);
            // Neighbouring numbers of a palette have nothing to do with each other.
            encoder.set_filter(Filter::NoFilter);
            encoder.write_header()?.write_image_data(&numbers)?;
        } else {
            encoder.set_color(ColorType::Rgb);
            encoder.write_header()?.write_image_data(self.pixels.as_flattened())?;
        }
        Ok(bytes)
    }

    /// The palette, and each pixel as its number there; none if there are more colours than a palette holds.
    fn indexed(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut palette = Vec::with_capacity(256 * 3);
        let mut known: HashMap<Colour, u8> = HashMap::with_capacity(256);
        let mut numbers = Vec::with_capacity(self.pixels.len());
        // Most pixels are like the one before them, and need no looking up.
        for alike in self.pixels.chunk_by(PartialEq::eq) {
            let colour = alike.first()?;
            let next = known.len();
            let number = match known.entry(*colour) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(place) => {
                    palette.extend(colour);
                    *place.insert(u8::try_from(next).ok()?)
                }
            };
            numbers.resize(numbers.len() + alike.len(), number);
        }
        Some((palette, numbers))
    }
}

/// So many parts of `whole` of the colour `to`, the rest `from`.
pub fn mix(from: Colour, to: Colour, parts: u16, whole: u16) -> Colour {
    let parts = u32::from(parts.min(whole));
    let whole = u32::from(whole.max(1));
    let [r, g, b] = from;
    let [to_r, to_g, to_b] = to;
    [(r, to_r), (g, to_g), (b, to_b)].map(|(a, b)| {
        let sum = u32::from(a) * (whole - parts) + u32::from(b) * parts;
        u8::try_from((sum + whole / 2) / whole).unwrap_or(u8::MAX)
    })
}

#[cfg(test)]
mod tests {
    use zeno::{Fill, PathBuilder};

    use super::*;

    #[test]
    fn a_shape_that_hangs_over_the_edge_is_cut() {
        let mut canvas = Canvas::new(4, 4, [0; 3]);
        let mut shape = Vec::new();
        shape.add_rect((-100.0, -100.0), 102.0, 102.0);
        shape.add_rect((3.0, 3.0), 100.0, 100.0);
        canvas.paint(&shape, Fill::NonZero, [255; 3]);
        let white = canvas.pixels.iter().filter(|p| **p == [255; 3]).count();
        assert_eq!(white, 5);
    }

    #[test]
    fn more_colours_than_a_palette_holds_are_written_in_full() {
        let mut canvas = Canvas::new(20, 20, [0; 3]);
        for (pixel, n) in canvas.pixels.iter_mut().zip(0_u16..) {
            let [high, low] = n.to_be_bytes();
            *pixel = [high, low, 0];
        }
        assert!(canvas.indexed().is_none());
        let bytes = canvas.png().unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
        let mut read = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut read).unwrap();
        assert_eq!(read, canvas.pixels.as_flattened());
    }

    #[test]
    fn colours_mix() {
        assert_eq!(mix([0, 100, 255], [255, 100, 0], 0, 15), [0, 100, 255]);
        assert_eq!(mix([0, 100, 255], [255, 100, 0], 15, 15), [255, 100, 0]);
        assert_eq!(mix([0; 3], [255; 3], 1, 2), [128; 3]);
        assert_eq!(mix([0; 3], [255; 3], 9, 0), [0; 3]);
    }
}
