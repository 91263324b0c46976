//! Figures with their spread, and the table that they are shown in.

use crate::failure::Outcome;
use std::fmt;

/// What several rounds came to: the middle one, and the lowest and highest.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Spread {
    middle: f64,
    lowest: f64,
    highest: f64,
}

impl Spread {
    /// Of at least one figure.
    pub fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let at = |index: usize| figures.get(index).copied().unwrap_or(f64::NAN);
        Self { middle: at(figures.len() / 2), lowest: at(0), highest: at(figures.len().saturating_sub(1)) }
    }

    /// The same in another unit.
    pub fn times(self, factor: f64) -> Self {
        Self { middle: self.middle * factor, lowest: self.lowest * factor, highest: self.highest * factor }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { middle, lowest, highest } = self;
        let digits = if middle.abs() >= 100.0 {
            0
        } else if middle.abs() >= 10.0 {
            1
        } else {
            2
        };
        write!(f, "{middle:.digits$} ({lowest:.digits$}–{highest:.digits$})")
    }
}

/// Two things that were measured in turns.
pub struct Comparison {
    /// The first, by itself.
    pub ours: Spread,
    /// The second, by itself.
    pub theirs: Spread,
    /// First to second, round by round.
    pub ratio: Spread,
}

/// Measures one and the other in turns, so that whatever else the machine does strikes both.
pub fn interleaved(
    rounds: usize,
    mut ours: impl FnMut() -> Outcome<f64>,
    mut theirs: impl FnMut() -> Outcome<f64>,
) -> Outcome<Comparison> {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        // Whoever goes first finds the machine cooler.
        if round % 2 == 0 {
            first.push(ours()?);
            second.push(theirs()?);
        } else {
            second.push(theirs()?);
            first.push(ours()?);
        }
    }
    Ok(compare(first, second))
}

/// Puts figures of the same rounds side by side.
pub fn compare(first: Vec<f64>, second: Vec<f64>) -> Comparison {
    let ratio = Spread::of(first.iter().zip(&second).map(|(first, second)| first / second).collect());
    Comparison { ours: Spread::of(first), theirs: Spread::of(second), ratio }
}

/// What a figure should be.
#[derive(Clone, Copy)]
pub enum Threshold {
    AtLeast(f64),
    AtMost(f64),
    /// There is no bar; it is good to know.
    Nothing,
}

/// A line of the table.
pub struct ResultRow {
    /// What was measured.
    pub what: String,
    /// What it is compared to.
    pub against: String,
    /// What is judged.
    pub figure: Spread,
    /// What it should be.
    pub threshold: Threshold,
    /// What was seen on the way.
    pub seen: String,
}

impl ResultRow {
    pub const HEAD: &str = "| what | against | figure (lowest–highest) | bar | reached | seen |\n| --- | --- | ---: | ---: | --- | --- |";
}

impl fmt::Display for ResultRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, against, figure, threshold, seen } = self;
        let (bar, reached) = match threshold {
            Threshold::AtLeast(bar) => (format!("≥ {bar}"), if figure.middle >= *bar { "yes" } else { "no" }),
            Threshold::AtMost(bar) => (format!("≤ {bar}"), if figure.middle <= *bar { "yes" } else { "no" }),
            Threshold::Nothing => ("–".to_owned(), "–"),
        };
        write!(f, "| {what} | {against} | {figure} | {bar} | {reached} | {seen} |")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_taken_round_by_round() {
        let mut speeds = [10.0, 20.0, 30.0].into_iter();
        let mut others = [10.0, 40.0, 30.0].into_iter();
        let next = |figures: &mut dyn Iterator<Item = f64>| Ok(figures.next().unwrap());
        let compared = interleaved(3, || next(&mut speeds), || next(&mut others)).unwrap();
        assert_eq!(compared.ratio, Spread { middle: 1.0, lowest: 0.5, highest: 1.0 });
        assert_eq!(compared.ours.to_string(), "20.0 (10.0–30.0)");
    }

    #[test]
    fn the_table_says_whether_the_bar_was_reached() {
        let row = |threshold| ResultRow {
            what: "a".into(),
            against: "b".into(),
            figure: Spread::of(vec![0.9]),
            threshold,
            seen: String::new(),
        };
        assert_eq!(row(Threshold::AtLeast(0.9)).to_string(), "| a | b | 0.90 (0.90–0.90) | ≥ 0.9 | yes |  |");
        assert!(row(Threshold::AtMost(0.8)).to_string().contains("| no |"));
    }
}
