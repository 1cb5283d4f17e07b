//! Ratios and means turned back into what they were made of.

use wire::Answer;

use crate::bad_input::rows::{self, Row};
use crate::world::{HOSPITALS, TEMPLATE, World, answer_to};

/// The numerators that fit a share in per cent, within bounds, of a denominator within bounds.
fn attack(share: (f64, f64), denominator: (u64, u64)) -> Vec<u64> {
    let fits = |numerator: &u64| {
        let (most, least) =
            (100.0 * *numerator as f64 / denominator.0 as f64, 100.0 * *numerator as f64 / denominator.1 as f64);
        least <= share.1 + 1e-9 && most >= share.0 - 1e-9
    };
    (0..=denominator.1).filter(fits).collect()
}

/// The share of maternity, and the people in all groups.
fn published(answer: &Answer) -> ((f64, f64), (u64, u64)) {
    let group = &answer.groups[0];
    let share = group.figures.iter().find(|figure| figure.name == "maternity_share").unwrap();
    let number = |text: &Option<String>, open: f64| text.as_ref().map_or(open, |text| text.parse().unwrap());
    let total = group.cells.iter().find(|cell| cell.measure == "admissions" && cell.levels == [None]).unwrap();
    ((number(&share.low, 0.0), number(&share.high, 100.0)), (total.low, total.high.unwrap_or(1000)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_gives_no_numerator_back_that_its_cells_hide() {
    // Eighteen people of whom three are in maternity: a share to a tenth of a per cent gives the three away.
    let exact = (10.0 * 100.0 * 3.0 / 72.0_f64).round() / 10.0;
    assert_eq!(attack((exact - 0.05, exact + 0.05), (72, 72)), [3]);

    let world = World::new().await;
    let figure = "\n[[figure]]\nname = \"maternity_share\"\ntitle = \"Share of maternity\"\nkind = \"share\"\n\
                  measure = \"admissions\"\nwhere = { admission_group = \"maternity\" }\n\n[disclosure]";
    world.approve(&TEMPLATE.replace("\n[disclosure]", figure));
    let codes = HOSPITALS.map(|hospital| hospital.code);
    let (coordinator, nodes) = (world.start_coordinator().await, world.start_nodes(&codes).await);
    let mut desk = world.desk().await;
    world.connected(&mut desk, &codes).await;
    let answer = answer_to(&mut desk, &world.ask()).await;
    let (share, total) = published(&answer);
    let found = attack(share, total);
    let cell = answer.groups[0]
        .cells
        .iter()
        .find(|cell| cell.measure == "admissions" && cell.levels == [Some("maternity".to_owned())]);
    let cell = cell.unwrap();
    // One hospital hides one to nine; whatever the cell leaves open stays possible.
    let most = cell.high.unwrap_or(cell.low + 30);
    assert!(most - cell.low >= 8, "{cell:?}");
    assert!((cell.low..=most).all(|value| found.contains(&value)), "{found:?} of {cell:?}");
    nodes.stop().await;
    coordinator.stop().await;
}

/// The pairs of a sum and a count, within their bounds, that have a mean within its bounds; nobody adds more than the cap.
fn pairs(mean: (f64, f64), sum: (u64, u64), count: (u64, u64)) -> Vec<(u64, u64)> {
    let fits = |&(sum, count): &(u64, u64)| {
        let value = sum as f64 / count as f64;
        mean.0 - 1e-9 <= value && value <= mean.1 + 1e-9
    };
    (count.0.max(1)..=count.1)
        .flat_map(|count| (sum.0..=sum.1.min(CAP * count)).map(move |sum| (sum, count)))
        .filter(fits)
        .collect()
}

/// The most days of one admission's person that count.
const CAP: u64 = 30;

#[tokio::test(flavor = "multi_thread")]
async fn a_mean_gives_no_sum_and_no_count_back_that_its_cells_leave_open() {
    // Seventeen stays of 43 days: a mean to a thousandth gives both away.
    let exact = 43.0 / 17.0_f64;
    let rounded = (exact * 1000.0).round() / 1000.0;
    let everything = pairs((0.0, f64::MAX), (40, 49), (15, 19)).len();
    let left = pairs((rounded - 0.0005, rounded + 0.0005), (40, 49), (15, 19));
    assert_eq!(left, [(43, 17)], "of {everything}");

    let world = World::new().await;
    let figure = "\n[[figure]]\nname = \"mean_stay\"\ntitle = \"Mean stay\"\nkind = \"mean\"\nsum = \"bed_days\"\n\
                  count = \"admissions\"\n\n[disclosure]";
    world.approve(&rows::TEMPLATE.replace("\n[disclosure]", figure));
    let mut stays = 0;
    for hospital in &HOSPITALS {
        // Stays of one to four days, more of the long ones among elective admissions.
        let groups = ["emergency", "elective", "maternity", "other"].into_iter().zip(hospital.people);
        let groups = groups.flat_map(|(group, people)| (0..people).map(move |_| group));
        let row = |(person, group): (usize, &'static str)| Row {
            person,
            group,
            days: Some(if group == "elective" { 4 - i32::from(person % 5 == 0) } else { 1 + person as i32 % 4 }),
        };
        let records: Vec<Row> = (0..).zip(groups).map(row).collect();
        stays += records.len() as u64;
        rows::write(&world, hospital.code, &records);
    }
    let codes = HOSPITALS.map(|hospital| hospital.code);
    let (coordinator, nodes) = (world.start_coordinator().await, world.start_nodes(&codes).await);
    let mut desk = world.desk().await;
    world.connected(&mut desk, &codes).await;
    let answer = answer_to(&mut desk, &wire::Ask { template: rows::TEMPLATE_ID.to_owned(), ..world.ask() }).await;
    let group = &answer.groups[0];
    let mut attacked = 0;
    for figure in group.figures.iter().filter(|figure| figure.name == "mean_stay") {
        let cell = |measure: &str| {
            let cell = group.cells.iter().find(|cell| cell.measure == measure && cell.levels == figure.levels).unwrap();
            cell.high.map(|high| (cell.low, high))
        };
        let (Some(sum), Some(count)) = (cell("bed_days"), cell("admissions")) else { continue };
        let number = |text: &Option<String>, open: f64| text.as_ref().map_or(open, |text| text.parse().unwrap());
        let mean = (number(&figure.low, 0.0), number(&figure.high, f64::MAX));
        let open = pairs((0.0, f64::MAX), sum, count);
        assert_eq!(pairs(mean, sum, count), open, "{figure:?} beside {sum:?} days of {count:?}");
        attacked += usize::from(open.len() > 1 && mean.1 < f64::MAX);
    }
    assert!(attacked > 0, "some mean is told: {:?} of {stays} stays", group.figures);
    nodes.stop().await;
    coordinator.stop().await;
}
