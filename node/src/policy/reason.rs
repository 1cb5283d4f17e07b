//! The real reasons of refusals: one table, in which each has its word and its sentence.

use wire::Refusal;

/// One row for each reason: its name, its word in the audit, and what it means in plain English. A row without a sentence
/// does not compile.
macro_rules! reasons {
    ($($reason:ident: $code:literal, $words:literal;)+) => {
        /// Why an order is refused, really. It stands in the provider's audit; outside only its [`Refusal`] is known.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Reason {
            $($reason,)+
        }

        impl Reason {
            /// Every reason.
            pub(crate) const ALL: &[Self] = &[$(Self::$reason,)+];

            /// The word in the audit.
            pub(crate) const fn code(self) -> &'static str {
                match self {
                    $(Self::$reason => $code,)+
                }
            }

            /// What it means, for the provider's people.
            pub(crate) const fn words(self) -> &'static str {
                match self {
                    $(Self::$reason => $words,)+
                }
            }
        }
    };
}

reasons! {
    AgreementEnded: "agreement-ended", "the sharing agreement was not in force";
    AnsweringOff: "answering-off", "answering was switched off";
    Altered: "altered", "the order was not signed by the pinned coordinator, or was changed";
    AttackFound: "attack-found", "the node's own attack found that the protected figures would give a hidden one away";
    BadParameters: "bad-parameters", "the parameters did not fit the template";
    Busy: "busy", "too much to do";
    CatalogueStale: "catalogue-stale", "the catalogue had expired";
    ClockAhead: "clock-ahead", "the order came from the future";
    ClockSteppedBack: "clock-stepped-back", "this machine's clock had gone back";
    CohortsSpent: "cohorts-spent", "too many different groups of people had been asked about before";
    DataIntegrity: "data-integrity", "the frozen tables were not as they were frozen, or could not be added up";
    EngineFailed: "engine-failed", "counting failed";
    Expired: "expired", "the order came too late";
    LedgerQuarantined: "ledger-quarantined", "the ledger was quarantined";
    LedgerStorage: "ledger-storage", "the ledger could not be written";
    LookupMissing: "lookup-missing", "a look-up that the template reads was missing";
    LookupNotApproved: "lookup-not-approved", "a look-up was not approved";
    LookupRolledBack: "lookup-rolled-back", "a look-up was older than one seen before, or not the one that the catalogue lists";
    NoConsent: "no-consent", "this provider, alone of its kind, had not consented";
    NotAccepted: "not-accepted", "this provider's own guardian had not accepted the template";
    NotCovered: "not-covered", "the records do not reach there";
    NotListed: "not-listed", "the catalogue did not list the template as approved";
    NotOurRelease: "not-our-release", "the coordinator showed as this provider's newest release what this provider had not signed";
    OrganisationRefused: "organisation-refused", "this provider does not answer the analyst's organisation";
    OutOfMemory: "out-of-memory", "counting took too much memory";
    OutOfTime: "out-of-time", "counting took too much time";
    PlanRefused: "plan-refused", "the template's SQL did not pass the check";
    PopulationTooSmall: "population-too-small", "this provider has too few people";
    ProtectFailed: "protect-failed", "the figures could not be protected";
    PublicContradicted: "public-contradicted", "what is public already (published populations and figures, earlier answers) did not fit the question or the tables; check what the configuration says is published";
    PurposeRefused: "purpose-refused", "this provider does not answer the purpose";
    RefusalsUnreadable: "refusals-unreadable", "the file of this provider's refusals could not be read";
    ReleaseFailed: "release-failed", "the release could not be sealed, signed or read back from the ledger";
    Replayed: "replayed", "the order's identity had been used for another order";
    RequestNotSigned: "request-not-signed", "the analyst had not signed the request";
    StructuralZero: "structural-zero", "records lie in a cell in which, by the template, nobody can be; check the mapping of the data to the model";
    TemplateMismatch: "template-mismatch", "the template was not the one that the order named";
    TemplateNotApproved: "template-not-approved", "the template was not approved, or its last day had passed";
    TemplateRefused: "template-refused", "this provider does not answer the template";
    TooClose: "too-close", "the answer was too close to one that had left before";
    WrongKind: "wrong-kind", "the template is not for providers of this kind";
    WrongProvider: "wrong-provider", "the order was for another provider";
}

impl Reason {
    /// The reason with this word in the audit.
    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
    }

    /// Whether news of the region's governance that are on their way may say otherwise.
    pub(crate) const fn may_be_overtaken(self) -> bool {
        matches!(
            self,
            Self::AgreementEnded
                | Self::CatalogueStale
                | Self::LookupNotApproved
                | Self::LookupRolledBack
                | Self::NotListed
                | Self::OrganisationRefused
                | Self::RequestNotSigned
                | Self::TemplateNotApproved
        )
    }

    /// What the outside is told. INVARIANT: it never depends on a count, and everything that the provider's own rules
    /// decide reads the same.
    pub(crate) const fn refusal(self) -> Refusal {
        match self {
            Self::AgreementEnded => Refusal::AgreementEnded,
            Self::Altered | Self::NotOurRelease | Self::WrongProvider => Refusal::Altered,
            Self::BadParameters => Refusal::BadParameters,
            Self::Busy => Refusal::Busy,
            Self::CatalogueStale => Refusal::StaleCatalogue,
            Self::ClockAhead | Self::ClockSteppedBack => Refusal::ClockSkew,
            Self::DataIntegrity => Refusal::DataIntegrity,
            Self::Expired => Refusal::Expired,
            Self::LookupMissing
            | Self::LookupNotApproved
            | Self::LookupRolledBack
            | Self::NotListed
            | Self::PlanRefused
            | Self::TemplateMismatch
            | Self::TemplateNotApproved
            | Self::WrongKind => Refusal::NotApproved,
            Self::NotCovered => Refusal::NotCovered,
            Self::AnsweringOff
            | Self::CohortsSpent
            | Self::NoConsent
            | Self::NotAccepted
            | Self::OrganisationRefused
            | Self::PopulationTooSmall
            | Self::PurposeRefused
            | Self::RefusalsUnreadable
            | Self::TemplateRefused
            | Self::PublicContradicted
            | Self::StructuralZero
            | Self::TooClose => Refusal::NotReleased,
            Self::LedgerQuarantined => Refusal::Quarantined,
            Self::Replayed => Refusal::Replayed,
            Self::RequestNotSigned => Refusal::RequestNotSigned,
            Self::AttackFound
            | Self::EngineFailed
            | Self::LedgerStorage
            | Self::OutOfMemory
            | Self::OutOfTime
            | Self::ProtectFailed
            | Self::ReleaseFailed => Refusal::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_reason_has_a_word_and_a_sentence_of_its_own() {
        let distinct = |of: fn(Reason) -> &'static str| Reason::ALL.iter().copied().map(of).collect::<BTreeSet<_>>();
        assert_eq!(distinct(Reason::code).len(), Reason::ALL.len());
        assert_eq!(distinct(Reason::words).len(), Reason::ALL.len());
        for reason in Reason::ALL.iter().copied() {
            let (code, words) = (reason.code(), reason.words());
            assert_eq!(Reason::of(code), Some(reason));
            assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{code}");
            assert!(words.contains(' ') && words != code && !words.contains('|'), "{code}: {words}");
        }
        assert_eq!(Reason::of("never-heard-of"), None);
    }
}
