//! The connection to the coordinator, and which exit code its errors stand for.

use wire::{ClientTls, Desk, DeskError, Governance};

use crate::exit::Exit;
use crate::failure::{Ends as _, Failure};
use crate::settings::{Places, Settings};

/// Finds the settings, loads the certificate and connects.
///
/// # Errors
/// A [`Failure`] that says what to do.
pub(crate) async fn connect(places: &Places) -> Result<Desk, Failure> {
    let settings = Settings::find(places).ends(Exit::Usage)?;
    let tls = ClientTls::load(&settings.tls).ends(Exit::Unreachable)?;
    Desk::connect(&settings.coordinator, &settings.server_name, &tls).await.map_err(failure)
}

/// Connects to the guardians' door.
///
/// # Errors
/// A [`Failure`] that says what to do.
pub(crate) async fn govern(settings: &Settings) -> Result<Governance, Failure> {
    let tls = ClientTls::load(&settings.tls).ends(Exit::Unreachable)?;
    Governance::connect(&settings.coordinator, &settings.server_name, &tls).await.map_err(failure)
}

/// The failure that an error of the coordinator's door is.
pub(crate) fn failure(error: DeskError) -> Failure {
    Failure::new(exit(&error), error)
}

fn exit(error: &DeskError) -> Exit {
    match error {
        DeskError::BadRequest(_) | DeskError::NotFound(_) => Exit::Usage,
        DeskError::Failed(_) | DeskError::Unreadable => Exit::Internal,
        DeskError::NotAllowed(_) => Exit::Refused,
        DeskError::Busy(_) | DeskError::Unauthenticated(_) | DeskError::Unreachable(_) => Exit::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_code() {
        let text = String::new;
        let cases = [
            (DeskError::BadRequest(text()), 2),
            (DeskError::Failed(text()), 1),
            (DeskError::NotAllowed(text()), 3),
            (DeskError::NotFound(text()), 2),
            (DeskError::Unreadable, 1),
            (DeskError::Unreachable(text()), 6),
            (DeskError::Busy(text()), 6),
            (DeskError::Unauthenticated(text()), 6),
        ];
        for (error, code) in cases {
            assert_eq!(exit(&error).code(), code, "{error:?}");
        }
    }
}
