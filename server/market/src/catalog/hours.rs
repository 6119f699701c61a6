//! When a service answers: its weekly hours and maintenance windows, in its own time zone.

use jiff::{Timestamp as Instant, civil::Weekday, tz::TimeZone};
use model::{Availability, Calendar, OpenState, Schedule, Timestamp, Window};

const DAY: u32 = 24 * 60;
const WEEK: u32 = 7 * DAY;
/// More windows than this of one listing are not looked at.
const WINDOWS: usize = 32;

/// A stretch of the week in minutes since Monday 00:00; one that ends before it begins runs over the week's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    from: u32,
    to: u32,
}

impl Stretch {
    const fn covers(self, minute: u32) -> bool {
        if self.from <= self.to {
            minute >= self.from && minute < self.to
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

/// The hours of a service that is not simply always there.
#[derive(Debug, Clone)]
pub(super) struct Hours {
    zone: TimeZone,
    /// Open at these times; all the time when there is none and the schedule is 24/7.
    open: Vec<Stretch>,
    always: bool,
    upkeep: Vec<Stretch>,
    /// Single windows, as milliseconds.
    once: Vec<(i64, i64)>,
}

impl Hours {
    /// Reads what a provider wrote. None when it is always open, so that there is nothing to watch.
    pub fn read(availability: &Availability) -> Option<Self> {
        let always = availability.schedule == Schedule::Always;
        if always && availability.maintenance_windows.is_empty() {
            return None;
        }
        let zone = availability.timezone.as_deref().and_then(|name| TimeZone::get(name).ok());
        let weekly = |windows: &[Window]| -> Vec<Stretch> {
            windows.iter().take(WINDOWS).flat_map(stretches).collect()
        };
        let mut open = if always { Vec::new() } else { weekly(&availability.custom_hours) };
        if open.is_empty() && availability.schedule == Schedule::BusinessHours {
            open = (0..5)
                .map(|day| Stretch { from: day * DAY + 9 * 60, to: day * DAY + 17 * 60 })
                .collect();
        }
        let once =
            availability.maintenance_windows.iter().take(WINDOWS).filter_map(single).collect();
        Some(Self {
            zone: zone.unwrap_or(TimeZone::UTC),
            open,
            always,
            upkeep: weekly(&availability.maintenance_windows),
            once,
        })
    }

    /// The minute of the week in its own zone.
    fn minute(&self, at: Timestamp) -> u32 {
        let instant = Instant::from_millisecond(at.ms()).unwrap_or(Instant::UNIX_EPOCH);
        let local = self.zone.to_datetime(instant);
        let day = u32::try_from(local.weekday().to_monday_zero_offset()).unwrap_or(0);
        let part = |n: i8| u32::try_from(n).unwrap_or(0);
        day * DAY + part(local.hour()) * 60 + part(local.minute())
    }

    fn is_open(&self, minute: u32, at: Timestamp) -> bool {
        let open = self.always || self.open.iter().any(|stretch| stretch.covers(minute));
        open && !self.in_upkeep(minute, at)
    }

    fn in_upkeep(&self, minute: u32, at: Timestamp) -> bool {
        self.upkeep.iter().any(|stretch| stretch.covers(minute))
            || self.once.iter().any(|(from, to)| (*from..*to).contains(&at.ms()))
    }

    /// Whether it is open at a time.
    pub fn open_at(&self, at: Timestamp) -> bool {
        self.is_open(self.minute(at), at)
    }

    /// How it stands, and when that changes within the next eight days.
    pub fn state(&self, at: Timestamp) -> OpenState {
        let minute = self.minute(at);
        let open = self.is_open(minute, at);
        let edges = self.open.iter().chain(&self.upkeep).flat_map(|s| [s.from, s.to]);
        let into_minute = at.ms().rem_euclid(60_000);
        // Local edges as distances from now; a change of the clocks in between moves them, so each is checked.
        let mut times: Vec<i64> = edges
            .map(|edge| (edge % WEEK + WEEK - minute) % WEEK)
            .map(|ahead| if ahead == 0 { WEEK } else { ahead })
            .map(|ahead| at.ms() - into_minute + i64::from(ahead) * 60_000)
            .chain(self.once.iter().flat_map(|(from, to)| [*from, *to]))
            .flat_map(|ms| [ms - 3_600_000, ms, ms + 3_600_000])
            .filter(|ms| *ms > at.ms())
            .collect();
        times.sort_unstable();
        let changes_at =
            times.into_iter().map(Timestamp::from_ms).find(|t| self.open_at(*t) != open);
        OpenState { open, maintenance: !open && self.in_upkeep(minute, at), changes_at }
    }

    /// The week as it is drawn.
    pub fn calendar(&self) -> Calendar {
        let days = |stretches: &[Stretch]| {
            let mut days: [Vec<(u16, u16)>; 7] = Default::default();
            for (day, parts) in (0_u32..).zip(&mut days) {
                let mut from = None;
                for minute in 0..=DAY {
                    let covered =
                        minute < DAY && stretches.iter().any(|s| s.covers(day * DAY + minute));
                    match (covered, from) {
                        (true, None) => from = Some(minute),
                        (false, Some(began)) => {
                            let part = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
                            parts.push((part(began), part(minute)));
                            from = None;
                        }
                        _ => {}
                    }
                }
            }
            days
        };
        let whole = [Stretch { from: 0, to: WEEK }];
        Calendar {
            zone: self.zone.iana_name().unwrap_or("UTC").to_owned(),
            open: days(if self.always { &whole } else { &self.open }),
            maintenance: days(&self.upkeep),
            once: self
                .once
                .iter()
                .map(|(a, b)| (Timestamp::from_ms(*a), Timestamp::from_ms(*b)))
                .collect(),
        }
    }
}

/// A window with dates, as in `2026-11-29T02:00:00Z`.
fn single(window: &Window) -> Option<(i64, i64)> {
    let read = |text: &str| text.trim().parse::<Timestamp>().ok().map(Timestamp::ms);
    Some((read(&window.start)?, read(&window.end)?)).filter(|(from, to)| from < to)
}

/// A weekly window, as in `Mon–Fri 09:00` to `18:00`, `Daily 05:00`, `Sat 22:00` to `Sun 01:00` or `09:00` to `17:00`.
fn stretches(window: &Window) -> Vec<Stretch> {
    let Some((days, from)) = days_and_minute(&window.start) else { return Vec::new() };
    let Some((end_day, to)) = days_and_minute(&window.end) else { return Vec::new() };
    let days = days.unwrap_or((0, 6));
    let span = (days.1 + 7 - days.0) % 7;
    (0..=span)
        .map(|n| (days.0 + n) % 7)
        .map(|day| {
            let last = match end_day {
                Some((day, _)) => day,
                // Past midnight.
                None if to <= from => (day + 1) % 7,
                None => day,
            };
            Stretch { from: day * DAY + from, to: (last * DAY + to) % WEEK }
        })
        .map(|s| if s.to == 0 { Stretch { to: WEEK, ..s } } else { s })
        .collect()
}

/// Reads a range of days and a minute of the day.
fn days_and_minute(text: &str) -> Option<(Option<(u32, u32)>, u32)> {
    let text = text.trim();
    let (days, clock) = match text.rsplit_once(' ') {
        Some((days, clock)) => (Some(days.trim()), clock),
        None => (None, text),
    };
    let (hour, minute) = clock.split_once(':')?;
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    if hour > 24 || minute > 59 || hour * 60 + minute > DAY {
        return None;
    }
    let days = match days {
        None => None,
        Some(word) if word.eq_ignore_ascii_case("daily") => Some((0, 6)),
        Some(range) => {
            let (first, last) = range.split_once(['–', '-']).unwrap_or((range, range));
            Some((weekday(first)?, weekday(last)?))
        }
    };
    Some((days, hour * 60 + minute))
}

fn weekday(word: &str) -> Option<u32> {
    let day = match word.trim().to_lowercase().get(..3)? {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => return None,
    };
    u32::try_from(day.to_monday_zero_offset()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(
        schedule: Schedule,
        zone: &str,
        open: &[(&str, &str)],
        upkeep: &[(&str, &str)],
    ) -> Hours {
        let windows = |all: &[(&str, &str)]| {
            all.iter()
                .map(|(a, b)| Window { start: (*a).to_owned(), end: (*b).to_owned() })
                .collect()
        };
        Hours::read(&Availability {
            schedule,
            timezone: Some(zone.to_owned()),
            custom_hours: windows(open),
            maintenance_windows: windows(upkeep),
        })
        .unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn office_hours_follow_the_clock_of_the_place() {
        let berlin =
            hours(Schedule::BusinessHours, "Europe/Berlin", &[("Mon–Fri 09:00", "18:00")], &[]);
        // A Friday in winter: 18:00 in Berlin is 17:00 UTC; in summer it is 16:00.
        for (time, open) in [
            ("2026-11-20T07:59:00Z", false),
            ("2026-11-20T08:00:00Z", true),
            ("2026-11-20T16:59:00Z", true),
            ("2026-11-20T17:00:00Z", false),
            ("2026-07-17T16:00:00Z", false),
            ("2026-07-17T07:00:00Z", true),
            ("2026-11-21T10:00:00Z", false),
        ] {
            assert_eq!(berlin.open_at(at(time)), open, "{time}");
        }
        let closes = berlin.state(at("2026-11-20T12:30:15Z"));
        assert_eq!(closes.changes_at, Some(at("2026-11-20T17:00:00Z")));
        let opens = berlin.state(at("2026-11-21T12:00:00Z"));
        assert_eq!((opens.open, opens.changes_at), (false, Some(at("2026-11-23T08:00:00Z"))));
    }

    #[test]
    fn maintenance_closes_what_is_always_open() {
        let phoenix =
            hours(Schedule::Always, "America/Phoenix", &[], &[("Sat 22:00", "Sun 01:00")]);
        assert!(!phoenix.open_at(at("2026-11-22T05:30:00Z")));
        assert!(phoenix.state(at("2026-11-22T07:59:00Z")).maintenance);
        assert!(phoenix.open_at(at("2026-11-22T08:00:00Z")));
        let once = hours(
            Schedule::Always,
            "UTC",
            &[],
            &[("2026-11-29T02:00:00Z", "2026-11-29T04:00:00Z")],
        );
        assert!(
            once.open_at(at("2026-11-29T01:59:00Z")) && !once.open_at(at("2026-11-29T02:00:00Z"))
        );
    }

    #[test]
    fn weeks_run_round_their_end() {
        let night = hours(
            Schedule::Custom,
            "UTC",
            &[("Sun 22:00", "06:00"), ("Daily 12:00", "13:00")],
            &[],
        );
        for (time, open) in [
            ("2026-11-22T23:00:00Z", true),
            ("2026-11-23T05:59:00Z", true),
            ("2026-11-23T06:00:00Z", false),
            ("2026-11-24T12:30:00Z", true),
        ] {
            assert_eq!(night.open_at(at(time)), open, "{time}");
        }
        assert_eq!(night.calendar().open[0], [(0, 360), (720, 780)]);
    }

    #[test]
    fn nonsense_opens_nothing() {
        let odd =
            hours(Schedule::Custom, "Mars/Olympus", &[("Someday 9", "x"), ("25:00", "26:00")], &[]);
        assert!(!odd.open_at(at("2026-11-22T23:00:00Z")));
        assert_eq!(odd.state(at("2026-11-22T23:00:00Z")).changes_at, None);
    }
}
