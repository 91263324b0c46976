//! Size reduction of WebAssembly modules.

use crate::failure::{Context, Failure, Outcome};
use std::fs;
use std::path::Path;

/// Length of the magic number and the version, in bytes.
const HEADER: usize = 8;
const CUSTOM: u8 = 0;

/// Removes the custom sections from a module: names for debuggers, and the tools that produced it. No engine needs them
/// to run the module (WebAssembly core specification, binary format, "Custom Section").
pub fn strip(file: &Path) -> Outcome {
    let module = fs::read(file).context("read the WebAssembly")?;
    let stripped = without_custom_sections(&module)
        .ok_or_else(|| Failure::message(format!("{} is no WebAssembly module.", file.display())))?;
    fs::write(file, stripped).context("write the WebAssembly")
}

/// Returns the module without its custom sections; `None` if the bytes are not a module.
fn without_custom_sections(module: &[u8]) -> Option<Vec<u8>> {
    let (header, mut rest) = module.split_at_checked(HEADER)?;
    if !header.starts_with(b"\0asm") {
        return None;
    }
    let mut stripped = header.to_vec();
    while let Some(id) = rest.first() {
        let (size, size_bytes) = number(&rest[1..])?;
        let section;
        (section, rest) = rest.split_at_checked(1 + size_bytes + size)?;
        if *id != CUSTOM {
            stripped.extend_from_slice(section);
        }
    }
    Some(stripped)
}

/// Parses an unsigned 32-bit number in LEB128; returns it with its length in bytes.
fn number(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, index + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAGIC: [u8; HEADER] = *b"\0asm\x01\0\0\0";

    fn module(sections: &[(u8, usize)]) -> Vec<u8> {
        let mut module = MAGIC.to_vec();
        for &(id, size) in sections {
            // The size takes two bytes even where one would do: that is allowed.
            module.extend([id, 0x80 | (size % 128) as u8, (size / 128) as u8]);
            module.extend(vec![id; size]);
        }
        module
    }

    #[test]
    fn all_but_the_custom_sections_stays_as_it_was() {
        let stripped = without_custom_sections(&module(&[(0, 3), (1, 300), (0, 0), (10, 5), (0, 1000)]));
        assert_eq!(stripped, Some(module(&[(1, 300), (10, 5)])));
    }

    #[test]
    fn what_is_cut_off_or_something_else_is_no_module() {
        let whole = module(&[(1, 300)]);
        for bytes in [&b""[..], b"<!doctype html>", &whole[..9], &whole[..20], &whole[..whole.len() - 1]] {
            assert_eq!(without_custom_sections(bytes), None, "{bytes:?}");
        }
        let endless = [&MAGIC[..], &[1, 0x80, 0x80, 0x80, 0x80, 0x80, 0]].concat();
        assert_eq!(without_custom_sections(&endless), None);
    }
}
