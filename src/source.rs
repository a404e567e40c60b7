//! Where bytes come from.
//!
//! A [`Source`] gives bytes at an offset without a shared cursor, so that
//! several threads read one file at once. Files are read by `pread`, never
//! mapped: a mapped file that is cut short kills the process. Whoever has bytes elsewhere, as in an
//! object store, feeds them through a source of its own.

use std::fmt;
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use crate::error::{Error, Result};

/// Bytes at an offset, from any thread.
pub trait Source: Sync {
    /// Total number of bytes.
    fn len(&self) -> u64;

    /// Whether there are no bytes at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Time of last modification, in nanoseconds since 1970, or another number that changes with
    /// the bytes; 0 if unknown.
    fn modified_ns(&self) -> i128 {
        0
    }

    /// Whether the bytes are known to have changed since the source was opened.
    fn has_changed(&self) -> bool {
        false
    }

    /// Fill `buffer` with the bytes from `offset` on.
    ///
    /// # Errors
    /// [`Error::Truncated`] if there are fewer bytes, [`Error::Io`] if reading fails.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<()>;
}

/// A file on disk.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    length: u64,
    modified_ns: i128,
}

impl FileSource {
    /// Open a file for reading.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be opened or is not a regular file.
    pub fn open(path: &Path) -> Result<Self> {
        // Looked at first: to open a pipe waits for who writes into it.
        if !std::fs::metadata(path)?.is_file() {
            return Err(Error::Io(std::io::Error::other("it is not a regular file")));
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        Ok(Self {
            length: metadata.len(),
            modified_ns: modified_ns(&metadata),
            file,
        })
    }
}

fn modified_ns(metadata: &Metadata) -> i128 {
    metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |age| i128::try_from(age.as_nanos()).unwrap_or(i128::MAX))
}

impl Source for FileSource {
    fn len(&self) -> u64 {
        self.length
    }

    fn modified_ns(&self) -> i128 {
        self.modified_ns
    }

    fn has_changed(&self) -> bool {
        self.file
            .metadata()
            .is_ok_and(|now| (now.len(), modified_ns(&now)) != (self.length, self.modified_ns))
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        read_exact_at(&self.file, buffer, offset).map_err(|error| {
            if error.kind() == std::io::ErrorKind::UnexpectedEof {
                Error::Truncated {
                    segment: "requested",
                    begin: offset,
                    end: offset.saturating_add(buffer.len() as u64),
                    length: self.length,
                }
            } else {
                Error::Io(error)
            }
        })
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> std::io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !buffer.is_empty() {
        match file.seek_read(buffer, offset)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => {
                buffer = &mut buffer[count..];
                offset += count as u64;
            }
        }
    }
    Ok(())
}

/// Bytes in memory.
impl Source for &[u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        let bytes = usize::try_from(offset)
            .ok()
            .and_then(|begin| self.get(begin..)?.get(..buffer.len()))
            .ok_or(Error::Truncated {
                segment: "requested",
                begin: offset,
                end: offset.saturating_add(buffer.len() as u64),
                length: <[u8]>::len(self) as u64,
            })?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }
}

impl<S: Source + Send + ?Sized> Source for Arc<S> {
    fn len(&self) -> u64 {
        (**self).len()
    }

    fn modified_ns(&self) -> i128 {
        (**self).modified_ns()
    }

    fn has_changed(&self) -> bool {
        (**self).has_changed()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        (**self).read_at(buffer, offset)
    }
}

/// Where a file is.
#[derive(Clone)]
pub enum Location {
    /// In a file system of this machine.
    Path(PathBuf),
    /// Elsewhere: its name, and who feeds its bytes.
    Fed(String, Arc<dyn Source + Send>),
}

impl Location {
    /// Make its bytes available.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be opened or is not a regular file.
    pub fn open(&self) -> Result<Arc<dyn Source + Send>> {
        match self {
            Self::Path(path) => Ok(Arc::new(FileSource::open(path)?)),
            Self::Fed(_, source) => Ok(Arc::clone(source)),
        }
    }

    /// Whether this process reads the bytes itself.
    #[must_use]
    pub fn is_path(&self) -> bool {
        matches!(self, Self::Path(_))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(formatter),
            Self::Fed(name, _) => formatter.write_str(name),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Location({self})")
    }
}

/// The bytes of a source from some byte on, as of the second data set of a file.
pub struct Window<'a> {
    source: &'a dyn Source,
    begin: u64,
}

impl<'a> Window<'a> {
    /// Everything from byte `begin` on; nothing where the source is shorter.
    #[must_use]
    pub fn new(source: &'a dyn Source, begin: u64) -> Self {
        Self { source, begin }
    }
}

impl Source for Window<'_> {
    fn len(&self) -> u64 {
        self.source.len().saturating_sub(self.begin)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<()> {
        self.source
            .read_at(buffer, offset.saturating_add(self.begin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_to_read_beyond_the_end() {
        let bytes: &[u8] = b"abcdef";
        let mut buffer = [0; 4];
        assert!(bytes.read_at(&mut buffer, 2).is_ok());
        assert_eq!(&buffer, b"cdef");
        assert!(matches!(
            bytes.read_at(&mut buffer, 3),
            Err(Error::Truncated { .. })
        ));
        assert!(bytes.read_at(&mut buffer, u64::MAX).is_err());
    }

    #[test]
    fn a_fed_file_is_opened_without_a_file_system() -> Result<()> {
        struct Fed;
        impl Source for Fed {
            fn len(&self) -> u64 {
                3
            }
            fn modified_ns(&self) -> i128 {
                7
            }
            fn read_at(&self, buffer: &mut [u8], _: u64) -> Result<()> {
                buffer.fill(b'x');
                Ok(())
            }
        }
        let source = Location::Fed("store://file".into(), Arc::new(Fed)).open()?;
        let mut buffer = [0; 3];
        source.read_at(&mut buffer, 0)?;
        assert_eq!(
            (&buffer, source.len(), source.modified_ns()),
            (b"xxx", 3, 7)
        );
        Ok(())
    }
}
