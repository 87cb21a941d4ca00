//! Compresses the page ahead of time, as well as the formats can, so that a server need not.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::thread;

use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;

/// What compresses: text and WebAssembly. Pictures and archives are compressed already.
const EXTENSIONS: [&str; 8] = ["css", "html", "js", "json", "svg", "txt", "wasm", "webmanifest"];

/// Why a folder could not be packed or measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PackError {
    #[error("cannot read {}: {source}; build the page first: `make page`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// Writes `file.br` (quality 11) and `file.gz` (level 9) beside each compressible file below `dist`.
///
/// `index.html` comes last: once its copies exist, the folder is complete.
pub(crate) fn pack(dist: &Path) -> Result<(), PackError> {
    let index = dist.join("index.html");
    let files = files(dist)?;
    thread::scope(|scope| {
        let others = files.iter().filter(|file| is_compressible(file) && **file != index);
        let threads = Vec::from_iter(others.map(|file| scope.spawn(|| compress(file))));
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })?;
    compress(&index)
}

/// Every file below `folder`, in order of path.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, PackError> {
    let failed = |source| PackError::Read { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// `file` with a second extension: `page.js` and `br` give `page.js.br`.
pub(crate) fn beside(file: &Path, extension: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

fn is_compressible(file: &Path) -> bool {
    file.extension().and_then(|extension| extension.to_str()).is_some_and(|e| EXTENSIONS.contains(&e))
}

fn compress(file: &Path) -> Result<(), PackError> {
    let content = fs::read(file).map_err(|source| PackError::Read { path: file.to_owned(), source })?;
    for (extension, compressor) in [("gz", gzip as fn(&[u8]) -> io::Result<Vec<u8>>), ("br", brotli)] {
        let path = beside(file, extension);
        compressor(&content)
            .and_then(|compressed| fs::write(&path, compressed))
            .map_err(|source| PackError::Write { path, source })?;
    }
    Ok(())
}

fn gzip(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}

fn brotli(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressed = Vec::new();
    let params = BrotliEncoderParams { quality: 11, size_hint: content.len(), ..Default::default() };
    brotli::BrotliCompress(&mut &content[..], &mut compressed, &params)?;
    Ok(compressed)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn both_formats_give_back_what_went_in_and_are_smaller() {
        let content = b"the walk goes clockwise from the key's token ".repeat(50);
        let (gz, br) = (gzip(&content).unwrap(), brotli(&content).unwrap());
        let mut from_gz = Vec::new();
        flate2::read::GzDecoder::new(&gz[..]).read_to_end(&mut from_gz).unwrap();
        let mut from_br = Vec::new();
        brotli::BrotliDecompress(&mut &br[..], &mut from_br).unwrap();
        assert_eq!((&from_gz, &from_br), (&content, &content));
        assert!(gz.len() < content.len() && br.len() < content.len());
    }

    #[test]
    fn a_copy_stands_beside_its_file() {
        assert_eq!(beside(Path::new("dist/page.js"), "br"), Path::new("dist/page.js.br"));
    }

    #[test]
    fn a_folder_that_is_not_there_says_how_to_build_it() {
        let error = pack(Path::new("no-such-folder")).unwrap_err().to_string();
        assert!(error.contains("no-such-folder") && error.contains("make page"), "{error}");
    }
}
