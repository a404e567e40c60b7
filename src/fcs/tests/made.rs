//! Files made byte by byte from keywords and DATA.

use crate::error::Result;
use crate::fcs::File;
use crate::fcs::data::{Column, Values, read_columns};

/// What a file is made of; HEADER gives the offsets that follow.
#[derive(Debug, Clone)]
pub(in crate::fcs) struct Made {
    pub(in crate::fcs) version: &'static str,
    pub(in crate::fcs) delimiter: char,
    pub(in crate::fcs) keywords: Vec<(String, String)>,
    pub(in crate::fcs) data: Vec<u8>,
    pub(in crate::fcs) analysis: Vec<u8>,
    /// Bytes behind the last segment.
    pub(in crate::fcs) trailing: Vec<u8>,
}

impl Made {
    /// Channels are (bits, range); the byte order is little-endian.
    pub(in crate::fcs) fn new(datatype: &str, channels: &[(&str, &str)], data: &[u8]) -> Self {
        let mut made = Self {
            version: "FCS3.1",
            delimiter: '|',
            keywords: Vec::new(),
            data: data.to_vec(),
            analysis: Vec::new(),
            trailing: Vec::new(),
        };
        made.set("$BYTEORD", "1,2,3,4");
        made.set("$DATATYPE", datatype);
        made.set("$MODE", "L");
        made.set("$PAR", &channels.len().to_string());
        for (number, (bits, range)) in (1..).zip(channels) {
            made.set(&format!("$P{number}B"), bits);
            made.set(&format!("$P{number}N"), &format!("FL{number}"));
            made.set(&format!("$P{number}R"), range);
        }
        made
    }

    /// Set a keyword, replacing the one that is there.
    pub(in crate::fcs) fn set(&mut self, keyword: &str, value: &str) {
        match self.keywords.iter_mut().find(|(key, _)| key == keyword) {
            Some(pair) => value.clone_into(&mut pair.1),
            None => self.keywords.push((keyword.into(), value.into())),
        }
    }

    pub(in crate::fcs) fn with(mut self, keyword: &str, value: &str) -> Self {
        self.set(keyword, value);
        self
    }

    pub(in crate::fcs) fn text(&self) -> String {
        let pairs = self.keywords.iter().flat_map(|(key, value)| [key, value]);
        let tokens: Vec<&str> = pairs.map(String::as_str).collect();
        let by = self.delimiter.to_string();
        format!("{by}{}{by}", tokens.join(&by))
    }

    pub(in crate::fcs) fn bytes(&self) -> Vec<u8> {
        let text = self.text();
        let data = 58 + text.len();
        let analysis = data + self.data.len();
        let (from, to) = match self.analysis.len() {
            0 => (0, 0),
            length => (analysis, analysis + length - 1),
        };
        let mut bytes = format!(
            "{}    {:>8}{:>8}{:>8}{:>8}{from:>8}{to:>8}",
            self.version,
            58,
            data - 1,
            data,
            analysis - 1
        )
        .into_bytes();
        bytes.extend_from_slice(text.as_bytes());
        bytes.extend_from_slice(&self.data);
        bytes.extend_from_slice(&self.analysis);
        bytes.extend_from_slice(&self.trailing);
        bytes
    }

    pub(in crate::fcs) fn columns(&self, values: Values) -> Result<Vec<Vec<f64>>> {
        columns(&self.bytes(), values)
    }

    pub(in crate::fcs) fn codes(&self) -> Result<Vec<&'static str>> {
        let bytes = self.bytes();
        let file = File::read(&bytes.as_slice())?;
        Ok(file.violations.iter().map(|d| d.code).collect())
    }
}

pub(in crate::fcs) fn columns(bytes: &[u8], values: Values) -> Result<Vec<Vec<f64>>> {
    columns_of(bytes, 0, values)
}

pub(in crate::fcs) fn columns_of(
    bytes: &[u8],
    number: usize,
    values: Values,
) -> Result<Vec<Vec<f64>>> {
    let file = File::read_data_set(&bytes, number)?;
    let channels: Vec<usize> = (0..file.parameters.len()).collect();
    let mut out = vec![vec![0.0; file.n_events]; channels.len()];
    let mut views: Vec<_> = out.iter_mut().map(|c| Column::Float64(c)).collect();
    read_columns(&bytes, &file, &channels, values, &mut views)?;
    Ok(out)
}
