//! Writes an invoice as a PDF: text that can be selected and read aloud, a table that says that it is one, the house's
//! own typeface inside. It knows no invoice, only titles, lines and rows; letters that the typeface lacks become `?`.

mod layout;

use std::{num::NonZeroU16, sync::LazyLock};

use krilla::{
    Document,
    color::rgb,
    geom::{PathBuilder, Point},
    metadata::Metadata,
    page::PageSettings,
    paint::{Fill, Stroke},
    surface::Surface,
    tagging::{Artifact, ArtifactType, ContentTag, Node, TableHeaderScope, Tag, TagGroup, TagTree},
    text::{Font, TextDirection},
};

use crate::layout::{Op, Page, Place};

static REGULAR: &[u8] = include_bytes!("../../pictures/fonts/Geist-Regular.ttf");
static SEMIBOLD: &[u8] = include_bytes!("../../pictures/fonts/Geist-SemiBold.ttf");

/// A document could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the typeface cannot be read")]
    Font,
    #[error("the page has no size")]
    Page,
    #[error("the document cannot be written: {0}")]
    Writing(String),
}

/// What is on the paper.
#[derive(Debug, Clone, Default)]
pub struct Paper {
    /// As in `Invoice 12`.
    pub title: String,
    /// Who sends it, line by line.
    pub from: Vec<String>,
    /// Who gets it.
    pub to: Vec<String>,
    /// As in `Due date`, `2026-05-01`.
    pub facts: Vec<(String, String)>,
    pub rows: Vec<Row>,
    /// The last one is the sum.
    pub totals: Vec<(String, String)>,
    /// What stands below.
    pub notes: Vec<String>,
}

/// A line of the table.
#[derive(Debug, Clone, Default)]
pub struct Row {
    pub name: String,
    pub quantity: String,
    pub unit_price: String,
    pub price: String,
}

/// The bytes of the document.
pub fn render(paper: &Paper) -> Result<Vec<u8>, Error> {
    static FONTS: LazyLock<Option<(Font, Font)>> = LazyLock::new(|| {
        Some((Font::new(REGULAR.to_vec().into(), 0)?, Font::new(SEMIBOLD.to_vec().into(), 0)?))
    });
    let (regular, bold) = FONTS.as_ref().ok_or(Error::Font)?;
    let pages = layout::pages(paper)?;
    let mut document = Document::new();
    document.set_metadata(
        Metadata::new()
            .title(paper.title.clone())
            .language("en".to_owned())
            .creator("CMP".to_owned()),
    );
    let mut tree = Tree::default();
    for page in &pages {
        let settings = PageSettings::from_wh(layout::WIDTH, layout::HEIGHT).ok_or(Error::Page)?;
        let mut open = document.start_page_with(settings);
        let mut surface = open.surface();
        draw(&mut surface, page, (regular, bold), &mut tree);
        surface.finish();
        open.finish();
    }
    document.set_tag_tree(tree.finished());
    document.finish().map_err(|error| Error::Writing(format!("{error:?}")))
}

fn draw(surface: &mut Surface<'_>, page: &Page, (regular, bold): (&Font, &Font), tree: &mut Tree) {
    for op in &page.ops {
        match op {
            Op::Text { x, y, size, strong, grey, text, place } => {
                let shade = if *grey { 96 } else { 20 };
                surface.set_stroke(None);
                surface.set_fill(Some(Fill {
                    paint: rgb::Color::new(shade, shade, shade).into(),
                    ..Fill::default()
                }));
                let tag = match place {
                    Place::Furniture => {
                        ContentTag::Artifact(Artifact::with_kind(ArtifactType::PageNumber))
                    }
                    _ => ContentTag::Other,
                };
                let id = surface.start_tagged(tag);
                let font = if *strong { bold } else { regular };
                let start = Point::from_xy(*x, *y);
                surface.draw_text(start, font.clone(), *size, text, false, TextDirection::Auto);
                surface.end_tagged();
                tree.add(*place, id.into());
            }
            Op::Rule { x, y, to } => {
                surface.set_fill(None);
                surface.set_stroke(Some(Stroke {
                    paint: rgb::Color::new(190, 190, 190).into(),
                    width: 0.7,
                    ..Stroke::default()
                }));
                surface
                    .start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Other)));
                let mut line = PathBuilder::new();
                line.move_to(*x, *y);
                line.line_to(*to, *y);
                if let Some(line) = line.finish() {
                    surface.draw_path(&line);
                }
                surface.end_tagged();
            }
        }
    }
}

/// What belongs to what, in the order of reading.
#[derive(Default)]
struct Tree {
    before: Vec<TagGroup>,
    rows: Vec<(usize, Vec<(usize, Vec<Node>)>)>,
    after: Vec<TagGroup>,
}

impl Tree {
    fn add(&mut self, place: Place, node: Node) {
        match place {
            Place::Furniture => {}
            Place::Heading => {
                let level = NonZeroU16::MIN;
                self.before.push(TagGroup::with_children(Tag::Hn(level, None), vec![node]));
            }
            Place::Before => self.before.push(TagGroup::with_children(Tag::P, vec![node])),
            Place::After => self.after.push(TagGroup::with_children(Tag::P, vec![node])),
            Place::Cell { row, column } => {
                if self.rows.last().is_none_or(|(last, _)| *last != row) {
                    self.rows.push((row, Vec::new()));
                }
                if let Some((_, cells)) = self.rows.last_mut() {
                    match cells.iter_mut().find(|(known, _)| *known == column) {
                        Some((_, nodes)) => nodes.push(node),
                        None => cells.push((column, vec![node])),
                    }
                }
            }
        }
    }

    fn finished(self) -> TagTree {
        let mut tree = TagTree::new().with_lang(Some("en".to_owned()));
        for group in self.before {
            tree.push(group);
        }
        let mut table = TagGroup::new(Tag::Table);
        for (row, cells) in self.rows {
            let mut group = TagGroup::new(Tag::TR);
            for (_, nodes) in cells {
                group.push(match row {
                    0 => TagGroup::with_children(Tag::TH(TableHeaderScope::Column), nodes),
                    _ => TagGroup::with_children(Tag::TD, nodes),
                });
            }
            table.push(group);
        }
        tree.push(table);
        for group in self.after {
            tree.push(group);
        }
        tree
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper(rows: usize) -> Paper {
        let row = |n: usize| Row {
            name: format!(
                "Resource {n} with a long name that has to be broken over more than one line of the table, žluťoučký кінь 漢"
            ),
            quantity: "1".to_owned(),
            unit_price: "$10.00".to_owned(),
            price: "$10.00".to_owned(),
        };
        Paper {
            title: "Invoice 12".to_owned(),
            from: vec!["CMP".to_owned()],
            to: vec!["x".repeat(500)],
            facts: vec![("Month".to_owned(), "October 2026".to_owned())],
            rows: (0..rows).map(row).collect(),
            totals: vec![("Total".to_owned(), "$10.00".to_owned())],
            notes: vec![],
        }
    }

    #[test]
    fn a_document_is_written_whatever_its_length() {
        for rows in [0, 1, 40, 1_000] {
            let bytes = render(&paper(rows)).unwrap();
            assert!(bytes.starts_with(b"%PDF-") && bytes.len() > 1_000);
        }
    }

    #[test]
    fn long_tables_go_on_on_the_next_page() {
        let pages = layout::pages(&paper(200)).unwrap();
        assert!(pages.len() > 5);
        for page in &pages {
            for op in &page.ops {
                let (Op::Text { y, .. } | Op::Rule { y, .. }) = op;
                assert!(*y < layout::HEIGHT, "{y}");
            }
        }
    }
}
