//! How often and how long to try again.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::http::{Answer, Client, HttpError, Request};

/// How often and how long to try again. Waits double from one failure to the next and are drawn by chance between a half
/// and the whole, so that clients that were refused together do not come back together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    /// How often the same server may fail in a row before it is left alone.
    pub tries: u32,
    /// The first wait.
    pub first: Duration,
    /// The longest wait. A server that asks for a longer one is left alone.
    pub longest: Duration,
    /// How long all tries may take together.
    pub total: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            tries: 6,
            first: Duration::from_secs(2),
            longest: Duration::from_secs(120),
            total: Duration::from_secs(600),
        }
    }
}

impl Patience {
    /// How long to wait after so many failures in a row, at least 1; `again` is what the server asks for. `None` if it is
    /// not worth waiting.
    pub fn wait(&self, failures: u32, again: Option<Duration>) -> Option<Duration> {
        if failures >= self.tries || again.is_some_and(|again| again > self.longest) {
            return None;
        }
        let doubled = self.first.saturating_mul(1 << failures.saturating_sub(1).min(20)).min(self.longest);
        Some(doubled.mul_f64(0.5 + fastrand::f64() / 2.0).max(again.unwrap_or_default()))
    }

    /// Asks until there is an answer, the error will not go away or patience ends.
    pub fn get(&self, client: &Client, request: &Request<'_>) -> Result<Answer, HttpError> {
        let end = Instant::now() + self.total;
        let deadline = Some(request.deadline.map_or(end, |at| at.min(end)));
        let mut request = Request { deadline, ..request.clone() };
        for failures in 1.. {
            let error = match client.get(&request) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            // What was garbled on its way may come through plain.
            if matches!(error, HttpError::Garbled { .. }) && !request.plain {
                request.plain = true;
                continue;
            }
            let wait = self.wait(failures, error.again()).filter(|_| error.is_transient());
            match wait {
                Some(wait) if deadline.is_some_and(|at| Instant::now() + wait < at) => thread::sleep(wait),
                _ => return Err(error),
            }
        }
        Ok(Answer::Absent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end() {
        let second = Duration::from_secs(1);
        let patience = Patience { tries: 5, first: second, longest: 3 * second, total: 60 * second };
        for (failures, longest) in [(1, 1), (2, 2), (3, 3), (4, 3)] {
            let wait = patience.wait(failures, None).expect("it has patience");
            assert!(wait <= longest * second && wait * 2 >= longest * second, "{failures}: {wait:?}");
        }
        assert_eq!(patience.wait(5, None), None);
        assert_eq!(patience.wait(1, Some(3 * second)), Some(3 * second));
        assert_eq!(patience.wait(1, Some(4 * second)), None);
    }
}
