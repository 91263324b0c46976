//! Figures with their spread, and the rows of the result table.

use crate::failure::Outcome;
use std::fmt;

/// Median, minimum and maximum of several rounds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Spread {
    middle: f64,
    lowest: f64,
    highest: f64,
}

impl Spread {
    /// Computes the spread of at least one figure.
    pub fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let at = |index: usize| figures.get(index).copied().unwrap_or(f64::NAN);
        Self { middle: at(figures.len() / 2), lowest: at(0), highest: at(figures.len().saturating_sub(1)) }
    }

    /// Converts the spread to another unit.
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

/// Result of two measurements that alternated.
pub struct Comparison {
    /// Figures of the first measurement.
    pub ours: Spread,
    /// Figures of the second measurement, the baseline.
    pub theirs: Spread,
    /// Ratio of the first to the second, computed for each round.
    pub ratio: Spread,
}

/// Runs two measurements in alternation, so that other load on the machine affects both.
pub fn interleaved(
    rounds: usize,
    mut ours: impl FnMut() -> Outcome<f64>,
    mut theirs: impl FnMut() -> Outcome<f64>,
) -> Outcome<Comparison> {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        // The order alternates, because the machine is cooler for the first measurement of a round.
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

/// Compares figures of the same rounds.
pub fn compare(first: Vec<f64>, second: Vec<f64>) -> Comparison {
    let ratio = Spread::of(first.iter().zip(&second).map(|(first, second)| first / second).collect());
    Comparison { ours: Spread::of(first), theirs: Spread::of(second), ratio }
}

/// Limit that a figure has to meet.
#[derive(Clone, Copy)]
pub enum Threshold {
    AtLeast(f64),
    AtMost(f64),
    /// No limit: the figure is informative.
    Nothing,
}

/// A row of the result table.
pub struct ResultRow {
    /// Name of the measurement.
    pub what: String,
    /// Baseline of the comparison.
    pub against: String,
    /// Figure that is compared with the threshold.
    pub figure: Spread,
    /// Limit for the figure.
    pub threshold: Threshold,
    /// Further observations, such as the absolute values.
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
