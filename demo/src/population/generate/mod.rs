//! Makes the people of a region and what happens to them, practice by practice.
//!
//! Every practice has its own stream of draws, so that practices can be made on several threads and come out the same.

mod casemix;
mod community;
mod hospital;
mod life;
mod people;
mod planned;
mod primary;
mod sink;
mod social;
mod urgent;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::draw::Draw;
use super::person::Person;
use super::provider::{OTHERS, PRACTICES, list_sizes};
use super::records::Records;
use hospital::Emergencies;
use life::Life;
use people::Neighbourhood;
use sink::Sink;
use social::Placements;

/// What one practice brings: its people, its own records and those of the providers its people went to.
pub(super) struct Harvest {
    people: Vec<Person>,
    own: Records,
    others: Vec<Records>,
}

/// The people of a region in the order of their practices, and the records of every provider in the order of providers.
pub(super) fn region(seed: u64, people: u32) -> (Vec<Person>, Vec<Records>) {
    let lists = list_sizes(people);
    let mut first = 0;
    let starts = lists.map(|size| {
        let start = first;
        first += size;
        start
    });
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Option<Harvest>>> = Mutex::new((0..PRACTICES).map(|_| None).collect());
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(PRACTICES);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= PRACTICES {
                        break;
                    }
                    let harvest = practice(seed, number, starts[number], lists[number]);
                    done.lock().unwrap_or_else(PoisonError::into_inner)[number] = Some(harvest);
                }
            });
        }
    });
    join(done.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// One practice, person by person.
fn practice(seed: u64, number: usize, first: u32, size: u32) -> Harvest {
    let mut draw = Draw::new(seed, number as u64);
    let neighbourhood = Neighbourhood::new(number, &mut draw);
    let mut emergencies = Emergencies::new(&mut draw);
    let mut placements = Placements::new(&mut draw);
    let mut people = Vec::with_capacity(size as usize);
    let mut sink = Sink::new();
    for offset in 0..size {
        let mut person = neighbourhood.person(&mut draw);
        let mut life = Life::new(seed, first + offset, &person, number, &mut draw);
        life.residence = placements.residence(&life, &mut draw, &mut sink);
        emergencies.admissions(&life, &mut draw, &mut sink);
        planned::care(&life, &mut draw, &mut sink);
        urgent::contacts(&life, &mut draw, &mut sink);
        primary::care(&life, &mut draw, &mut sink);
        community::contacts(&life, &mut draw, &mut sink);
        social::care(&life, &mut draw, &mut sink);
        person.known = sink.close_person(life.number);
        people.push(person);
    }
    let (own, others) = sink.into_records();
    Harvest { people, own, others }
}

fn join(practices: Vec<Option<Harvest>>) -> (Vec<Person>, Vec<Records>) {
    let mut people = Vec::new();
    let mut records = Vec::with_capacity(PRACTICES + OTHERS);
    let mut others: Vec<Vec<Records>> = (0..OTHERS).map(|_| Vec::with_capacity(PRACTICES)).collect();
    for harvest in practices.into_iter().flatten() {
        people.extend(harvest.people);
        records.push(harvest.own);
        for (all, part) in others.iter_mut().zip(harvest.others) {
            all.push(part);
        }
    }
    records.extend(others.into_iter().map(Records::join));
    (people, records)
}
