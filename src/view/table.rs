//! The twin of the picture: one row for each instance, sorted and filtered.

use std::cmp::Ordering;
use std::time::Duration;

use super::mark::Mark;

/// One instance's facts.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its index in the ring.
    pub index: u32,
    /// Its ID.
    pub id: String,
    /// Its zone, may be empty.
    pub zone: String,
    /// `host:port`.
    pub address: String,
    /// How its state is shown.
    pub mark: Mark,
    /// How old its heartbeat is; `None` when it lies in the future.
    pub heartbeat_age: Option<Duration>,
    /// Number of tokens.
    pub tokens: usize,
    /// What it owns in its zone, in percent.
    pub percent: f64,
    /// What it would own if tokens lay evenly, in percent.
    pub expected_percent: f64,
    /// Excluded from shuffle shards.
    pub read_only: bool,
    /// Unix seconds of the registration, 0 when unknown.
    pub registered: i64,
}

/// What a column tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The ID; digits in it count as numbers.
    Instance,
    /// The zone.
    Zone,
    /// The address.
    Address,
    /// The state, the worst first.
    State,
    /// The heartbeat's age.
    Heartbeat,
    /// How many tokens.
    Tokens,
    /// What it owns.
    Ownership,
    /// How far from even that is.
    Expected,
    /// Whether it is read-only.
    ReadOnly,
    /// When it registered.
    Registered,
}

impl Column {
    /// All columns, from left to right.
    pub const ALL: [Self; 10] = [
        Self::Instance,
        Self::State,
        Self::Zone,
        Self::Heartbeat,
        Self::Tokens,
        Self::Ownership,
        Self::Expected,
        Self::Address,
        Self::ReadOnly,
        Self::Registered,
    ];

    /// The column's heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Instance => "Instance",
            Self::Zone => "Zone",
            Self::Address => "Address",
            Self::State => "State",
            Self::Heartbeat => "Heartbeat",
            Self::Tokens => "Tokens",
            Self::Ownership => "Owns",
            Self::Expected => "vs expected",
            Self::ReadOnly => "Read-only",
            Self::Registered => "Registered",
        }
    }

    /// A name for the column that is stable in the page.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Zone => "zone",
            Self::Address => "address",
            Self::State => "state",
            Self::Heartbeat => "heartbeat",
            Self::Tokens => "tokens",
            Self::Ownership => "ownership",
            Self::Expected => "expected",
            Self::ReadOnly => "read-only",
            Self::Registered => "registered",
        }
    }

    /// Whether its cells are numbers, set to the right.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Heartbeat | Self::Tokens | Self::Ownership | Self::Expected)
    }

    fn compare(self, a: &Row, b: &Row) -> Ordering {
        match self {
            Self::Instance => natural(&a.id, &b.id),
            Self::Zone => natural(&a.zone, &b.zone),
            Self::Address => natural(&a.address, &b.address),
            Self::State => a.mark.worst_first().cmp(&b.mark.worst_first()),
            Self::Heartbeat => a.heartbeat_age.cmp(&b.heartbeat_age),
            Self::Tokens => a.tokens.cmp(&b.tokens),
            Self::Ownership => a.percent.total_cmp(&b.percent),
            Self::Expected => a.deviation().total_cmp(&b.deviation()),
            Self::ReadOnly => a.read_only.cmp(&b.read_only),
            Self::Registered => a.registered.cmp(&b.registered),
        }
    }
}

impl Row {
    /// How much more than an even share it owns, in percent of that share.
    pub fn deviation(&self) -> f64 {
        if self.expected_percent > 0.0 { (self.percent / self.expected_percent - 1.0) * 100.0 } else { 0.0 }
    }

    fn matches(&self, word: &str) -> bool {
        let fields = [&*self.id, &*self.zone, &*self.address, self.mark.name()];
        fields.iter().any(|field| field.to_lowercase().contains(word))
            || word == "read-only" && self.read_only
    }
}

/// How a table is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// By which column; `None` is the order to begin with, problems first.
    pub column: Option<Column>,
    /// Largest first.
    pub descending: bool,
}

impl Order {
    /// Problems first: UNHEALTHY, then whatever is not ACTIVE, then the rest.
    pub const PROBLEMS_FIRST: Self = Self { column: None, descending: false };

    /// The order after a click on a column's heading: the other way round, if it is the same column.
    pub fn clicked(self, column: Column) -> Self {
        Self { column: Some(column), descending: self.column == Some(column) && !self.descending }
    }
}

/// The places in `rows` of those that have every word of `filter`, sorted; equals by name.
pub fn arrange(rows: &[Row], filter: &str, order: Order) -> Vec<u32> {
    let filter = filter.to_lowercase();
    let words: Vec<&str> = filter.split_whitespace().collect();
    let mut places: Vec<u32> = (0..rows.len() as u32)
        .filter(|&place| words.iter().all(|word| rows[place as usize].matches(word)))
        .collect();
    places.sort_by(|&a, &b| {
        let (a, b) = (&rows[a as usize], &rows[b as usize]);
        let compared = order.column.unwrap_or(Column::State).compare(a, b);
        let compared = if order.descending { compared.reverse() } else { compared };
        compared.then_with(|| natural(&a.id, &b.id))
    });
    places
}

/// Compares so that `loki-2` comes before `loki-10`.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (mut a_rest, mut b_rest) = (a, b);
    loop {
        let (a_number, b_number) = (leading_digits(a_rest), leading_digits(b_rest));
        if a_number > 0 && b_number > 0 {
            let [x, y] =
                [&a_rest[..a_number], &b_rest[..b_number]].map(|digits| digits.trim_start_matches('0'));
            match x.len().cmp(&y.len()).then_with(|| x.cmp(y)) {
                Ordering::Equal => (a_rest, b_rest) = (&a_rest[a_number..], &b_rest[b_number..]),
                unequal => return unequal,
            }
            continue;
        }
        let (mut a_chars, mut b_chars) = (a_rest.chars(), b_rest.chars());
        match (a_chars.next(), b_chars.next()) {
            (Some(x), Some(y)) if x == y => (a_rest, b_rest) = (a_chars.as_str(), b_chars.as_str()),
            // `loki-01` and `loki-1` are equal as numbers, not as names.
            (None, None) => return a.cmp(b),
            (x, y) => return x.cmp(&y),
        }
    }
}

fn leading_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Which rows of a long table to make, so that scrolling stays cheap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first row to make.
    pub first: usize,
    /// One beyond the last.
    pub end: usize,
}

impl Window {
    /// The rows that show at a scroll position, in rows of `row_height` pixels, with some to spare.
    pub fn at(total: usize, scroll_top: f64, height: f64, row_height: f64) -> Self {
        const SPARE: usize = 6;
        let first = (scroll_top.max(0.0) / row_height) as usize;
        let shown = (height.max(0.0) / row_height).ceil() as usize + 1;
        // Even steps, so that small scrolls change nothing.
        let first = first.saturating_sub(SPARE) & !3;
        Self { first: first.min(total), end: (first + shown + 2 * SPARE + 4).min(total) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(index: u32, id: &str, percent: f64, mark: Mark) -> Row {
        Row {
            index,
            id: id.to_owned(),
            zone: format!("zone-{}", index % 2),
            address: format!("10.0.0.{index}:9095"),
            mark,
            heartbeat_age: Some(Duration::from_secs(u64::from(index))),
            tokens: 128,
            percent,
            expected_percent: 33.3,
            read_only: index == 2,
            registered: 0,
        }
    }

    fn rows() -> Vec<Row> {
        vec![
            row(0, "loki-1", 30.0, Mark::Active),
            row(1, "loki-10", 40.0, Mark::Unhealthy),
            row(2, "loki-2", 30.0, Mark::Active),
        ]
    }

    fn sorted(filter: &str, column: Column, descending: bool) -> Vec<u32> {
        arrange(&rows(), filter, Order { column: Some(column), descending })
    }

    #[test]
    fn names_sort_as_people_count() {
        assert_eq!(sorted("", Column::Instance, false), [0, 2, 1]);
        assert_eq!(natural("a-01", "a-1"), Ordering::Less);
        assert_eq!(natural("a-99999999999999999999999", "a-100000000000000000000000"), Ordering::Less);
        assert_eq!(natural("zone-a-2", "zone-b-1"), Ordering::Less);
    }

    #[test]
    fn equals_go_by_their_names_both_ways() {
        assert_eq!(sorted("", Column::Ownership, false), [0, 2, 1]);
        assert_eq!(sorted("", Column::Ownership, true), [1, 0, 2]);
        assert_eq!(sorted("", Column::State, false), [1, 0, 2], "UNHEALTHY comes first");
    }

    #[test]
    fn a_filter_takes_rows_with_all_its_words_in_any_field() {
        assert_eq!(sorted("unhealthy", Column::Instance, false), [1]);
        assert_eq!(sorted("LOKI zone-0", Column::Instance, false), [0, 2]);
        assert_eq!(sorted("read-only", Column::Instance, false), [2]);
        assert!(sorted("nothing", Column::Instance, false).is_empty());
    }

    #[test]
    fn problems_come_first_until_a_heading_is_clicked_and_worst_first_by_the_first_click_on_state() {
        let marks = [Mark::Active, Mark::Left, Mark::Joining, Mark::Unhealthy, Mark::Leaving, Mark::Active];
        let rows: Vec<Row> =
            marks.iter().zip(0..).map(|(&mark, i)| row(i, &format!("a-{}", 10 - i), 1.0, mark)).collect();
        let expected = [3, 4, 2, 1, 5, 0];
        assert_eq!(arrange(&rows, "", Order::PROBLEMS_FIRST), expected);
        assert_eq!(arrange(&rows, "", Order::PROBLEMS_FIRST.clicked(Column::State)), expected);
    }

    #[test]
    fn a_second_click_turns_the_order_round() {
        let order = Order::PROBLEMS_FIRST.clicked(Column::Zone);
        assert_eq!(order, Order { column: Some(Column::Zone), descending: false });
        assert!(order.clicked(Column::Zone).descending);
        assert_eq!(order.clicked(Column::Tokens), Order { column: Some(Column::Tokens), descending: false });
    }

    #[test]
    fn a_window_holds_what_shows_and_never_more_than_there_is() {
        let window = Window::at(1000, 4000.0, 400.0, 40.0);
        assert!(window.first <= 100 && window.end >= 111 && window.end - window.first < 40);
        assert_eq!(Window::at(3, 0.0, 400.0, 40.0), Window { first: 0, end: 3 });
        assert_eq!(Window::at(0, 900.0, 400.0, 40.0), Window { first: 0, end: 0 });
    }
}
