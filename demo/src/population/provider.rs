//! The 108 providers of the region, their localities, and how many people each practice has.
//!
//! Codes and names are invented; the shape is that of the North West London pilot.

use super::draw::mix;

/// General practices.
pub const PRACTICES: usize = 93;
/// Multidisciplinary groups of practices.
pub const LOCALITIES: usize = 10;
/// Hospitals.
pub const HOSPITALS: usize = 4;
/// Community providers.
pub const COMMUNITY: usize = 3;
/// Councils.
pub const COUNCILS: usize = 5;
/// Mental-health trusts.
pub const MENTAL_HEALTH: usize = 2;
/// Providers that are not practices.
pub const OTHERS: usize = HOSPITALS + COMMUNITY + COUNCILS + MENTAL_HEALTH + 1;
/// All providers.
pub const PROVIDERS: usize = PRACTICES + OTHERS;

/// The fewest people a practice has, however small the region.
const SMALLEST_LIST: u32 = 15;

/// What sort of organisation a provider is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A general practice.
    Gp,
    /// An acute hospital.
    Hospital,
    /// A provider of community health services.
    Community,
    /// A council's adult social care.
    SocialCare,
    /// A mental-health trust.
    MentalHealth,
    /// An ambulance service, which also answers 111.
    Ambulance,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Gp, Self::Hospital, Self::Community, Self::SocialCare, Self::MentalHealth, Self::Ambulance];

    /// The kind as templates and rosters write it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Gp => "gp",
            Self::Hospital => "hospital",
            Self::Community => "community",
            Self::SocialCare => "social-care",
            Self::MentalHealth => "mental-health",
            Self::Ambulance => "ambulance",
        }
    }

    /// Share of the conditions in a person's GP record that this kind of provider has in its own record too.
    pub(super) fn knows_conditions(self) -> f64 {
        match self {
            Self::Gp => 1.0,
            Self::Hospital => 0.92,
            Self::Community => 0.75,
            Self::MentalHealth => 0.65,
            Self::SocialCare => 0.50,
            Self::Ambulance => 0.55,
        }
    }
}

/// A multidisciplinary group of practices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Locality(u8);

impl Locality {
    /// Every locality of the region.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..LOCALITIES as u8).map(Self)
    }

    /// The code, `mdg-01` to `mdg-10`.
    pub fn code(self) -> &'static str {
        const CODES: [&str; LOCALITIES] =
            ["mdg-01", "mdg-02", "mdg-03", "mdg-04", "mdg-05", "mdg-06", "mdg-07", "mdg-08", "mdg-09", "mdg-10"];
        CODES[usize::from(self.0)]
    }

    /// Position among the localities, from zero.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// One provider of the region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    index: u8,
    /// Invented code in the shape of an ODS code.
    pub code: String,
    /// What sort of organisation it is.
    pub kind: Kind,
    /// Invented name.
    pub name: String,
    /// The multidisciplinary group, of practices only.
    pub locality: Option<Locality>,
    /// Published list size at the start of the window, of practices only.
    pub list_size: Option<u32>,
}

impl Provider {
    /// Position among the region's providers, from zero.
    pub fn index(&self) -> usize {
        usize::from(self.index)
    }
}

/// The providers of a region with lists of the sizes given, practices first.
pub(super) fn providers(lists: &[u32; PRACTICES]) -> Vec<Provider> {
    let mut all: Vec<Provider> = Vec::with_capacity(PROVIDERS);
    let mut add = |kind, code, name, locality, list_size| {
        let index = all.len() as u8;
        all.push(Provider { index, code, kind, name, locality, list_size });
    };
    for (practice, list) in lists.iter().enumerate() {
        let code = format!("Y{:05}", practice + 1);
        add(Kind::Gp, code, practice_name(practice), Some(practice_locality(practice)), Some(*list));
    }
    let others: [(Kind, char, &[&str]); 5] = [
        (
            Kind::Hospital,
            'H',
            &["Ferrygate Hospital", "Kestrel Park Hospital", "St Ursula's Hospital", "Westmead Infirmary"],
        ),
        (
            Kind::Community,
            'C',
            &["Brookline Community Health", "Heronsgate Community Care", "Millrace Community Services"],
        ),
        (
            Kind::SocialCare,
            'S',
            &["Ashcombe Council", "Birchfield Council", "Calderwick Council", "Dunmere Council", "Eastholm Council"],
        ),
        (Kind::MentalHealth, 'M', &["Lantern Mental Health Trust", "Willowbank Mental Health Trust"]),
        (Kind::Ambulance, 'A', &["Riverside Ambulance Service"]),
    ];
    for (kind, letter, names) in others {
        for (n, name) in names.iter().enumerate() {
            add(kind, format!("{letter}{:05}", n + 1), (*name).to_owned(), None, None);
        }
    }
    all
}

/// The locality of the practice at a position.
pub(super) fn practice_locality(practice: usize) -> Locality {
    Locality((practice * LOCALITIES / PRACTICES) as u8)
}

/// How many people are on each practice's list: skewed from about 0.36 % to 3.6 % of all, none below fifteen.
pub(super) fn list_sizes(people: u32) -> [u32; PRACTICES] {
    // At 500,000 people the curve runs from 1,800 to 18,000; 37 is prime to 93, so sizes mix over localities.
    let weights: [f64; PRACTICES] = std::array::from_fn(|practice| {
        let rank = (practice * 37 % PRACTICES) as f64 / (PRACTICES - 1) as f64;
        1_800.0 + 16_200.0 * rank * rank * rank * rank.sqrt()
    });
    let total: f64 = weights.iter().sum();
    let mut sizes = weights.map(|weight| ((weight / total * f64::from(people)) as u32).max(SMALLEST_LIST));
    let sum: u32 = sizes.iter().sum();
    // What rounding left over goes to the largest lists, one each in turn; what the minimum took comes from them.
    let mut order: Vec<usize> = (0..PRACTICES).collect();
    order.sort_by_key(|practice| std::cmp::Reverse(sizes[*practice]));
    let mut difference = i64::from(people) - i64::from(sum);
    for practice in order.into_iter().cycle().take(PRACTICES * 200) {
        match difference {
            0 => break,
            1.. => (sizes[practice], difference) = (sizes[practice] + 1, difference - 1),
            _ if sizes[practice] > SMALLEST_LIST => {
                (sizes[practice], difference) = (sizes[practice] - 1, difference + 1);
            }
            _ => {}
        }
    }
    sizes
}

fn practice_name(practice: usize) -> String {
    const TREES: [&str; 31] = [
        "Alder",
        "Almond",
        "Apple Tree",
        "Aspen",
        "Bay Tree",
        "Beech",
        "Blackthorn",
        "Box Hill",
        "Bramble",
        "Briar",
        "Cedar",
        "Cherry",
        "Chestnut",
        "Cypress",
        "Damson",
        "Elder",
        "Elm",
        "Fig Tree",
        "Hawthorn",
        "Hazel",
        "Holly",
        "Hornbeam",
        "Juniper",
        "Larch",
        "Laurel",
        "Linden",
        "Maple",
        "Medlar",
        "Mulberry",
        "Rowan",
        "Sycamore",
    ];
    const SORTS: [&str; 3] = ["Surgery", "Health Centre", "Medical Practice"];
    format!("{} {}", TREES[practice % 31], SORTS[practice / 31])
}

/// The provider's own number for a person, as seven letters and digits that say nothing.
///
/// A four-round Feistel network with a key per provider: distinct people get distinct text at one provider, and the
/// texts of two providers do not match.
pub(super) fn local_id(seed: u64, provider: usize, person: u32) -> [u8; 7] {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let (mut left, mut right) = ((person >> 16) as u16, person as u16);
    for round in 0..4 {
        let scrambled = mix(&[seed ^ 0x1d, provider as u64 * 4 + round, u64::from(right)]) as u16;
        (left, right) = (right, left ^ scrambled);
    }
    let mut bits = (u64::from(left) << 16 | u64::from(right)) << 3;
    let mut text = [0; 7];
    for letter in &mut text {
        *letter = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_region_has_its_shape() {
        let all = providers(&list_sizes(500_000));
        let count = |kind| all.iter().filter(|p| p.kind == kind).count();
        assert_eq!(all.len(), 108);
        assert_eq!(
            [Kind::Gp, Kind::Hospital, Kind::Community, Kind::SocialCare, Kind::MentalHealth, Kind::Ambulance]
                .map(count),
            [93, 4, 3, 5, 2, 1]
        );
        assert!(all.iter().enumerate().all(|(index, provider)| provider.index() == index));
        assert_eq!(all.iter().map(|p| &p.code).collect::<BTreeSet<_>>().len(), 108);
        assert_eq!(all.iter().map(|p| &p.name).collect::<BTreeSet<_>>().len(), 108);
        for locality in Locality::all() {
            assert!((9..=10).contains(&all.iter().filter(|p| p.locality == Some(locality)).count()));
        }
    }

    #[test]
    fn lists_are_skewed_and_add_up() {
        for people in [2_000, 20_000, 500_000] {
            let sizes = list_sizes(people);
            assert_eq!(sizes.iter().sum::<u32>(), people);
            assert!(sizes.iter().all(|size| *size >= SMALLEST_LIST));
        }
        let sizes = list_sizes(500_000);
        let (smallest, largest) = (sizes.iter().min().copied(), sizes.iter().max().copied());
        assert!(smallest.is_some_and(|n| (1_600..2_000).contains(&n)), "{smallest:?}");
        assert!(largest.is_some_and(|n| (16_500..19_500).contains(&n)), "{largest:?}");
    }

    #[test]
    fn local_ids_are_unique_and_differ_between_providers() {
        let ids = |provider| (0..20_000).map(|person| local_id(5, provider, person)).collect::<BTreeSet<_>>();
        let (here, there) = (ids(3), ids(95));
        assert_eq!((here.len(), there.len()), (20_000, 20_000));
        assert!((0..20_000).filter(|person| local_id(5, 3, *person) == local_id(5, 95, *person)).count() == 0);
    }
}
