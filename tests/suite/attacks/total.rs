//! A total minus what is published of it.

use std::collections::BTreeSet;

use disclosure::Zeros;

use super::ground::{Ground, Question, Said, national, people};
use super::puzzle::Puzzle;

/// What the attacker finds of the second cell, given every cell of a table and its total last.
fn attack(cells: &[Said]) -> BTreeSet<u64> {
    let mut puzzle = Puzzle::default();
    let (total, inner) = cells.split_last().unwrap();
    let numbers: Vec<usize> = inner.iter().map(|cell| puzzle.number(cell.range(400))).collect();
    puzzle.sum(&numbers, total.range(2000));
    puzzle.values(numbers[1])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_total_does_not_give_the_one_hidden_cell_away() {
    let counts = [12, 6, 0, 0];
    let weak: Vec<Said> = counts.iter().chain(&[18]).map(|&count| national(count, Zeros::Shown)).collect();
    assert_eq!(attack(&weak), (6..=9).collect(), "twelve at most beside it, and eighteen at least in all");

    let records = [people(12, 1, 0), people(6, 1, 1)].concat();
    let ground = Ground::with_zeros(&records, Zeros::Shown).await;
    let answer = ground.ask(&Question::by_group(&[(0, 9)])).await.unwrap();
    assert_eq!(answer[1].word, "suppressed");
    assert_eq!(attack(&answer), (1..=9).collect(), "{answer:?}");
}
