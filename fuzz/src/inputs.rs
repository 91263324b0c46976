//! The inputs that fuzzing has found, one per line: printable ASCII as it is, all else escaped as in a Rust byte
//! string.

/// Formats inputs as lines, sorted and without duplicates.
pub fn pack(inputs: impl IntoIterator<Item = Vec<u8>>) -> String {
    let sorted: std::collections::BTreeSet<_> = inputs.into_iter().collect();
    sorted.iter().map(|input| format!("{}\n", input.escape_ascii())).collect()
}

/// Parses the inputs. Fails with the number of the first line, counted from 1, that is not a byte string.
pub fn unpack(text: &str) -> Result<Vec<Vec<u8>>, usize> {
    text.lines().enumerate().map(|(at, line)| unescape(line).ok_or(at + 1)).collect()
}

fn unescape(line: &str) -> Option<Vec<u8>> {
    let mut input = Vec::with_capacity(line.len());
    let mut rest = line.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'\\' {
            input.push(*first);
            continue;
        }
        let (byte, after) = match rest {
            [b'x', high, low, after @ ..] => (hex(*high)? << 4 | hex(*low)?, after),
            [b't', after @ ..] => (b'\t', after),
            [b'r', after @ ..] => (b'\r', after),
            [b'n', after @ ..] => (b'\n', after),
            [itself @ (b'\\' | b'\'' | b'"'), after @ ..] => (*itself, after),
            _ => return None,
        };
        input.push(byte);
        rest = after;
    }
    Some(input)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
