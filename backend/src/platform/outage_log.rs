//! State of an outage, for the log: its start and its end are logged, not each failure.

/// State of an outage: true while it lasts.
#[derive(Debug, Default)]
pub struct OutageLog(bool);

impl OutageLog {
    /// Records a failure. Returns true if the outage starts with it.
    pub fn record_failure(&mut self) -> bool {
        !std::mem::replace(&mut self.0, true)
    }

    /// Records a success. Returns true if an outage ends with it.
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
