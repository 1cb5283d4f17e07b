//! The same question many times over: by other names, by other people, in parts. Noise would average out.

use super::ground::{Answer, Ground, Question, people};

/// The truth.
const COUNT: u64 = 57;

/// The mean of the middles of what was answered.
fn mean(answers: &[Answer]) -> f64 {
    let middles = answers.iter().flatten().map(|cells| (cells[0].low + cells[0].high.unwrap()) as f64 / 2.0);
    let middles: Vec<f64> = middles.collect();
    middles.iter().sum::<f64>() / middles.len() as f64
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_again_in_other_words_says_the_same() {
    // A weakened answerer: the count rounded to five at random, without bias, anew for every question.
    let weak: Vec<Answer> = (0..400u64)
        .map(|question| {
            let draw = question.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33;
            let value = if draw % 5 < COUNT % 5 { COUNT / 5 * 5 + 5 } else { COUNT / 5 * 5 };
            let word = "shown".to_owned();
            Some(vec![super::ground::Said { word, low: value - 4, high: Some(value + 4) }])
        })
        .collect();
    assert!((mean(&weak) - COUNT as f64).abs() < 0.4, "four hundred answers give the count away: {}", mean(&weak));

    let ground = Ground::new(&people(COUNT, 3, 0)).await;
    let mut answers = Vec::new();
    for (alias, ranges) in [[(0u32, 9u32)], [(0, 10)], [(1, 9)], [(3, 4)], [(2, 77)]].iter().enumerate() {
        for analyst in ["ada", "bob"] {
            let question = Question { alias: u32::try_from(alias).unwrap(), ..Question::all(ranges) };
            answers.push(ground.ask_as(&question, analyst).await);
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.is_some()), "{answers:?}");
    assert!((mean(&answers) - COUNT as f64).abs() > 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sum_over_parts_says_no_more_than_the_whole() {
    // Fifty-seven people in three parts, cut in three ways; each cut's sum is another estimate of the whole.
    let records = [people(20, 0, 0), people(17, 1, 0), people(20, 2, 0)].concat();
    let ground = Ground::new(&records).await;
    let cuts: [&[(u32, u32)]; 3] = [&[(0, 3)], &[(0, 1), (1, 3)], &[(0, 2), (2, 3)]];
    let (mut low, mut high) = (0, u64::MAX);
    for cut in cuts {
        let mut sums = (0, 0);
        for &part in cut {
            let Some(cells) = ground.ask(&Question::all(&[part])).await else {
                sums.1 = u64::MAX;
                continue;
            };
            let (least, most) = cells[0].range(u64::MAX);
            sums = (sums.0 + least, u64::saturating_add(sums.1, most));
        }
        (low, high) = (low.max(sums.0), high.min(sums.1));
    }
    // A weakened answerer without a grid: exact parts.
    let exact: u64 = cuts[1]
        .iter()
        .map(|&(from, to)| records.iter().filter(|person| (from..to).contains(&person.number)).count() as u64)
        .sum();
    assert_eq!(exact, COUNT);
    assert!(low <= COUNT && COUNT <= high && high - low >= 4, "the whole keeps a bin of five: {low} to {high}");
}
