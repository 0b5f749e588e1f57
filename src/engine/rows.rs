//! Long lists, row by row: a Swarm keeps tasks that ended, and a list of tens of thousands of them is
//! more than an answer may be at once.

use serde::de::DeserializeOwned;

/// No row that makes sense is longer: a service with all of its environment is a hundredth of it.
const ROW_LIMIT: usize = 4 << 20;
/// Three times the longest list that the program is tried with.
const MOST_ROWS: usize = 200_000;

/// Takes a JSON list apart as its bytes come in. What is kept is the row that is not there in full.
pub(super) struct Rows {
    rest: Vec<u8>,
    /// With fewer bytes than these, the row in `rest` is not tried again.
    enough: usize,
    /// How many there were.
    count: usize,
    place: Place,
}

/// What comes next.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    List,
    FirstOrEnd,
    CommaOrEnd,
    Row,
    End,
}

impl Rows {
    pub(super) const fn new() -> Self {
        Self {
            rest: Vec::new(),
            enough: 0,
            count: 0,
            place: Place::List,
        }
    }

    /// Hands out each row that is complete with these bytes.
    ///
    /// # Errors
    /// This is no list of such rows, or one that is too long.
    pub(super) fn push<T: DeserializeOwned>(
        &mut self,
        bytes: &[u8],
        each: &mut impl FnMut(T),
    ) -> Result<(), String> {
        self.rest.extend_from_slice(bytes);
        if self.rest.len() < self.enough {
            return Ok(());
        }
        self.enough = 0;
        let mut at = 0;
        while let Some(length) = self.step(at, each)? {
            at += length;
        }
        self.rest.drain(..at);
        if self.rest.len() > ROW_LIMIT {
            return Err(format!("a row of more than {ROW_LIMIT} bytes"));
        }
        // A long row that comes in small parts is not read anew with each of them.
        self.enough = 2 * self.rest.len();
        Ok(())
    }

    /// Hands out what is left when all bytes are there.
    ///
    /// # Errors
    /// The list has no end, or see [`Rows::push`].
    pub(super) fn finish<T: DeserializeOwned>(
        mut self,
        each: &mut impl FnMut(T),
    ) -> Result<(), String> {
        self.enough = 0;
        self.push(&[], each)?;
        if self.place == Place::End {
            Ok(())
        } else {
            Err(format!("the list ends in row {}", self.count + 1))
        }
    }

    /// How many bytes the next part takes; nothing where it is not there in full.
    fn step<T: DeserializeOwned>(
        &mut self,
        at: usize,
        each: &mut impl FnMut(T),
    ) -> Result<Option<usize>, String> {
        let Some(&next) = self.rest.get(at) else {
            return Ok(None);
        };
        if next.is_ascii_whitespace() {
            return Ok(Some(1));
        }
        self.place = match (self.place, next) {
            (Place::List, b'[') => Place::FirstOrEnd,
            (Place::FirstOrEnd | Place::CommaOrEnd, b']') => Place::End,
            (Place::CommaOrEnd, b',') => Place::Row,
            (Place::FirstOrEnd | Place::Row, b'{') => return self.row(at, each),
            _ => return Err(format!("no list of objects, by byte {next:#04x}")),
        };
        Ok(Some(1))
    }

    fn row<T: DeserializeOwned>(
        &mut self,
        at: usize,
        each: &mut impl FnMut(T),
    ) -> Result<Option<usize>, String> {
        let mut rows = serde_json::Deserializer::from_slice(&self.rest[at..]).into_iter::<T>();
        match rows.next() {
            Some(Ok(row)) => {
                let length = rows.byte_offset();
                self.count += 1;
                if self.count > MOST_ROWS {
                    return Err(format!("more than {MOST_ROWS} rows"));
                }
                self.place = Place::CommaOrEnd;
                each(row);
                Ok(Some(length))
            }
            Some(Err(error)) if !error.is_eof() => Err(format!("row {}: {error}", self.count + 1)),
            Some(Err(_)) | None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn read(text: &[u8], cut: usize) -> Result<Vec<Value>, String> {
        let mut found = Vec::new();
        let mut rows = Rows::new();
        for part in text.chunks(cut) {
            rows.push(part, &mut |row| found.push(row))?;
        }
        rows.finish(&mut |row| found.push(row))?;
        Ok(found)
    }

    proptest! {
        #[test]
        fn rows_are_those_of_the_list_however_it_is_cut(
            texts in prop::collection::vec(r#"[a-z{}\[\],"\\ ü]{0,12}"#, 0..6),
            cut in 1_usize..40,
            spaced in any::<bool>(),
        ) {
            let list: Vec<Value> = texts
                .iter()
                .map(|text| json!({ "ID": text, "Spec": { text.as_str(): [text, null, 1.5] } }))
                .collect();
            let text = if spaced {
                serde_json::to_vec_pretty(&list).unwrap()
            } else {
                serde_json::to_vec(&list).unwrap()
            };
            prop_assert_eq!(read(&text, cut), Ok(list));
            // Nothing that lacks its end passes for a list.
            prop_assert!(read(&text[..text.len() - 1], cut).is_err());
        }
    }

    #[test]
    fn what_is_no_list_of_objects_is_refused() {
        for text in [
            "",
            "{}",
            "null",
            "[1]",
            "[{},]",
            "[,{}]",
            "[{}{}]",
            "[{}] x",
            "[{}]]",
            "[{\"a\":}]",
        ] {
            assert!(read(text.as_bytes(), 3).is_err(), "{text}");
        }
        assert_eq!(read(b" [ ] \n", 1), Ok(Vec::new()));
    }

    #[test]
    fn neither_a_row_nor_the_list_is_without_bounds() {
        let long = format!("[{{\"a\":\"{}", "x".repeat(ROW_LIMIT + 1));
        assert!(read(long.as_bytes(), 1 << 16).is_err());
        let many = format!("[{}{{}}]", "{},".repeat(MOST_ROWS));
        let mut count = 0;
        let mut rows = Rows::new();
        let read = rows.push(many.as_bytes(), &mut |_: Value| count += 1);
        assert_eq!(read, Err(format!("more than {MOST_ROWS} rows")));
        assert_eq!(count, MOST_ROWS);
    }
}
