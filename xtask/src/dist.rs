//! `cargo xtask dist`: the folder to be deployed on a server.

use crate::api::{self, Profile};
use crate::bundle_size::{self, BundleFile, entries};
use crate::failure::{Context, Failure, Outcome};
use crate::workspace::{root, target};
use crate::{page, tools};
use std::fs;
use std::path::Path;

/// Files that are copied next to the program and the page.
const DEPLOY_FILES: [&str; 6] =
    ["Caddyfile", "nginx.conf", "Dockerfile", "compose.yaml", "latchkey.service", "README.md"];

/// Builds for release, compresses, and writes everything to `target/dist`. Fails if the page exceeds its budget.
pub fn run() -> Outcome {
    tools::install_page_tools()?;
    if !api::build(Profile::Release)? {
        return Err(Failure::message("The API does not build; see above."));
    }
    let page = page::build()?.ok_or_else(|| Failure::message("The page does not build; see above."))?;
    let dist = target().join("dist");
    assemble(&dist, &page)?;
    let files = bundle_size::measure(&dist.join("page"))?;
    files.iter().try_for_each(BundleFile::write_compressed)?;
    bundle_size::print(&files);
    bundle_size::check(&files)?;
    println!("\n{} is ready; its README.md says how to run it.", dist.display());
    Ok(())
}

fn assemble(dist: &Path, page: &Path) -> Outcome {
    if dist.exists() {
        fs::remove_dir_all(dist).context("clear the old folder")?;
    }
    copy_folder(page, &dist.join("page"))?;
    copy(&Profile::Release.binary(), &dist.join("latchkey"))?;
    DEPLOY_FILES.iter().try_for_each(|name| copy(&root().join("deploy").join(name), &dist.join(name)))
}

fn copy(from: &Path, to: &Path) -> Outcome {
    fs::copy(from, to).context(format_args!("copy {}", from.display())).map(|_bytes| ())
}

fn copy_folder(from: &Path, to: &Path) -> Outcome {
    fs::create_dir_all(to).context(format_args!("make {}", to.display()))?;
    for path in entries(from)? {
        let Some(name) = path.file_name() else { continue };
        // Trunk's temporary files.
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() { copy_folder(&path, &to.join(name))? } else { copy(&path, &to.join(name))? }
    }
    Ok(())
}
