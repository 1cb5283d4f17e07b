//! Counting: levels, other, gaps, what is outside, and partitions, against a count of one's own.

use std::collections::BTreeSet;

use disclosure::{Cell, Coverage, Policy, Protected, Public, protect};
use proptest::prelude::*;
use template::Envelope;

use super::*;
use crate::fixture::{Site, now};

struct Counted {
    /// Exactly who is in each inner cell: the form in which the ledger seals it, read back.
    people: Vec<BTreeSet<u32>>,
    protected: Protected,
}

/// Reads the sealed form as far as the people: version, inner cells, totals, measures, then a set per inner cell.
fn parsed(mut bytes: &[u8]) -> Vec<BTreeSet<u32>> {
    let mut number = |skip: usize| {
        let (mut n, mut shift) = (0usize, 0);
        bytes = &bytes[skip..];
        loop {
            let (&byte, rest) = bytes.split_first().unwrap();
            bytes = rest;
            n |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return (n, bytes);
            }
        }
    };
    let inner = number(1).0;
    for _ in 0..number(0).0 {
        for _ in 0..number(0).0 {
            number(0);
        }
    }
    for _ in 0..number(0).0 {
        number(1);
    }
    let mut cells = Vec::new();
    let mut skip = 0;
    for _ in 0..inner {
        let (length, rest) = number(skip);
        cells.push(roaring::RoaringBitmap::deserialize_from(&rest[..length]).unwrap().iter().collect());
        skip = length;
    }
    cells
}

fn count(
    site: &Site,
    edit: (&str, &str),
    partitions: usize,
    covered: Option<Vec<bool>>,
) -> Result<Counted, EngineError> {
    let config = if site.path("data").exists() { site.read() } else { site.enrolled() };
    crate::snapshot::take(&config, now()).unwrap();
    let snapshot = Snapshot::load(&config.folder, &config.provider).unwrap();
    let envelope = Envelope::parse(&site.template(edit).1).unwrap();
    let root = site.root();
    let approved = Arc::new(root.approve(&envelope, now()).unwrap());
    let months = [("from", "2024-04"), ("to", "2024-05")].map(|(name, month)| (name.to_owned(), month.to_owned()));
    let query = Query::bind(approved, &months).unwrap();
    let checked = plan::check_template(query.template(), &[]).unwrap();
    let covered = covered.unwrap_or_else(|| vec![true; query.domain().inner_len()]);
    let question = Question { query: &query, checked: &checked, lookups: &[], covered: &covered };
    let engine = Engine::new(64 << 20, NonZeroUsize::new(partitions).unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let raw = runtime.block_on(engine.count(&question, &snapshot))?;
    let policy = Policy::nhs_sde();
    let (coverage, public) = (Coverage::whole(query.domain()), Public::nothing(query.domain(), query.measures()));
    let protected = protect(raw, query.domain(), query.measures(), &policy, &coverage, &public).unwrap();
    let people = protected.contributors().seal(parsed);
    Ok(Counted { people, protected })
}

fn site(stays: &[(u32, &str, &str, &str)]) -> Site {
    let site = Site::new();
    let row = |(person, day, method, days): &(u32, &str, &str, &str)| {
        (format!("p{person:02}"), (*day).to_owned(), (*method).to_owned(), days.parse::<i32>().unwrap())
    };
    site.spells(&stays.iter().map(row).collect::<Vec<_>>());
    site.enrolled();
    site
}

const SAME: (&str, &str) = ("sql", "sql");

#[test]
fn rows_fall_into_the_cells_of_their_levels_or_into_none() {
    let stays = [
        (0, "2024-04-01", "1", "1"),
        (1, "2024-04-30", "2", "1"),
        (2, "2024-05-01", "1", "1"),
        (2, "2024-05-31", "1", "1"),
        // Outside the months asked for.
        (3, "2024-03-31", "1", "1"),
        (4, "2024-06-01", "1", "1"),
        // Not a declared level.
        (5, "2024-04-01", "3", "1"),
        (6, "2024-04-01", "1 ", "1"),
    ];
    let found = count(&site(&stays), SAME, 1, None).unwrap();
    assert_eq!(found.people, [[0].into(), [1].into(), [2].into(), [].into()]);
    let edit = ("levels = [\"1\", \"2\"]", "levels = [\"1\", \"2\"]\nother = \"other\"");
    let found = count(&site(&stays), edit, 1, None).unwrap();
    assert_eq!(found.people, [[0].into(), [1].into(), [5, 6].into(), [2].into(), [].into(), [].into()]);
}

#[test]
fn missing_values_are_no_declared_level() {
    let stays = [(0, "2024-04-01", "1", "1"), (1, "2024-04-02", "2", "1")];
    let edit = ("admission_method_code as method", "nullif_code as method");
    let null = edit.1.replace("nullif_code", "case when admission_method_code = '1' then '1' end");
    let found = count(&site(&stays), (edit.0, &null), 1, None).unwrap();
    assert_eq!(found.people, [[0].into(), [].into(), [].into(), [].into()]);
    // A stay that has not ended has no day of discharge, and so no period.
    let edit = ("admission_date as month", "discharge_date as month");
    assert!(count(&site(&stays), edit, 1, None).unwrap().people.iter().all(BTreeSet::is_empty));
}

#[test]
fn what_is_not_covered_is_left_out() {
    let stays = [(0, "2024-04-01", "1", "1"), (1, "2024-05-01", "1", "1")];
    let found = count(&site(&stays), SAME, 1, Some(vec![true, true, false, false])).unwrap();
    assert_eq!(found.people, [[0].into(), [].into(), [].into(), [].into()]);
}

#[test]
fn amounts_lie_between_nought_and_the_cap_per_person() {
    let stays: Vec<(u32, &str, &str, &str)> =
        (0..20).map(|n| (n, "2024-04-01", "1", if n == 0 { "900" } else { "10" })).collect();
    let found = count(&site(&stays), SAME, 1, None).unwrap();
    // Nineteen times ten and one capped at thirty: 220, on a grid of five.
    assert!(matches!(found.protected.cells(1)[0], Cell::Shown { value: 220, .. }));
    // An amount that SQL made less than nothing, or more than can be, is no error: that would tell that the row is there.
    for (amount, value) in [
        ("length_of_stay_days - 1000", None),
        ("length_of_stay_days - 9223372036854775807", None),
        ("cast(length_of_stay_days as decimal(12, 2)) - 10.50", None),
        // Whole numbers wrap: nine hundred times as much is less than nothing.
        ("length_of_stay_days * 100000000000000000", Some(570)),
        ("9223372036854775807", Some(600)),
    ] {
        let edit = ("length_of_stay_days\nfrom", &*format!("{amount} as length_of_stay_days\nfrom"));
        let said = match count(&site(&stays), edit, 1, None).unwrap().protected.cells(1)[0] {
            Cell::Shown { value, .. } => Some(value),
            _ => None,
        };
        assert_eq!(said, value, "{amount}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn any_rows_in_any_partitions_count_as_by_hand(
        stays in prop::collection::vec((0u32..40, 0u32..4, 0usize..3), 0..200), partitions in 1usize..4,
    ) {
        let days = ["2024-03-31", "2024-04-15", "2024-05-02", "2024-06-01"];
        let methods = ["1", "2", "x"];
        let rows: Vec<_> = stays.iter().map(|&(p, day, m)| (p, days[day as usize], methods[m], "2")).collect();
        let found = count(&site(&rows), SAME, partitions, None).unwrap();
        let mut expected = vec![BTreeSet::new(); 4];
        // p38 and p39 opted out; the rest are numbered as they are named.
        for (person, day, method) in stays.into_iter().filter(|stay| stay.0 < 38 && (1..3).contains(&stay.1) && stay.2 < 2) {
            expected[(day as usize - 1) * 2 + method].insert(person);
        }
        prop_assert_eq!(found.people, expected);
    }
}

#[test]
fn memory_has_a_limit() {
    let site = Site::new();
    let config = site.enrolled();
    crate::snapshot::take(&config, now()).unwrap();
    let snapshot = Snapshot::load(&config.folder, &config.provider).unwrap();
    let root = site.root();
    let approved = root.approve(&Envelope::parse(&site.template(SAME).1).unwrap(), now()).unwrap();
    let months = [("from", "2024-04"), ("to", "2024-05")].map(|(name, month)| (name.to_owned(), month.to_owned()));
    let query = Query::bind(Arc::new(approved), &months).unwrap();
    let checked = plan::check_template(query.template(), &[]).unwrap();
    let question = Question { query: &query, checked: &checked, lookups: &[], covered: &[true; 4] };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let counted = |bytes| {
        let engine = Engine::new(bytes, NonZeroUsize::MIN).unwrap();
        runtime.block_on(engine.count(&question, &snapshot)).map(|_| ())
    };
    assert_eq!(counted(16), Err(EngineError::Memory));
    assert_eq!(counted(1 << 20), Ok(()));
}
