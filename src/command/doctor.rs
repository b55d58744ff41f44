//! `xinzhi doctor`: what must always hold, checked on stored data.

use std::io::Write;
use std::process::ExitCode;

use serde_json::json;

use crate::arguments::Doctor;
use crate::{door, projection};

pub fn run(arguments: &Doctor) -> anyhow::Result<ExitCode> {
    let office = door::open_to_examine(&arguments.place)?;
    let mut findings = xinzhi_office::doctor::examine(&office)?;
    if arguments.replay {
        findings.push(xinzhi_office::doctor::replay(&office)?);
    }
    let root = projection::folder(&arguments.place, arguments.projection.as_ref());
    findings.extend(projection::examine(&office, &root, arguments.replay)?);
    let sound = findings.iter().all(|finding| finding.faults.is_empty());
    let mut out = crate::say::out();
    for finding in &findings {
        let state = if finding.faults.is_empty() { "正常" } else { "异常" };
        if !arguments.json {
            writeln!(out, "[{state}] {}（{}，检查 {}）", finding.title, finding.invariant, finding.looked_at)?;
            for fault in &finding.faults {
                writeln!(out, "  {fault}")?;
            }
        }
    }
    if arguments.json {
        let list: Vec<_> = findings
            .iter()
            .map(|f| json!({ "invariant": f.invariant, "title": f.title, "looked_at": f.looked_at, "faults": f.faults }))
            .collect();
        writeln!(out, "{}", json!({ "sound": sound, "findings": list }))?;
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
