//! Whose hand signs what, and that they know what it is.

use std::io::{BufRead as _, IsTerminal as _, stdin};
use std::path::Path;

use template::{Digest, PersonName, SigningKey};

use crate::arguments::Hand;
use crate::exit::Exit;
use crate::failure::{Ends as _, Failure};
use crate::key;
use crate::settings::Settings;

/// So many digits of a digest must be given.
const DIGITS_MIN: usize = 8;

/// The signing key: the argument's, else the settings'.
pub(super) fn key(hand: &Hand, settings: Option<&Settings>) -> Result<SigningKey, Failure> {
    let configured = || settings.and_then(|settings| settings.signing.key.clone());
    let file = hand.signing_key.clone().or_else(configured).ok_or_else(|| {
        Failure::told(
            Exit::Usage,
            "there is no signing key: name one with --signing-key, or `signing_key` in the settings",
        )
    })?;
    key::read(Path::new(&file)).ends(Exit::Usage)
}

/// The person who signs, and their organisation, as the settings write them.
pub(super) fn person(settings: &Settings) -> Result<(PersonName, String), Failure> {
    let missing = |key: &str| {
        Failure::told(Exit::Usage, format!("the settings lack `{key}`: write it as the trust root writes it"))
    };
    let name = settings.signing.name.as_deref().ok_or_else(|| missing("name"))?;
    let organisation = settings.signing.organisation.clone().ok_or_else(|| missing("organisation"))?;
    Ok((name.parse().map_err(|error| Failure::new(Exit::Usage, anyhow::Error::from(error)))?, organisation))
}

/// Asks whether the thing with this digest, which has been shown, is to be signed.
///
/// A script says so beforehand with `--yes`, and names the digest itself: a server that swaps the thing is found out.
pub(super) fn confirm(hand: &Hand, what: &str, digest: &Digest) -> Result<(), Failure> {
    eprintln!("\nto be signed: {what}\nsha256: {digest}");
    let told = |words: String| Err(Failure::told(Exit::Usage, words));
    if let Some(given) = &hand.digest
        && !begins(digest, given)
    {
        return told(format!("--digest {given} is not the beginning of {digest}: nothing was signed"));
    }
    if hand.yes {
        return Ok(());
    }
    if !stdin().is_terminal() {
        return told("nothing was signed: in a script, give --yes and --digest with at least 8 digits".to_owned());
    }
    eprint!("type the first {DIGITS_MIN} digits of the digest to sign, anything else to leave it: ");
    let mut typed = String::new();
    match stdin().lock().read_line(&mut typed) {
        Ok(_) if begins(digest, typed.trim()) => Ok(()),
        _ => told("nothing was signed".to_owned()),
    }
}

/// Whether `given` is the beginning of the digest, and long enough to say which one is meant.
pub(super) fn begins(digest: &Digest, given: &str) -> bool {
    given.len() >= DIGITS_MIN && digest.to_string().starts_with(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_named_by_eight_digits_or_more() {
        let digest = Digest::of(b"abc");
        assert!(begins(&digest, "ba7816bf") && begins(&digest, &digest.to_string()));
        for given in ["", "ba7816b", "ba7816be", "BA7816BF", &format!("{digest}0")] {
            assert!(!begins(&digest, given), "{given}");
        }
    }

    #[test]
    fn a_script_names_what_it_signs() {
        let digest = Digest::of(b"abc");
        let hand = |digest: &str| Hand { signing_key: None, yes: true, digest: Some(digest.to_owned()) };
        assert!(confirm(&hand("ba7816bf"), "abc", &digest).is_ok());
        assert_eq!(confirm(&hand("ba7816be"), "abc", &digest).unwrap_err().report(), Exit::Usage);
    }
}
