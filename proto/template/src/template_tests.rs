//! Tests of reading templates.

use super::*;
use crate::figure::FigureKind;
use crate::sample::SAMPLE;

/// Replaces `from` by `to` in the sample and expects a complaint that holds `words`.
fn check(from: &str, to: &str, words: &str) {
    assert!(SAMPLE.contains(from), "the sample has no {from}");
    let error = Template::parse(SAMPLE.replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
    assert!(error.contains(words), "{from} -> {to}: {error}");
}

#[test]
fn the_sample_is_a_template() {
    let template = Template::parse(SAMPLE.as_bytes()).unwrap();
    assert_eq!((template.id.as_str(), template.version), ("emergency-admissions", 2));
    assert_eq!(template.totals, [vec![Kept::Levels(0)], vec![]]);
    assert_eq!(template.min_sites(ProviderKind::Hospital), 3);
    // A template that says nothing hides zeros.
    assert_eq!(template.policy, Policy::nhs_sde().with_zeros(Zeros::Hidden));
}

#[test]
fn each_part_that_does_not_fit_is_named() {
    check("version = 2", "version = 0", "version");
    check("id = \"emergency-admissions\"", "id = \"../../x\"", "id");
    check("model = \"core-1\"", "model = \"core-9\"", "core-1");
    check("hospital = 3", "hospital = 1", "min_sites");
    check("sole_providers = [\"ambulance\"]", "sole_providers = []", "sole_providers");
    check("threshold = 10", "threshold = 1", "disclosure");
    check("rounding = 5", "rounding = 1", "disclosure");
    check("longest = \"24 months after from\"", "longest = \"24 months after later\"", "longest");
    check("levels = \"months from..to\"", "levels = \"weeks from..to\"", "months from..to");
    check("at_most_per_person = 90", "", "at_most_per_person");
    check("counts = \"people\"", "counts = \"people\"\nsums = \"bed_days\"", "give either");
    check("totals = [[\"month\"], []]", "totals = [[\"colour\"]]", "colour");
    check("measure = \"people\"", "measure = \"nobody\"", "nobody");
    check("over = \"month\"", "over = \"sex\"", "months, quarters or years");
    check("over = \"month\"", "over = \"month\"\npercent = 50", "no `percent`");
    check("expires = \"2027-12-31\"", "expires = \"soon\"", "expires");
    check("title = \"Emergency admissions\"", "title = \"\"", "title");
    check("title = \"Emergency admissions\"", "title = \"a\\u0000b\"", "control");
    check("levels = [\"1\", \"2\"]", "levels = [\"1\", \"1\"]", "twice");
    check("default = 5", "default = 50", "times");
    check("name = \"sex\"", "name = \"person_id\"", "person_id");
    // Unknown and repeated keys.
    check("version = 2", "version = 2\nsuppress = false", "suppress");
    check("version = 2", "version = 2\nversion = 3", "version");
    check("period = [\"from\", \"to\"]", "period = [\"from\", \"times\"]", "period");
}

#[test]
fn size_is_limited() {
    let long = format!("{SAMPLE}\n# {}", "x".repeat(TEMPLATE_BYTES_MAX));
    assert!(matches!(Template::parse(long.as_bytes()), Err(TemplateError::Syntax(_))));
    assert!(matches!(Template::parse(b"\xff"), Err(TemplateError::Syntax(_))));
}

/// Puts another figure in the place of the sample's, which then reads the look-up `list_size`.
fn with_figure(figure: &str) -> Result<Template, TemplateError> {
    let (before, rest) = SAMPLE.split_once("[[figure]]").unwrap();
    let (_, after) = rest.split_once("[disclosure]").unwrap();
    let before = before.replace("period =", "lookups = [\"list_size\"]\nperiod =");
    Template::parse(format!("{before}[[figure]]\nname = \"a\"\n{figure}\n[disclosure]{after}").as_bytes())
}

#[test]
fn rates_and_quantiles_name_what_they_need() {
    let rate = "kind = \"rate\"\nmeasure = \"people\"";
    let check = |figure: &str, words: &str| {
        let error = with_figure(figure).unwrap_err().to_string();
        assert!(error.contains(words), "{figure}: {error}");
    };
    check(rate, "give either `denominator");
    check(&format!("{rate}\nper = 1000\npopulation = \"list_size\"\ndenominator = \"bed_days\""), "give either");
    check(&format!("{rate}\nper = 1000\npopulation = \"other_list\""), "name the look-up `other_list`");
    check(&format!("{rate}\nper = 1000\ndenominator = \"bed_days\""), "counts people or rows");
    check(&format!("{rate}\nper = 1000\ndenominator = \"people\""), "another measure");
    check(&format!("{rate}\npopulation = \"list_size\""), "`per`");
    check(&format!("{rate}\npopulation = \"list_size\"\nper = 0"), "`per`");
    let whole = format!("{rate}\npopulation = \"list_size\"\nper = 1000");
    check(&format!("{whole}\nover = \"sex\""), "both `over` and `weights`");
    check(&format!("{whole}\nover = \"sex\"\nweights = [1, 1]"), "one weight");
    check(&format!("{whole}\nover = \"sex\"\nweights = [0, 0, 0]"), "above nought");
    check(&format!("{whole}\nover = \"month\"\nweights = [1]"), "one weight");
    assert!(with_figure(&whole).is_ok());
    let standardised = with_figure(&format!("{whole}\nover = \"sex\"\nweights = [3, 2, 0]")).unwrap();
    assert!(matches!(&standardised.figures[0].kind, FigureKind::Rate { standard: Some(_), per: 1000, .. }));
    let quantile = "kind = \"quantile\"\nover = \"sex\"\nedges = [0, 1, 2]\nunit = \"sexes\"";
    check(&format!("{quantile}\nmeasure = \"people\"\npercent = 90"), "no `other` level");
    let of_month = quantile.replace("sex\"\ne", "month\"\ne");
    check(&format!("{of_month}\nmeasure = \"people\"\npercent = 90"), "ascending edge");
}

/// The sample with seven bands of age besides, these groupings of them, totals and structural zeros.
fn with_ages(groupings: &str, totals: &str, zeros: &str) -> Result<Template, TemplateError> {
    let ages = "[[dimension]]\nname = \"age\"\nlevels = [\"0\", \"1\", \"2\", \"3\", \"4\", \"5\"]\nother = \"unknown\"\nper = \"person\"";
    let text = SAMPLE.replacen("totals = [[\"month\"], []]", &format!("totals = {totals}"), 1).replacen(
        "[[measure]]",
        &format!("{ages}\n{groupings}\n{zeros}\n[[measure]]"),
        1,
    );
    Template::parse(text.as_bytes())
}

/// A grouping of the bands; each group is its label and its levels.
fn grouping(name: &str, groups: &[(&str, &[&str])]) -> String {
    let groups: Vec<String> =
        groups.iter().map(|(label, levels)| format!("{{ label = {label:?}, levels = {levels:?} }}")).collect();
    format!("[[dimension.grouping]]\nname = {name:?}\ngroups = [{}]\n", groups.join(", "))
}

const HALVES: [(&str, &[&str]); 3] =
    [("young", &["0", "1", "2"]), ("old", &["3", "4", "5"]), ("unknown", &["unknown"])];

#[test]
fn groupings_of_levels_become_totals() {
    let thirds = grouping("third", &[("a", &["0", "1"]), ("2", &["2"]), ("c", &["3", "4", "5"]), ("d", &["unknown"])]);
    let both = thirds + &grouping("half", &HALVES);
    let template = with_ages(&both, "[[\"month\", \"half\"], [\"third\"], []]", "").unwrap();
    assert_eq!(
        template.totals,
        [vec![Kept::Levels(0), Kept::Groups(1)], vec![Kept::Groups(0)], vec![]],
        "groupings are counted over all dimensions"
    );
    let months = vec!["2024-01".to_owned(), "2024-02".to_owned()];
    let levels = template.dimensions.iter().map(Dimension::declared).enumerate();
    let domain = template.domain(levels.map(|(n, l)| if n == 0 { months.clone() } else { l }).collect()).unwrap();
    // Two months by three sexes by seven bands, two months by three halves, four thirds, the whole.
    assert_eq!((domain.inner_len(), domain.len()), (42, 42 + 6 + 4 + 1));
    let labels: Vec<_> =
        domain.keys().skip(42).map(|key| domain.label(2, key.0[2]).unwrap_or("-").to_owned()).collect();
    assert_eq!(labels, ["young", "old", "unknown", "young", "old", "unknown", "a", "2", "c", "d", "-"]);
}

#[test]
fn groupings_that_do_not_deal_the_levels_are_named() {
    let check = |groupings: &str, totals: &str, words: &str| {
        let error = with_ages(groupings, totals, "").unwrap_err().to_string();
        assert!(error.contains(words), "{groupings}: {error}");
    };
    let of = |groups: &[(&str, &[&str])], words: &str| check(&grouping("half", groups), "[[\"half\"]]", words);
    of(&[("young", &["0", "1", "2", "9"]), ("old", &["3", "4", "5", "unknown"])], "level `9`, which the dimension");
    of(
        &[("young", &["0", "1", "2", "3"]), ("old", &["3", "4", "5", "unknown"])],
        "level `3` is in group `young` and again",
    );
    of(&[("young", &["0", "1", "2"]), ("old", &["3", "4", "5"])], "level `unknown` is in no group");
    of(&[("young", &["0", "1", "2"]), ("young", &["3", "4", "5", "unknown"])], "`young` is none");
    of(&[("young", &["0", "1", "2", "3", "4", "5", "unknown"]), ("old", &[])], "group `old` has no levels");
    of(&[("everybody", &["0", "1", "2", "3", "4", "5", "unknown"])], "two groups or more");
    of(&[("0", &["0", "1", "2"]), ("old", &["3", "4", "5", "unknown"])], "label `0` is that of a level");
    of(&[(" ", &["0", "1", "2"]), ("old", &["3", "4", "5", "unknown"])], "a label of its own");
    let half = grouping("half", &HALVES);
    let crossing = grouping("other", &[("a", &["0"]), ("b", &["1", "2", "3", "4", "5", "unknown"])]);
    let both = format!("{half}{crossing}");
    check(&both, "[[\"half\"], [\"other\"]]", "it is not nested: group `young` of grouping `half`");
    let renamed = grouping("rest", &[("young", &["0", "1", "2", "3", "4", "5"]), ("none", &["unknown"])]);
    check(&format!("{half}{renamed}"), "[[\"half\"], [\"rest\"]]", "label `young` stands for other levels");
    check(&half, "[[\"month\"]]", "no total keeps grouping `half`");
    check(&half, "[[\"half\", \"month\"]]", "`month`: keep one thing of each dimension");
    check(&half, "[[\"age\", \"half\"]]", "`half`: keep one thing of each dimension");
    check(&half, "[[\"half\"], [\"half\"]]", "stands twice");
    check(&half, "[[\"month\", \"sex\", \"age\"], [\"half\"]]", "keeps everything");
    check(&half, "[[\"halves\"]]", "no dimension or grouping `halves`");
    check(&half.replace("\"half\"", "\"sex\""), "[[\"sex\"]]", "\"sex\" stands twice");
    check(&half.replace("groups =", "sorted = true\ngroups ="), "[[\"half\"]]", "sorted");
    // Periods follow from parameters.
    let of_months = SAMPLE.replacen(
        "levels = \"months from..to\"\nper = \"record\"",
        &format!("levels = \"months from..to\"\nper = \"record\"\n{half}"),
        1,
    );
    let error = Template::parse(of_months.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("periods are not grouped"), "{error}");
}

#[test]
fn structural_zeros_name_cells_of_the_table() {
    let zero = |levels: &str| format!("[[structural_zero]]\nwhy = \"not so\"\nwhere = {{ {levels} }}\n");
    let whole = zero("sex = [\"1\"], age = [\"4\", \"5\"]");
    let template = with_ages("", "[[]]", &whole).unwrap();
    let labels = vec![
        vec!["2024-01".to_owned(), "2024-02".to_owned()],
        template.dimensions[1].declared(),
        template.dimensions[2].declared(),
    ];
    let domain = template.domain(labels).unwrap();
    let nobody: Vec<_> = (0..domain.len()).filter(|&cell| domain.is_structural_zero(cell)).collect();
    assert_eq!(nobody, [4, 5, 25, 26], "in every month");
    let check = |zeros: &str, words: &str| {
        let error = with_ages("", "[[]]", zeros).unwrap_err().to_string();
        assert!(error.contains(words), "{zeros}: {error}");
    };
    check(&zero("sex = [\"9\"], age = [\"4\"]"), "structural_zero 1: dimension `sex` has no level `9`");
    check(&zero("colour = [\"9\"], age = [\"4\"]"), "no dimension `colour`");
    check(&zero("age = [\"4\"]"), "two dimensions or more");
    check(&zero(""), "two dimensions or more");
    check(&zero("sex = [], age = [\"4\"]"), "name one level of `sex`");
    check(&zero("sex = [\"1\", \"2\", \"other\"], age = [\"4\"]"), "every level of `sex` is named");
    check(&zero("sex = [\"1\", \"1\"], age = [\"4\"]"), "stands twice");
    check(&zero("month = [\"2024-01\"], age = [\"4\"]"), "`month` is of periods");
    check(&format!("{whole}{}", zero("sex = [\"1\"], age = [\"5\"]")), "structural_zero 2: names no cell");
    check(&whole.replace("not so", " "), "say in `why`");
    check(&whole.replace("why =", "whose = 1\nwhy ="), "whose");
}
