//! Collects one practice's people's records provider by provider, each person's in the order of days.

use crate::population::calendar::month_of;
use crate::population::code::ServiceGroup;
use crate::population::event::{
    ActivityCost, AmbulanceIncident, CarePlan, CommunityContact, EdAttendance, GpAppointment, OutpatientAppointment,
    ResidencePeriod, RiskScore, SocialCareEvent, Spell, UNTRACED, UrgentCareContact,
};
use crate::population::provider::{COMMUNITY, COUNCILS, HOSPITALS, MENTAL_HEALTH, OTHERS};
use crate::population::records::Records;

/// A provider as a practice's people meet it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(usize);

impl Place {
    /// The practice itself.
    pub const PRACTICE: Self = Self(0);
    /// The ambulance service.
    pub const AMBULANCE: Self = Self(OTHERS);

    pub fn hospital(number: u8) -> Self {
        Self(1 + usize::from(number))
    }

    pub fn community(number: u8) -> Self {
        Self(1 + HOSPITALS + usize::from(number))
    }

    pub fn council(number: u8) -> Self {
        Self(1 + HOSPITALS + COMMUNITY + usize::from(number))
    }

    pub fn mental_health(number: u8) -> Self {
        debug_assert!(usize::from(number) < MENTAL_HEALTH && COUNCILS > 0, "two trusts");
        Self(1 + HOSPITALS + COMMUNITY + COUNCILS + usize::from(number))
    }
}

/// The records in the making.
pub(super) struct Sink {
    /// The practice's records, then those of the other providers in their order.
    records: Vec<Records>,
    /// Costs of the person at hand, not yet added up: provider, month, group, pence.
    costs: Vec<(u8, u8, ServiceGroup, u32)>,
    /// Bits of the other providers that met the person at hand.
    known: u16,
    // Records of the person at hand that come from several sources, not yet in the order of days.
    spells: Vec<(Place, Spell)>,
    attendances: Vec<(Place, EdAttendance)>,
    incidents: Vec<AmbulanceIncident>,
    contacts: Vec<(Place, CommunityContact)>,
}

impl Sink {
    pub fn new() -> Self {
        Self {
            records: (0..=OTHERS).map(|_| Records::default()).collect(),
            costs: Vec::new(),
            known: 0,
            spells: Vec::new(),
            attendances: Vec::new(),
            incidents: Vec::new(),
            contacts: Vec::new(),
        }
    }

    /// Books a cost of the person at hand.
    pub fn cost(&mut self, place: Place, day: u16, group: ServiceGroup, pence: u32) {
        self.costs.push((place.0 as u8, month_of(day), group, pence));
    }

    pub fn gp_appointment(&mut self, row: GpAppointment) {
        self.records[0].gp_appointments.push(row);
    }

    pub fn care_plan(&mut self, place: Place, row: CarePlan) {
        self.at(place).care_plans.push(row);
    }

    pub fn risk_score(&mut self, row: RiskScore) {
        self.records[0].risk_scores.push(row);
    }

    pub fn spell(&mut self, place: Place, row: Spell) {
        self.spells.push((place, row));
    }

    pub fn outpatient(&mut self, place: Place, row: OutpatientAppointment) {
        self.at(place).outpatients.push(row);
    }

    pub fn attendance(&mut self, place: Place, row: EdAttendance) {
        self.attendances.push((place, row));
    }

    pub fn incident(&mut self, row: AmbulanceIncident) {
        self.incidents.push(row);
    }

    pub fn urgent_contact(&mut self, row: UrgentCareContact) {
        if row.person == UNTRACED {
            self.records[Place::AMBULANCE.0].urgent_contacts.push(row);
        } else {
            self.at(Place::AMBULANCE).urgent_contacts.push(row);
        }
    }

    pub fn contact(&mut self, place: Place, row: CommunityContact) {
        self.contacts.push((place, row));
    }

    pub fn social_event(&mut self, place: Place, row: SocialCareEvent) {
        self.at(place).social_events.push(row);
    }

    pub fn residence(&mut self, place: Place, row: ResidencePeriod) {
        self.at(place).residences.push(row);
    }

    /// Files everything about the person at hand, and tells which other providers know them, as bits.
    pub fn close_person(&mut self, person: u32) -> u16 {
        self.file_events();
        self.file_costs(person);
        std::mem::take(&mut self.known)
    }

    /// The practice's records and those of the others.
    pub fn into_records(mut self) -> (Records, Vec<Records>) {
        let own = self.records.remove(0);
        (own, self.records)
    }

    /// The tables of a provider that now knows the person at hand.
    fn at(&mut self, place: Place) -> &mut Records {
        if let Some(other) = place.0.checked_sub(1) {
            self.known |= 1 << other;
        }
        &mut self.records[place.0]
    }

    fn file_events(&mut self) {
        let mut spells = std::mem::take(&mut self.spells);
        spells.sort_by_key(|(_, row)| row.day);
        for (place, row) in spells.drain(..) {
            self.cost(place, row.day, ServiceGroup::Acute, row.pence);
            self.at(place).spells.push(row);
        }
        self.spells = spells;
        let mut attendances = std::mem::take(&mut self.attendances);
        attendances.sort_by_key(|(_, row)| row.day);
        for (place, row) in attendances.drain(..) {
            self.cost(place, row.day, ServiceGroup::Ed, row.pence);
            self.at(place).attendances.push(row);
        }
        self.attendances = attendances;
        let mut incidents = std::mem::take(&mut self.incidents);
        incidents.sort_by_key(|row| row.day);
        for row in incidents.drain(..) {
            if row.person == UNTRACED {
                // Nobody's record: it neither costs a person anything nor makes them known.
                self.records[Place::AMBULANCE.0].incidents.push(row);
            } else {
                self.at(Place::AMBULANCE).incidents.push(row);
            }
        }
        self.incidents = incidents;
        let mut contacts = std::mem::take(&mut self.contacts);
        contacts.sort_by_key(|(_, row)| row.day);
        for (place, row) in contacts.drain(..) {
            self.at(place).contacts.push(row);
        }
        self.contacts = contacts;
    }

    /// Adds the person's costs up by provider, month and group.
    fn file_costs(&mut self, person: u32) {
        let mut costs = std::mem::take(&mut self.costs);
        costs.sort_unstable_by_key(|(place, month, group, _)| (*place, *month, *group));
        let mut open: Option<(u8, ActivityCost)> = None;
        for (place, month, group, pence) in costs.drain(..) {
            match &mut open {
                Some((p, row)) if (*p, row.month, row.group) == (place, month, group) => row.pence += pence,
                _ => {
                    if let Some((p, row)) = open.replace((place, ActivityCost { person, pence, month, group })) {
                        self.at(Place(usize::from(p))).costs.push(row);
                    }
                }
            }
        }
        if let Some((p, row)) = open {
            self.at(Place(usize::from(p))).costs.push(row);
        }
        self.costs = costs;
    }
}
