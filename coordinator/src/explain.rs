//! What a question would ask of whom, and what each provider would see.

use disclosure::{Policy, Zeros};
use wire::{AnalystName, Ask, ExplainedSite, Explanation, TemplateEntry, TurnedAway};

use crate::ask::{Question, parameters};
use crate::catalogue::Listed;
use crate::coordinator::Coordinator;

impl Coordinator {
    /// What a question would ask of whom; nobody is asked.
    pub(crate) fn explanation(&self, analyst: &AnalystName, ask: &Ask) -> Result<Explanation, TurnedAway> {
        let question = self.question(analyst, ask)?;
        let state = self.state();
        let sites = question.providers.iter().map(|provider| ExplainedSite {
            provider: provider.code.clone(),
            name: provider.name.clone(),
            kind: provider.kind,
            connected: state.is_connected(&provider.code),
        });
        let sites = sites.collect();
        drop(state);
        Ok(Explanation {
            template: entry(&question.listed),
            parameters: parameters(&question.query),
            sites,
            sql: question.query.template().sql.clone(),
            policy: policy(&question.query.policy()),
            cells: u32::try_from(question.query.domain().len()).unwrap_or(u32::MAX),
            each_provider_sees: each_provider_sees(analyst, &question),
        })
    }
}

/// A template in a list.
pub(crate) fn entry(listed: &Listed) -> TemplateEntry {
    let template = listed.approved.template();
    TemplateEntry {
        id: template.id.clone(),
        version: template.version,
        title: template.title.clone(),
        digest: listed.approved.digest(),
        runs_at: template.runs_at.clone(),
        toml: listed.toml.clone(),
        approved_by: listed.approved.approved_by().to_vec(),
    }
}

/// The disclosure rule, in words.
fn policy(policy: &Policy) -> String {
    let threshold = policy.threshold().people();
    let zeros = match policy.zeros() {
        Zeros::Hidden => "a zero looks like a suppressed count",
        Zeros::Shown => "a zero is shown as zero",
    };
    format!(
        "Figures with fewer than {threshold} people behind them are suppressed or withheld; the rest are rounded to {}; \
         {zeros}; no figure is shown in which one person weighs too much. Each provider applies this rule or its own, \
         part by part whichever is stricter, before anything leaves it.",
        policy.rounding().base()
    )
}

/// The fields of an order, and what comes with it, in plain words.
fn each_provider_sees(analyst: &AnalystName, question: &Question) -> Vec<String> {
    let organisation = &question.organisation;
    let template = question.query.template();
    let mut lines = vec![
        format!("who asks: {analyst} (this coordinator's register says: {organisation})"),
        format!("the purpose: {}", question.purpose),
        format!(
            "the signed template: {} version {}, {}",
            template.id,
            template.version,
            question.query.template_digest()
        ),
        format!("approved by: {}", question.listed.approved.approved_by().join(", ")),
    ];
    let values = parameters(&question.query);
    let values = values.iter().map(|p| format!("{} = {}", p.name, p.value)).collect::<Vec<_>>().join(", ");
    lines.push(format!("the parameters: {}", if values.is_empty() { "none" } else { &values }));
    if !template.lookups.is_empty() {
        lines.push(format!("the region's signed look-ups: {}", template.lookups.join(", ")));
    }
    lines.push(format!("until when it may answer: {} seconds from now", question.deadline_s));
    lines.push("not who else is asked, and nothing that another provider releases".to_owned());
    lines
}
