//! `-p name=value`, `-p 'filter[>id]=5'`, `-p 'select[]=id'`: from arguments to nested parameters.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// Nested parameters in the order in which they were given.
#[derive(Debug)]
pub(crate) enum Node {
    Value(Box<RawValue>),
    Object(Vec<(String, Self)>),
    List(Vec<Self>),
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::Object(entries) => serializer.collect_map(entries.iter().map(|(key, node)| (key, node))),
            Self::List(entries) => serializer.collect_seq(entries),
        }
    }
}

/// Puts all arguments into one tree.
pub(crate) fn tree(arguments: &[String]) -> Result<Node, String> {
    let mut root = Node::Object(Vec::new());
    for argument in arguments {
        let (key, value) = split(argument).ok_or("INVALID_PARAMS: -p takes name=value")?;
        let path = path(key).ok_or("INVALID_PARAMS: brackets in the name of a -p do not match or are too deep")?;
        insert(&mut root, &path, leaf(value))
            .ok_or("INVALID_PARAMS: a -p gives a value to what another made a group")?;
    }
    Ok(root)
}

/// Splits at the `=` after the name; operators inside of brackets (`filter[>=id]`) belong to the name.
fn split(argument: &str) -> Option<(&str, &str)> {
    let mut depth = 0;
    for (at, letter) in argument.char_indices() {
        match letter {
            '[' => depth += 1,
            ']' => depth -= 1,
            '=' if depth == 0 => {
                return Some((&argument[..at], &argument[at + 1..])).filter(|(key, _)| !key.is_empty());
            }
            _ => {}
        }
    }
    None
}

/// `a[b][]` is `a`, `b`, and the next place of a list.
fn path(key: &str) -> Option<Vec<&str>> {
    let Some((head, rest)) = key.split_once('[') else { return Some(vec![key]) };
    let inner = rest.strip_suffix(']')?;
    let mut path = vec![head];
    path.extend(inner.split("]["));
    let sound = path.len() <= MAX_DEPTH && path.iter().all(|part| !part.contains(['[', ']']));
    sound.then_some(path)
}

/// As deep as `serde_json` reads.
const MAX_DEPTH: usize = 127;

fn leaf(text: &str) -> Node {
    let json = RawValue::from_string(text.to_owned());
    // Text is always JSON once it is quoted.
    let value = json.or_else(|_| serde_json::value::to_raw_value(text));
    value.map_or_else(|_| Node::List(Vec::new()), Node::Value)
}

fn insert(node: &mut Node, path: &[&str], value: Node) -> Option<()> {
    let [key, rest @ ..] = path else {
        *node = value;
        return Some(());
    };
    if key.is_empty() {
        if let Node::Object(entries) = node {
            // A group without entries has not shown its shape yet.
            if !entries.is_empty() {
                return None;
            }
            *node = Node::List(Vec::new());
        }
        let Node::List(entries) = node else { return None };
        let mut entry = Node::Object(Vec::new());
        insert(&mut entry, rest, value)?;
        entries.push(entry);
        return Some(());
    }
    let Node::Object(entries) = node else { return None };
    if let Some((_, known)) = entries.iter_mut().find(|(name, _)| name == key) {
        return insert(known, rest, value);
    }
    let mut entry = Node::Object(Vec::new());
    insert(&mut entry, rest, value)?;
    entries.push(((*key).to_owned(), entry));
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(arguments: &[&str]) -> Result<String, String> {
        let owned: Vec<_> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        tree(&owned).map(|node| serde_json::to_string(&node).unwrap())
    }

    #[test]
    fn names_with_brackets_nest() {
        for (arguments, want) in [
            (&[][..], "{}"),
            (&["id=7"], r#"{"id":7}"#),
            (&["z=1", "a=x"], r#"{"z":1,"a":"x"}"#),
            (&["title=", "note=a=b", "s=\"5\""], r#"{"title":"","note":"a=b","s":"5"}"#),
            (
                &["filter[>=id]=5", "filter[@stage][]=A", "filter[@stage][]=B"],
                r#"{"filter":{">=id":5,"@stage":["A","B"]}}"#,
            ),
            (&["select[]=id", "select[]=title"], r#"{"select":["id","title"]}"#),
            (&["list[][a]=1", "list[][a]=2"], r#"{"list":[{"a":1},{"a":2}]}"#),
            (&["ids=[1,2]", "on=true", "no=null"], r#"{"ids":[1,2],"on":true,"no":null}"#),
            (&["n=123456789012345678901234567890"], r#"{"n":123456789012345678901234567890}"#),
            (&["id=7", "id=8"], r#"{"id":8}"#),
        ] {
            assert_eq!(json(arguments).unwrap(), want, "{arguments:?}");
        }
    }

    #[test]
    fn brackets_without_end_are_refused() {
        assert!(json(&[&format!("a{}=1", "[b]".repeat(40_000))]).is_err());
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for arguments in [&["id"][..], &["=7"], &["a[b=7"], &["a]=7", "a[=7"], &["a=1", "a[b]=2"], &["a[b]=1", "a[]=2"]]
        {
            assert!(json(arguments).unwrap_err().starts_with("INVALID_PARAMS"), "{arguments:?}");
        }
    }
}
