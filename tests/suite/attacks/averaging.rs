//! The same question many times over: by other names, by other people, in parts. Noise would average out.

use super::ground::{Answer, Ground, Person, Question, Said, people};

/// The truth.
const COUNT: u64 = 57;

/// A weakened answerer: fewer than ten are hidden, and every other count is rounded to five at random, without bias, anew
/// for every question.
fn fresh(count: u64, question: u64) -> Said {
    if count < 10 {
        return Said { word: "suppressed".to_owned(), low: 0, high: Some(9) };
    }
    let draw = question.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33;
    let value = if draw % 5 < count % 5 { count / 5 * 5 + 5 } else { count / 5 * 5 };
    Said { word: "shown".to_owned(), low: value - 4, high: Some(value + 4) }
}

/// The middle of what was answered.
fn middle(said: &Said) -> f64 {
    (said.low + said.high.unwrap()) as f64 / 2.0
}

/// The mean of the middles of what was answered.
fn mean(answers: &[Answer]) -> f64 {
    let middles: Vec<f64> = answers.iter().flatten().map(|cells| middle(&cells[0])).collect();
    middles.iter().sum::<f64>() / middles.len() as f64
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_again_in_other_words_says_the_same() {
    let weak: Vec<Answer> = (0..400).map(|question| Some(vec![fresh(COUNT, question)])).collect();
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

/// Numbers below this one are one part, and all others the other.
const CUTS: [u32; 6] = [1, 2, 3, 4, 5, 6];

/// Twenty people at the lower end, three at each cut, and the others at the upper end.
fn spread(count: u64) -> Vec<Person> {
    let between = (1..6).flat_map(|number| people(3, number, 0));
    people(20, 0, 0).into_iter().chain(between).chain(people(count - 35, 6, 0)).collect()
}

/// Both parts of a cut, by one of many names.
fn parts(cut: u32, alias: u32) -> [Question; 2] {
    [[(0, cut)], [(cut, 7)]].map(|range| Question { alias, ..Question::all(&range) })
}

/// What the attacker makes of many cuts' two parts: the mean of their sums.
fn attack(cuts: &[[Said; 2]]) -> f64 {
    let sums: Vec<f64> = cuts.iter().map(|[a, b]| middle(a) + middle(b)).collect();
    sums.iter().sum::<f64>() / sums.len() as f64
}

/// Whether the attacker's mean is the truth, to the nearest person.
fn recovered(mean: f64, truth: u64) -> bool {
    (mean - truth as f64).abs() < 0.5
}

/// What a provider's node with so many people says of each cut's two parts.
async fn ours(truth: u64) -> Vec<[Said; 2]> {
    let ground = Ground::new(&spread(truth)).await;
    let mut answers = Vec::new();
    for cut in CUTS {
        let mut names = Vec::new();
        for alias in 0..2 {
            let [a, b] = parts(cut, alias);
            let said = [ground.ask(&a).await.unwrap().remove(0), ground.ask(&b).await.unwrap().remove(0)];
            assert!(said[0].low + said[1].low <= truth && truth <= said[0].high.unwrap() + said[1].high.unwrap());
            names.push(said);
        }
        assert_eq!(names[0], names[1], "another name says the same, however often");
        answers.extend(names);
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sums_over_many_partitions_tell_no_two_counts_of_one_bin_apart() {
    // In every cut the upper part of these lies in one and the same bin of five, and so does the lower.
    for truths in [[55, 56, 57].as_slice(), &[58, 59]] {
        let mut told = Vec::new();
        for &truth in truths {
            // The weakened answerer, by sixty names each: its errors are independent, and average out.
            let records = spread(truth);
            let mut question = truth * 10_000;
            let mut answer = |asked: &Question| {
                question += 1;
                fresh(records.iter().filter(|person| asked.holds(person)).count() as u64, question)
            };
            let names = CUTS.into_iter().flat_map(|cut| (0..60).map(move |alias| parts(cut, alias)));
            let weak: Vec<[Said; 2]> = names.map(|parts| parts.each_ref().map(&mut answer)).collect();
            let mean = attack(&weak);
            assert!(recovered(mean, truth), "{truth} of {mean}");
            told.push(ours(truth).await);
        }
        assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
        let found = truths.iter().zip(&told).filter(|(truth, told)| recovered(attack(told), **truth)).count();
        assert!(found <= 1, "one mean for all of {truths:?}");
    }
}
