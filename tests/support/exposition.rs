//! A strict reader of Prometheus' text format 0.0.4: what a scraper would forgive is a fault here.

use std::collections::{BTreeMap, BTreeSet};

/// Names with their values, in their order.
type Labels = Vec<(String, String)>;

/// A sample: name, labels, value.
pub type Sample = (String, Labels, f64);

/// What an answer says.
#[derive(Debug, Default)]
pub struct Exposition {
    /// Family → type.
    pub kinds: BTreeMap<String, String>,
    pub samples: Vec<Sample>,
}

impl Exposition {
    /// The value of the one sample with this name and exactly these labels.
    #[track_caller]
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let same = |own: &[(String, String)]| own.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(labels.iter().copied());
        let found = self.samples.iter().find(|(own, pairs, _)| own == name && same(pairs));
        found.unwrap_or_else(|| panic!("no {name}{labels:?}")).2
    }
}

/// Reads an answer or says on which line it breaks which rule.
pub fn read(text: &str) -> Result<Exposition, String> {
    let mut out = Exposition::default();
    let mut family = String::new();
    let mut seen = BTreeSet::new();
    for line in text.strip_suffix('\n').ok_or("the last line must end")?.split('\n') {
        let fault = |words: &str| format!("{words}: {line}");
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').ok_or(fault("a help without words"))?;
            if !is_name(name) || help.is_empty() || out.kinds.contains_key(name) {
                return Err(fault("a help that is not the first of its family"));
            }
            family = name.to_owned();
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').ok_or(fault("a type without a kind"))?;
            if name != family || !["counter", "gauge", "histogram"].contains(&kind) {
                return Err(fault("a type that does not follow its help"));
            }
            if (kind == "counter") != name.ends_with("_total") || out.kinds.insert(name.to_owned(), kind.to_owned()).is_some() {
                return Err(fault("a counter by name or by type only, or a family twice"));
            }
        } else {
            let sample = sample(line)?;
            let own = match out.kinds.get(&family).map(String::as_str) {
                Some("histogram") => ["_bucket", "_sum", "_count"].iter().any(|end| sample.0.strip_suffix(end) == Some(family.as_str())),
                Some(_) => sample.0 == family,
                None => false,
            };
            if !own || !seen.insert((sample.0.clone(), sample.1.clone())) {
                return Err(fault("a sample outside its family, or twice"));
            }
            out.samples.push(sample);
        }
    }
    histograms(&out)?;
    Ok(out)
}

fn is_name(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
}

fn sample(line: &str) -> Result<Sample, String> {
    let fault = |words: &str| format!("{words}: {line}");
    let end = line.find(['{', ' ']).ok_or(fault("a sample without a value"))?;
    let (name, rest) = line.split_at(end);
    if !is_name(name) {
        return Err(fault("a name with other characters"));
    }
    let mut labels = Vec::new();
    let mut rest = rest;
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, after) = rest.split_once("=\"").ok_or(fault("a label without a value"))?;
            if !is_name(label) || label.contains(':') || labels.iter().any(|(other, _)| other == label) {
                return Err(fault("a label with another name, or twice"));
            }
            let (value, after) = quoted(after).ok_or(fault("a value that does not end"))?;
            labels.push((label.to_owned(), value));
            match after.split_at_checked(1).ok_or(fault("labels that do not end"))? {
                (",", more) => rest = more,
                ("}", more) => {
                    rest = more;
                    break;
                }
                _ => return Err(fault("labels that do not go on")),
            }
        }
    }
    let value = rest.strip_prefix(' ').ok_or(fault("no space before the value"))?;
    let value = value.parse().map_err(|_| fault("a value that is no number, or a time stamp"))?;
    Ok((name.to_owned(), labels, value))
}

/// A value up to its closing quote, with its escapes undone.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut letters = text.chars();
    loop {
        match letters.next()? {
            '"' => return Some((out, letters.as_str())),
            '\\' => out.push(match letters.next()? {
                'n' => '\n',
                escaped @ ('"' | '\\') => escaped,
                _ => return None,
            }),
            letter => out.push(letter),
        }
    }
}

/// Bounds rise, counts never fall, the last bucket is infinite and equals the count.
fn histograms(all: &Exposition) -> Result<(), String> {
    for (family, _) in all.kinds.iter().filter(|(_, kind)| *kind == "histogram") {
        let mut series: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
        for (_, labels, count) in all.samples.iter().filter(|(name, ..)| *name == format!("{family}_bucket")) {
            let (bounds, others): (Vec<_>, Vec<_>) = labels.iter().cloned().partition(|(label, _)| label == "le");
            let bound =
                if bounds[0].1 == "+Inf" { f64::INFINITY } else { bounds[0].1.parse().map_err(|_| format!("{family}: {bounds:?}"))? };
            series.entry(others).or_default().push((bound, *count));
        }
        for (labels, buckets) in series {
            let rises = buckets.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
            let one = |end: &str| {
                all.samples.iter().find(|(name, own, _)| *name == format!("{family}{end}") && *own == labels).map(|(.., value)| *value)
            };
            let last = buckets.last().copied();
            if !rises || last != one("_count").map(|count| (f64::INFINITY, count)) || one("_sum").is_none() {
                return Err(format!("{family}{labels:?}: {buckets:?}"));
            }
        }
    }
    Ok(())
}

#[test]
fn what_a_scraper_would_forgive_is_refused() {
    let good = "# HELP a_total x\n# TYPE a_total counter\na_total{b=\"c\\\"\\\\\\n\"} 1\n";
    assert_eq!(read(good).unwrap().value("a_total", &[("b", "c\"\\\n")]), 1.0);
    for bad in [
        good.trim_end(),
        &good.replace("b=", "b-="),
        &good.replace(" 1", " one"),
        &good.replace(" 1", " 1 1795399200000"),
        &good.replace("\\\"", "\""),
        &good.replace("# TYPE a_total counter\n", ""),
        &good.replace("counter", "gauge"),
        &format!("{good}a_total{{b=\"c\\\"\\\\\\n\"}} 2\n"),
        "# HELP a x\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
        "# HELP a x\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n",
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}
