//! Elements by the names around them.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::xml::{Element, MAX_STEPS, Tree, is_name};
use crate::{DocumentError, DocumentFault, Limits, ValueError};

/// The element at a path below the root, which is the root for an empty path.
pub(super) fn find(tree: &Tree, path: &str) -> Option<Element> {
    find_below(tree, tree.root(), path)
}

pub(super) fn find_below(tree: &Tree, from: Element, path: &str) -> Option<Element> {
    let mut steps = path.split('/').filter(|step| !step.is_empty());
    steps.try_fold(from, |element, step| {
        let (name, nth) = split(step)?;
        nth_child(tree, element, name, nth).ok()
    })
}

/// The value at a path below an element, white space around it left out.
pub(super) fn text<'t>(tree: &'t Tree, from: Element, path: &str) -> Option<&'t str> {
    let element = find_below(tree, from, path)?;
    (!tree.is_container(element)).then(|| tree.value(element).trim_ascii())
}

/// The text at a path, where there is any.
pub(super) fn filled<'t>(tree: &'t Tree, from: Element, path: &str) -> Option<&'t str> {
    text(tree, from, path).filter(|text| !text.is_empty())
}

pub(super) fn set(tree: &mut Tree, path: &str, value: &str) -> Result<(), ValueError> {
    tree.check(value)?;
    let steps: Vec<(&str, usize)> = path
        .split('/')
        .map(|step| split(step).ok_or(ValueError::Name))
        .collect::<Result<_, _>>()?;
    if steps.len() > MAX_STEPS {
        return Err(ValueError::Name);
    }
    let mut element = tree.root();
    let mut missing = steps.as_slice();
    while let [(name, nth), rest @ ..] = missing {
        match nth_child(tree, element, name, *nth) {
            Ok(child) => (element, missing) = (child, rest),
            // The next one of several can be added, but none behind a gap.
            Err(count) if *nth == count + 1 => break,
            Err(_) => return Err(ValueError::Absent),
        }
    }
    let is_filled = !tree.is_container(element) && !tree.value(element).is_empty();
    let is_good = match missing {
        [] => !tree.is_container(element),
        [_, new @ ..] => !is_filled && new.iter().all(|(_, nth)| *nth == 1),
    };
    if !is_good {
        return Err(ValueError::Mixed);
    }
    for (name, _) in missing {
        element = tree.append(element, name)?;
    }
    tree.set_value(element, value)
}

/// Paths and values of the innermost elements.
pub(super) fn values(tree: &Tree) -> impl Iterator<Item = (String, &str)> {
    elements(tree)
        .filter(|(element, _)| *element != tree.root() && !tree.is_container(*element))
        .map(|(element, path)| (path, tree.value(element)))
}

/// The same, and each attribute behind its element.
pub(super) fn entries(tree: &Tree) -> impl Iterator<Item = (String, Cow<'_, str>)> {
    elements(tree).flat_map(|(element, path)| {
        let is_value = element != tree.root() && !tree.is_container(element);
        let value = is_value.then(|| (path.clone(), Cow::Borrowed(tree.value(element))));
        let attributes = tree.attributes(element);
        let attributes = attributes.map(move |(name, value)| (format!("{path}@{name}"), value));
        value.into_iter().chain(attributes)
    })
}

/// Paths are made when somebody asks for them; this bounds how long they come out together.
pub(super) fn check_lengths(tree: &Tree, limits: &Limits) -> Result<(), DocumentError> {
    let mut open: Vec<(Element, usize)> = Vec::new();
    for element in tree.elements().skip(1) {
        while open.last().is_some_and(|open| open.0 <= element) {
            open.pop();
        }
        let around = open.last().map_or(0, |open| open.1 + 1);
        let length = around + tree.name(element).len();
        if length > limits.path_bytes {
            let at = tree.place(element);
            return Err(DocumentError::new(at, DocumentFault::PathTooLong));
        }
        open.push((tree.after(element), length));
    }
    Ok(())
}

/// All elements with their paths, each before what is inside it.
fn elements(tree: &Tree) -> impl Iterator<Item = (Element, String)> {
    let mut open = vec![(tree.root(), String::new())];
    std::iter::from_fn(move || {
        let (element, path) = open.pop()?;
        let mut counts: HashMap<&str, usize> = HashMap::new();
        let begin = open.len();
        for child in tree.children(element) {
            let name = tree.name(child);
            let count = counts.entry(name).or_default();
            *count += 1;
            let around = if path.is_empty() { "" } else { "/" };
            let nth = if *count > 1 {
                format!("[{count}]")
            } else {
                String::new()
            };
            open.push((child, format!("{path}{around}{name}{nth}")));
        }
        open.get_mut(begin..)?.reverse();
        Some((element, path))
    })
}

/// The child of this name, or how many there are where that is too few.
fn nth_child(tree: &Tree, element: Element, name: &str, nth: usize) -> Result<Element, usize> {
    let mut count = 0;
    for child in tree.children(element) {
        if tree.name(child) == name {
            count += 1;
            if count == nth {
                return Ok(child);
            }
        }
    }
    Err(count)
}

/// Splits `line[2]` into the name and which of them is meant.
fn split(step: &str) -> Option<(&str, usize)> {
    let (name, nth) = match step.strip_suffix(']') {
        None => (step, 1),
        Some(rest) => {
            let (name, nth) = rest.split_once('[')?;
            let is_number = nth.bytes().all(|byte| byte.is_ascii_digit());
            (name, nth.parse().ok().filter(|nth| *nth > 0 && is_number)?)
        }
    };
    let mut parts = name.splitn(2, ':');
    let is_good = parts.by_ref().all(is_name);
    is_good.then_some((name, nth))
}
