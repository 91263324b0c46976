//! `cargo xtask dist`: the folder that a server needs.

use crate::api::{self, Profile};
use crate::failure::{Doing, Failure, Outcome};
use crate::workspace::{root, target};
use crate::{page, tools};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Files that shrink. Below the limit, a compressed answer would not save a packet.
const COMPRESSIBLE: [&str; 8] = ["html", "css", "js", "wasm", "svg", "json", "txt", "webmanifest"];
const WORTH_IT: usize = 1024;

/// What goes along with the program and the page.
const COMPANIONS: [&str; 5] = ["Caddyfile", "Dockerfile", "compose.yaml", "latchkey.service", "README.md"];

/// Builds for release, compresses, and lays everything in `target/dist`.
pub fn run() -> Outcome {
    tools::for_the_page()?;
    if !api::build(Profile::Release)? {
        return Err(Failure::because("The API does not build; see above."));
    }
    let page = page::build()?.ok_or_else(|| Failure::because("The page does not build; see above."))?;
    let dist = target().join("dist");
    assemble(&dist, &page)?;
    let sizes = compress_all(&dist.join("page"))?;
    print(&sizes);
    println!("\n{} is ready; its README.md says how to run it.", dist.display());
    Ok(())
}

fn assemble(dist: &Path, page: &Path) -> Outcome {
    if dist.exists() {
        fs::remove_dir_all(dist).doing("clear the old folder")?;
    }
    copy_folder(page, &dist.join("page"))?;
    copy(&Profile::Release.binary(), &dist.join("latchkey"))?;
    COMPANIONS.iter().try_for_each(|name| copy(&root().join("deploy").join(name), &dist.join(name)))
}

fn copy(from: &Path, to: &Path) -> Outcome {
    fs::copy(from, to).doing(format_args!("copy {}", from.display())).map(|_bytes| ())
}

fn copy_folder(from: &Path, to: &Path) -> Outcome {
    fs::create_dir_all(to).doing(format_args!("make {}", to.display()))?;
    for path in entries(from)? {
        let Some(name) = path.file_name() else { continue };
        // Trunk's unfinished work.
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() { copy_folder(&path, &to.join(name))? } else { copy(&path, &to.join(name))? }
    }
    Ok(())
}

fn entries(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        let mut paths =
            fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
        paths.sort();
        Ok(paths)
    };
    read().doing(format_args!("read {}", folder.display()))
}

/// How large a file is, as it is and as it travels.
struct Size {
    file: String,
    plain: usize,
    gzip: usize,
    brotli: usize,
}

fn compress_all(page: &Path) -> Outcome<Vec<Size>> {
    let mut sizes = Vec::new();
    let mut folders = vec![page.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder)? {
            if path.is_dir() {
                folders.push(path);
            } else {
                let file = path.strip_prefix(page).unwrap_or(&path).display().to_string();
                sizes.push(compress(&path, file)?);
            }
        }
    }
    Ok(sizes)
}

fn compress(path: &Path, file: String) -> Outcome<Size> {
    let content = fs::read(path).doing(format_args!("read {file}"))?;
    let plain = content.len();
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    if plain < WORTH_IT || !COMPRESSIBLE.contains(&extension.as_ref()) {
        return Ok(Size { file, plain, gzip: plain, brotli: plain });
    }
    let (gzip, brotli) = (gzipped(&content).doing("compress")?, brotlied(&content).doing("compress")?);
    for (suffix, bytes) in [("gz", &gzip), ("br", &brotli)] {
        fs::write(format!("{}.{suffix}", path.display()), bytes)
            .doing(format_args!("write {file}.{suffix}"))?;
    }
    Ok(Size { file, plain, gzip: gzip.len(), brotli: brotli.len() })
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

fn print(sizes: &[Size]) {
    let line = |file: &str, plain: usize, gzip: usize, brotli: usize| {
        println!("{file:<44} {:>9} {:>9} {:>9}", kilobytes(plain), kilobytes(gzip), kilobytes(brotli));
    };
    println!("\n{:<44} {:>9} {:>9} {:>9}", "KB", "plain", "gzip", "brotli");
    for Size { file, plain, gzip, brotli } in sizes {
        line(file, *plain, *gzip, *brotli);
    }
    let sum = |size: fn(&Size) -> usize| sizes.iter().map(size).sum();
    line("in all", sum(|size| size.plain), sum(|size| size.gzip), sum(|size| size.brotli));
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
}
