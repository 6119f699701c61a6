//! Writes a few cards into a folder, to be looked at: `cargo run -p pictures --example look`.

use std::{env, error::Error, fs, time::Instant};

use pictures::{Card, card};

fn main() -> Result<(), Box<dyn Error>> {
    let usual = Card {
        name: "Kestrel Clause",
        tagline: "Finds the clause that you have overlooked.",
        provider: "Kestrel Labs",
        verified: true,
        category: "Agents",
        price: "$0.012 / 1K tokens",
        facts: &[
            ("Context", "500K tokens"),
            ("Answers in", "0.8 s"),
            ("Region", "EU"),
            ("Uptime", "99.9 %"),
        ],
        accent: [0x24, 0x5f, 0xd4],
    };
    let cards = [
        ("usual", usual),
        (
            "long",
            Card {
                name: "General Knowledge Assistant for Regulated Industries",
                tagline: "Answers questions about contracts, filings and correspondence in eleven languages, with the source of each sentence beside it and nothing else.",
                provider: "Maple Forge International Holdings",
                category: "Assistants",
                price: "from $0.00025 / 1K tokens",
                facts: &[("Context", "128K tokens"), ("Answers in", "1.2 s"), ("Trial", "7 days")],
                accent: [0x75, 0x45, 0xd7],
                ..usual
            },
        ),
        (
            "middle",
            Card {
                name: "Deskwerk Compass (GPT family)",
                tagline: "German office language, from files to letters, for people who would rather do something else.",
                provider: "Deskwerk",
                category: "Automations",
                price: "$49 a month",
                accent: [0xf5, 0x9e, 0x0b],
                ..usual
            },
        ),
        (
            "bare",
            Card {
                name: "Échos",
                tagline: "",
                provider: "Müller & Sønner",
                verified: false,
                category: "Apps",
                price: "Free",
                facts: &[],
                accent: [0x18, 0x75, 0x52],
            },
        ),
        (
            "endless",
            Card {
                name: "Wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww",
                provider: "A provider whose name is so long that no card in the world could ever hold all of it",
                category: "A category with a name of its own",
                price: "$0.0000000000000000000000001 per thousand tokens of prompt and answer",
                facts: &[
                    ("A label that is too long", "A value that is too long"),
                    ("B", "🚀"),
                    ("Languages and dialects", "Português, Tiếng Việt"),
                    ("Київ", "Так"),
                    ("Żółw", "€ 1 234,56"),
                    ("Sixth", "not shown"),
                ],
                accent: [255, 255, 0],
                ..usual
            },
        ),
        (
            "foreign",
            Card {
                name: "日本語アシスタント", tagline: "日本語で答えます。", ..usual
            },
        ),
    ];
    let folder = env::temp_dir().join("pictures");
    fs::create_dir_all(&folder)?;
    for (name, look) in cards {
        let bytes = card(&look)?;
        let mut times = Vec::new();
        for _ in 0..9 {
            let begun = Instant::now();
            card(&look)?;
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        let took = times.get(4).copied().unwrap_or_default();
        let path = folder.join(name).with_extension("png");
        fs::write(&path, &bytes)?;
        println!("{} {} bytes {took:?}", path.display(), bytes.len());
    }
    Ok(())
}
