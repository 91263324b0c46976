//! A trouble that lasts, for the log: told when it begins and when it is over, not each time that it is met.

/// Whether there is trouble.
#[derive(Debug, Default)]
pub struct OutageLog(bool);

impl OutageLog {
    /// It is met. Whether that is news.
    pub fn record_failure(&mut self) -> bool {
        !std::mem::replace(&mut self.0, true)
    }

    /// All is well. Whether that is news.
    pub fn record_success(&mut self) -> bool {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_news() {
        let mut outage = OutageLog::default();
        assert!(!outage.record_success());
        for _ in 0..2 {
            assert_eq!(
                [outage.record_failure(), outage.record_failure(), outage.record_failure()],
                [true, false, false]
            );
            assert_eq!([outage.record_success(), outage.record_success()], [true, false]);
        }
    }
}
