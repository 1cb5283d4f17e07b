//! Ratios and means turned back into what they were made of.

use wire::Answer;

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
