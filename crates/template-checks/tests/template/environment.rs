//! Every name the template sets is read, every name that is read is set or left to its default on purpose, and every value
//! a parameter allows is accepted.

use std::cell::RefCell;
use std::collections::BTreeSet;

use template_checks::Template;
use template_checks::template::Function;

use crate::functions::{self, Read};
use crate::sources;

/// What the template leaves to the function's own default: `LeftToDefaults` in its metadata, each group with a reason.
fn left_to_defaults(template: &Template, function: &Function) -> BTreeSet<String> {
    let groups = template.at(&format!("/Resources/{}/Metadata/LeftToDefaults", function.id));
    let groups = groups.as_array().into_iter().flatten();
    let names = groups.flat_map(|group| {
        let reason = group["Because"].as_str().unwrap_or_default();
        assert!(
            reason.len() > 10,
            "{}: {} are left to their defaults, but why?",
            function.id,
            group["Variables"]
        );
        group["Variables"].as_array().unwrap()
    });
    names.map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// The names a function reads: asked with nothing set, and with everything set, as a name may be read only if another is.
fn read_by(read: Read) -> BTreeSet<String> {
    let names = RefCell::new(BTreeSet::new());
    for answer in [None, Some("1"), Some("yes")] {
        let _mistakes_are_expected = read(&|name| {
            // The rest is set by Lambda.
            if !name.starts_with("AWS_") {
                names.borrow_mut().insert(name.to_owned());
            }
            answer.map(str::to_owned)
        });
    }
    names.into_inner()
}

#[test]
fn what_the_template_sets_is_read_and_what_is_read_is_set_or_left_to_its_default() {
    let template = Template::read().unwrap();
    let mut mistakes = Vec::new();
    for (function, read) in functions::all(&template) {
        let name = &function.binary;
        let mut read = read_by(read);
        read.extend(sources::read_directly(name));
        assert!(read.len() > 2, "{name} reads almost nothing: {read:?}");
        let set: BTreeSet<String> = function.environment.keys().cloned().collect();
        let left = left_to_defaults(&template, &function);
        for unread in set.difference(&read) {
            mistakes.push(format!("{name} is told {unread}, which it never reads"));
        }
        for unset in read.iter().filter(|name| !set.contains(*name) && !left.contains(*name)) {
            mistakes.push(format!(
                "{name} reads {unset}: set it in the template, or name it in the function's LeftToDefaults"
            ));
        }
        for both in left.intersection(&set) {
            mistakes.push(format!("{name} is told {both}: it is not left to its default"));
        }
        for gone in left.difference(&read) {
            mistakes.push(format!("{name} does not read {gone}: it is no setting any more"));
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[test]
fn every_value_a_parameter_allows_is_accepted_by_the_function_that_gets_it() {
    let template = Template::read().unwrap();
    let mut refused = Vec::new();
    for (function, read) in functions::all(&template) {
        for (name, value) in &function.environment {
            let base = functions::environment(&template, &function, functions::condition_of(value));
            for value in template.possible(value) {
                let look_up = |wanted: &str| match wanted == name {
                    true => Some(value.clone()),
                    false => base.get(wanted).cloned(),
                };
                if let Err(error) = read(&look_up) {
                    refused.push(format!("{} refuses {name} = {value:?}: {error}", function.binary));
                }
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}
