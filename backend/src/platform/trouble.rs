//! A trouble that lasts, for the log: told when it begins and when it is over, not each time that it is met.

/// Whether there is trouble.
#[derive(Debug, Default)]
pub struct Trouble(bool);

impl Trouble {
    /// It is met. Whether that is news.
    pub fn begins(&mut self) -> bool {
        !std::mem::replace(&mut self.0, true)
    }

    /// All is well. Whether that is news.
    pub fn ends(&mut self) -> bool {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_news() {
        let mut trouble = Trouble::default();
        assert!(!trouble.ends());
        for _ in 0..2 {
            assert_eq!([trouble.begins(), trouble.begins(), trouble.begins()], [true, false, false]);
            assert_eq!([trouble.ends(), trouble.ends()], [true, false]);
        }
    }
}
