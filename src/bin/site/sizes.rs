//! The bytes that a first visit transfers.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::pack::{PackError, beside, files};

/// What a browser must load before the page runs; samples and icons do not count.
const EXTENSIONS: [&str; 4] = ["wasm", "js", "css", "html"];

/// The sizes of a packed folder; displays as a table with a total.
pub(crate) struct Sizes(Vec<Row>);

struct Row {
    name: String,
    /// Bytes as they are, with gzip, with Brotli.
    bytes: [u64; 3],
}

impl Sizes {
    /// Measures the files of `dist` and the copies that `pack` put beside them.
    pub(crate) fn read(dist: &Path) -> Result<Self, PackError> {
        let files = files(dist)?;
        let of_kind = |kind: &'static str| {
            files.iter().filter(move |file| file.extension().is_some_and(|extension| extension == kind))
        };
        let rows = EXTENSIONS.into_iter().flat_map(of_kind).map(|file| {
            Ok(Row {
                name: file.strip_prefix(dist).unwrap_or(file).display().to_string(),
                bytes: [length(file.clone())?, length(beside(file, "gz"))?, length(beside(file, "br"))?],
            })
        });
        rows.collect::<Result<_, _>>().map(Self)
    }

    fn total(&self) -> [u64; 3] {
        self.0.iter().fold([0; 3], |sum, row| std::array::from_fn(|i| sum[i] + row.bytes[i]))
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|row| row.name.len()).max().unwrap_or(0).max("bytes".len());
        writeln!(f, "{:width$}  {:>9}  {:>9}  {:>9}", "bytes", "plain", "gzip 9", "brotli 11")?;
        let total = Row { name: "total".to_owned(), bytes: self.total() };
        for Row { name, bytes: [plain, gzip, brotli] } in self.0.iter().chain([&total]) {
            writeln!(f, "{name:width$}  {plain:>9}  {gzip:>9}  {brotli:>9}")?;
        }
        Ok(())
    }
}

fn length(path: PathBuf) -> Result<u64, PackError> {
    match fs::metadata(&path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(source) => Err(PackError::Read { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_ends_with_the_sum_of_its_rows() {
        let row = |name: &str, bytes| Row { name: name.to_owned(), bytes };
        let sizes = Sizes(vec![row("page.wasm", [1000, 400, 300]), row("page.js", [200, 90, 80])]);
        let table = sizes.to_string();
        assert_eq!(
            table.lines().last().unwrap().split_whitespace().collect::<Vec<_>>(),
            ["total", "1200", "490", "380"]
        );
    }
}
