//! When a snapshot is followed by another, and what happens where it cannot be.

use std::sync::Mutex;

use super::*;
use crate::clock::Clock;
use crate::fixture::{Site, now, unobserved};

/// Days, hours and minutes after the snapshot; failures and the minutes since the last; the local time of day.
fn check(passed: (i64, i64), failures: (u32, i64), clock_time: &str, expected: Due) {
    let refresh = Refresh { every_days: 30, from: at("01:00"), to: at("05:00") };
    let now = now() + TimeDelta::days(passed.0) + TimeDelta::minutes(passed.1);
    let failed = match failures {
        (0, _) => Failures::default(),
        (count, minutes) => Failures { count, last: Some(now - TimeDelta::minutes(minutes)) },
    };
    let found = due(&refresh, super::tests::now(), failed, now, at(clock_time));
    assert_eq!(found, expected, "{passed:?} {failures:?} {clock_time}");
}

fn at(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").unwrap()
}

fn minutes(minutes: u64) -> Due {
    Due::After(Duration::from_secs(minutes * 60))
}

#[test]
fn snapshots_are_followed_at_a_quiet_time() {
    check((0, 0), (0, 0), "03:00", minutes(15));
    check((29, 23 * 60 + 55), (0, 0), "03:00", minutes(5));
    check((30, 0), (0, 0), "03:00", Due::Now);
    check((30, 0), (0, 0), "01:00", Due::Now);
    check((30, 0), (0, 0), "05:00", minutes(15));
    check((30, 0), (0, 0), "00:50", minutes(10));
    check((31, 0), (0, 0), "12:00", minutes(15));
    // A machine that is off at night.
    check((32, 0), (0, 0), "12:00", Due::Now);
    // A clock that was set back.
    check((-3, 0), (0, 0), "03:00", minutes(15));
}

#[test]
fn failures_are_followed_by_longer_and_longer_waits_but_never_by_giving_up() {
    check((30, 0), (1, 4), "03:00", minutes(6));
    check((30, 0), (1, 10), "12:00", Due::Now);
    check((30, 0), (2, 10), "03:00", minutes(10));
    check((30, 0), (2, 20), "03:00", Due::Now);
    check((30, 0), (6, 300), "03:00", minutes(15));
    check((30, 0), (6, 320), "03:00", Due::Now);
    check((90, 0), (4_000_000_000, 6 * 60), "03:00", Due::Now);
    check((30, 0), (1, -60), "03:00", minutes(10));
}

#[test]
fn a_quiet_time_may_span_midnight() {
    let refresh = Refresh { every_days: 1, from: at("22:00"), to: at("04:00") };
    for (clock_time, quiet) in [("22:00", true), ("23:59", true), ("00:00", true), ("04:00", false), ("12:00", false)] {
        assert_eq!(is_quiet(&refresh, at(clock_time)), quiet, "{clock_time}");
    }
}

struct At(Mutex<DateTime<Utc>>);

impl Clock for At {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

#[test]
fn a_new_snapshot_is_answered_from_at_once_and_a_failed_one_leaves_the_old() {
    let site = Site::new();
    let clock = Arc::new(At(Mutex::new(now())));
    let provider = Provider::open_at(site.enrolled(), unobserved(), Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    let first = provider.loaded();
    *clock.0.lock().unwrap() = now() + TimeDelta::days(31);
    let id = take(&provider).unwrap();
    assert_ne!(id, first.id());
    assert_eq!((provider.loaded().id(), provider.loaded().taken_at()), (id, now() + TimeDelta::days(31)));
    // Who still counts over the old one finds it whole.
    assert!(first.unchanged(["person", "hospital_spell"]).is_ok());

    site.write("hospital_spell.csv", "half a fi");
    let failed = take(&provider);
    assert!(matches!(failed, Err(RefreshError::Taking(_))));
    assert_eq!(provider.snapshot().unwrap().id(), id);
    let failed = told(&provider, failed, Failures::default(), clock.now());
    assert_eq!((failed.count, failed.wait()), (1, RETRY.0));
    // The source is whole again.
    site.spells(&[("p00".to_owned(), "2024-04-01".to_owned(), "1".to_owned(), 1)]);
    let taken = take(&provider);
    assert_eq!(told(&provider, taken, failed, clock.now()).count, 0);
    assert_ne!(provider.loaded().id(), id);
}

#[test]
fn snapshots_are_removed_only_when_nobody_answers_from_them() {
    let site = Site::new();
    let config = site.enrolled();
    let folder = |id: SnapshotId| config.folder.join(snapshot::FOLDER).join(id.to_string());
    let take = || snapshot::take(&config, now()).unwrap();
    let first = take();
    let held = snapshot::Snapshot::load(&config.folder, &config.provider).unwrap();
    let (second, third, fourth) = (take(), take(), take());
    assert!(held.unchanged(["person"]).is_ok() && folder(first).exists(), "the first is held");
    assert!(!folder(second).exists() && folder(third).exists() && folder(fourth).exists());
    drop(held);
    take();
    assert!(!folder(first).exists() && !folder(third).exists() && folder(fourth).exists());
}
