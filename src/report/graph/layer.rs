//! Where boxes and arrows go: columns, an order in each column with few crossings, and heights
//! that keep arrows straight (Sugiyama's way: an arrow over several columns gets a place of its
//! own in each, so none runs through a box).

use super::group::Model;
use super::sizes::Sizes;

/// Pixels between a column and the next.
pub(super) const GUTTER: f64 = 62.0;
/// Pixels between boxes of a column.
const GAP: f64 = 22.0;
/// Pixels that an arrow takes where it crosses a column.
const LANE: f64 = 6.0;
/// Rounds of ordering and of straightening; more change nothing at these sizes.
const ROUNDS: usize = 24;

/// A box, or an arrow on its way through a column.
#[derive(Clone, Debug)]
struct Place {
    column: usize,
    height: f64,
    group: Option<usize>,
    y: f64,
}

/// Where an arrow meets a place, in pixels below its top.
type End = (usize, f64);
/// From item to item of the model.
type Edge = (usize, usize);

/// A piece of an arrow between neighbouring columns.
#[derive(Clone, Copy, Debug)]
struct Piece {
    from: End,
    to: End,
}

#[derive(Debug)]
pub(super) struct Layout {
    /// Left edge and width of each column.
    pub columns: Vec<(f64, f64)>,
    /// Column and top of each group.
    pub groups: Vec<(usize, f64)>,
    /// For each edge of the model between groups: its height at the end of its column, in each
    /// column that it crosses, and at its goal.
    pub ways: Vec<(Edge, Vec<f64>)>,
    pub width: f64,
    pub height: f64,
}

impl Layout {
    pub fn of(model: &Model, sizes: &Sizes) -> Self {
        let columns = model.columns().unwrap_or_default();
        let mut net = Net::of(model, sizes, &columns);
        net.order();
        net.straighten();
        net.layout(model, sizes)
    }
}

struct Net {
    places: Vec<Place>,
    pieces: Vec<Piece>,
    /// The places of each column from top to bottom.
    order: Vec<Vec<usize>>,
    /// The places that each edge passes.
    ways: Vec<(Edge, Vec<End>)>,
}

impl Net {
    fn of(model: &Model, sizes: &Sizes, columns: &[usize]) -> Self {
        let depth = columns.iter().max().map_or(0, |last| last + 1);
        let mut net = Self {
            places: Vec::new(),
            pieces: Vec::new(),
            order: vec![Vec::new(); depth],
            ways: Vec::new(),
        };
        for (group, &column) in columns.iter().enumerate() {
            net.add(column, sizes.groups[group].1, Some(group));
        }
        for &(from, to) in &model.edges {
            let (a, b) = (model.group_of[from], model.group_of[to]);
            if a == b {
                continue;
            }
            let mut way = vec![(a, sizes.middle(from))];
            for column in columns[a] + 1..columns[b] {
                let lane = net.add(column, LANE, None);
                way.push((lane, LANE / 2.0));
            }
            way.push((b, sizes.middle(to)));
            for pair in way.windows(2) {
                net.pieces.push(Piece {
                    from: pair[0],
                    to: pair[1],
                });
            }
            net.ways.push(((from, to), way));
        }
        net
    }

    fn add(&mut self, column: usize, height: f64, group: Option<usize>) -> usize {
        self.places.push(Place {
            column,
            height,
            group,
            y: 0.0,
        });
        self.order[column].push(self.places.len() - 1);
        self.places.len() - 1
    }

    /// Sorts each column by where its neighbours stand, forth and back; keeps the best.
    fn order(&mut self) {
        let mut best = (self.crossings(), self.order.clone());
        for round in 0..ROUNDS {
            let forth = round % 2 == 0;
            let count = self.order.len();
            for step in 1..count {
                let column = if forth { step } else { count - 1 - step };
                self.sort(column, forth);
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.order.clone());
            }
        }
        self.order = best.1;
    }

    fn sort(&mut self, column: usize, forth: bool) {
        let rank = self.ranks();
        let mut keyed: Vec<(f64, usize)> = self.order[column]
            .iter()
            .map(|&place| {
                let near: Vec<f64> = self
                    .pieces
                    .iter()
                    .filter_map(|piece| match forth {
                        true if piece.to.0 == place => {
                            Some(rank[piece.from.0] + piece.from.1 / 1e5)
                        }
                        false if piece.from.0 == place => Some(rank[piece.to.0] + piece.to.1 / 1e5),
                        _ => None,
                    })
                    .collect();
                let key = if near.is_empty() {
                    rank[place]
                } else {
                    mean(&near)
                };
                (key, place)
            })
            .collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.order[column] = keyed.into_iter().map(|(_, place)| place).collect();
    }

    #[expect(clippy::cast_precision_loss, reason = "a plan has few boxes")]
    fn ranks(&self) -> Vec<f64> {
        let mut rank = vec![0.0; self.places.len()];
        for column in &self.order {
            for (at, &place) in column.iter().enumerate() {
                rank[place] = at as f64 / column.len() as f64 * 100.0;
            }
        }
        rank
    }

    fn crossings(&self) -> usize {
        let rank = self.ranks();
        let key = |end: End| rank[end.0] + end.1 / 1e5;
        let mut crossings = 0;
        for (at, one) in self.pieces.iter().enumerate() {
            for other in &self.pieces[at + 1..] {
                if self.places[one.from.0].column == self.places[other.from.0].column {
                    let left = key(one.from) - key(other.from);
                    let right = key(one.to) - key(other.to);
                    crossings += usize::from(left * right < 0.0);
                }
            }
        }
        crossings
    }

    /// Moves boxes towards what they are joined to, as far as their order allows.
    fn straighten(&mut self) {
        for column in self.order.clone() {
            let mut y = 0.0;
            for place in column {
                self.places[place].y = y;
                y += self.places[place].height + GAP;
            }
        }
        for round in 0..ROUNDS {
            let count = self.order.len();
            for step in 0..count {
                let column = if round % 2 == 0 {
                    step
                } else {
                    count - 1 - step
                };
                self.settle(column);
            }
        }
        let top = self
            .places
            .iter()
            .map(|place| place.y)
            .fold(f64::MAX, f64::min);
        for place in &mut self.places {
            place.y -= top;
        }
    }

    /// Wished heights of a column, made to fit: neighbours that want the same room share it
    /// evenly (pool adjacent violators).
    fn settle(&mut self, column: usize) {
        let mut pools: Vec<(f64, f64, usize)> = Vec::new();
        let mut offset = 0.0;
        let mut offsets = Vec::new();
        for &place in &self.order[column] {
            let (wish, weight) = self.wish(place);
            offsets.push(offset);
            let mut pool = (wish - offset, weight, 1);
            while let Some(last) = pools.last().filter(|last| last.0 > pool.0).copied() {
                pools.pop();
                let weight = last.1 + pool.1;
                let level = (last.0 * last.1 + pool.0 * pool.1) / weight;
                pool = (level, weight, last.2 + pool.2);
            }
            pools.push(pool);
            let lane = self.places[place].group.is_none();
            offset += self.places[place].height + if lane { GAP / 2.0 } else { GAP };
        }
        let levels = pools
            .into_iter()
            .flat_map(|(level, _, count)| std::iter::repeat_n(level, count));
        let column = self.order[column].clone();
        for ((place, offset), level) in column.into_iter().zip(offsets).zip(levels) {
            self.places[place].y = level + offset;
        }
    }

    /// The top at which a place's arrows are straight, and how much that matters: long arrows
    /// most.
    fn wish(&self, place: usize) -> (f64, f64) {
        let mut sum = 0.0;
        let mut weight = 0.0;
        for piece in &self.pieces {
            let (own, other) = if piece.from.0 == place {
                (piece.from, piece.to)
            } else if piece.to.0 == place {
                (piece.to, piece.from)
            } else {
                continue;
            };
            let lanes = [own.0, other.0]
                .iter()
                .filter(|&&end| self.places[end].group.is_none())
                .count();
            let matters = [1.0, 2.0, 8.0][lanes];
            sum += matters * (self.places[other.0].y + other.1 - own.1);
            weight += matters;
        }
        if weight == 0.0 {
            (self.places[place].y, 0.1)
        } else {
            (sum / weight, weight)
        }
    }

    fn layout(self, model: &Model, sizes: &Sizes) -> Layout {
        let mut columns: Vec<(f64, f64)> = vec![(0.0, 0.0); self.order.len()];
        for place in &self.places {
            if let Some(group) = place.group {
                let width = &mut columns[place.column].1;
                *width = width.max(sizes.groups[group].0);
            }
        }
        let mut x = 0.0;
        for column in &mut columns {
            column.0 = x;
            x += column.1 + GUTTER;
        }
        let groups = model.groups.iter().enumerate();
        let bottom = |place: &Place| place.y + place.height;
        Layout {
            columns,
            groups: groups
                .map(|(at, _)| (self.places[at].column, self.places[at].y))
                .collect(),
            ways: self
                .ways
                .iter()
                .map(|(edge, way)| {
                    let heights = way.iter().map(|&(at, below)| self.places[at].y + below);
                    (*edge, heights.collect())
                })
                .collect(),
            width: (x - GUTTER).max(0.0),
            height: self.places.iter().map(bottom).fold(0.0, f64::max),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a plan has few boxes")]
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
