//! A diagnosis as people and as scripts read it.

use super::Diagnosis;
use serde_json::{Value, json};
use std::fmt::Write;
use walbrook_core::finding::Severity;

/// Place by place, one line for a check that passed, with its fix below where it did not.
pub fn text(diagnosis: &Diagnosis) -> String {
    let mut out = String::new();
    for section in &diagnosis.sections {
        let title = if section.title.is_empty() { "" } else { ": " };
        // Writing to a String does not fail.
        let _ = writeln!(out, "{}{title}{}", section.area, section.title);
        for finding in &section.findings {
            let (level, code) = (finding.severity.as_str(), finding.code.as_str());
            let _ = writeln!(out, "  {level:<4}  {code:<12}  {}", finding.message);
            if !finding.fix.is_empty() {
                let _ = writeln!(out, "                      = {}", finding.fix);
            }
        }
        out.push('\n');
    }
    let [ok, warnings, failures] = counts(diagnosis);
    let _ = writeln!(
        out,
        "{} checks: {ok} ok, {warnings} to think of, {failures} to mend.",
        ok + warnings + failures
    );
    out
}

/// The same as one object.
pub fn json(diagnosis: &Diagnosis) -> Value {
    let findings = diagnosis.sections.iter().flat_map(|section| {
        section.findings.iter().map(|finding| {
            json!({
                "area": section.area,
                "level": finding.severity.as_str(),
                "code": finding.code.as_str(),
                "message": finding.message,
                "fix": finding.fix,
            })
        })
    });
    let findings: Vec<Value> = findings.collect();
    let [ok, warn, fail] = counts(diagnosis);
    json!({ "ok": fail == 0, "counts": { "ok": ok, "warn": warn, "fail": fail }, "findings": findings })
}

fn counts(diagnosis: &Diagnosis) -> [usize; 3] {
    [Severity::Ok, Severity::Warning, Severity::Error].map(|severity| diagnosis.count(severity))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Section;
    use walbrook_core::error::Code;
    use walbrook_core::finding::Finding;

    #[test]
    fn a_diagnosis_reads_well() {
        let code = Code::new("WB-X-001");
        let findings = vec![
            Finding::ok(code, "wal_level is logical."),
            Finding::warning(code, "Nobody limits the log.", "Run ALTER SYSTEM SET x = 1;"),
            Finding::error(code, "The role may not replicate.", "Run ALTER ROLE w REPLICATION;"),
        ];
        let section = Section { area: "shop".into(), title: "PostgreSQL 18.1".into(), findings };
        let diagnosis = Diagnosis { sections: vec![section], grants: Vec::new() };
        insta::assert_snapshot!(text(&diagnosis), @r"
        shop: PostgreSQL 18.1
          ok    WB-X-001      wal_level is logical.
          warn  WB-X-001      Nobody limits the log.
                              = Run ALTER SYSTEM SET x = 1;
          fail  WB-X-001      The role may not replicate.
                              = Run ALTER ROLE w REPLICATION;

        3 checks: 1 ok, 1 to think of, 1 to mend.
        ");
        let json = json(&diagnosis);
        assert_eq!((&json["ok"], &json["counts"]["fail"]), (&Value::from(false), &Value::from(1)));
        assert_eq!(json["findings"][2]["level"], "fail");
    }
}
