//! The addresses of the bundle's files, which carry a hash of their content when cargo-leptos built them so.

use std::sync::OnceLock;

use leptos::prelude::LeptosOptions;

/// Addresses of the stylesheet, the bundle's script and its wasm.
#[derive(Debug, Clone)]
pub struct Assets {
    pub css: String,
    pub js: String,
    pub wasm: String,
}

impl Assets {
    /// The files of this build. The hash file stands beside the program and is read once.
    pub fn of(options: &LeptosOptions) -> &'static Self {
        static FOUND: OnceLock<Assets> = OnceLock::new();
        FOUND.get_or_init(|| Self::find(options))
    }

    fn find(options: &LeptosOptions) -> Self {
        let hashes = if options.hash_files { read_hashes(&options.hash_file) } else { Vec::new() };
        let hash = |kind: &str| {
            let found = hashes.iter().find(|(name, _)| name == kind);
            found.map(|(_, hash)| format!(".{hash}")).unwrap_or_default()
        };
        let base = format!("/{}/{}", options.site_pkg_dir, options.output_name);
        // Without hashes wasm-bindgen's own name stays, unless cargo-leptos has renamed the file.
        let plain_wasm = if hashes.is_empty() && option_env!("LEPTOS_OUTPUT_NAME").is_none() {
            "_bg"
        } else {
            ""
        };
        Self {
            css: format!("{base}{}.css", hash("css")),
            js: format!("{base}{}.js", hash("js")),
            wasm: format!("{base}{plain_wasm}{}.wasm", hash("wasm")),
        }
    }
}

fn read_hashes(file: &str) -> Vec<(String, String)> {
    let beside =
        std::env::current_exe().ok().and_then(|exe| exe.parent().map(|dir| dir.join(file)));
    let text = beside.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.map(|(kind, hash)| (kind.trim().to_owned(), hash.trim().to_owned())).collect()
}
