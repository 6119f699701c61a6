//! Recomputes the contrast of the colour tokens from the stylesheet, so that no change of a token can make a pair of
//! them unreadable (WCAG 2.2, 1.4.3 and 1.4.11).

use std::collections::HashMap;

const CSS: &str = include_str!("../../style/main.css");
const LIGHT: &str = "\n:root {";
const DARK: &str = "\n[data-theme=\"dark\"] {";

/// The tokens that the style page shows.
pub const TOKENS: [&str; 24] = [
    "bg",
    "surface",
    "surface-2",
    "surface-3",
    "fg",
    "fg-muted",
    "fg-subtle",
    "border",
    "border-strong",
    "primary",
    "primary-hover",
    "primary-soft",
    "ring",
    "success",
    "warning",
    "danger",
    "info",
    "star",
    "viz-1",
    "viz-2",
    "viz-3",
    "viz-4",
    "viz-5",
    "cat-agents",
];

/// Two tokens that are used together, and their contrast.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    pub front: &'static str,
    pub back: &'static str,
    pub need: f64,
    pub light: f64,
    pub dark: f64,
}

/// The contrast of every pair that pages use; one whose token is missing has none.
pub fn pairs() -> Vec<Pair> {
    let (light, dark) = (tokens(CSS, LIGHT), tokens(CSS, DARK));
    let of = |tokens: &HashMap<String, [f64; 3]>, front: &str, back: &str| {
        tokens.get(front).zip(tokens.get(back)).map_or(0.0, |(one, other)| ratio(*one, *other))
    };
    PAIRS
        .iter()
        .map(|(front, back, need)| Pair {
            front,
            back,
            need: *need,
            light: of(&light, front, back),
            dark: of(&dark, front, back),
        })
        .collect()
}

/// The pairs that pages use, with the ratio they need.
const PAIRS: [(&str, &str, f64); 32] = [
    ("fg", "surface", 4.5),
    ("fg", "bg", 4.5),
    ("fg-muted", "surface-3", 4.5),
    ("fg-muted", "bg", 4.5),
    ("fg-subtle", "surface-2", 4.5),
    ("on-primary", "primary", 4.5),
    ("on-primary", "primary-hover", 4.5),
    ("on-primary", "danger", 4.5),
    ("primary", "surface-2", 4.5),
    ("primary", "bg", 4.5),
    ("success", "surface-2", 4.5),
    ("warning", "surface-2", 4.5),
    ("danger", "surface-2", 4.5),
    ("info", "surface-2", 4.5),
    ("on-primary-soft", "primary-soft", 4.5),
    ("on-success-soft", "success-soft", 4.5),
    ("on-warning-soft", "warning-soft", 4.5),
    ("on-danger-soft", "danger-soft", 4.5),
    ("on-info-soft", "info-soft", 4.5),
    ("cat-agents", "surface-2", 4.5),
    ("cat-apps", "surface-2", 4.5),
    ("cat-assistants", "surface-2", 4.5),
    ("cat-automations", "surface-2", 4.5),
    ("border-strong", "surface-2", 3.0),
    ("border-strong", "bg", 3.0),
    ("ring", "surface-3", 3.0),
    ("ring", "bg", 3.0),
    ("viz-1", "surface", 3.0),
    ("viz-2", "surface", 3.0),
    ("viz-3", "surface", 3.0),
    ("viz-4", "surface", 3.0),
    ("viz-5", "surface", 3.0),
];

/// The colour tokens of the block that a selector opens.
fn tokens(css: &str, selector: &str) -> HashMap<String, [f64; 3]> {
    let block = css.split_once(selector).and_then(|(_, rest)| rest.split_once('}'));
    let declarations = block
        .map(|(block, _)| block)
        .unwrap_or_default()
        .split(';')
        .filter_map(|line| line.trim().strip_prefix("--")?.split_once(':'));
    let colours = declarations.filter_map(|(name, value)| {
        let numbers = value.trim().strip_prefix("oklch(")?.strip_suffix(')')?;
        let parts: Vec<f64> = numbers.split_whitespace().filter_map(|n| n.parse().ok()).collect();
        let colour: [f64; 3] = parts.try_into().ok()?;
        Some((name.trim().to_owned(), colour))
    });
    colours.collect()
}

/// Relative luminance of an OKLCH colour, through linear sRGB held in its gamut.
fn luminance([lightness, chroma, hue]: [f64; 3]) -> f64 {
    let (green_red, blue_yellow) =
        (chroma * hue.to_radians().cos(), chroma * hue.to_radians().sin());
    let cone = |by_a: f64, by_b: f64| (lightness + by_a * green_red + by_b * blue_yellow).powi(3);
    let long = cone(0.396_337_777_4, 0.215_803_757_3);
    let medium = cone(-0.105_561_345_8, -0.063_854_172_8);
    let short = cone(-0.089_484_177_5, -1.291_485_548_0);
    let red = 4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short;
    let green = -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short;
    let blue = -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701_0 * short;
    0.2126 * red.clamp(0.0, 1.0) + 0.7152 * green.clamp(0.0, 1.0) + 0.0722 * blue.clamp(0.0, 1.0)
}

fn ratio(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_can_be_read() {
        for Pair { front, back, need, light, dark } in pairs() {
            assert!(light >= need, "{front} on {back} in light: {light:.2} < {need}");
            assert!(dark >= need, "{front} on {back} in dark: {dark:.2} < {need}");
        }
    }

    #[test]
    fn the_device_s_dark_is_the_chosen_dark() {
        let (device, chosen) = (tokens(CSS, "[data-theme=\"system\"] {"), tokens(CSS, DARK));
        assert!(chosen.len() > 30, "only {} tokens were found", chosen.len());
        assert_eq!(device, chosen);
    }
}
