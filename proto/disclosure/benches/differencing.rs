//! `cargo bench -p disclosure --bench differencing`: a new table of 100 cells beside 10,000 released ones.
//!
//! Three pasts. Two over half a million people: cohorts that have nothing to do with each other, and cohorts nested in each
//! other, by the same two attributes. One of a practice of ten thousand, of whom everybody asks about one condition or
//! another, in one of a few bandings of age by one of a few attributes. What the comparison costs is the time with the past less the time without; the
//! contributors of earlier releases are opened from their serialised form on the way. Beside it, in the same run, the
//! plain way: every new set against every old one.
#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first surprise")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use disclosure::{
    Cell, Contributors, Coverage, Dimension, Domain, Measure, Past, Per, Policy, Protected, Public, RawTable, Tally,
    Vault, Zeros, protect, protect_beside,
};
use roaring::RoaringBitmap;

const PEOPLE: u32 = 500_000;
const PATIENTS: u32 = 10_000;
const RELEASES: u32 = 100;
const SIDE: u32 = 10;
/// What takes longer than this is measured once.
const LONG: Duration = Duration::from_secs(5);

/// Serialised contributors, opened at first use.
struct Kept {
    sealed: Vec<Vec<u8>>,
    opened: Mutex<HashMap<u64, Arc<Contributors>>>,
}

impl Vault for Kept {
    fn contributors(&self, release: u64) -> Option<Arc<Contributors>> {
        let mut opened = self.opened.lock().unwrap();
        if let Some(found) = opened.get(&release) {
            return Some(Arc::clone(found));
        }
        let found = Arc::new(Contributors::unseal(self.sealed.get(usize::try_from(release).ok()?)?)?);
        opened.insert(release, Arc::clone(&found));
        Some(found)
    }
}

/// The cell of a person in a release, if any.
type Question = fn(release: u32, person: u32) -> Option<u32>;

/// A number that has nothing to do with its neighbours (SplitMix64).
fn mixed(a: u32, b: u32) -> u64 {
    let mut z = (u64::from(a) << 32 | u64::from(b)).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A cohort of one in five to one in forty, cut by two attributes of its own.
fn unrelated(release: u32, person: u32) -> Option<u32> {
    let of = mixed(release, person);
    let share = u64::from(5 + release % 36);
    of.is_multiple_of(share).then(|| u32::try_from(of / share % u64::from(SIDE * SIDE)).unwrap())
}

/// Everybody whose risk is above a line that rises from release to release, by the same two attributes.
fn nested(release: u32, person: u32) -> Option<u32> {
    let of = mixed(u32::MAX, person);
    let risk = u32::try_from(of % 1_000).unwrap();
    (risk >= release * 9).then(|| u32::try_from(of / 1_000 % u64::from(SIDE * SIDE)).unwrap())
}

/// A practice's patients of one condition of 25, the first of which everybody has, by a banding of age and an attribute.
fn practice(release: u32, person: u32) -> Option<u32> {
    let (condition, cut) = (release % 25, release / 25);
    let has = condition == 0 || mixed(condition, person) % 100 < u64::from(2 + 2 * condition);
    let age = u32::try_from(mixed(1_000, person) % 95).unwrap();
    let band = [age / 10, age / 18, (age + 3) / 20, age.saturating_sub(15) / 9][(cut % 4) as usize].min(SIDE - 1);
    let attribute = u32::try_from(mixed(2_000 + cut / 2, person) % [2, 10, 6, 5][(cut / 2 % 4) as usize]).unwrap();
    (person < PATIENTS && has).then_some(band * SIDE + attribute)
}

fn main() {
    let domain = domain();
    let pasts = [("unrelated cohorts", unrelated as Question), ("a practice", practice), ("nested cohorts", nested)];
    for (name, question) in pasts {
        let mut past = Past::new();
        let mut kept = Kept { sealed: Vec::new(), opened: Mutex::default() };
        let mut sets = Vec::new();
        for release in 0..RELEASES {
            let protected = alone(&domain, raw(&domain, question, release));
            past.add(u64::from(release), protected.contributors());
            kept.sealed.push(protected.contributors().seal(<[u8]>::to_vec));
            sets.extend(people(question, release));
        }
        let bytes: usize = kept.sealed.iter().map(Vec::len).sum();
        println!("{name}: {} figures released, {} MiB of contributors", past.len(), bytes >> 20);

        let new = people(question, RELEASES);
        let began = Instant::now();
        let near = new.iter().flat_map(|a| sets.iter().map(move |b| a.symmetric_difference_len(b))).filter(|&d| d < 10);
        let near = near.count();
        line(&format!("  every pair of sets ({} x {}), {near} near", new.len(), sets.len()), began.elapsed());

        let mut took = Vec::new();
        for _ in 0..5 {
            kept.opened.lock().unwrap().clear();
            let table = raw(&domain, question, RELEASES);
            let began = Instant::now();
            drop(alone(&domain, table));
            let without = began.elapsed();
            let table = raw(&domain, question, RELEASES);
            let (measures, policy, coverage) = rules(&domain);
            let public = Public::nothing(&domain, &measures);
            let began = Instant::now();
            let beside = protect_beside(table, &domain, &measures, &policy, &coverage, &public, &past, &kept);
            let with = began.elapsed();
            took.push((with.saturating_sub(without), held(beside.as_ref().ok())));
            if with > LONG {
                break;
            }
        }
        took.sort_unstable();
        let (median, held) = took[took.len() / 2];
        line(&format!("  compared with the past, {held} of {} cells held back", domain.len()), median);
    }
}

fn domain() -> Domain {
    let dimension = |name: &str| Dimension {
        name: name.to_owned(),
        levels: (0..SIDE).map(|level| format!("{name}{level}")).collect(),
        per: Per::Person,
    };
    Domain::new(vec![dimension("a"), dimension("b")], vec![vec![0], vec![1], vec![]]).unwrap()
}

fn rules(domain: &Domain) -> ([Measure; 1], Policy, Coverage) {
    ([Measure::people("people")], Policy::nhs_sde().with_zeros(Zeros::Hidden), Coverage::whole(domain))
}

fn raw(domain: &Domain, question: Question, release: u32) -> RawTable {
    let (cells, persons): (Vec<u32>, Vec<u32>) =
        (0..PEOPLE).filter_map(|person| Some((question(release, person)?, person))).unzip();
    let mut tally = Tally::new(domain, &rules(domain).0).unwrap();
    tally.add(&cells, &persons, &[]).unwrap();
    tally.finish().unwrap()
}

/// The inner cells' sets, for the plain way.
fn people(question: Question, release: u32) -> Vec<RoaringBitmap> {
    let mut sets = vec![RoaringBitmap::new(); (SIDE * SIDE) as usize];
    for person in 0..PEOPLE {
        if let Some(cell) = question(release, person) {
            sets[cell as usize].insert(person);
        }
    }
    sets
}

fn alone(domain: &Domain, raw: RawTable) -> Protected {
    let (measures, policy, coverage) = rules(domain);
    protect(raw, domain, &measures, &policy, &coverage, &Public::nothing(domain, &measures)).unwrap()
}

/// How many cells say nothing; all where the table could not be said.
fn held(protected: Option<&Protected>) -> usize {
    protected.map_or(usize::MAX, |p| p.cells(0).iter().filter(|cell| **cell == Cell::Withheld).count())
}

fn line(what: &str, took: Duration) {
    println!("{what:80} {:>10.3} s", took.as_secs_f64());
}
