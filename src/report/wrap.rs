//! Long lines on a terminal: broken between words, and what goes on is indented.

use console::measure_text_width;

/// Below this nothing is broken: more lines would be indent than text.
const NARROW: usize = 40;

/// Text whose lines fit a width, where words let them. What stands between backticks is one word:
/// a command that is broken cannot be copied.
pub(super) fn wrapped(text: &str, width: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for text in text.split_inclusive('\n') {
        if width < NARROW || measure_text_width(text.trim_end()) <= width {
            out.push_str(text);
        } else {
            line(text, width, &mut out);
        }
    }
    out
}

fn line(text: &str, width: usize, out: &mut String) {
    let words = text.trim_start_matches(' ');
    let lead = text.len() - words.len();
    let indent = lead + 2;
    out.push_str(&text[..lead]);
    let mut at = lead;
    for word in split(words) {
        if at > indent && at + measure_text_width(word.trim_end()) > width {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            at = indent;
        }
        out.push_str(word);
        at += measure_text_width(word);
    }
}

/// The words of a line, each with the spaces after it.
fn split(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quoted, mut space) = (0, false, false);
    for (at, c) in line.char_indices() {
        if space && c != ' ' {
            words.push(&line[start..at]);
            start = at;
        }
        // A backtick that nothing closes quotes nothing.
        if c == '`' {
            quoted = !quoted && line[at + 1..].contains('`');
        }
        space = c == ' ' && !quoted;
    }
    words.push(&line[start..]);
    words
}

#[cfg(test)]
mod tests {
    use super::wrapped;
    use crate::report::Style;
    use crate::report::tame::tame;

    #[test]
    fn what_goes_on_is_indented_and_nothing_is_lost() {
        let text = "warning: the host node01 has no zone, and so each member may be lost with it\n\
                    \x20   + labels of node node01: milvus.prod.etcd milvus.prod.minio milvus.prod.query\n\
                    short\n";
        let broken = wrapped(text, 50);
        assert_eq!(
            broken,
            "warning: the host node01 has no zone, and so each\n\
             \x20 member may be lost with it\n\
             \x20   + labels of node node01: milvus.prod.etcd\n\
             \x20     milvus.prod.minio milvus.prod.query\n\
             short\n"
        );
        assert_eq!(wrapped(text, 500), text);
        assert_eq!(wrapped(text, 20), text);
    }

    #[test]
    fn colours_take_no_room() {
        let painted = Style::new(true).faint("word ".repeat(9).trim());
        let text = format!("  {painted}\n");
        let text = tame(&text);
        assert_eq!(wrapped(&text, 46), text);
    }

    #[test]
    fn what_can_be_copied_stays_whole() {
        let command = "`docker node update --label-add milvus.prod.etcd=1 node01`";
        let text =
            format!("warning: a label is missing: {command} gives it back, don't you think\n");
        let broken = wrapped(&text, 60);
        assert!(broken.contains(command), "{broken}");
        assert!(broken.lines().all(|line| line.len() <= 60), "{broken}");
        let open = "warning: a word that begins with ` and never ends is cut as any other\n";
        assert_eq!(wrapped(open, 50).lines().count(), 2);
    }
}
