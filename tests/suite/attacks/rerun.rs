//! What an attacker who re-runs the rule looks for: whether answers differ with a number that should stay unknown.

use super::ground::Answer;

/// Numbers of people below the threshold that the attacker tries; nobody is one of them, where zeros are hidden.
pub const SIZES: [u64; 4] = [0, 1, 4, 9];

/// Whether any two of these ways of being answered differ, so that the attacker excludes one of the sizes.
pub fn told_apart(answers: &[Vec<Answer>]) -> bool {
    answers.windows(2).any(|pair| pair[0] != pair[1])
}

/// Answers for every size, which must not differ; the answers that all share.
pub async fn alike<F: Future<Output = Vec<Answer>>>(publish: impl Fn(u64) -> F) -> Vec<Answer> {
    let mut answers = Vec::new();
    for size in SIZES {
        answers.push(publish(size).await);
    }
    assert!(!told_apart(&answers), "answers tell the sizes {SIZES:?} apart: {answers:?}");
    answers.swap_remove(0)
}
