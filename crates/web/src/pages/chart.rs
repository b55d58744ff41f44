//! Charts as SVG from the server: bars, parts of a whole, columns and lines by month. Geometry alone; what a chart says stands in words
//! beside it, and the numbers in a table beneath, so that neither colour nor script is needed to read it.

/// Width of a chart by month, in its own units; its text is as large as that of the page where it is shown this wide.
const WIDTH: i64 = 320;
const HEIGHT: i64 = 168;
/// Room above for the numbers, below for the months, at both sides for half a month.
const TOP: i64 = 30;
const BOTTOM: i64 = 30;
const SIDE: i64 = 14;
/// Steps between two numbers that do not run into each other.
const APART: usize = 3;

/// A chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Chart {
    /// Nothing to draw.
    Nothing,
    /// A line each, as long as its number.
    Bars(Vec<Bar>),
    /// A line each, cut into its parts.
    Stacks(Vec<Stack>),
    /// By month.
    Months(Months),
}

/// A bar with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) title: String,
    /// In thousandths of the longest.
    pub(super) length: i64,
    pub(super) number: String,
}

/// A whole in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stack {
    pub(super) title: String,
    /// Class, start and length of each part, in thousandths.
    pub(super) parts: Vec<(String, i64, i64)>,
    pub(super) words: String,
}

/// A trend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Months {
    pub(super) width: i64,
    pub(super) height: i64,
    /// Where the months stand.
    pub(super) ground: i64,
    /// Columns from the ground, for counts.
    pub(super) columns: Vec<Rect>,
    /// Lines between neighbours, for shares and days; a month without a number breaks them.
    pub(super) lines: Vec<String>,
    pub(super) points: Vec<(i64, i64)>,
    /// Words with their place and anchor.
    pub(super) words: Vec<Word>,
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) width: i64,
    pub(super) height: i64,
}

/// A word in a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) anchor: &'static str,
    pub(super) text: String,
}

/// One month of a trend.
#[derive(Clone, Debug)]
pub(super) struct Point {
    /// Number of the month.
    pub(super) month: i32,
    /// None where there is nothing to tell.
    pub(super) value: Option<i64>,
    /// The number as it is written.
    pub(super) text: String,
}

/// Bars, the longest as long as there is room.
pub(super) fn bars(values: impl IntoIterator<Item = (String, i64, String)>) -> Chart {
    let values: Vec<(String, i64, String)> = values.into_iter().collect();
    let most = values.iter().map(|(_, value, _)| *value).max().unwrap_or(0).max(1);
    let bar = |(title, value, number): (String, i64, String)| Bar { title, length: value.max(0) * 1000 / most, number };
    if values.is_empty() { Chart::Nothing } else { Chart::Bars(values.into_iter().map(bar).collect()) }
}

/// Wholes in parts: of each its title, the numbers in order and the words beneath.
pub(super) fn stacks(wholes: impl IntoIterator<Item = (String, Vec<i64>, String)>) -> Chart {
    let stack = |(title, numbers, words): (String, Vec<i64>, String)| {
        let all = numbers.iter().sum::<i64>().max(1);
        let mut parts = Vec::new();
        let mut before = 0;
        for (index, number) in numbers.iter().enumerate() {
            let (from, to) = (before * 1000 / all, (before + number) * 1000 / all);
            before += number;
            if to > from {
                let class = if index + 1 == numbers.len() { "rest".to_owned() } else { format!("part-{index}") };
                parts.push((class, from, to - from));
            }
        }
        Stack { title, parts, words }
    };
    let stacks: Vec<Stack> = wholes.into_iter().map(stack).collect();
    if stacks.is_empty() { Chart::Nothing } else { Chart::Stacks(stacks) }
}

/// Columns by month.
pub(super) fn columns(points: &[Point]) -> Chart {
    let most = points.iter().filter_map(|point| point.value).max().unwrap_or(0).max(1);
    let step = step(points.len());
    let wide = (step * 6 / 10).clamp(3, 2 * SIDE - 2);
    let column = |(index, point): (usize, &Point)| {
        let value = point.value?;
        let y = height_of(value, most);
        Some(Rect { x: place(index, points.len()) - wide / 2, y, width: wide, height: HEIGHT - BOTTOM - y })
    };
    let columns = points.iter().enumerate().filter_map(column).collect();
    let words = words(points, most);
    Chart::Months(Months { width: WIDTH, height: HEIGHT, ground: HEIGHT - BOTTOM, columns, lines: Vec::new(), points: Vec::new(), words })
}

/// A line by month; `most` is the top of its scale, such as the whole of a share, and the bottom is always nothing.
pub(super) fn line(points: &[Point], most: Option<i64>) -> Chart {
    let most = most.or_else(|| points.iter().filter_map(|point| point.value).max()).unwrap_or(0).max(1);
    let mut lines = Vec::new();
    let mut running: Vec<(i64, i64)> = Vec::new();
    let mut all = Vec::new();
    for (index, point) in points.iter().enumerate() {
        match point.value {
            Some(value) => {
                let at = (place(index, points.len()), height_of(value, most));
                running.push(at);
                all.push(at);
            }
            None => lines.extend(joined(std::mem::take(&mut running))),
        }
    }
    lines.extend(joined(running));
    if all.is_empty() {
        return Chart::Nothing;
    }
    let words = words(points, most);
    Chart::Months(Months { width: WIDTH, height: HEIGHT, ground: HEIGHT - BOTTOM, columns: Vec::new(), lines, points: all, words })
}

fn joined(points: Vec<(i64, i64)>) -> Option<String> {
    let text: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
    (text.len() > 1).then(|| text.join(" "))
}

fn step(count: usize) -> i64 {
    let gaps = i64::try_from(count.max(2) - 1).unwrap_or(1);
    (WIDTH - 2 * SIDE) / gaps
}

fn place(index: usize, count: usize) -> i64 {
    let gaps = i64::try_from(count.max(2) - 1).unwrap_or(1);
    SIDE + (WIDTH - 2 * SIDE) * i64::try_from(index).unwrap_or(0) / gaps
}

fn height_of(value: i64, most: i64) -> i64 {
    let room = HEIGHT - TOP - BOTTOM;
    HEIGHT - BOTTOM - room * value.clamp(0, most) / most
}

/// The months below, as many as there is room for, and the numbers of the first, the last, the highest and the lowest.
fn words(points: &[Point], most: i64) -> Vec<Word> {
    const MONTHS_SHOWN: usize = 12;
    let every = points.len().div_ceil(MONTHS_SHOWN).max(1);
    let last = points.len().saturating_sub(1);
    let month = |(index, point): (usize, &Point)| {
        let shown = (last - index).is_multiple_of(every);
        shown.then(|| Word { x: place(index, points.len()), y: HEIGHT - 8, anchor: "middle", text: point.month.to_string() })
    };
    let mut words: Vec<Word> = points.iter().enumerate().filter_map(month).collect();
    let known: Vec<(usize, i64)> = points.iter().enumerate().filter_map(|(index, point)| Some((index, point.value?))).collect();
    let highest = known.iter().max_by_key(|(_, value)| *value);
    let lowest = known.iter().min_by_key(|(_, value)| *value);
    let mut numbered: Vec<usize> = Vec::new();
    for (index, _) in [known.last(), known.first(), highest, lowest].into_iter().flatten() {
        if numbered.iter().all(|other| other.abs_diff(*index) >= APART) {
            numbered.push(*index);
        }
    }
    for index in numbered {
        let Some(point) = points.get(index) else { continue };
        let anchor = if index == 0 {
            "start"
        } else if index == last {
            "end"
        } else {
            "middle"
        };
        let x = match anchor {
            "start" => 2,
            "end" => WIDTH - 2,
            _ => place(index, points.len()),
        };
        words.push(Word { x, y: height_of(point.value.unwrap_or(0), most) - 9, anchor, text: point.text.clone() });
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[Option<i64>]) -> Vec<Point> {
        let point = |(index, value): (usize, &Option<i64>)| Point {
            month: i32::try_from(index).unwrap() + 1,
            value: *value,
            text: value.map_or_else(String::new, |value| value.to_string()),
        };
        values.iter().enumerate().map(point).collect()
    }

    #[test]
    fn parts_make_a_whole_and_nothing_has_no_width() {
        let Chart::Stacks(stacks) = stacks([("甲".to_owned(), vec![1, 0, 2, 4], String::new())]) else { panic!() };
        assert_eq!(stacks[0].parts, [("part-0".to_owned(), 0, 142), ("part-2".to_owned(), 142, 286), ("rest".to_owned(), 428, 572)]);
        assert_eq!(super::stacks([]), Chart::Nothing);
    }

    #[test]
    fn bars_are_measured_by_the_longest() {
        let Chart::Bars(bars) = bars([("甲".to_owned(), 4, String::new()), ("乙".to_owned(), 1, String::new())]) else { panic!() };
        assert_eq!(bars.iter().map(|bar| bar.length).collect::<Vec<_>>(), [1000, 250]);
    }

    #[test]
    fn a_month_without_a_number_breaks_the_line_and_the_scale_begins_at_nothing() {
        let Chart::Months(months) = line(&points(&[Some(500), Some(1000), None, Some(0)]), Some(1000)) else { panic!() };
        let (top, ground) = (TOP, HEIGHT - BOTTOM);
        assert_eq!(months.lines, [format!("{SIDE},{} {},{top}", (top + ground) / 2, place(1, 4))]);
        assert_eq!(months.points.last(), Some(&(WIDTH - SIDE, ground)));
        assert_eq!(line(&points(&[None, None]), None), Chart::Nothing);
    }

    #[test]
    fn words_stay_inside_and_apart() {
        for count in [1, 2, 6, 12, 24, 36] {
            let values: Vec<Option<i64>> = (0..count).map(|n| Some(n * 7 % 11)).collect();
            let Chart::Months(months) = columns(&points(&values)) else { panic!() };
            assert!(months.words.iter().filter(|word| word.anchor == "middle" && word.y > months.ground).count() <= 12, "{count}");
            assert!(months.words.iter().all(|word| (0..=WIDTH).contains(&word.x) && word.y > 0), "{count}");
            assert!(months.columns.iter().all(|column| column.x >= 0 && column.x + column.width <= WIDTH), "{count}: {:?}", months.columns);
        }
    }
}
