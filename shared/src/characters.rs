//! Unicode properties that the rules for names and addresses need, written by hand: the Unicode tables of a library
//! would be larger than the page's own code.

/// Maximum number of marks on one letter. The largest stacks of living scripts (Tibetan, Myanmar), a flag made of tag
/// characters and a keycap have six to eight.
pub const MAX_MARKS: usize = 8;

/// Returns whether the character is a combining mark: general category Mn, Mc or Me. Unassigned code points between
/// marks count as marks too.
#[cfg(not(target_arch = "wasm32"))]
pub fn is_mark(c: char) -> bool {
    let c = u32::from(c);
    let after = MARKS.partition_point(|range| range >> 8 <= c);
    after > 0 && c - (MARKS[after - 1] >> 8) <= (MARKS[after - 1] & 0xFF)
}

/// Returns false on the page, where the table of marks would be too large: the server checks, and the page shows its
/// response next to the field.
#[cfg(target_arch = "wasm32")]
pub fn is_mark(_: char) -> bool {
    false
}

/// Returns whether the character is invisible: default-ignorable in Unicode, a control, an annotation, for private use,
/// or a blank that is not white space.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{E000}'..='\u{F8FF}'
            | '\u{FDD0}'..='\u{FDEF}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFC}' | '\u{13441}' | '\u{13442}' | '\u{16FE4}' | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D159}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{10FFFF}')
        // The last two code points of every plane are noncharacters.
        || u32::from(c) & 0xFFFE == 0xFFFE
}

/// Returns whether the character is visible by itself: neither white space, nor invisible, nor a mark on another one.
pub fn is_visible(c: char) -> bool {
    !c.is_whitespace() && !is_invisible(c) && !is_mark(c)
}

/// Returns whether a letter has more marks than any script uses. Invisible characters between the marks count as marks.
pub fn has_excess_marks(text: &str) -> bool {
    let mut marks = 0;
    text.chars().any(|c| {
        marks = if is_mark(c) || is_invisible(c) { marks + 1 } else { 0 };
        marks > MAX_MARKS
    })
}

/// Returns the text without white space around it, and without the invisible characters that are often copied along
/// with text.
pub fn trim_invisible(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || (is_invisible(c) && !c.is_control()))
}

/// All ranges of marks (Unicode 18): the first code point, and in the last two hexadecimal digits the number of those
/// that follow it.
#[cfg(not(target_arch = "wasm32"))]
#[rustfmt::skip]
const MARKS: &[u32] = &[
    0x3006F, 0x48306, 0x5912C, 0x5BF00, 0x5C101, 0x5C401, 0x5C702, 0x6100A, 0x64B14, 0x67000, 0x6D606,
    0x6DF05, 0x6E701, 0x6EA03, 0x71100, 0x7301A, 0x7A60A, 0x7EB08, 0x7FD00, 0x81603, 0x81B08, 0x82502,
    0x82904, 0x85902, 0x89708, 0x8CA17, 0x8E320, 0x93A02, 0x93E11, 0x95106, 0x96201, 0x98102, 0x9BC00,
    0x9BE0F, 0x9D700, 0x9E201, 0x9FE05, 0xA3C15, 0xA7001, 0xA7500, 0xA8102, 0xABC00, 0xABE0F, 0xAE201,
    0xAFA09, 0xB3C00, 0xB3E19, 0xB6201, 0xB8200, 0xBBE0F, 0xBD700, 0xC0004, 0xC3C00, 0xC3E18, 0xC6201,
    0xC8102, 0xCBC00, 0xCBE18, 0xCE201, 0xCF310, 0xD3B01, 0xD3E0F, 0xD5700, 0xD6201, 0xD8102, 0xDCA15,
    0xDF201, 0xE3100, 0xE3406, 0xE4707, 0xEB100, 0xEB408, 0xEC806, 0xF1801, 0xF3500, 0xF3700, 0xF3900,
    0xF3E01, 0xF7113, 0xF8601, 0xF8D2F, 0xFC600, 0x102B13, 0x105603, 0x105E02, 0x106202, 0x106706, 0x107103,
    0x10820B, 0x108F00, 0x109A03, 0x135D02, 0x171203, 0x173202, 0x175201, 0x177201, 0x17B41F, 0x17DD00,
    0x180B02, 0x180F00, 0x188501, 0x18A900, 0x19201B, 0x1A1704, 0x1A552A, 0x1AB054, 0x1B3410, 0x1B6B08,
    0x1B8002, 0x1BA10C, 0x1BE60D, 0x1C2413, 0x1CD002, 0x1CD414, 0x1CED00, 0x1CF400, 0x1CF702, 0x1DC03F,
    0x20D020, 0x2CEF02, 0x2D7F00, 0x2DE01F, 0x302A05, 0x309901, 0xA66F03, 0xA67409, 0xA69E01, 0xA6F001,
    0xA80200, 0xA80600, 0xA80B00, 0xA82304, 0xA82C00, 0xA88001, 0xA8B411, 0xA8E011, 0xA8FF00, 0xA92607,
    0xA9470C, 0xA98003, 0xA9B30D, 0xA9E500, 0xAA290D, 0xAA4300, 0xAA4C01, 0xAA7B02, 0xAAB000, 0xAAB202,
    0xAAB701, 0xAABE01, 0xAAC100, 0xAAEB04, 0xAAF501, 0xABE307, 0xABEC01, 0xFB1E00, 0xFE000F, 0xFE200F,
    0x101FD00, 0x102E000, 0x1037604, 0x10A010E, 0x10A3807, 0x10AE501, 0x10D2403, 0x10D6904, 0x10EAB01,
    0x10ECB04, 0x10EF00F, 0x10F460A, 0x10F8203, 0x1100002, 0x110380E, 0x1107000, 0x1107301, 0x1107F03,
    0x110B00A, 0x110C200, 0x1110002, 0x111270D, 0x1114501, 0x1117300, 0x1118002, 0x111B30D, 0x111C903,
    0x111CE01, 0x1122C0B, 0x1123E00, 0x1124100, 0x112DF0B, 0x1130003, 0x1133B01, 0x1133E0F, 0x1135700,
    0x1136212, 0x113B818, 0x113D200, 0x113E101, 0x1143511, 0x1145E00, 0x114B013, 0x115AF11, 0x115DC01,
    0x1163010, 0x116AB0C, 0x1171D0E, 0x1182C0E, 0x119300E, 0x1194000, 0x1194201, 0x119D10F, 0x119E400,
    0x11A0109, 0x11A3306, 0x11A3B03, 0x11A4700, 0x11A510A, 0x11A8A0F, 0x11B6007, 0x11C2F10, 0x11C9224,
    0x11D3114, 0x11D4700, 0x11D8A0D, 0x11DF000, 0x11EF303, 0x11F0001, 0x11F0300, 0x11F340E, 0x11F5A00,
    0x1344000, 0x134470E, 0x1611E11, 0x16AF004, 0x16B3006, 0x16F4F00, 0x16F5141, 0x16FE40D, 0x1BC9D01,
    0x1CF0046, 0x1D12701, 0x1D16504, 0x1D16D05, 0x1D17B07, 0x1D18506, 0x1D1AA03, 0x1D24202, 0x1D25002,
    0x1D25B01, 0x1D25F00, 0x1D28001, 0x1DA0036, 0x1DA3B31, 0x1DA7500, 0x1DA8400, 0x1DA9B14, 0x1E0002A,
    0x1E08F00, 0x1E13006, 0x1E2AE00, 0x1E2EC03, 0x1E4EC03, 0x1E5EE01, 0x1E6E300, 0x1E6E600, 0x1E6EE01,
    0x1E6F500, 0x1E8D006, 0x1E94406, 0xE0100EF,
];

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

    #[test]
    fn marks_are_those_of_unicode() {
        for c in '\0'..=char::MAX {
            let unassigned = c.general_category() == GeneralCategory::Unassigned;
            let mark = c.general_category_group() == GeneralCategoryGroup::Mark;
            assert!(is_mark(c) == mark || unassigned, "{c:?} is {:?}", c.general_category());
        }
    }

    #[test]
    fn what_shows_is_visible_and_what_does_not_is_not() {
        for c in "aÅ가한ㄱ漢ا๑🦊❤©¡_-".chars() {
            assert!(is_visible(c), "{c:?}");
        }
        for c in
            "\u{200B}\u{3164}\u{2800}\u{115F}\u{FFA0}\u{E0041}\u{FE0F}\u{202E}\u{FEFF}\u{301}\u{A0}\u{FFFE}"
                .chars()
        {
            assert!(!is_visible(c), "{c:?}");
        }
    }

    #[test]
    fn no_format_character_passes_for_a_visible_one_unless_it_is_drawn() {
        // Signs before or above numbers, which are drawn.
        let drawn =
            "\u{600}\u{601}\u{602}\u{603}\u{604}\u{605}\u{6DD}\u{70F}\u{890}\u{891}\u{8E2}\u{110BD}\u{110CD}";
        for c in ('\0'..=char::MAX).filter(|c| c.general_category() == GeneralCategory::Format) {
            let joins_hieroglyphs = ('\u{13430}'..='\u{1343F}').contains(&c);
            assert!(!is_visible(c) || joins_hieroglyphs || drawn.contains(c), "{c:?}");
        }
    }
}
