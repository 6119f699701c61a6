//! A text as a picture that a phone reads.

use std::fmt::Write as _;

use fast_qr::qr::QRBuilder;
use leptos::prelude::*;

/// Modules of white around the picture, as its standard asks for.
const MARGIN: usize = 4;

/// The picture, always dark on white; nothing when the text is too long for one.
pub fn qr(text: &str, name: &'static str) -> Option<AnyView> {
    let code = QRBuilder::new(text).build().ok()?;
    let mut path = String::new();
    for y in 0..code.size {
        for (x, module) in code[y].iter().take(code.size).enumerate() {
            if module.value() {
                // Writing into a string cannot fail.
                let _ = write!(path, "M{} {}h1v1h-1z", x + MARGIN, y + MARGIN);
            }
        }
    }
    let size = code.size + 2 * MARGIN;
    let frame = format!("0 0 {size} {size}");
    Some(
        view! {
            <svg class="qr" role="img" aria-label=name viewBox=frame width="200" height="200" shape-rendering="crispEdges">
                <rect width=size.to_string() height=size.to_string() fill="#fff" />
                <path d=path fill="#000" />
            </svg>
        }
        .into_any(),
    )
}
