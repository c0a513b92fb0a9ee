//! Does every program that ships come back from its bytes as it was, and no other?

use std::path::{Path, PathBuf};

use shortfall::archive::sealed::{pack, unpack};
use shortfall::archive::{Damage, Kind};
use shortfall::program::Program;
use shortfall::scenario::{Overrides, load};

fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let entries = std::fs::read_dir(folder).expect("the folder of the scenarios");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.extension().is_some_and(|it| it == "toml")).collect()
}

#[test]
fn a_program_comes_back_with_its_digest_and_is_sound() {
    let paths = shipped();
    assert!(paths.len() > 5, "{paths:?}");
    for path in paths {
        let scenario = load(&path, &Overrides::default()).unwrap_or_else(|it| panic!("{it}"));
        let program = shortfall::engine::compile(&scenario).unwrap_or_else(|it| panic!("{it}"));
        let bytes = pack(Kind::Program, &program);
        let read: Program = unpack(Kind::Program, &bytes).unwrap_or_else(|it| panic!("{it}"));
        assert!(read == program, "{path:?}");
        assert_eq!(read.digest(), program.digest());
        assert_eq!(read.check(), Ok(()), "{path:?}");
        let is_other = unpack::<Program>(Kind::Segment, &bytes);
        assert!(matches!(is_other, Err(Damage::Kind { .. })));
    }
}
