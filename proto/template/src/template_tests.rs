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
    assert_eq!(template.totals, [vec![0], vec![]]);
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
