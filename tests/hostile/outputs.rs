//! Names act on no terminal, no page and no table; those that would are refused at the door.

use super::{Case, HEADER, VALID, VALID_BOOK};

/// Clears the screen, turns the direction of writing, ends the line.
const HOSTILE: &str = "a\u{1b}[2J\u{202e}b\u{85}";

fn is_safe(text: &str) -> bool {
    !text.chars().any(|sign| shortfall::escape::is_hidden(sign) && sign != '\n')
}

#[test]
fn names_with_hidden_characters_are_refused_with_their_place() {
    let quoted = r#""a\u{1b}[2J\u{202e}b\u{85}" holds \u{1b}, which is not seen"#;
    let in_toml = r"a\u001b[2J\u202eb\u0085";
    for (scenario, key) in [
        (VALID.replacen("ETH", in_toml, 1), "assets[0].name"),
        (VALID.replace("everything", in_toml), "s.toml:1 name"),
        (VALID.replace("dydx]", &format!("\"{in_toml}\"]")), "venues."),
    ] {
        let told = Case::of(&scenario, VALID_BOOK.as_bytes()).refusal(&[]);
        assert!(told.contains(key) && told.contains(quoted) && is_safe(&told), "{told}");
    }
    let book = format!("{HEADER}{HOSTILE},aave-v3,debt,USDC,1\n");
    let told = Case::of(VALID, book.as_bytes()).refusal(&[]);
    assert!(told.contains(&format!("book.csv:2 position = {quoted}")), "{told}");
}

#[test]
fn what_a_fault_quotes_is_escaped() {
    let header = format!("{HOSTILE},position\r\nx,y\n");
    let told = Case::of(VALID, header.as_bytes()).refusal(&[]);
    assert!(told.contains(r"a\u{1b}[2J\u{202e}b\u{85}") && is_safe(&told), "{told}");
    for scenario in
        [format!("{HOSTILE} = 1"), format!("\"\\u001b\\u202e{HOSTILE}\" = 1"), HOSTILE.to_owned()]
    {
        let told = Case::of(&scenario, b"").refusal(&[]);
        assert!(is_safe(&told), "{told:?}");
    }
    let rows = format!("{HEADER}x,{HOSTILE},{HOSTILE},{HOSTILE},{HOSTILE}\n");
    assert!(is_safe(&Case::of(VALID, rows.as_bytes()).refusal(&[])));
    let case = Case::valid();
    let named = case.path(&format!("own/{HOSTILE}.toml"));
    std::fs::write(&named, "x").unwrap();
    assert!(is_safe(&super::refusal_of(&super::bounded(&named, &[]))));
    std::fs::write(&named, VALID).unwrap();
    let output = super::bounded(&named, &[]);
    assert!(output.status.success() && is_safe(&String::from_utf8(output.stdout).unwrap()));
}
