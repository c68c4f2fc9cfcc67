//! Dates and times of day of a world: plain civil time, whatever its zone is.

const DAY: i64 = 86_400;

/// A moment in a world, in seconds since 1970 as if its zone were UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) i64);

impl Moment {
    /// The start of a world at this time of day, such as `13:10`, on the day that the real clock shows in UTC.
    pub(crate) fn starting(now_ms: i64, time_of_day: &str) -> Option<Self> {
        let (hours, minutes) = time_of_day.split_once(':')?;
        let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
        ((0..24).contains(&hours) && (0..60).contains(&minutes))
            .then(|| Self(now_ms.div_euclid(1000).div_euclid(DAY) * DAY + hours * 3600 + minutes * 60))
    }

    /// So many minutes later.
    pub(crate) fn after(self, minutes: i64) -> Self {
        Self(self.0 + minutes * 60)
    }

    /// The date, as in `2026-03-09`.
    pub(crate) fn date(self) -> String {
        // Days to civil date after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
        let days = self.0.div_euclid(DAY) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// The time of day, as in `13:10`.
    pub(crate) fn time(self) -> String {
        let seconds = self.0.rem_euclid(DAY);
        format!("{:02}:{:02}", seconds / 3600, seconds % 3600 / 60)
    }
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn dates_and_times_are_civil() {
        for (seconds, date, time) in [
            (0, "1970-01-01", "00:00"),
            (951_782_400, "2000-02-29", "00:00"),
            (1_772_300_940, "2026-02-28", "17:49"),
            (-60, "1969-12-31", "23:59"),
        ] {
            assert_eq!((Moment(seconds).date().as_str(), Moment(seconds).time().as_str()), (date, time));
        }
    }

    #[test]
    fn a_world_starts_at_its_time_on_the_day_of_the_real_clock() {
        let start = Moment::starting(1_772_300_940_123, "09:05").unwrap();
        assert_eq!((start.date(), start.time()), ("2026-02-28".to_owned(), "09:05".to_owned()));
        assert_eq!(start.after(15 * 60).date(), "2026-03-01");
        assert!(Moment::starting(0, "24:00").is_none());
    }
}
