//! Rules about Rust code, read as tokens: comments and strings do not count, macros do.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

const FUNCTION_LINES_MAX: usize = 70;

/// What a pure crate must not name: consecutive segments of a path.
const IMPURE: [&[&str]; 14] = [
    &["SystemTime", "now"],
    &["Instant", "now"],
    &["Utc", "now"],
    &["Local", "now"],
    &["thread_rng"],
    &["OsRng"],
    &["from_os_rng"],
    &["Uuid", "new_v4"],
    &["std", "fs"],
    &["std", "net"],
    &["std", "env"],
    &["std", "process"],
    &["std", "thread"],
    &["tokio"],
];

/// No function is longer than a screen, from `fn` to its last brace.
pub(crate) fn long_functions(path: &str, text: &str) -> Vec<String> {
    let mut functions = Vec::new();
    collect_functions(parse(path, text), &mut functions);
    let long = functions.iter().filter(|f| f.lines > FUNCTION_LINES_MAX);
    long.map(|f| {
        let Function { line, name, lines } = f;
        format!("{path}:{line}: {name} has {lines} lines; {FUNCTION_LINES_MAX} is the limit")
    })
    .collect()
}

/// No ignored test, and no code that says that it is not there yet.
pub(crate) fn unfinished(path: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    collect_unfinished(path, parse(path, text), &mut complaints);
    complaints
}

/// No clock, chance or outside world outside tests.
pub(crate) fn impure(path: &str, text: &str) -> Vec<String> {
    let mut paths = Vec::new();
    collect_paths(production(parse(path, text)), &[], &mut paths);
    let mut complaints = Vec::new();
    for (line, segments) in paths {
        let names = |word: &&&[&str]| segments.windows(word.len()).any(|part| part == **word);
        if let Some(word) = IMPURE.iter().find(names) {
            let word = word.join("::");
            complaints.push(format!(
                "{path}:{line}: {word} has no place in a pure crate"
            ));
        }
    }
    complaints
}

/// Reads a file as tokens.
pub(crate) fn parse(path: &str, text: &str) -> TokenStream {
    text.parse()
        .unwrap_or_else(|error| panic!("{path} is no Rust: {error}"))
}

/// Whether an attribute limits what follows to tests.
pub(crate) fn is_cfg_test(attribute: &Group) -> bool {
    let text = attribute.stream().to_string().replace(' ', "");
    text == "cfg(test)" || text.starts_with("cfg(all(test,")
}

pub(crate) fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

pub(crate) fn is_word(token: Option<&TokenTree>, wanted: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if ident == wanted)
}

pub(crate) fn as_group(token: Option<&TokenTree>, delimiter: Delimiter) -> Option<&Group> {
    match token {
        Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group),
        _ => None,
    }
}

struct Function {
    line: usize,
    name: String,
    lines: usize,
}

fn collect_functions(stream: TokenStream, functions: &mut Vec<Function>) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            collect_functions(group.stream(), functions);
        }
        let Some(TokenTree::Ident(name)) = tokens.get(at + 1) else {
            continue;
        };
        if !is_word(Some(token), "fn") {
            continue;
        }
        let mut rest = tokens[at..].iter();
        let end =
            rest.find(|t| is_punct(Some(t), ';') || as_group(Some(t), Delimiter::Brace).is_some());
        if let Some(body) = as_group(end, Delimiter::Brace) {
            let line = token.span().start().line;
            let last = body.span_close().end().line;
            let (name, lines) = (name.to_string(), last - line + 1);
            functions.push(Function { line, name, lines });
        }
    }
}

fn collect_unfinished(path: &str, stream: TokenStream, complaints: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let line = token.span().start().line;
        let next = tokens.get(at + 1);
        for name in ["todo", "unimplemented", "dbg"] {
            if is_word(Some(token), name) && is_punct(next, '!') {
                complaints.push(format!("{path}:{line}: {name}! is no code"));
            }
        }
        if let Some(attribute) = as_group(next, Delimiter::Bracket)
            && is_punct(Some(token), '#')
            && is_ignore(&attribute.stream())
        {
            complaints.push(format!("{path}:{line}: an ignored test proves nothing"));
        }
        if let TokenTree::Group(group) = token {
            collect_unfinished(path, group.stream(), complaints);
        }
    }
}

/// Whether an attribute is `ignore` or a `cfg_attr` with it.
fn is_ignore(attribute: &TokenStream) -> bool {
    let tokens: Vec<TokenTree> = attribute.clone().into_iter().collect();
    let conditional = is_word(tokens.first(), "cfg_attr")
        && as_group(tokens.get(1), Delimiter::Parenthesis)
            .is_some_and(|g| g.stream().into_iter().any(|t| is_word(Some(&t), "ignore")));
    conditional || is_word(tokens.first(), "ignore")
}

/// The tokens without what is compiled for tests only.
fn production(stream: TokenStream) -> TokenStream {
    let mut kept = Vec::new();
    let mut tokens = stream.into_iter().peekable();
    while let Some(token) = tokens.next() {
        if is_punct(Some(&token), '#') {
            if is_punct(tokens.peek(), '!') {
                kept.push(token);
                continue;
            }
            let attribute = as_group(tokens.peek(), Delimiter::Bracket);
            if attribute.is_some_and(is_cfg_test) {
                let ends = |t: &TokenTree| {
                    is_punct(Some(t), ';') || as_group(Some(t), Delimiter::Brace).is_some()
                };
                tokens.find(ends);
                continue;
            }
        }
        kept.push(match token {
            TokenTree::Group(group) => {
                let inner = production(group.stream());
                TokenTree::Group(Group::new(group.delimiter(), inner))
            }
            other => other,
        });
    }
    kept.into_iter().collect()
}

/// Every path with the line that it begins on; `use a::{b, c}` counts as `a::b` and `a::c`.
fn collect_paths(stream: TokenStream, prefix: &[String], paths: &mut Vec<(usize, Vec<String>)>) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        let TokenTree::Ident(ident) = token else {
            if let TokenTree::Group(group) = token {
                collect_paths(group.stream(), &[], paths);
            }
            continue;
        };
        let mut path = prefix.to_vec();
        path.push(ident.to_string());
        while is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':') {
            match tokens.get(at + 2) {
                Some(TokenTree::Ident(segment)) => path.push(segment.to_string()),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    collect_paths(group.stream(), &path, paths);
                }
                _ => break,
            }
            at += 3;
        }
        paths.push((ident.span().start().line, path));
    }
}

#[test]
fn a_long_function_is_found_wherever_it_hides() {
    let body = "x();\n".repeat(FUNCTION_LINES_MAX - 1);
    let fits = format!("fn f() {{\n{}}}", "x();\n".repeat(FUNCTION_LINES_MAX - 2));
    assert_eq!(long_functions("a.rs", &fits), Vec::<String>::new());
    for bad in [
        format!("fn f() {{\n{body}}}"),
        format!("impl A {{\n async fn f<T: B>() -> C where T: D {{\n{body}}} }}"),
        format!("proptest! {{\n#[test]\nfn f(a in 0..1) {{\n{body}}} }}"),
    ] {
        let complaints = long_functions("a.rs", &bad);
        assert_eq!(complaints.len(), 1, "{bad}");
        assert!(complaints[0].contains(" f has 71 lines"), "{complaints:?}");
    }
    let no_functions = "type F = fn(u8) -> u8; trait T { fn f(); }";
    assert_eq!(long_functions("a.rs", no_functions).len(), 0);
}

#[test]
fn undone_code_and_ignored_tests_are_found() {
    for bad in [
        "fn f() { todo!() }",
        "fn f() { unimplemented!(\"later\") }",
        "#[test]\n#[ignore]\nfn f() {}",
        "mod m { #[ignore = \"slow\"] fn f() {} }",
        "#[cfg_attr(debug_assertions, ignore)] fn f() {}",
    ] {
        assert_eq!(unfinished("a.rs", bad).len(), 1, "{bad}");
    }
    let fine = "// todo!()\nfn ignore() { let todo = \"#[ignore]\"; }";
    assert_eq!(unfinished("a.rs", fine), Vec::<String>::new());
}

#[test]
fn impure_code_is_found_outside_tests() {
    for bad in [
        "fn f() { let t = std::time::Instant::now(); }",
        "fn f() { Utc::now(); }",
        "use std::fs;",
        "use std::{collections::BTreeMap, fs::File};",
        "use std::{time, net};",
        "fn f() { g!(rand::thread_rng()); }",
        "#[cfg(test)] mod tests { use std::fs; }\nuse std::fs::read;",
        "fn f() -> std::net::IpAddr { x }",
    ] {
        assert_eq!(impure("a.rs", bad).len(), 1, "{bad}");
    }
    for fine in [
        "// std::fs\nfn f() { \"Instant::now\"; fs::read(); }",
        "#[cfg(test)]\nmod tests { use std::fs; }",
        "impl A { #[cfg(test)] fn f() { std::fs::read(x) } fn g() {} }",
        "#[cfg(test)] use std::fs;\nuse std::fmt;",
        "use chrono::{DateTime, Utc};",
    ] {
        assert_eq!(impure("a.rs", fine), Vec::<String>::new(), "{fine}");
    }
}
