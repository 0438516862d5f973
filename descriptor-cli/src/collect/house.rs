//! What a run does besides asking: originals at hand are sanitized, and the archive is kept in order.

use std::path::PathBuf;

use descriptor_core::{
    archive::{
        Error,
        index::Indexer,
        recent,
        tarballs::{SMALL, Tarballs},
    },
    intake::{self, PoolFiles, WebLogs},
    schema::RuleSet,
    value::Timestamp,
};

use super::{Service, make, now, watch::Watcher};
use crate::{
    cli::Global,
    config::Config,
    exit::{Failure, Outcome},
    output,
    reading::{self, describe},
    sanitize,
    sanitize::Reporting,
    sanitize_pools, sanitize_weblogs,
};

impl Service {
    /// Sanitizes what bridge authorities, BridgeDB or rdsys, and web servers have delivered. What keeps one of them back,
    /// such as damaged secrets, is said and keeps nothing else back: relays are lost in an hour.
    pub(super) fn sanitize(&self, watcher: &Watcher, global: Global) -> Result<Outcome, Failure> {
        make(&self.config.paths.state)?;
        let mut outcome = Outcome::Done;
        let Config { bridges, bridge_pool_assignments: pools, web_logs, .. } = &self.config;
        type Step = fn(&Service, Global) -> Result<bool, Failure>;
        let steps: [(_, _, Step); 3] = [
            ("bridges", &bridges.inputs, Self::bridges),
            ("bridge pool assignments", &pools.inputs, Self::pools),
            ("web logs", &web_logs.inputs, Self::web_logs),
        ];
        for (name, _, step) in steps.into_iter().filter(|(_, inputs, _)| !inputs.is_empty()) {
            match watcher.part(name, || step(self, global)) {
                Ok(clean) if clean || outcome == Outcome::Failed => {}
                Ok(_) => outcome = Outcome::Partly,
                Err(Failure::Other(what)) => {
                    reading::complain(global, &what);
                    outcome = Outcome::Failed;
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(outcome)
    }

    /// Where sanitizers note what is new, so that it comes into `recent/` too.
    fn journal(&self) -> PathBuf {
        self.config.paths.state.join("new-in-out")
    }

    fn bridges(&self, global: Global) -> Result<bool, Failure> {
        let Config { bridges, paths, .. } = &self.config;
        let mut options = intake::Options { now: Some(now()), ..intake::Options::default() };
        options.rules = rules("bridges", &bridges.rules)?;
        for authority in &bridges.authorities {
            let bad = |error| Failure::Usage(format!("bridges.authorities: {authority}: {error}"));
            options.authorities.add(authority).map_err(bad)?;
        }
        if let Some(folder) = bridges.secrets.parent() {
            make(folder)?;
        }
        let (out, secrets, journal) = (paths.out.clone(), bridges.secrets.clone(), Some(self.journal()));
        let places = intake::Places { out, secrets, state: None, journal };
        let report = intake::bridges(&bridges.inputs, &places, &options).map_err(sanitize::failure)?;
        if global.quiet == 0 {
            output::print(&report.to_string())?;
        }
        Ok(report.is_clean())
    }

    fn pools(&self, global: Global) -> Result<bool, Failure> {
        let Config { bridge_pool_assignments: pools, paths, .. } = &self.config;
        let state = paths.state.join("bridge-pool-assignments");
        let files = PoolFiles {
            out: paths.out.clone(),
            quarantine: Some(state.join("quarantine")),
            state: Some(state),
            journal: Some(self.journal()),
            rules: rules("bridge-pool-assignments", &pools.rules)?,
        };
        let report = files.run(&pools.inputs).map_err(sanitize::failure)?;
        sanitize_pools::say(&report, &Reporting::default(), global)
    }

    fn web_logs(&self, global: Global) -> Result<bool, Failure> {
        let Config { web_logs, paths, .. } = &self.config;
        let logs = WebLogs {
            rules: rules("web-logs", &web_logs.rules)?,
            journal: Some(self.journal()),
            ..WebLogs::new(&paths.out, paths.state.join("web-logs"))
        };
        let report = logs.run(&web_logs.inputs).map_err(sanitize::failure)?;
        sanitize_weblogs::say(&report, &Reporting::default(), global)
    }

    /// Tarballs, `recent/` and the index.
    pub(super) fn keep_house(&self, watcher: &Watcher, global: Global) -> Result<bool, Failure> {
        let Config { paths, archive, index, .. } = &self.config;
        let (now, other) = (now(), |error: Error| Failure::Other(describe(&error)));
        let mut clean = true;
        let ledgers = paths.state.join("tarballs");
        if archive.tarballs {
            let tarballs = Tarballs {
                out: paths.out.clone(),
                archive: paths.indexed.join("archive"),
                state: ledgers.clone(),
                settle: i64::from(archive.settle_days) * 86400,
                small: SMALL,
                threads: 1,
            };
            let mut report = watcher.part("tarballs", || tarballs.update(now)).map_err(other)?;
            // On a full disk one is as good as all.
            if let Some(at) = report.failed.iter().position(Error::is_of_full_disk) {
                return Err(other(report.failed.swap_remove(at)));
            }
            clean &= complain(&report.failed, global);
            if archive.delete {
                let before = Timestamp(now.0 - i64::from(archive.keep_days) * 86400);
                let deleted = tarballs.delete(before, now).map_err(other)?;
                clean &= complain(&deleted.failed, global);
            }
        }
        let (recent, hours) = (paths.indexed.join("recent"), archive.recent_hours.into());
        let renew = || {
            recent::extend(&paths.out, &recent, &self.journal(), now, hours)?;
            recent::clean(&recent, now, hours)
        };
        watcher.part("recent", renew).map_err(other)?;
        if index.active {
            let indexer = Indexer {
                root: paths.indexed.clone(),
                output: paths.indexed.join("index"),
                base: index.base.clone(),
                revision: None,
                state: paths.state.join("index"),
                ledgers: Some(ledgers),
                believes_folders: true,
                threads: 0,
            };
            make(&indexer.state)?;
            let indexed = watcher.part("index", || indexer.update(now)).map_err(other)?;
            clean &= complain(&indexed.failed, global);
        }
        Ok(clean)
    }
}

fn rules(section: &str, name: &str) -> Result<RuleSet, Failure> {
    name.parse().map_err(|error| Failure::Usage(format!("{section}.rules: {error}")))
}

fn complain(errors: &[Error], global: Global) -> bool {
    errors.iter().for_each(|error| reading::complain(global, &describe(error)));
    errors.is_empty()
}
