//! Circles of imports between the modules of a crate.

use super::source::Source;
use std::collections::{BTreeMap, BTreeSet};

/// Imports between the top-level modules of a crate. For each pair, one place where the import stands.
#[derive(Default)]
pub struct Graph(BTreeMap<String, BTreeMap<String, String>>);

impl Graph {
    /// Reads the imports of the crate below `side`, such as `backend/`. A program of its own beside the library has
    /// other paths and is left out.
    pub fn of(sources: &[Source], side: &str) -> Self {
        let inside = || {
            let is_library = |source: &&Source| !["main", "cli"].contains(&source.part());
            sources.iter().filter(|source| source.path.starts_with(side)).filter(is_library)
        };
        let modules: BTreeSet<_> = inside().map(Source::part).collect();
        let mut graph = Self::default();
        for source in inside() {
            for path in &source.paths {
                let Some(rest) = path.strip_prefix("crate::") else { continue };
                let to = rest.split("::").next().unwrap_or_default();
                if modules.contains(to) && to != source.part() {
                    let imports = graph.0.entry(source.part().to_owned()).or_default();
                    imports.entry(to.to_owned()).or_insert_with(|| format!("{}: {path}", source.path));
                }
            }
        }
        graph
    }

    /// Returns a shortest circle through each module that is part of one, as the places where its imports stand.
    pub fn circles(&self) -> Vec<String> {
        let mut circles = BTreeSet::new();
        for module in self.0.keys() {
            if let Some(mut circle) = self.way_back(module) {
                // The same circle through another of its modules is the same one.
                circle.sort();
                circles.insert(circle.join("\n    "));
            }
        }
        circles.into_iter().map(|circle| format!("a circle of imports:\n    {circle}")).collect()
    }

    /// Searches breadth-first for the shortest way from a module back to itself.
    fn way_back(&self, start: &str) -> Option<Vec<String>> {
        let mut ways = vec![(start, Vec::new())];
        let mut seen = BTreeSet::new();
        while !ways.is_empty() {
            let mut longer = Vec::new();
            for (module, way) in ways {
                for (to, place) in self.0.get(module).into_iter().flatten() {
                    let way = [&way[..], std::slice::from_ref(place)].concat();
                    if to == start {
                        return Some(way);
                    }
                    if seen.insert(to) {
                        longer.push((to.as_str(), way));
                    }
                }
            }
            ways = longer;
        }
        None
    }
}

#[test]
fn a_circle_is_found_with_the_lines_to_look_at_and_nothing_else() {
    let source = |path: &str, code: &str| Source::new(&format!("backend/src/{path}"), code);
    let tower = [
        source("a/mod.rs", "use crate::b::B; use crate::c; use super::a::x; use std::fmt;"),
        source("b.rs", "use crate::c::{D, self}; use crate::unknown;"),
        source("c/deep/down.rs", "use crate::c::other; fn f() { g::crate_like() }"),
        source("main.rs", "use crate::a;"),
    ];
    assert_eq!(Graph::of(&tower, "backend/").circles(), [""; 0]);
    let [a, b, c, main] = tower;
    let back = source("c/two.rs", "fn f() { crate::b::B::new() }");
    let found = Graph::of(&[a, b, c, main, back], "backend/").circles();
    let expected =
        "a circle of imports:\n    backend/src/b.rs: crate::c::D\n    backend/src/c/two.rs: crate::b::B::new";
    assert_eq!(found, [expected]);
    // Longer than two.
    let ring = [
        source("a.rs", "use crate::b;"),
        source("b.rs", "use crate::c;"),
        source("c.rs", "use crate::d;"),
        source("d.rs", "use crate::a;"),
        source("e.rs", "use crate::a;"),
    ];
    let found = Graph::of(&ring, "backend/").circles();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].lines().count(), 5);
}
