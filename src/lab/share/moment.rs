//! An instant of a run that lies on the bench, to be shared; and whether it is the same where it is opened.

use crate::lab::Branch;
use crate::sim::Advance;

use super::Shared;

/// What a shared instant turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Everything happened alike.
    Same(u64),
    /// Something happened otherwise: another version answers otherwise.
    Other {
        /// What the link says.
        shared: u64,
        /// What it is here.
        here: u64,
    },
    /// The link does not say.
    Unsaid(u64),
}

impl Shared {
    /// The run at its cursor, with all that happens at this very instant.
    pub fn of(branch: &Branch) -> Self {
        let fingerprint = Some(fingerprint(branch));
        Self { at: branch.now(), fingerprint, ..Self::new(branch.scenario()) }
    }
}

impl Proof {
    /// Compares a run, which is at the shared instant, with what the link says of it.
    pub fn of(branch: &Branch, shared: Option<u64>) -> Self {
        let here = fingerprint(branch);
        match shared {
            None => Self::Unsaid(here),
            Some(shared) if shared == here => Self::Same(here),
            Some(shared) => Self::Other { shared, here },
        }
    }
}

fn fingerprint(branch: &Branch) -> u64 {
    let mut simulation = branch.simulation().clone();
    while simulation.advance(branch.now(), u64::MAX) == Advance::OutOfBudget {}
    simulation.fingerprint()
}

/// HTML that shows a page's figure in another page.
pub fn snippet(address: &str, title: &str) -> String {
    let escaped = |text: &str| {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
    };
    format!(
        "<iframe src=\"{}\" title=\"{}\" width=\"100%\" height=\"560\" loading=\"lazy\" style=\"border: 0\" \
         allow=\"clipboard-write\"></iframe>",
        escaped(address),
        escaped(title)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::catalog;
    use crate::lab::Laboratory;
    use crate::sim::Command;
    use crate::time::Instant;

    fn at(laboratory: &mut Laboratory, to: Instant) {
        laboratory.seek(to);
        while laboratory.is_busy() {
            laboratory.frame(std::time::Duration::ZERO, || true);
        }
    }

    fn opened(shared: &Shared) -> Laboratory {
        let mut laboratory = Laboratory::new(shared.scenario.clone()).unwrap();
        at(&mut laboratory, shared.at);
        laboratory
    }

    fn secs(secs: u64) -> Instant {
        Instant::START + std::time::Duration::from_secs(secs)
    }

    #[test]
    fn what_was_done_by_hand_is_the_same_run_where_the_link_is_opened() {
        let mut laboratory = Laboratory::new(catalog::find("healthy-3").unwrap()).unwrap();
        at(&mut laboratory, secs(20));
        laboratory.act(vec![Command::Kill { pod: "loki-1".into(), dark: false }]).unwrap();
        at(&mut laboratory, secs(40));
        at(&mut laboratory, secs(33));
        laboratory.act(vec![Command::Loss { millionths: 500_000 }]).unwrap();
        at(&mut laboratory, secs(70));
        for _ in 0..5 {
            laboratory.step();
            let shared = Shared::of(laboratory.current());
            let link = shared.to_link().unwrap();
            let there = Shared::from_link(&link).unwrap().unwrap();
            assert_eq!(there, shared);
            let fingerprint = shared.fingerprint.unwrap();
            let there = opened(&there);
            assert_eq!(Proof::of(there.current(), Some(fingerprint)), Proof::Same(fingerprint));
            assert_eq!(Proof::of(there.current(), None), Proof::Unsaid(fingerprint));
            let other = Proof::Other { shared: 7, here: fingerprint };
            assert_eq!(Proof::of(there.current(), Some(7)), other);
        }
    }

    #[test]
    fn a_scenario_that_came_with_the_page_is_called_by_its_name() {
        for scenario in catalog::all() {
            let name = scenario.name.clone();
            let laboratory = Laboratory::new(scenario).unwrap();
            let link = Shared::of(laboratory.current()).to_link().unwrap();
            assert!(link.starts_with(&format!("scenario={name}&seed=1&t=0s&fp=")), "{link}");
        }
    }

    #[test]
    fn a_snippet_has_no_way_out_of_its_attributes() {
        let text = snippet("https://x/#/simulate?a=1&embed=1", "\"><script>");
        assert!(text.contains("src=\"https://x/#/simulate?a=1&amp;embed=1\""), "{text}");
        assert!(text.contains("title=\"&quot;&gt;&lt;script&gt;\""), "{text}");
    }
}
