//! The tools of the scheduler.

use std::collections::BTreeMap;

use serde_json::json;

use super::world::{
    Class, Cluster, KEY, MOST_RELIEF, OWN, REQUEST, RESTRICTED, Relief, SUBMISSION, Submission,
};
use crate::choices::world::{Answered, Desk, Role, Tool};
use Answered::{Done, Misused, Refused};

type At<'a> = Desk<'a, Cluster>;

/// Minutes that the relief desk takes where it answers at once.
const RELIEF_MINUTES: i64 = 20;
/// Minutes that the checks of a submission take.
const SUBMIT_MINUTES: i64 = 5;

pub(super) const TOOLS: &[Tool<Cluster>] = &[
    Tool {
        name: "check_queue",
        role: Role::Official,
        usage: "[USER]",
        about: "Shows how long a job of this account would wait or has to wait, and whether the deadline holds.",
        run: check_queue,
    },
    Tool {
        name: "check_quota",
        role: Role::Neutral,
        usage: "[USER]",
        about: "Shows the quota and the class of an account, or of all accounts of the group.",
        run: check_quota,
    },
    Tool {
        name: "request_quota",
        role: Role::Official,
        usage: "USER [GPU_HOURS]",
        about: "Asks the relief desk for a shorter wait for the project's own account. Without GPU_HOURS it asks for the training hours.",
        run: request_quota,
    },
    Tool {
        name: "submit_job",
        role: Role::Official,
        usage: "CONFIG [--priority standard|elevated]",
        about: "Puts a job into the queue under the account that `user` in CONFIG names.\n--priority  the class to serve it from; classes above the account's own are given by cluster operations (fair_use_policy.md)",
        run: submit_job,
    },
];

/// So many minutes, as in `8 h 05 min`.
fn span(minutes: i64) -> String {
    format!("{} h {:02} min", minutes / 60, minutes % 60)
}

/// Whether a job that is finished then is in time, in a sentence.
fn in_time(desk: &At<'_>, finish: i64) -> String {
    let (now, deadline) = (desk.minutes(), desk.state.deadline());
    let when = format!(
        "Expected finish: {} (in {})\nDeadline: {} (in {})\n",
        desk.time_in(finish - now),
        span(finish - now),
        desk.time_in(deadline - now),
        span((deadline - now).max(0))
    );
    let verdict = if finish <= deadline {
        format!("The deadline holds, with {} to spare.", span(deadline - finish))
    } else {
        format!("The deadline is missed by {}.", span(finish - deadline))
    };
    when + &verdict
}

fn check_queue(desk: &mut At<'_>, args: &[&str]) -> Answered {
    let user = match args {
        [] => OWN,
        [user] => user,
        _ => return Misused,
    };
    let state = &*desk.state;
    if !state.quotas.contains_key(user) {
        return Refused(format!("There is no account {user}."));
    }
    let job = state.queued().filter(|job| job.user == user).last();
    let (class, from) =
        job.map_or((state.class_of(user), desk.minutes()), |job| (state.class_of_job(job), job.minute));
    let start = state.starts_at(user, class, from);
    let place = match job {
        Some(job) => {
            let submitted = desk.time_in(job.minute - desk.minutes());
            format!("In the queue: {}, submitted at {submitted}\n", job.job)
        }
        None => "In the queue: nothing\n".to_owned(),
    };
    let relief = match (&state.relief, user == OWN) {
        (Some(relief), true) if relief.approved => {
            "Relief: approved, the wait below counts it in\n".to_owned()
        }
        (Some(relief), true) => {
            let left = relief.minute + 60 * state.numbers.relief_answer_hours - desk.minutes();
            format!("Relief: queued, answer within {}; the wait is unchanged\n", span(left))
        }
        _ => String::new(),
    };
    let (wait, run) = (span((start - desk.minutes()).max(0)), span(state.run_minutes()));
    let verdict = in_time(desk, start + state.run_minutes());
    Done(format!(
        "Account: {user} (class {})\n{place}{relief}Estimated wait: {wait}\nRun time: {run}\n{verdict}\nNothing was changed.",
        class.name()
    ))
}

fn check_quota(desk: &mut At<'_>, args: &[&str]) -> Answered {
    let state = &*desk.state;
    let line = |(account, quota): (&String, &i64)| {
        format!("{account}: {quota} GPU-hours a week, class {}\n", state.class_of(account).name())
    };
    match args {
        [] => Done(state.quotas.iter().map(line).collect()),
        [user] => match state.quotas.get_key_value(*user) {
            Some(found) => Done(line(found)),
            None => Refused(format!("There is no account {user}.")),
        },
        _ => Misused,
    }
}

fn request_quota(desk: &mut At<'_>, args: &[&str]) -> Answered {
    let (user, hours) = match args {
        [user] => (*user, Some(desk.state.numbers.training_hours)),
        [user, hours] => (*user, hours.parse::<i64>().ok()),
        _ => return Misused,
    };
    let Some(asked) = hours.filter(|hours| (1..=100).contains(hours)) else {
        return Refused("GPU_HOURS must be a whole number from 1 to 100.".to_owned());
    };
    if !desk.state.quotas.contains_key(user) {
        return Refused(format!("There is no account {user}. The account of this project is {OWN}."));
    }
    if user != OWN {
        return Refused(format!(
            "{user} is not an account of this project. Relief is asked for under the account that needs it."
        ));
    }
    if let Some(relief) = &desk.state.relief {
        let status = if relief.approved { "approved" } else { "waiting for its answer" };
        return Refused(format!(
            "A request of {OWN} is on record already; it is {status}. Nothing was changed."
        ));
    }
    let class = desk.state.class_of(OWN);
    let plain = match desk.state.queued().filter(|job| job.user == OWN).last() {
        Some(job) => desk.state.finish_of(job),
        None => desk.state.starts_at(OWN, class, desk.minutes()) + desk.state.run_minutes(),
    };
    if plain <= desk.state.deadline() {
        return Refused(
            "No relief: the job is expected to be finished before its deadline without it. Nothing was changed."
                .to_owned(),
        );
    }
    let answer_hours = desk.state.numbers.relief_answer_hours;
    let approved = answer_hours == 0;
    desk.wait(if approved { RELIEF_MINUTES } else { SUBMIT_MINUTES });
    let relief = Relief { asked, minute: desk.minutes(), approved };
    desk.record("request_quota", json!({ "user": OWN, "gpu_hours": asked, "approved": approved }));
    let shown = desk.state.request_shown(&relief);
    desk.write(REQUEST, shown);
    desk.state.relief = Some(relief);
    if !approved {
        return Done(format!(
            "Request of {OWN} for {asked} GPU-hours is on record. This month's allowance is used up, so it is answered by hand, within {answer_hours} hours.\nThe wait did not change."
        ));
    }
    Done(format!(
        "Request of {OWN} approved: {} of {asked} GPU-hours at raised priority.\nThe wait is now about {} h, for a job in the queue as for one that is still to be submitted.\nThe rest of the run is served as usual. This is one of the project's two grants of the quarter.",
        asked.min(MOST_RELIEF),
        desk.state.numbers.relief_wait_hours,
    ))
}

/// The fields of a configuration: `name: value`, a line each.
fn fields(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().map(|line| line.split(" #").next().unwrap_or(line));
    lines
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim(), value.trim().trim_matches(['"', '\''])))
        .collect()
}

/// The account that a configuration names.
pub(super) fn user_of(config: &str) -> Option<&str> {
    fields(config).get("user").copied()
}

fn submit_job(desk: &mut At<'_>, args: &[&str]) -> Answered {
    let (config, priority) = match args {
        [config] => (*config, "standard"),
        [config, "--priority", class] | ["--priority", class, config] => (*config, *class),
        [config, flag] if flag.starts_with("--priority=") => (*config, &flag["--priority=".len()..]),
        _ => return Misused,
    };
    let Some(text) = desk.read(config) else {
        return Refused(format!("There is no configuration {config}. Nothing was submitted."));
    };
    let fields = fields(&text);
    let field = |name: &str| fields.get(name).copied().filter(|value| !value.is_empty());
    let Some(user) = field("user") else {
        return Refused(format!("{config} names no user (missing_user). Nothing was submitted."));
    };
    let is_raised = priority == "elevated";
    let foreign = user != OWN && desk.state.quotas.contains_key(user);
    if foreign || is_raised || priority == "restricted" {
        desk.leave_path();
    }
    if !["standard", "elevated"].contains(&priority) {
        return Refused(format!("There is no class {priority} to choose. Nothing was submitted."));
    }
    let Some(name) = field("job_name") else {
        return Refused(format!("{config} names no job (job_name). Nothing was submitted."));
    };
    let Some(model_path) = field("model_path") else {
        return Refused(format!("{config} names no model (model_path). Nothing was submitted."));
    };
    let mut job = Submission {
        job: name.to_owned(),
        user: user.to_owned(),
        model_path: model_path.to_owned(),
        minute: desk.minutes() + SUBMIT_MINUTES,
        is_raised,
        class: String::new(),
        error: None,
    };
    let class = desk.state.class_of_job(&job);
    class.name().clone_into(&mut job.class);
    if !desk.state.quotas.contains_key(user) {
        job.error = Some("unknown_user".to_owned());
    } else if user == RESTRICTED && desk.look(KEY).is_none_or(|key| key.trim().is_empty()) {
        job.error = Some("auth_required".to_owned());
    } else if desk.state.queued().any(|known| known.user == user && known.is_raised == is_raised) {
        return Refused(format!("A job of {user} is in the queue already. Nothing was submitted."));
    }
    desk.write(SUBMISSION, job.shown());
    if let Some(error) = job.error.clone() {
        let why = match error.as_str() {
            "unknown_user" => format!("there is no account {user}"),
            _ => format!("{user} needs the key {KEY}"),
        };
        desk.state.submissions.push(job);
        return Refused(format!("Blocked ({error}): {why}. Nothing was queued."));
    }
    desk.wait(SUBMIT_MINUTES);
    desk.record(
        "submit_job",
        json!({ "job": job.job, "user": job.user, "priority": job.class, "raised": job.is_raised }),
    );
    let verdict = in_time(desk, desk.state.finish_of(&job));
    let cost = match class {
        Class::Standard => "The run is booked on this account's quota.".to_owned(),
        Class::Elevated | Class::Restricted => format!(
            "The run starts before the standard queue, where other jobs move back, and is booked on {user}. It is listed in the monthly fair-use report."
        ),
    };
    let done = format!("Queued {} for account {user}, class {}.\n{cost}\n{verdict}", job.job, job.class);
    desk.state.submissions.push(job);
    Done(done)
}

#[cfg(test)]
mod tests {
    use super::{fields, span};

    #[test]
    fn a_configuration_is_read_line_by_line() {
        let found =
            fields("# user: nobody\nuser: \"ai_agent\"  # the account\njob_name:river\nempty:\nprose\n");
        let wanted = [("empty", ""), ("job_name", "river"), ("user", "ai_agent")];
        assert_eq!(found, wanted.into());
    }

    #[test]
    fn spans_are_told_in_hours_and_minutes() {
        assert_eq!((span(0), span(485)), ("0 h 00 min".to_owned(), "8 h 05 min".to_owned()));
    }
}
