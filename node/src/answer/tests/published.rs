//! What is published elsewhere about the provider's people: nobody subtracts an answer from it.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::*;
use crate::audit::{Audit, Part};

/// Numbers below the threshold that whoever re-runs the rule tries.
const FEW: [u64; 4] = [0, 1, 4, 9];
/// What a small count may be, zeros hidden.
const SMALL: RangeInclusive<u64> = 0..=9;

/// People of two sexes with a stay each, of ninety that the provider has; `published` is added to its configuration.
fn site(men: u64, women: u64, published: &str) -> Site {
    let site = Site::new();
    // The fixture's sexes alternate.
    site.people(&(0..90).map(|n| (format!("p{n:02}"), false)).collect::<Vec<_>>());
    let of_sex = |count: u64, from: u64| (0..count).map(move |n| 2 * n + from);
    let stays = of_sex(men, 0).chain(of_sex(women, 1));
    let stay = |n: u64| (format!("p{n:02}"), "2024-04-10".to_owned(), "1".to_owned(), 3);
    site.spells(&stays.map(stay).collect::<Vec<_>>());
    site.write("lists.csv", "sex,people\n1,45\n2,45\n");
    Site { config: format!("{}\n{published}", site.config), ..site }
}

const LISTS: &str = "[[published.populations]]\nsource = \"lists\"\nas_of = \"2024-04-01\"\nfile = \"lists.csv\"\n";

/// A figure of the provider's annual report, about the question's cell with these `levels`.
fn reported_figure(levels: &str, figure: u64, counted: &str) -> String {
    format!(
        "[[published.figures]]\nsource = \"annual report\"\nas_of = \"2024-12-31\"\ntemplate = \"stays\"\nparameters = {{ \
         from = \"2024-04\", to = \"2024-05\" }}\nmeasure = \"people\"\nlevels = {{ {levels} }}\nfigure = {figure}\ncounted \
         = \"{counted}\"\n"
    )
}

/// The stays by sex, with the totals that are given.
fn by_sex(site: &Site, totals: &str) -> (Digest, Vec<u8>) {
    let (_, template) = site.template(SAME);
    let text = String::from_utf8(Envelope::parse(&template).unwrap().unverified_payload().to_vec()).unwrap();
    let (head, rest) = text.split_once("\n[[dimension]]").unwrap();
    let (_, rest) = rest.split_once("[[measure]]\nname = \"people\"").unwrap();
    let (_, disclosure) = rest.split_once("[disclosure]").unwrap();
    let (head, parameters) = head.split_once("\n[[parameter]]").unwrap();
    let head = head
        .replace("totals = [[\"month\"]]", &format!("totals = {totals}"))
        .replace(
            "select person_id, admission_date as month, admission_method_code as method, length_of_stay_days",
            "select hospital_spell.person_id, person.gender_code as sex",
        )
        .replace(
            "from hospital_spell\n",
            "from hospital_spell join person on person.person_id = hospital_spell.person_id\nwhere \
             hospital_spell.admission_date >= $from and hospital_spell.admission_date < $to_end\n",
        );
    site.signed(format!(
        "{head}\n[[parameter]]{parameters}\n[[dimension]]\nname = \"sex\"\nlevels = [\"1\", \"2\"]\nper = \
         \"person\"\n\n[[measure]]\nname = \"people\"\ncounts = \"people\"\n\n[disclosure]{disclosure}"
    ))
}

/// What is answered: men, women and, where there is one, the total.
fn answered(site: &Site, totals: &str) -> Result<Vec<Cell>, Refusal> {
    let node = node(site);
    let (digest, template) = by_sex(site, totals);
    let order = site.order(digest);
    let release = ask(site, &node, &template, &order)?;
    Ok(reported(site, &node, &template, &order, &release).reported.cells(0).to_vec())
}

/// Whoever re-runs the rule for every few tells them apart, unless all are answered alike.
fn told_apart(answers: &[Vec<Cell>]) -> bool {
    answers.windows(2).any(|pair| pair[0] != pair[1])
}

/// The small values that a second figure can have where the first and the second are `total` in all.
fn second(first: Cell, second: Cell, total: u64) -> BTreeSet<u64> {
    let within = |cell: Cell, n: u64| cell.low() <= n && cell.high().is_none_or(|high| n <= high);
    SMALL.filter(|&n| within(second, n) && total.checked_sub(n).is_some_and(|rest| within(first, rest))).collect()
}

#[test]
fn a_list_size_less_a_count_does_not_tell_how_few_are_not_counted() {
    let answers = |published: &str| FEW.map(|few| answered(&site(45 - few, 20, published), "[[]]").unwrap());
    let without = answers("");
    assert!(told_apart(&without));
    // Forty-five are listed: with one not counted there are forty-three at least, so two at the most are not.
    let rest = |answer: &[Cell]| second(answer[0], Cell::Withheld, 45);
    assert_eq!(rest(&without[1]), (0..=2).collect());

    let with = answers(LISTS);
    assert!(!told_apart(&with), "{with:?}");
    assert_eq!(rest(&with[0]), SMALL.collect(), "{with:?}");
    assert_eq!(with[0][1], Cell::Shown { value: 20, low: 18, high: 22 }, "whoever is far from the list is answered");
}

#[test]
fn a_list_that_the_question_has_no_total_for_does_not_tell_either() {
    let everybody = LISTS.replace("file = \"lists.csv\"", "people = 60");
    let answers = |published: &str| FEW.map(|few| answered(&site(40 - few, 20, published), "[]").unwrap());
    // Sixty are listed: 38 to 42 men and 18 to 22 women leave four at the most.
    let rest = |answer: &[Cell]| {
        let high = answer.iter().map(|cell| cell.high().unwrap_or(60)).sum();
        second(Cell::Shown { value: 0, low: answer[0].low() + answer[1].low(), high }, Cell::Withheld, 60)
    };
    let without = answers("");
    assert_eq!(without.iter().filter(|answer| rest(answer).len() < 10).count(), FEW.len(), "{without:?}");
    assert_eq!(rest(&without[1]), (0..=4).collect());
    for answer in answers(&everybody) {
        assert_eq!(rest(&answer), SMALL.collect(), "{answer:?}");
        assert!(answer.iter().all(|cell| matches!(cell, Cell::Shown { .. })), "{answer:?}");
    }
}

#[test]
fn a_published_total_less_a_figure_does_not_tell_the_hidden_one() {
    let answers = |published: &str| FEW.map(|few| answered(&site(40 - few, few, published), "[[]]").unwrap());
    let small = |answer: &[Cell]| second(answer[0], answer[1], 40);
    let without = answers("");
    assert!(told_apart(&without));
    assert_eq!(small(&without[1]), (0..=2).collect());

    let with = answers(&reported_figure("", 40, "the-same"));
    assert!(!told_apart(&with), "{with:?}");
    assert_eq!(small(&with[0]), SMALL.collect(), "{with:?}");
    // The question need not have the total: whoever knows it adds up the cells.
    let undeclared = answered(&site(39, 1, &reported_figure("", 40, "the-same")), "[]").unwrap();
    assert_eq!(undeclared, [Cell::Withheld; 2]);
    assert_eq!(second(answered(&site(39, 1, ""), "[]").unwrap()[0], Cell::Withheld, 40), (0..=2).collect());
}

#[test]
fn a_published_figure_of_more_people_hides_how_many_more() {
    // Forty men are published, and those who opted out are not counted.
    let answers = |published: &str| FEW.map(|few| answered(&site(40 - few, 20, published), "[[]]").unwrap());
    assert!(told_apart(&answers("")));
    let with = answers(&reported_figure("sex = \"1\"", 40, "more"));
    assert!(!told_apart(&with), "{with:?}");
    assert_eq!(second(with[0][0], Cell::Withheld, 40), SMALL.collect());
    // Without saying whom the publication counted, that is what it means.
    let unsaid = reported_figure("sex = \"1\"", 40, "more").replace("counted = \"more\"\n", "");
    assert_eq!(answered(&site(39, 20, &unsaid), "[[]]").unwrap(), with[0]);
}

#[test]
fn what_does_not_fit_is_refused_and_the_operator_told() {
    let lists = |people: &str| LISTS.replace("file = \"lists.csv\"", people);
    for published in [
        lists("people = 59"),
        reported_figure("", 61, "the-same"),
        reported_figure("", 59, "more"),
        reported_figure("age = \"1\"", 60, "more"),
        reported_figure("sex = \"3\"", 60, "more"),
        reported_figure("", 60, "more").replace("measure = \"people\"", "measure = \"days\""),
        [reported_figure("", 60, "the-same"), lists("people = 59")].concat(),
    ] {
        let site = site(40, 20, &published);
        // Outside it reads like everything that the provider's rules decide.
        assert_eq!(answered(&site, "[[]]"), Err(Refusal::NotReleased), "{published}");
        let audit = Audit::read(&site.path("node.toml"), &Part::All).unwrap();
        let month = template::Month::of(Utc::now().date_naive()).unwrap();
        assert!(
            audit.month(month, Utc::now()).contains("check what the configuration says is published"),
            "{published}"
        );
    }
    // Of another question nothing is stated, and what is true changes nothing where nothing is near.
    let plain = answered(&site(40, 20, ""), "[[]]").unwrap();
    for published in [
        reported_figure("", 61, "the-same").replace("template = \"stays\"", "template = \"beds\""),
        reported_figure("", 61, "the-same").replace("to = \"2024-05\"", "to = \"2024-06\""),
        lists("people = 59\ntemplates = [\"beds\"]"),
        lists("people = 400"),
    ] {
        assert_eq!(answered(&site(40, 20, &published), "[[]]").unwrap(), plain, "{published}");
    }
}
