use crate::go::duration;
use crate::loki::Labels;
use crate::sim::{Command, Span};

/// What has to be said before it can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// How long a pod's next process will replay its write-ahead log.
    WalReplay {
        /// Whose.
        pod: String,
    },
    /// How far a pod's clock steps.
    Clock {
        /// Whose.
        pod: String,
    },
    /// Which stream to push to a pod.
    Push {
        /// To which.
        pod: String,
    },
    /// How much longer a link takes.
    Delay {
        /// From here.
        from: String,
        /// To there.
        to: String,
    },
    /// How much of what goes over a link gets lost.
    Loss {
        /// From here.
        from: String,
        /// To there.
        to: String,
    },
    /// How much of everything gets lost.
    NetworkLoss,
    /// How much later a message arrives.
    Later {
        /// Its number.
        message: u64,
    },
}

impl Question {
    /// What is asked.
    pub fn prompt(&self) -> String {
        match self {
            Self::WalReplay { pod } => {
                format!("How long will {pod} replay its write-ahead log at its next start? (1m30s)")
            }
            Self::Clock { pod } => format!("How far does the clock of {pod} step? (1m30s; -1m30s is back)"),
            Self::Push { pod } => format!("Which stream is pushed to {pod}? (its labels)"),
            Self::Delay { from, to } => format!("How much longer does it take from {from} to {to}? (1s)"),
            Self::Loss { from, to } => {
                format!("How much of what goes from {from} to {to} gets lost? (30 %; 0 % takes it back)")
            }
            Self::NetworkLoss => "How much of all segments gets lost from now on? (5 %)".into(),
            Self::Later { .. } => "How much later does it arrive? (500ms)".into(),
        }
    }

    /// The answer that stands there at first.
    pub const fn proposal(&self) -> &'static str {
        match self {
            Self::WalReplay { .. } => "5m0s",
            Self::Clock { .. } => "1m0s",
            Self::Push { .. } => "{app=\"one\"}",
            Self::Delay { .. } => "1s",
            Self::Loss { .. } => "30 %",
            Self::NetworkLoss => "5 %",
            Self::Later { .. } => "500ms",
        }
    }

    /// The command that comes of an answer; why none does.
    pub fn answer(&self, text: &str) -> Result<Command, String> {
        let text = text.trim();
        let span = |text: &str| {
            duration::parse(text).map(Span).map_err(|error| format!("{error}; write it like 1m30s or 500ms"))
        };
        Ok(match self {
            Self::WalReplay { pod } => Command::WalReplay { pod: pod.clone(), takes: span(text)? },
            Self::Clock { pod } => {
                let (sign, length) = text.strip_prefix('-').map_or((1, text), |length| (-1, length));
                let millis =
                    i64::try_from(span(length)?.0.as_millis()).map_err(|_| format!("{text:?} is too far"))?;
                Command::Clock { pod: pod.clone(), step_ms: sign * millis }
            }
            Self::Push { pod } => {
                Labels::parse(text).map_err(|error| error.to_string())?;
                Command::Push { via: pod.clone(), labels: text.into(), lines: 1 }
            }
            Self::Delay { from, to } => {
                Command::Clog { from: from.clone(), to: to.clone(), delay: span(text)? }
            }
            Self::Loss { from, to } => {
                Command::LinkLoss { from: from.clone(), to: to.clone(), millionths: millionths(text)? }
            }
            Self::NetworkLoss => Command::Loss { millionths: millionths(text)? },
            Self::Later { message } => Command::Delay { message: *message, by: span(text)? },
        })
    }
}

/// A share in percent, with up to four digits after the point, in millionths.
fn millionths(text: &str) -> Result<u32, String> {
    let wrong = || format!("{text:?} is no share; write it like 5 % or 0.1 %, up to 100 %");
    let number = text.trim_end_matches('%').trim_end();
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || part.len() > 4 || !digits(whole) || !digits(part) {
        return Err(wrong());
    }
    let share = format!("{whole}{part:0<4}").parse().map_err(|_| wrong())?;
    if share > 1_000_000 { Err(wrong()) } else { Ok(share) }
}
