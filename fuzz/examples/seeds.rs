//! Writes sound files of every form into `corpus/`, for the fuzzer to start from.

use std::fs;
use std::path::Path;

use longate::fcs::{ChannelToWrite, Form, encode_metadata_as};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let folders = ["header", "text", "data"].map(|target| corpus.join(target));
    for folder in &folders {
        fs::create_dir_all(folder)?;
    }
    let channels: Vec<_> = ["FSC-A", "PE-A", "Time"]
        .map(|detector| ChannelToWrite {
            detector: detector.into(),
            marker: Some("CD56".into()),
            range: 1024.0,
        })
        .into();
    let keywords = [
        ("$TIMESTEP", "0.01"),
        ("$SPILLOVER", "2,FSC-A,PE-A,1,0.1,0,1"),
        ("$P1G", "2"),
    ]
    .map(|(keyword, value)| (keyword.to_owned(), value.to_owned()));
    for (number, bytes) in [("float32", 4), ("float64", 8), ("uint16", 2), ("uint32", 4)] {
        for version in ["3.1", "3.2"] {
            let form = Form::from_names(number, version)?;
            let mut file = encode_metadata_as(form, &channels, 3, &keywords)?;
            let text = file[58..].to_vec();
            file.extend((0..9 * bytes).map(|byte| byte as u8));
            let name = format!("{number}-{version}");
            fs::write(folders[0].join(&name), &file)?;
            fs::write(folders[1].join(&name), &text)?;
        }
    }
    for kind in 0..40_u8 {
        let mut choice: Vec<u8> = (0..12).map(|at| kind.wrapping_mul(at + 3)).collect();
        choice[0] = kind % 5;
        choice.extend_from_slice(b"12 7,44\n3 1023\t00 512 9 1 2 3 4 5 6 7 8 9");
        fs::write(folders[2].join(format!("choice-{kind}")), &choice)?;
    }
    Ok(())
}
