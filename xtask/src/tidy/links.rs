//! Links of the pages: what they name is there.

use super::File;

pub(super) fn check(files: &[File]) -> Vec<String> {
    files.iter().filter(|file| file.is_markdown()).flat_map(|page| check_one(files, page)).collect()
}

fn check_one(files: &[File], page: &File) -> Vec<String> {
    let mut fenced = false;
    let mut found = Vec::new();
    for (number, line) in page.text.lines().enumerate() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        for target in targets(line).filter(|target| !exists(files, &page.path, target)) {
            found.push(format!("{}:{}: dead link: {target}", page.path, number + 1));
        }
    }
    found
}

fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

pub(super) fn exists(files: &[File], page: &str, target: &str) -> bool {
    if target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
    let full = if path.is_empty() { page.to_owned() } else { join(page, path) };
    let folder = format!("{}/", full.trim_end_matches('/'));
    let Some(file) = files.iter().find(|file| file.path == full) else {
        return fragment.is_empty() && files.iter().any(|file| file.path.starts_with(&folder));
    };
    fragment.is_empty()
        || !file.is_markdown()
        || file.text.lines().any(|line| anchor(line).as_deref() == Some(fragment))
}

fn join(page: &str, path: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The anchor that renderers give a heading.
fn anchor(line: &str) -> Option<String> {
    let heading = line.strip_prefix('#')?.trim_start_matches('#').strip_prefix(' ')?;
    let kept = heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .collect::<String>();
    Some(kept.trim().replace(' ', "-"))
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_dead_link_is_found() {
        let other = || file("docs/b.md", "# The second page\n");
        let page = |text: &str| file("docs/a.md", text);
        assert!(
            check(&[page("[b](b.md) [c](../docs/b.md#the-second-page) [d](https://example.org)"), other()])
                .is_empty()
        );
        assert!(check(&[page("[docs](../docs)"), other()]).is_empty());
        assert_eq!(check(&[page("[b](c.md)"), other()]).len(), 1);
        assert_eq!(check(&[page("[b](b.md#third)"), other()]).len(), 1);
        assert!(check(&[page("```\n[b](c.md)\n```"), other()]).is_empty());
    }
}
