//! A ledger with two releases and a refusal, read from outside.

use chrono::Utc;
use rusqlite::Connection;
use template::{Envelope, LookupDocument, PayloadType};
use wire::{Answered, Answerer as _, Dispatch};

use super::*;
use crate::fixture::{SECRET, Site, told};
use crate::ledger::BrokenLink;

/// A site that was asked `questions` questions, the last of which it refused.
fn asked(questions: usize) -> Site {
    let site = Site::new();
    let (digest, template) = site.template(("1", "1"));
    let node = crate::answer::tests::node(&site);
    for n in 0..questions {
        let mut order = site.order(digest);
        order.purpose = format!("=purpose, \"{n}\" {SECRET}");
        if n + 1 == questions {
            order.parameters = vec![("from".to_owned(), "never".to_owned())];
        }
        let answered = crate::answer::tests::ask(&site, &node, &template, &order);
        assert_eq!(answered.is_ok(), n + 1 < questions);
    }
    site
}

fn this_month() -> Month {
    Month::of(Utc::now().date_naive()).unwrap()
}

fn read(site: &Site, part: &Part) -> Result<Audit, AuditError> {
    Audit::read(&site.path("node.toml"), part)
}

#[test]
fn a_ledger_that_holds_says_how_long_it_is() {
    let site = asked(3);
    let held = read(&site, &Part::Nothing).unwrap().held().clone();
    assert_eq!((held.releases, held.decisions, held.quarantined), (2, 6, false));
}

#[test]
fn an_export_has_every_decision_once_and_no_figure() {
    let site = asked(3);
    let audit = read(&site, &Part::All).unwrap();
    let csv = audit.export(Format::Csv).unwrap();
    let rows: Vec<&str> = csv.trim_end().split("\r\n").collect();
    assert_eq!(rows.len(), 1 + 6, "{csv}");
    assert!(rows.iter().skip(1).all(|row| row.contains("\"'=purpose, \"\"")), "a formula is text: {csv}");
    assert!(rows[2].contains(",released,") && rows[2].contains("ada; bea"), "{csv}");
    assert!(rows[6].contains("bad-parameters"), "{csv}");
    let lines = audit.export(Format::JsonLines).unwrap();
    let released: serde_json::Value = serde_json::from_str(lines.lines().nth(1).unwrap()).unwrap();
    assert_eq!(released["parameters"], "from=2024-04; to=2024-05");
    assert_eq!(released["template_id"], "stays");
    for text in [csv, lines] {
        assert!(!text.contains("\"value\"") && !text.contains("p00") && !text.contains("contributors"), "{text}");
    }
}

#[test]
fn a_report_says_who_asked_and_every_cell_that_left() {
    let site = asked(2);
    let report = read(&site, &Part::Release("1".to_owned())).unwrap().report();
    for words in [
        "asked by      ada, on the coordinator's word",
        "question      Stays (stays, version 1)",
        "approved by   ada, bea",
        "with          from = 2024-04, to = 2024-05",
        "national data opt-outs and type 1 objections applied",
        "2024-04, 1: 20 (from 18 to 22)",
        "2024-04, all: ",
    ] {
        assert!(report.contains(words), "{words} in {report}");
    }
    let by_month = read(&site, &Part::Month(this_month())).unwrap().report();
    assert!(by_month.contains("2024-05, 2: 20 (from 18 to 22)"), "{by_month}");
    assert!(matches!(read(&site, &Part::Release("7".to_owned())), Err(AuditError::NoRelease(_))));
}

#[test]
fn a_month_fits_on_a_page() {
    let site = asked(3);
    let audit = read(&site, &Part::Month(this_month())).unwrap();
    let page = audit.month(this_month(), Utc::now());
    for words in [
        "| received | 3 |",
        "| answered with a release | 2 |",
        "| refused | 1 |",
        "| stays | 1 | ada, bea | test | 2 |",
        "| bad-parameters | the parameters did not fit the template | 1 |",
    ] {
        assert!(page.contains(words), "{words} in {page}");
    }
    assert!(page.lines().count() < 60, "{page}");
    let empty = Month::new(2020, 1).unwrap();
    let page = read(&site, &Part::Month(empty)).unwrap().month(empty, Utc::now());
    assert!(page.contains("| received | 0 |"), "{page}");
}

#[test]
fn the_first_broken_link_is_named() {
    let cases: [(&str, BrokenLink); 7] = [
        ("update release set purpose = 'x' where sequence = 2", BrokenLink::Release { sequence: 2 }),
        ("delete from release where sequence = 1", BrokenLink::Release { sequence: 1 }),
        ("update contributors set sealed = x'00' where sequence = 1", BrokenLink::Contributors { sequence: 1 }),
        ("update audit set reason = 'busy' where n = 6", BrokenLink::Decision { n: 6 }),
        ("delete from audit where n = 3", BrokenLink::Decision { n: 3 }),
        (
            "update audit set n = 30 where n = 3; update audit set n = 3 where n = 4; update audit set n = 4 where n = 30",
            BrokenLink::Decision { n: 3 },
        ),
        (
            "delete from audit where n > 4",
            BrokenLink::NotAnchored { sequence: 2, n: 4, anchored_sequence: 2, anchored_n: 6 },
        ),
    ];
    let site = asked(3);
    let database = site.path("data/ledger.sqlite");
    let good = std::fs::read(&database).unwrap();
    for (change, expected) in cases {
        std::fs::write(&database, &good).unwrap();
        let ledger = Connection::open(&database).unwrap();
        for table in ["release", "contributors", "audit"] {
            ledger.execute_batch(&format!("drop trigger {table}_keeps; drop trigger {table}_grows")).unwrap();
        }
        ledger.execute_batch(&format!("pragma foreign_keys = off; {change}")).unwrap();
        drop(ledger);
        match read(&site, &Part::Nothing) {
            Err(AuditError::Reading(ReadingError::Broken(broken))) => assert_eq!(broken, expected, "{change}"),
            Err(error) => panic!("{change}: {}", told(&error)),
            Ok(_) => panic!("{change}: nothing was found"),
        }
    }
    std::fs::write(&database, &good).unwrap();
    std::fs::remove_file(site.path("data/ledger.anchor")).unwrap();
    let broken = read(&site, &Part::Nothing).err().map(|error| told(&error)).unwrap();
    assert!(broken.contains("the anchor beside the ledger is absent"), "{broken}");
}

#[test]
fn a_ledger_is_read_while_its_node_has_it_open() {
    let site = asked(2);
    let provider = crate::Provider::open(site.read(), crate::fixture::unobserved()).unwrap();
    assert_eq!(read(&site, &Part::Nothing).unwrap().held().releases, 1);
    drop(provider);
}

#[test]
fn another_policy_is_tried_without_a_trace() {
    let site = asked(3);
    let database = std::fs::read(site.path("data/ledger.sqlite")).unwrap();
    let month = Part::Month(this_month());
    let tried = |policy: &str| {
        site.write("other.toml", policy);
        try_policy(&site.path("node.toml"), &site.path("other.toml"), &month)
    };
    let same = tried("[policy]\nprofile = \"nhs-sde\"\n").unwrap();
    assert!(same.contains("stays, version 1, from = 2024-04, to = 2024-05: 2 releases"), "{same}");
    assert!(
        same.contains("`people`: now") && same.contains("0 cells would change their state, 0 what they say"),
        "{same}"
    );
    let stricter = tried("[policy]\nthreshold = 30\nrounding = 10\n").unwrap();
    assert!(stricter.contains("2024-04, 1: 20 (from 18 to 22) -> * suppressed (from 0 to 29)"), "{stricter}");
    let cells = stricter.lines().filter(|line| line.starts_with("    "));
    let mut figures = cells.flat_map(|line| line.split(|c: char| !c.is_ascii_digit()));
    assert!(figures.all(|figure| figure != "19"), "nineteen people stand behind each cell: {stricter}");
    assert!(stricter.contains("Left out: the comparison with earlier answers"), "{stricter}");
    assert!(tried("[policy]\nthreshold = 1\nrounding = 5\n").is_err());
    assert!(tried("threshold = 30").is_err());
    assert_eq!(std::fs::read(site.path("data/ledger.sqlite")).unwrap(), database, "nothing was recorded");
}

#[test]
fn a_policy_is_tried_beside_the_published_populations() {
    let site = Site::new();
    let guardians = [&site.guardians[0], &site.guardians[1]];
    // Of 22 people on the list 19 stayed: the three who did not are as small a count as any.
    let row = |row: &str, method: &str, people: &str| [row, "Y00001", method, people].map(str::to_owned).to_vec();
    let lookup = LookupDocument {
        name: "list_size".to_owned(),
        version: 1,
        columns: ["row", "provider", "method", "people"].map(str::to_owned).to_vec(),
        rows: vec![row("a", "1", "22"), row("b", "2", "400")],
    };
    let lookup = Envelope::sign(PayloadType::Lookup, serde_json::to_vec(&lookup).unwrap(), &guardians).to_bytes();
    let text = Envelope::parse(&site.template(("1", "1")).1).unwrap().unverified_payload().to_vec();
    let rate = "[[figure]]\nname = \"rate\"\ntitle = \"Rate\"\nkind = \"rate\"\nmeasure = \"people\"\n\
                population = \"list_size\"\nper = 1000\n\n[disclosure]";
    let text = String::from_utf8(text).unwrap();
    let text = text.replace("model = \"core-1\"", "model = \"core-1\"\nlookups = [\"list_size\"]");
    let (digest, template) = site.signed(text.replace("[disclosure]", rate));
    let node = crate::answer::tests::node(&site);
    let (_, dispatch) = site.dispatch(&site.order(digest), &template);
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let answered = threads.block_on(node.answer(Dispatch { lookups: vec![lookup], ..dispatch }));
    assert!(matches!(answered, Answered::Release(_)), "{answered:?}");
    drop(node);

    let report = read(&site, &Part::Release("1".to_owned())).unwrap().report();
    let left = report.lines().find_map(|line| line.strip_prefix("  what left as `people`: ")).unwrap();
    assert!(left.contains("suppressed") || left.contains("withheld"), "the list of 22 holds something back: {left}");
    site.write("other.toml", "[policy]\nthreshold = 30\nrounding = 10\n");
    let month = Part::Month(this_month());
    let tried = try_policy(&site.path("node.toml"), &site.path("other.toml"), &month).unwrap();
    assert!(tried.contains(&format!("`people`: now {left}; then")), "{left} in {tried}");
}
