//! When the service answers: its week, maintenance, and what comes next, in the service's own time zone.

use jiff::{Timestamp as Instant, tz::TimeZone};
use leptos::prelude::*;
use model::{Calendar, OpenState, Timestamp};

use super::Details;
use crate::format::{date, date_time};

const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const DAY_MINUTES: u16 = 1_440;

/// The time of day in a zone, with the weekday when it is another day than `now` there.
pub fn clock_in(zone: &str, at: Timestamp, now: Timestamp) -> String {
    let zone_found = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let local = |at: Timestamp| {
        let instant = Instant::from_millisecond(at.ms()).unwrap_or(Instant::UNIX_EPOCH);
        zone_found.to_datetime(instant)
    };
    let (then, today) = (local(at), local(now));
    let clock = format!("{:02}:{:02}", then.hour(), then.minute());
    if then.date() == today.date() {
        format!("{clock} {zone}")
    } else {
        let day = usize::try_from(then.weekday().to_monday_zero_offset()).unwrap_or(0);
        format!("{} {clock} {zone}", DAYS.get(day).copied().unwrap_or_default())
    }
}

/// How the service stands now, and when that changes.
pub fn open_words(open: OpenState, calendar: Option<&Calendar>, now: Timestamp) -> String {
    let Some(calendar) = calendar else { return "Open at all times".to_owned() };
    let at = open.changes_at.map(|at| clock_in(&calendar.zone, at, now));
    match (open.open, open.maintenance, at) {
        (true, _, Some(at)) => format!("Open now · closes {at}"),
        (true, _, None) => "Open now".to_owned(),
        (false, true, Some(at)) => format!("In maintenance · opens {at}"),
        (false, true, None) => "In maintenance".to_owned(),
        (false, false, Some(at)) => format!("Closed now · opens {at}"),
        (false, false, None) => "Closed now".to_owned(),
    }
}

/// Hours of the week and planned maintenance.
pub fn availability(all: &Details) -> AnyView {
    let Some(calendar) = &all.calendar else {
        return view! { <p>"Open at all times: every day for 24 hours, with no maintenance planned. How it was answered in fact is under Performance."</p> }
            .into_any();
    };
    let coming: Vec<(Timestamp, Timestamp)> =
        calendar.once.iter().copied().filter(|(_, end)| *end > all.now).collect();
    let single = (!coming.is_empty())
        .then(|| view! { {all.sub("Single maintenance windows")} {windows(&coming)} });
    view! {
        <p>
            <strong>{open_words(all.open, Some(calendar), all.now)}</strong>
            ". All hours are in " {calendar.zone.clone()} "."
        </p>
        {week(calendar)}
        {single}
        <p class="meta">"As the provider says. How it was answered in fact is under Performance."</p>
    }
    .into_any()
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn spans(parts: &[(u16, u16)], none: &'static str) -> String {
    if parts.is_empty() {
        return none.to_owned();
    }
    if parts == [(0, DAY_MINUTES)] {
        return "24 hours".to_owned();
    }
    let part = |(from, to): &(u16, u16)| format!("{}–{}", clock(*from), clock(*to));
    parts.iter().map(part).collect::<Vec<_>>().join(", ")
}

fn week(calendar: &Calendar) -> AnyView {
    let upkeep = calendar.maintenance.iter().any(|day| !day.is_empty());
    let days = DAYS.iter().zip(calendar.open.iter().zip(&calendar.maintenance));
    let row = |(name, (open, maintenance)): (&&'static str, (&Vec<_>, &Vec<_>))| {
        view! {
            <tr>
                <th scope="row">{*name}</th>
                <td class="num">{spans(open, "Closed")}</td>
                {upkeep.then(|| view! { <td class="num">{spans(maintenance, "–")}</td> })}
                <td class="strip">{strip(open, maintenance)}</td>
            </tr>
        }
    };
    view! {
        <div class="sheet-scroll" tabindex="0" role="region" aria-label="Hours of the week">
            <table class="sheet compact week">
                <caption class="sr-only">{format!("Hours of the week in {}", calendar.zone)}</caption>
                <thead>
                    <tr>
                        <th scope="col">"Day"</th>
                        <th scope="col" class="num">"Open"</th>
                        {upkeep.then(|| view! { <th scope="col" class="num">"Maintenance"</th> })}
                        <th scope="col"><span class="hours" aria-hidden="true"><span>"0"</span><span>"12"</span><span>"24"</span></span><span class="sr-only">"As a bar"</span></th>
                    </tr>
                </thead>
                <tbody>{days.map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// The day as a bar; the words beside it say the same.
fn strip(open: &[(u16, u16)], maintenance: &[(u16, u16)]) -> AnyView {
    let bar = |class: &'static str, y: u16, height: u16| {
        move |(from, to): &(u16, u16)| {
            view! { <rect class=class x=from.to_string() y=y.to_string() width=to.saturating_sub(*from).to_string() height=height.to_string()></rect> }
        }
    };
    view! {
        <svg viewBox=format!("0 0 {DAY_MINUTES} 16") preserveAspectRatio="none" aria-hidden="true" focusable="false">
            <rect class="strip-day" x="0" y="7" width=DAY_MINUTES.to_string() height="2"></rect>
            {open.iter().map(bar("strip-open", 2, 12)).collect_view()}
            {maintenance.iter().map(bar("strip-upkeep", 0, 16)).collect_view()}
        </svg>
    }
    .into_any()
}

fn windows(coming: &[(Timestamp, Timestamp)]) -> AnyView {
    let line = |(start, end): &(Timestamp, Timestamp)| {
        let until = if date(*start) == date(*end) {
            date_time(*end).rsplit(", ").next().unwrap_or_default().to_owned()
        } else {
            date_time(*end)
        };
        view! { <li>{date_time(*start)} " to " {until}</li> }
    };
    view! { <ul class="num">{coming.iter().map(line).collect_view()}</ul> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_said_in_the_service_s_zone() {
        // 2026-11-20T17:00Z is 18:00 in Berlin, and the next day in Tokyo.
        let at: Timestamp = "2026-11-20T17:00:00Z".parse().unwrap();
        let now = at.plus_ms(-3_600_000);
        assert_eq!(clock_in("Europe/Berlin", at, now), "18:00 Europe/Berlin");
        assert_eq!(
            clock_in("Asia/Tokyo", at, at.plus_ms(-36_000_000)),
            "Saturday 02:00 Asia/Tokyo"
        );
        let calendar = Calendar {
            zone: "Europe/Berlin".to_owned(),
            open: Default::default(),
            maintenance: Default::default(),
            once: Vec::new(),
        };
        let open = OpenState { open: true, maintenance: false, changes_at: Some(at) };
        assert_eq!(open_words(open, Some(&calendar), now), "Open now · closes 18:00 Europe/Berlin");
    }

    #[test]
    fn a_day_is_read_as_people_write_it() {
        assert_eq!(spans(&[(540, 1_020), (1_080, 1_440)], "Closed"), "09:00–17:00, 18:00–24:00");
        assert_eq!(spans(&[(0, 1_440)], "Closed"), "24 hours");
        assert_eq!(spans(&[], "Closed"), "Closed");
    }
}
