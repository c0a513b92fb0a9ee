//! Proofs by the command: what is told of one that is true, and of what is none.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use tempfile::TempDir;

use super::keys::{PUBLIC, SECRET};
use super::{SCENARIO, fault, json, shortfall, stderr, stdout, text_of, told, write};

/// That of RFC 8032's first test.
const OTHER: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----
";
/// A public key on P-256, as `openssl ecparam -name prime256v1 -genkey` begins one.
const OF_ANOTHER_KIND: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt
6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==
-----END PUBLIC KEY-----
";

/// A finished run of a few blocks, made once.
fn run() -> &'static Path {
    static RUN: OnceLock<TempDir> = OnceLock::new();
    let dir = RUN.get_or_init(|| {
        let dir = TempDir::new().expect("a temporary folder");
        let out = text_of(&dir.path().join("run"));
        let paths = ["--paths", "40_000", "--steps", "24", "--backend", "cpu"];
        told(&[&["run", SCENARIO, "--quiet", "--out", &out], &paths[..]].concat());
        dir
    });
    dir.path()
}

/// A proof of that run, with these flags.
fn prove(dir: &TempDir, name: &str, flags: &[&str]) -> String {
    let (from, out) = (text_of(&run().join("run")), text_of(&dir.path().join(name)));
    told(&[&["prove", &from, "--out", &out, "--quiet"], flags].concat());
    out
}

const TIED: [&str; 4] = ["--scenario", SCENARIO, "--steps", "24"];

fn verify<'a>(proof: &'a str, flags: &[&'a str]) -> Vec<&'a str> {
    [&["verify", proof, "--backend", "cpu"], &TIED[..], flags].concat()
}

#[test]
fn a_proof_is_told_of_with_what_it_bounds() {
    let dir = TempDir::new().expect("a temporary folder");
    let plain = prove(&dir, "plain.json", &["--blocks", "3"]);
    let text = told(&verify(&plain, &[]));
    for words in [
        "proves a run of the scenario, compiled again, of 40,000 paths (10 blocks)",
        "walked again on cpu: the 3 blocks that it draws: all equal",
        "What it commits to, of all paths:\n  mean bad debt ",
        "value at risk 99 %       between ",
        "expected shortfall 99 %  between ",
        "it goes unseen,  in one of 2^40 runs",
        "   1 % of them lie in 1 block ",
        "70.0 %                100 %",
        "There is no beacon: its maker may have tried many runs until one drew well",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("signed") && !text.contains("blocks together"), "{text}");
    let of_beacon = prove(&dir, "beacon.json", &["--blocks", "3", "--beacon", "block 7"]);
    let text = told(&verify(&of_beacon, &["--beacon", "block 7"]));
    assert!(text.contains("holds if the beacon \"block 7\" could not be known"), "{text}");
    told(&verify(&of_beacon, &["--least-blocks", "3"]));
    let few = fault(&verify(&of_beacon, &["--least-blocks", "4"]), 2);
    assert!(few.contains("has 3 blocks, fewer than --least-blocks 4"), "{few}");
    let other = fault(&verify(&of_beacon, &["--beacon", "block 8"]), 2);
    assert!(other.contains("block 7") && other.contains("block 8"), "{other}");
    let none = fault(&verify(&plain, &["--beacon", "block 8"]), 2);
    assert!(none.contains("block 8"), "{none}");
    let value = json(&verify(&of_beacon, &[]));
    for field in [
        "/proof",
        "/run_digest",
        "/n_paths",
        "/n_blocks",
        "/walked_blocks",
        "/backend",
        "/beacon",
        "/signed_by",
        "/is_signed",
        "/figures/mean_usd",
        "/figures/std_error_usd",
        "/figures/probability",
        "/figures/level",
        "/figures/value_at_risk_usd",
        "/figures/expected_shortfall_usd",
        "/losing_paths",
        "/blocks_together",
    ] {
        assert!(value.pointer(field).is_some(), "{field} is missing: {value}");
    }
    let escapes = value["escapes"].as_array().expect("a list of shares");
    let shares: Vec<u64> = escapes.iter().filter_map(|it| it["per_mille"].as_u64()).collect();
    assert_eq!(shares, [10, 50, 500]);
    for field in ["n_blocks", "probability", "of_many_tries"] {
        assert!(escapes.iter().all(|it| it[field].is_number()), "{field}");
    }
    assert_eq!((&value["n_paths"], &value["n_blocks"]), (&40_000.into(), &10.into()));
    assert_eq!(value["blocks_together"], 1);
    assert_eq!(value["walked_blocks"].as_array().map(Vec::len), Some(3));
    // The same run says so of itself.
    let folder = text_of(&run().join("run"));
    let own = json(&verify(&folder, &["--sample", "30%", "--segments", "0", "--seed", "7"]));
    assert_eq!(own["run_digest"], value["run_digest"]);
    for field in ["outcome_digest", "n_files", "sampled_blocks", "sample_seed", "tail_paths"] {
        assert!(own.get(field).is_some(), "{field} is missing: {own}");
    }
    assert_eq!(own["scenario_compared"], true);
    let odds = |of: &serde_json::Value| of["escapes"][1]["probability"].clone();
    assert_eq!(odds(&own), odds(&value), "three blocks of ten are three of ten");
}

#[test]
fn a_proof_without_its_scenario_or_with_another_proves_nothing() {
    let dir = TempDir::new().expect("a temporary folder");
    let proof = prove(&dir, "proof.json", &["--blocks", "1"]);
    let none = fault(&["verify", &proof], 2);
    assert!(none.contains("proves nothing without its scenario: give --scenario FILE"), "{none}");
    let other_steps = fault(&["verify", &proof, "--scenario", SCENARIO], 2);
    assert!(other_steps.contains("holds another run: "), "{other_steps}");
    assert!(other_steps.contains("meaning_digest is"), "{other_steps}");
    let seed = fault(&verify(&proof, &["--run-seed", "43"]), 2);
    assert!(seed.contains("meaning_digest is"), "{seed}");
    let rows =
        "position,venue,kind,asset,amount\na,aave-v3,collateral,ETH,2\na,aave-v3,debt,USDC,9\n";
    let book = write(&dir, "book.csv", rows);
    let book = fault(&verify(&proof, &["--book", &book]), 2);
    assert!(book.contains("program_digest is"), "{book}");
    let folder = text_of(&run().join("run"));
    let of_folder = fault(&["verify", &folder, "--beacon", "x"], 2);
    assert!(
        of_folder.contains("--beacon, --signed-by and --least-blocks are of proofs"),
        "{of_folder}"
    );
}

#[test]
fn what_is_neither_a_run_nor_a_proof_is_told_so() {
    let dir = TempDir::new().expect("a temporary folder");
    for (name, text) in [("a.json", "{}"), ("b.toml", "name = 3\n"), ("c", ""), ("d", "{\n \"x\"")]
    {
        let file = write(&dir, name, text);
        let told = fault(&verify(&file, &[]), 2);
        let words = "it is neither a run directory nor a proof: name what `run --out` or `prove`";
        assert!(told.contains(words) && told.contains(name), "{told}");
    }
    let proof = prove(&dir, "proof.json", &["--blocks", "1"]);
    let text = fs::read_to_string(&proof).expect("a proof");
    let cut = write(&dir, "cut.json", &text[..text.len() / 2]);
    let told = fault(&verify(&cut, &[]), 65);
    assert!(told.contains("it is damaged: its seal does not match"), "{told}");
    let changed = write(&dir, "changed.json", &text.replacen("40000", "50000", 1));
    assert!(fault(&verify(&changed, &[]), 65).contains("it is damaged"), "another number");
    let nothing = text_of(&dir.path().join("nowhere"));
    let told = fault(&["prove", &nothing, "--out", &text_of(&dir.path().join("p"))], 2);
    assert!(told.contains("holds no run"), "{told}");
    let folder = text_of(&run().join("run"));
    let out = text_of(&dir.path().join("p"));
    let told = fault(&["prove", &folder, "--blocks", "0", "--out", &out], 2);
    assert!(told.contains("--blocks"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_signature_is_held_against_the_key_that_the_reader_knows() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new().expect("a temporary folder");
    let secret = write(&dir, "secret.pem", SECRET);
    let mode = |mode| {
        fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).expect("its mode");
    };
    let [public, other, kind] =
        [("public.pem", PUBLIC), ("other.pem", OTHER), ("kind.pem", OF_ANOTHER_KIND)]
            .map(|(name, text)| write(&dir, name, text));
    let folder = text_of(&run().join("run"));
    let out = text_of(&dir.path().join("refused.json"));
    for open in [0o644, 0o640, 0o604] {
        mode(open);
        let told = fault(&["prove", &folder, "--sign", &secret, "--out", &out], 74);
        let words = format!("its mode is {open:04o}, so that others may read it: `chmod 600` it");
        assert!(told.contains(&words), "{told}");
    }
    assert!(!Path::new(&out).exists(), "nothing is written");
    mode(0o600);
    let signed = prove(&dir, "signed.json", &["--sign", &secret, "--blocks", "1"]);
    let text = told(&verify(&signed, &["--signed-by", &public]));
    assert!(text.contains("signed with the key of ") && text.contains("public.pem"), "{text}");
    let text = told(&verify(&signed, &[]));
    assert!(text.contains("signed, and held against no key: --signed-by does"), "{text}");
    let unsigned = prove(&dir, "unsigned.json", &["--blocks", "1"]);
    let told = fault(&verify(&unsigned, &["--signed-by", &public]), 65);
    assert!(told.contains("the proof is not signed"), "{told}");
    let told = fault(&verify(&signed, &["--signed-by", &other]), 65);
    assert!(told.contains("the proof is not signed with this key"), "{told}");
    for none in [&kind, &signed, &secret] {
        let told = fault(&verify(&signed, &["--signed-by", none]), 2);
        assert!(told.contains("it is no public key"), "{told}");
    }
    let missing = fault(&verify(&signed, &["--signed-by", "nowhere.pem"]), 74);
    assert!(missing.contains("nowhere.pem"), "{missing}");
    // A key of another kind, as a secret that none but its owner may read.
    fs::set_permissions(&kind, fs::Permissions::from_mode(0o600)).expect("its mode");
    let told = fault(&["prove", &folder, "--sign", &kind, "--out", &out], 2);
    assert!(told.contains("it is no secret key"), "{told}");
    // The signature of another run.
    let longer = text_of(&dir.path().join("longer"));
    let made = ["run", SCENARIO, "--paths", "5000", "--steps", "24", "--quiet", "--out", &longer];
    let output = shortfall(&made);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let other_run = text_of(&dir.path().join("other-run.json"));
    super::told(&["prove", &longer, "--sign", &secret, "--quiet", "--out", &other_run]);
    let signature = |name: &str| {
        let value: serde_json::Value =
            serde_json::from_slice(&fs::read(name).expect("a proof")).expect("JSON");
        value["signature"].as_str().expect("a signature").to_owned()
    };
    let text = fs::read_to_string(&signed).expect("a proof");
    let text = text.replace(&signature(&signed), &signature(&other_run));
    let body = &text[..text.rfind(",\n  \"seal\"").expect("a seal")];
    let seal = shortfall::archive::sealed::seal(body.as_bytes());
    let put = write(&dir, "put.json", &format!("{body},\n  \"seal\": \"{seal}\"\n}}\n"));
    let told = fault(&verify(&put, &["--signed-by", &public]), 65);
    assert!(told.contains("the proof is not signed with this key"), "{told}");
}
