//! Size of the page as transferred, and the budget for what signing in needs.

use crate::failure::{Context, Failure, Outcome};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Budget for everything that the login page loads: bytes after brotli compression, in total.
const BUDGET: usize = 200_000;

/// Extensions of files that compress well. Below the minimum size, compressing a response would not save a packet.
const COMPRESSIBLE: [&str; 8] = ["html", "css", "js", "wasm", "svg", "json", "txt", "webmanifest"];
const MIN_COMPRESSED_SIZE: usize = 1024;

/// The document with which every visit begins, whatever its address.
const ENTRY: &str = "index.html";

/// A file of the page, plain and compressed.
pub struct BundleFile {
    path: PathBuf,
    name: String,
    content: Vec<u8>,
    /// gzip and brotli, where compressing is worthwhile.
    compressed: Option<Compressed>,
}

struct Compressed {
    gzip: Vec<u8>,
    brotli: Vec<u8>,
}

/// Measures every file in the folder of a built page.
pub fn measure(page: &Path) -> Outcome<Vec<BundleFile>> {
    let (mut measured, mut folders) = (Vec::new(), vec![page.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for path in entries(&folder)? {
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(page).unwrap_or(&path).display().to_string();
                let content = fs::read(&path).context(format_args!("read {name}"))?;
                measured.push(BundleFile::new(path, name, content)?);
            }
        }
    }
    Ok(measured)
}

/// Returns the entries of a folder, sorted by name.
pub fn entries(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        let mut paths =
            fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
        paths.sort();
        Ok(paths)
    };
    read().context(format_args!("read {}", folder.display()))
}

impl BundleFile {
    fn new(path: PathBuf, name: String, content: Vec<u8>) -> Outcome<Self> {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        let compressed =
            match content.len() >= MIN_COMPRESSED_SIZE && COMPRESSIBLE.contains(&extension.as_ref()) {
                true => Some(Compressed::of(&content).context(format_args!("compress {name}"))?),
                false => None,
            };
        Ok(Self { path, name, content, compressed })
    }

    /// Writes the compressed files next to this one, for a server to send.
    pub fn write_compressed(&self) -> Outcome {
        let Some(Compressed { gzip, brotli }) = &self.compressed else { return Ok(()) };
        for (suffix, bytes) in [("gz", gzip), ("br", brotli)] {
            fs::write(format!("{}.{suffix}", self.path.display()), bytes)
                .context(format_args!("write {}.{suffix}", self.name))?;
        }
        Ok(())
    }

    fn plain(&self) -> usize {
        self.content.len()
    }

    fn gzip(&self) -> usize {
        self.compressed.as_ref().map_or(self.plain(), |compressed| compressed.gzip.len())
    }

    fn brotli(&self) -> usize {
        self.compressed.as_ref().map_or(self.plain(), |compressed| compressed.brotli.len())
    }

    /// Returns `true` if this file makes a browser load the file `name`. WebAssembly is loaded by its name as well, but
    /// refers to nothing itself.
    fn names(&self, name: &str) -> bool {
        !self.name.ends_with(".wasm") && String::from_utf8_lossy(&self.content).contains(name)
    }
}

impl Compressed {
    fn of(content: &[u8]) -> std::io::Result<Self> {
        Ok(Self { gzip: gzipped(content)?, brotli: brotlied(content)? })
    }
}

fn gzipped(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}

fn brotlied(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let best = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 24, ..Default::default() };
    brotli::BrotliCompress(&mut &*content, &mut bytes, &best)?;
    Ok(bytes)
}

/// Returns what the login page loads: the document, the files it refers to, and those they refer to in turn.
fn loaded_at_login(files: &[BundleFile]) -> Vec<&BundleFile> {
    let (mut loaded, mut rest): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.name == ENTRY);
    let mut next = 0;
    while let Some(&naming) = loaded.get(next) {
        let named;
        (named, rest) = rest.into_iter().partition(|file| naming.names(&file.name));
        loaded.extend::<Vec<_>>(named);
        next += 1;
    }
    loaded
}

/// Prints every file's size, and the total that the budget limits.
pub fn print(files: &[BundleFile]) {
    println!("\n{:<44} {:>9} {:>9} {:>9}", "KB", "plain", "gzip", "brotli");
    for file in files {
        print_line(&file.name, &[file]);
    }
    print_line("in all", &files.iter().collect::<Vec<_>>());
    print_line("everything the login page loads", &loaded_at_login(files));
}

fn print_line(name: &str, files: &[&BundleFile]) {
    let sum = |size: fn(&BundleFile) -> usize| kilobytes(files.iter().map(|file| size(file)).sum());
    println!(
        "{name:<44} {:>9} {:>9} {:>9}",
        sum(BundleFile::plain),
        sum(BundleFile::gzip),
        sum(BundleFile::brotli)
    );
}

/// Fails if the login page exceeds the budget.
pub fn check(files: &[BundleFile]) -> Outcome {
    let loads = loaded_at_login(files).into_iter().map(|file| (file.name.as_str(), file.brotli())).collect();
    check_budget(BUDGET, loads)
}

fn check_budget(budget: usize, mut loads: Vec<(&str, usize)>) -> Outcome {
    let total: usize = loads.iter().map(|(_, bytes)| bytes).sum();
    if total <= budget {
        return Ok(());
    }
    loads.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let largest: Vec<_> =
        loads.iter().take(3).map(|(name, bytes)| format!("{name} {}", kilobytes(*bytes))).collect();
    Err(Failure::message(format!(
        "The login page loads {} KB (brotli), and its budget is {} KB. The largest files: {}. \
         docs/page-size.md says what weighs how much, and how page code stays small.",
        kilobytes(total),
        kilobytes(budget),
        largest.join(", ")
    )))
}

#[expect(clippy::cast_precision_loss, reason = "files of a page are far smaller than 2^52 bytes")]
fn kilobytes(bytes: usize) -> String {
    format!("{:.1}", bytes as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_reads_back() {
        let content = "latchkey ".repeat(1000).into_bytes();
        let (mut from_gzip, mut from_brotli) = (Vec::new(), Vec::new());
        let gzip = gzipped(&content).unwrap();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&*gzip), &mut from_gzip).unwrap();
        brotli::BrotliDecompress(&mut &*brotlied(&content).unwrap(), &mut from_brotli).unwrap();
        assert_eq!(from_gzip, content);
        assert_eq!(from_brotli, content);
    }

    fn file(name: &str, content: &str) -> BundleFile {
        BundleFile::new(name.into(), name.into(), content.into()).unwrap()
    }

    #[test]
    fn the_login_page_loads_what_its_document_names_and_what_that_names() {
        let files = [
            file("index.html", r#"<link href="/a.css"><script src="/b.js" data-wasm="/c.wasm">"#),
            file("a.css", "@font-face { src: url(f.woff2) }"),
            file("b.js", ""),
            file("c.wasm", "mentions d.js"),
            file("d.js", ""),
            file("f.woff2", ""),
        ];
        let mut names: Vec<_> = loaded_at_login(&files).iter().map(|file| file.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["a.css", "b.js", "c.wasm", "f.woff2", "index.html"]);
    }

    #[test]
    fn a_page_within_its_budget_passes_and_one_byte_more_does_not() {
        assert!(check_budget(100, vec![("a", 60), ("b", 40)]).is_ok());
        assert!(check_budget(100, vec![("a", 60), ("b", 41)]).is_err());
    }

    #[test]
    fn the_failure_names_the_total_the_budget_and_the_largest_files() {
        let loads = vec![("small.css", 900), ("page.js", 8_400), ("tiny.js", 600), ("page.wasm", 195_000)];
        let Err(Failure::Message(why)) = check_budget(BUDGET, loads) else { panic!("it is too heavy") };
        for word in
            ["204.9 KB", "200.0 KB", "page.wasm 195.0, page.js 8.4, small.css 0.9", "docs/page-size.md"]
        {
            assert!(why.contains(word), "{word}: {why}");
        }
    }
}
