//! Everything one provider holds, table by table, sorted by person.

use super::event::{
    ActivityCost, AmbulanceIncident, CarePlan, CommunityContact, EdAttendance, GpAppointment, OutpatientAppointment,
    ResidencePeriod, RiskScore, SocialCareEvent, Spell, UrgentCareContact,
};

/// Declares the tables of [`Records`] once, for the struct and for joining two of them.
macro_rules! records {
    ($($(#[$meta:meta])* $table:ident: $row:ty),* $(,)?) => {
        /// The events of one provider. Each table is sorted by person, and tables of contacts and stays then by day;
        /// untraced records stand anywhere.
        #[derive(Debug, Default)]
        pub struct Records {
            $($(#[$meta])* pub $table: Vec<$row>),*
        }

        impl Records {
            /// Moves the events of `parts` into one, in the order of the parts.
            pub(super) fn join(parts: Vec<Self>) -> Self {
                let mut all = Self::default();
                $(all.$table.reserve_exact(parts.iter().map(|part| part.$table.len()).sum());)*
                for mut part in parts {
                    $(all.$table.append(&mut part.$table);)*
                }
                all
            }

            /// How many rows each table has, by the names of the fields.
            pub fn row_counts(&self) -> impl Iterator<Item = (&'static str, usize)> {
                [$((stringify!($table), self.$table.len())),*].into_iter()
            }
        }
    };
}

records! {
    /// Appointments in general practice.
    gp_appointments: GpAppointment,
    /// Hospital spells.
    spells: Spell,
    /// Outpatient appointments.
    outpatients: OutpatientAppointment,
    /// Emergency department attendances.
    attendances: EdAttendance,
    /// Ambulance incidents.
    incidents: AmbulanceIncident,
    /// 111 contacts.
    urgent_contacts: UrgentCareContact,
    /// Community or mental-health contacts.
    contacts: CommunityContact,
    /// Social care events.
    social_events: SocialCareEvent,
    /// Residence periods.
    residences: ResidencePeriod,
    /// Care plans.
    care_plans: CarePlan,
    /// Risk scores.
    risk_scores: RiskScore,
    /// Costs by month and service group.
    costs: ActivityCost,
}
