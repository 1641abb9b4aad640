//! `plimsoll plan`: measurements and configuration to a fleet.

mod basis;
mod beginning;
mod commands;
mod generators;
mod measurements;
mod refusals;
mod settings;
mod summaries;
mod together;
mod unpriced;

use std::fmt;

use plimsoll_analysis::plan::{Inputs, Plan, plan};
use plimsoll_ingest::expand;
use plimsoll_render::plan::{
    ChainBasis, PlanReport, Setting, TestPlan, WhatIf, json, markdown, text,
};

use crate::analyze::Answered;
use crate::args::{Analyze, PlanArgs, PlanFormat, ReadArgs};
use crate::config::Config;
use crate::exit::Outcome;
use crate::{inputs, output};
use basis::Known;
use beginning::{Nothing, TEMPLATE, refuse_config};
use measurements::{Files, Measurements};

/// A measurement cannot size a fleet.
#[derive(Debug)]
struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// A plan, and all that is told beside it.
struct Planned {
    plan: Plan,
    chains: Vec<ChainBasis>,
    notes: Vec<String>,
    test: Option<TestPlan>,
    goal: String,
    inputs: Vec<String>,
    outcome: Outcome,
}

/// Answers, and says whether what was measured allows for an answer.
pub(crate) fn run(args: &PlanArgs) -> anyhow::Result<Outcome> {
    match answer(args) {
        Err(error) if error.is::<Refused>() => {
            output::complain(&plimsoll_render::visible(&format!("error: {error:#}")));
            Ok(Outcome::NoVerdict)
        }
        Err(error) if error.is::<Nothing>() => {
            output::tell(TEMPLATE);
            Err(error)
        }
        other => other,
    }
}

fn answer(args: &PlanArgs) -> anyhow::Result<Outcome> {
    if args.template {
        output::answer(TEMPLATE, None)?;
        return Ok(Outcome::Answered);
    }
    refuse_config(&args.files)?;
    let file = Config::load(args.read.config.as_deref(), args.output.as_deref())?;
    let sources = if args.files.is_empty() { Vec::new() } else { expand(&args.files)? };
    let to = args.output.as_deref();
    if let Some(path) = to {
        output::refuse_input(path, &sources)?;
    }
    let mut files = Files::of(sources)?;
    let (planned, config, base) = if args.set.is_empty() {
        (planned(&file, args, &mut files)?, file, None)
    } else {
        let changed = file.with(&args.set)?;
        settings::refuse_idle(&changed)?;
        let base = planned(&file, args, &mut files).map_err(|error| format!("{error:#}"));
        (planned(&changed, args, &mut files)?, changed, Some((base, file)))
    };
    let report = PlanReport {
        plan: &planned.plan,
        what_if: base.as_ref().map(|(base, file)| WhatIf {
            base: base.as_ref().map(|base| &base.plan).map_err(Clone::clone),
            changed: settings::changed(&args.set, file),
        }),
        chains: planned.chains,
        settings: settings::settings(&planned.plan.inputs, &config)?,
        inputs: planned.inputs,
        goal: planned.goal,
        test: planned.test,
        notes: planned.notes,
        explain: args.explain,
        version: env!("CARGO_PKG_VERSION"),
    };
    let answer = match args.format {
        PlanFormat::Text => text(&report, &output::style(args.color, to)),
        PlanFormat::Markdown => markdown(&report),
        PlanFormat::Json => json(&report),
    };
    output::answer(&answer, to)?;
    if to.is_some() {
        for note in &report.notes {
            output::complain(&plimsoll_render::visible(&format!("warning: {note}")));
        }
    }
    Ok(planned.outcome)
}

fn planned(config: &Config, args: &PlanArgs, files: &mut Files) -> anyhow::Result<Planned> {
    planned_with(config, args, |config| Measurements::read(config, args, files))
}

/// A plan from what was found already.
pub(crate) struct PlanOf {
    planned: Planned,
    settings: Vec<Setting>,
}

impl PlanOf {
    /// `None` where no chain has a target.
    pub(crate) fn found(
        config: &Config,
        answered: &Answered,
        analyze: &Analyze,
    ) -> anyhow::Result<Option<Self>> {
        if config.planned().map_err(|error| config.in_file(error))?.is_empty() {
            return Ok(None);
        }
        let args = PlanArgs {
            files: Vec::new(),
            set: Vec::new(),
            format: PlanFormat::Json,
            output: None,
            explain: false,
            template: false,
            allow_screening: false,
            count: analyze.count.clone(),
            // What is damaged is told by the analysis.
            read: ReadArgs { allow_damaged: true, ..analyze.read.clone() },
            color: analyze.color,
        };
        let planned = planned_with(config, &args, |_| Ok(Measurements::found(answered)))?;
        let settings = settings::settings(&planned.plan.inputs, config)?;
        Ok(Some(Self { planned, settings }))
    }

    pub(crate) fn report(&self) -> PlanReport<'_> {
        let Planned { plan, chains, notes, test, goal, inputs, .. } = &self.planned;
        PlanReport {
            plan,
            what_if: None,
            chains: chains.clone(),
            settings: self.settings.clone(),
            inputs: inputs.clone(),
            goal: goal.clone(),
            test: test.clone(),
            notes: notes.clone(),
            explain: false,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

fn planned_with(
    config: &Config,
    args: &PlanArgs,
    read: impl FnOnce(&Config) -> anyhow::Result<Measurements>,
) -> anyhow::Result<Planned> {
    let in_file = |error: anyhow::Error| config.in_file(error);
    let chains = config.planned().map_err(in_file)?;
    if chains.is_empty() {
        if let Some(name) = config.chain_names().first() {
            let error = anyhow::anyhow!(
                "[chains.{name}]: it has no target, nor has any other chain: target_rps = 2000 says how many requests per second it is to carry"
            );
            return Err(in_file(error));
        }
        anyhow::bail!(Nothing::of(&config.path));
    }
    let fleet = config.fleet().map_err(in_file)?;
    let growth = config.growth().map_err(in_file)?;
    let costs = config.costs().map_err(in_file)?;
    let per_relay = config.per_relay().map_err(in_file)?;
    let hosts = config.generator_hosts().map_err(in_file)?;

    let mut measured = read(config)?;
    config.instances_under_test().map_err(in_file)?;
    let known = basis::known(config, args, &chains, &mut measured, fleet.pooling)?;
    let prices_egress =
        costs.as_ref().is_some_and(|costs| costs.egress_per_gb > plimsoll_model::Price::default());
    let Known { demands, chains: basis, mut notes } =
        known.with_volumes(config, per_relay, prices_egress);
    notes.extend(measured.notes());
    let planned_names: Vec<&str> = chains.iter().map(|chain| chain.name.as_str()).collect();
    let left_out: Vec<&str> =
        config.chain_names().into_iter().filter(|name| !planned_names.contains(name)).collect();
    if !left_out.is_empty() {
        notes.push(format!("without target_rps, and so not planned for: {}", left_out.join(", ")));
    }
    let inputs = Inputs { chains: demands, fleet, growth, costs };
    let plan = plan(&inputs).map_err(|error| in_file(refusals::no_plan(&inputs, &error)))?;
    notes.extend(unpriced::notes(&plan, config, &chains));
    notes.extend(settings::shrinking(&plan, config));
    let ports = config.ports().map_err(in_file)?;
    let most_cpu = config.validity().map_err(in_file)?.max_generator_cpu;
    let test = generators::test(&plan, &chains, &measured, &hosts, &ports, most_cpu);
    let outcome = inputs::outcome(
        measured.ledgers(),
        args.read.allow_damaged,
        "figures are over what could be read",
    );
    Ok(Planned {
        plan,
        chains: basis,
        notes,
        test,
        goal: measured.goal(),
        inputs: measured.names(),
        outcome: if measured.is_damaged_summary() && !args.read.allow_damaged {
            Outcome::NoVerdict
        } else {
            outcome
        },
    })
}
