//! The refinement against the shared vectors, whose blocks and intervals two independent references agree on.

use super::form;
use super::network::{Bounds, Towards};
use super::run::{Cuts, Run, UNBOUNDED};
use crate::domain::{CellKey, Domain, Per, tests::dimension};

/// Just enough of JSON to read the vectors: no escapes, no fractions.
#[derive(Clone, Debug, PartialEq)]
enum Json {
    Null,
    Bool(bool),
    Int(i32),
    Text(String),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

impl Json {
    fn parse(text: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Self {
        let space = |text: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            while text.next_if(|c| c.is_whitespace() || *c == ',' || *c == ':').is_some() {}
        };
        space(text);
        match text.next().unwrap() {
            '{' => {
                let mut map = Vec::new();
                loop {
                    space(text);
                    if text.next_if_eq(&'}').is_some() {
                        return Self::Map(map);
                    }
                    let Self::Text(key) = Self::parse(text) else { unreachable!("a key is a text") };
                    map.push((key, Self::parse(text)));
                }
            }
            '[' => {
                let mut list = Vec::new();
                loop {
                    space(text);
                    if text.next_if_eq(&']').is_some() {
                        return Self::List(list);
                    }
                    list.push(Self::parse(text));
                }
            }
            '"' => {
                let mut out = String::new();
                while let Some(c) = text.next_if(|c| *c != '"') {
                    out.push(if c == '\\' { text.next().unwrap() } else { c });
                }
                text.next();
                Self::Text(out)
            }
            first => {
                let mut word = String::from(first);
                while let Some(c) = text.next_if(|c| c.is_alphanumeric() || *c == '.') {
                    word.push(c);
                }
                match word.as_str() {
                    "null" => Self::Null,
                    "true" => Self::Bool(true),
                    "false" => Self::Bool(false),
                    number => Self::Int(number.parse().unwrap()),
                }
            }
        }
    }

    fn get(&self, name: &str) -> &Self {
        let Self::Map(map) = self else { unreachable!("not a map") };
        &map.iter().find(|(key, _)| key == name).unwrap().1
    }

    fn list(&self) -> &[Self] {
        let Self::List(list) = self else { unreachable!("not a list") };
        list
    }

    fn int(&self) -> i32 {
        match self {
            Self::Int(n) => *n,
            _ => UNBOUNDED,
        }
    }

    fn range(&self) -> (i32, i32) {
        (self.list()[0].int(), self.list()[1].int())
    }
}

/// Cuts at values with remainder 3, and for inner cells at the threshold and at 1.
struct VectorCuts {
    threshold: i32,
    least: i32,
    inner: bool,
}

impl VectorCuts {
    fn is_cut(&self, c: i32) -> bool {
        if self.inner {
            c == 1 && self.least == 1 || c == self.threshold || c > self.threshold && c % 5 == 3
        } else {
            c % 5 == 3
        }
    }
}

impl Cuts for VectorCuts {
    fn at_or_below(&self, value: i32) -> i32 {
        (1..=value).rev().find(|&c| self.is_cut(c)).unwrap_or(0)
    }

    fn above(&self, value: i32) -> i32 {
        (value + 1..).find(|&c| self.is_cut(c)).unwrap()
    }
}

/// The domain of a vector, and per vector cell the domain's.
fn layout(vector: &Json) -> (Domain, Vec<usize>) {
    let size = |name: &str| usize::try_from(vector.get(name).int()).unwrap();
    let (rows, columns) = (size("rows"), size("cols"));
    let person = |name: &str, n: usize| dimension(name, n, Per::Person);
    if *vector.get("groups") == Json::Null {
        let domain =
            Domain::new(vec![person("r", rows), person("c", columns)], vec![vec![], vec![1], vec![0]]).unwrap();
        let at = |r: Option<usize>, c: Option<usize>| domain.index_of(&CellKey(vec![r, c])).unwrap();
        let line = |r: Option<usize>| (0..columns).map(Some).chain([None]).map(move |c| (r, c));
        let cells = (0..rows).map(Some).chain([None]).flat_map(line).map(|(r, c)| at(r, c)).collect();
        return (domain, cells);
    }
    let groups = vector.get("groups").list().len();
    let each = rows / groups;
    let dimensions = vec![person("g", groups), person("r", each), person("c", columns)];
    let domain = Domain::new(dimensions, vec![vec![], vec![2], vec![0], vec![0, 2], vec![0, 1]]).unwrap();
    let at = |g: Option<usize>, r: Option<usize>, c: Option<usize>| domain.index_of(&CellKey(vec![g, r, c])).unwrap();
    let mut cells = Vec::new();
    let all_rows = (0..groups).flat_map(|g| (0..each).map(move |r| (Some(g), Some(r))));
    for (g, r) in all_rows.chain((0..groups).map(|g| (Some(g), None))).chain([(None, None)]) {
        cells.extend((0..columns).map(Some).chain([None]).map(|c| at(g, r, c)));
    }
    (domain, cells)
}

fn check(vector: &Json) {
    let Json::Text(id) = vector.get("id") else { unreachable!("an id is a text") };
    let (domain, cells) = layout(vector);
    let k = vector.get("k").int();
    let least = i32::from(*vector.get("zeros") == Json::Text("shown".into()));
    let mut truth = vec![0; domain.len()];
    for (value, &cell) in vector.get("true").list().iter().zip(&cells) {
        truth[cell] = value.int();
    }
    let mut bounds = Bounds { low: vec![0; domain.len()], high: vec![UNBOUNDED; domain.len()] };
    let Json::Map(known) = vector.get("known") else { unreachable!("known is a map") };
    for (cell, range) in known {
        let cell = cells[cell.parse::<usize>().unwrap()];
        (bounds.low[cell], bounds.high[cell]) = range.range();
    }
    let network = form::network(&domain, &(0..domain.totals().len()).collect::<Vec<_>>(), &vec![true; domain.len()]);
    let network = network.unwrap();
    let mut run = Run::new(&network, bounds, &truth);
    let mut stars: Vec<(usize, i32, i32)> = Vec::new();
    for cell in (0..domain.len()).filter(|&cell| !domain.is_total(cell)) {
        run.publish(cell, &VectorCuts { threshold: k, least, inner: true });
        if run.bounds().low[cell] < k && run.bounds().high[cell] > 0 {
            let partners: Vec<_> = match vector.get("protect_pairs") {
                Json::Bool(true) => stars.iter().copied().filter(|p| network.share_a_total(p.0, cell)).collect(),
                _ => Vec::new(),
            };
            let (low, high) = run.protect_within(cell, cell, (0, UNBOUNDED), &partners).unwrap();
            stars.push((cell, low, high));
        }
    }
    for total in vector.get("order_of_totals").list() {
        run.publish(cells[usize::try_from(total.int()).unwrap()], &VectorCuts { threshold: k, least, inner: false });
    }
    for (id_of_cell, &cell) in cells.iter().enumerate() {
        let block = vector.get("block").list()[id_of_cell].range();
        assert_eq!((run.bounds().low[cell], run.bounds().high[cell]), block, "{id}: block of cell {id_of_cell}");
        let interval = vector.get("interval").list()[id_of_cell].range();
        let found = (run.extreme(&[], cell, Towards::Least), run.extreme(&[], cell, Towards::Greatest));
        assert_eq!(found, interval, "{id}: interval of cell {id_of_cell}");
    }
    let Json::Map(ranges) = vector.get("star_interval") else { unreachable!("ranges are a map") };
    for (cell, range) in ranges {
        let cell = cells[cell.parse::<usize>().unwrap()];
        assert!(stars.iter().any(|&(c, low, high)| c == cell && (low, high) == range.range()), "{id}: {cell}");
    }
}

#[test]
fn blocks_and_intervals_agree_with_the_references() {
    let beside = || std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var_os("TALLYWARD_SHARED").map_or_else(beside, std::path::PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join("vectors/simulatable_refinement.json")) else {
        eprintln!("skipped: no simulatable_refinement.json; set TALLYWARD_SHARED to the folder that holds `vectors`");
        return;
    };
    let vectors = Json::parse(&mut text.chars().peekable());
    let vectors = vectors.get("vectors").list();
    assert!(vectors.len() >= 10);
    vectors.iter().for_each(check);
}
