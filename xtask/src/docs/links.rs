//! Relative links of a Markdown page.

/// The relative links whose file does not exist, each with its line (counted from 1).
pub(crate) fn dead(markdown: &str, exists: impl Fn(&str) -> bool) -> Vec<(usize, String)> {
    let mut dead = Vec::new();
    for (line, target) in targets(markdown) {
        let file = target.split('#').next().unwrap_or_default();
        if is_relative(target) && !file.is_empty() && !exists(file) {
            dead.push((line, target.to_owned()));
        }
    }
    dead
}

/// A link into this repository, as opposed to an address with a scheme.
fn is_relative(target: &str) -> bool {
    !target.contains("://") && !target.starts_with("mailto:")
}

/// Where every link and image of the page leads: `[text](target)` and `[name]: target`.
fn targets(markdown: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut in_fence = false;
    for (index, line) in markdown.lines().enumerate() {
        let start = line.trim_start();
        if start.starts_with("```") || start.starts_with("~~~") {
            in_fence = !in_fence;
        } else if !in_fence {
            let mut targets = inline(line);
            targets.extend(reference(start));
            found.extend(targets.into_iter().map(|target| (index + 1, target)));
        }
    }
    found
}

fn inline(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices("](") {
        // An odd number of backticks before it: it is inside code, not a link.
        if line[..at].matches('`').count() % 2 == 0 {
            found.extend(destination(&line[at + 2..]));
        }
    }
    found
}

/// The destination that `text` begins with: up to its closing parenthesis or its title.
fn destination(text: &str) -> Option<&str> {
    if let Some(text) = text.strip_prefix('<') {
        return text.split('>').next();
    }
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            ')' | ' ' => return Some(&text[..at]),
            _ => {}
        }
    }
    None
}

fn reference(line: &str) -> Option<&str> {
    let (_, rest) = line.strip_prefix('[')?.split_once("]: ")?;
    let target = rest.split_whitespace().next()?;
    Some(target.trim_start_matches('<').trim_end_matches('>'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
# Page

See [there](docs/there.md), [a part](docs/there.md#part), [here](#here),
[gone](docs/gone.md \"title\") and [the net](https://example.com/a_(b)).
![image](<images/with space.png>) `[code](docs/code.md)` [paren](a_(b).md)

```text
[fenced](docs/fenced.md)
```

[name]: docs/reference.md
[mail]: mailto:someone@example.com
";

    #[test]
    fn every_kind_of_link_is_followed_outside_of_code() {
        let dead = dead(PAGE, |target| target == "docs/there.md");
        let want = [(4, "docs/gone.md"), (5, "images/with space.png"), (5, "a_(b).md"), (11, "docs/reference.md")];
        assert_eq!(dead, want.map(|(line, target)| (line, target.to_owned())));
    }
}
