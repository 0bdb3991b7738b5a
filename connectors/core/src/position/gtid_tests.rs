use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

const A: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
const B: &str = "ffffffff-0000-11e1-9e33-c80aa9429562";

fn set(text: &str) -> Set {
    text.parse().unwrap()
}

fn gtid(origin: &str, tag: &str, number: u64) -> Gtid {
    Gtid { origin: Origin { uuid: uuid(Some(origin)).unwrap(), tag: tag.into() }, number }
}

#[test]
fn what_the_server_shows_is_read_and_shown_again() {
    for (text, shown) in [
        (String::new(), String::new()),
        (format!("{A}:1-5:7"), format!("{A}:1-5:7")),
        (format!("{A}:1-52:mytag:1,\n{B}:3"), format!("{A}:1-52,{A}:mytag:1,{B}:3")),
        (format!("{A}:4-5:1-3 , {A}:6"), format!("{A}:1-6")),
        (format!("{}:Tag:2", A.to_uppercase()), format!("{A}:tag:2")),
    ] {
        let read = set(&text);
        assert_eq!(read.to_string(), shown);
        assert_eq!(set(&shown), read);
    }
}

#[test]
fn what_is_not_a_set_is_refused() {
    for text in [
        "x",
        "3e11fa47:1",
        &format!("{A}:0"),
        &format!("{A}:5-4"),
        &format!("{A}:1-x"),
        &format!("{A}:a-b"),
    ] {
        assert_eq!(text.parse::<Set>(), Err(Malformed), "{text}");
    }
    for text in ["0-1", "0-1-2-3", "a-1-2", "0-1-18446744073709551616"] {
        assert_eq!(text.parse::<Domains>(), Err(Malformed), "{text}");
    }
}

#[test]
fn covering_is_containing() {
    let all = set(&format!("{A}:1-10,{B}:5:audit:1"));
    for (text, covered) in [
        (String::new(), true),
        (format!("{A}:2-9"), true),
        (format!("{A}:10-11"), false),
        (format!("{B}:5"), true),
        (format!("{B}:4-5"), false),
        (format!("{B}:audit:1"), true),
        (format!("{A}:audit:1"), false),
    ] {
        assert_eq!(all.covers(&set(&text)), covered, "{text}");
    }
}

#[test]
fn domains_cover_by_number_whatever_server_wrote() {
    let domains: Domains = "0-1-270, 7-1011-4".parse().unwrap();
    assert_eq!(domains.to_string(), "0-1-270,7-1011-4");
    assert!(domains.covers(&"0-2-270".parse().unwrap()));
    assert!(!domains.covers(&"0-1-271".parse().unwrap()));
    assert!(!domains.covers(&"3-1-1".parse().unwrap()));
}

#[test]
fn the_stored_form_is_the_text() {
    let stored = serde_json::to_string(&set(&format!("{A}:1-3"))).unwrap();
    assert_eq!(stored, format!("\"{A}:1-3\""));
    assert_eq!(serde_json::from_str::<Set>(&stored).unwrap(), set(&format!("{A}:1-3")));
}

proptest! {
    /// Against a plain set of numbers.
    #[test]
    fn insert_remove_minus_merge(steps in prop::collection::vec((0u8..3, 1u64..40), 0..60)) {
        let (mut model, mut own, mut other, mut theirs) =
            (BTreeSet::new(), Set::default(), BTreeSet::new(), Set::default());
        for (what, number) in steps {
            let gtid = gtid(A, "", number);
            match what {
                0 => { model.insert(number); own.insert(&gtid); }
                1 => { model.remove(&number); own.remove(&gtid); }
                _ => { other.insert(number); theirs.insert(&gtid); }
            }
        }
        let numbers = |set: &Set| (1..41).filter(|n| set.contains(&gtid(A, "", *n))).collect::<BTreeSet<_>>();
        prop_assert_eq!(numbers(&own), model.clone());
        prop_assert_eq!(set(&own.to_string()), own.clone());
        prop_assert_eq!(numbers(&own.minus(&theirs)), model.difference(&other).copied().collect());
        prop_assert_eq!(own.covers(&theirs), model.is_superset(&other));
        let mut merged = own.clone();
        merged.merge(&theirs);
        prop_assert_eq!(numbers(&merged), model.union(&other).copied().collect());
        prop_assert!(merged.covers(&own) && merged.covers(&theirs));
    }

    #[test]
    fn reading_never_panics(text in "[-:,0-9a-f \n]{0,60}") {
        let _ = text.parse::<Set>();
        let _ = text.parse::<Domains>();
    }
}
