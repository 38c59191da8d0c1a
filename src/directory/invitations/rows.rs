//! Reading a list of people to invite, as CSV. Cells are text and nothing else: whatever a spreadsheet would make of one,
//! it is read as it stands, and refused by the row if it cannot be what it is given as.

use csv::StringRecord;

use super::super::Error;
use super::{ImportRow, NewInvitation};

/// Which column holds what.
struct Columns {
    name: usize,
    email: usize,
    can_edit: Option<usize>,
    admin_for: Option<usize>,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, Error> {
        let at = |wanted: &str| header.iter().position(|name| plain(name) == wanted);
        let required = |wanted: &str| {
            at(wanted).ok_or_else(|| {
                Error::Invalid(format!(
                    "the first line names no column «{wanted}»; it has to be name,email,can edit,admin for"
                ))
            })
        };
        Ok(Self {
            name: required("name")?,
            email: required("email")?,
            can_edit: at("canedit"),
            admin_for: at("adminfor"),
        })
    }

    fn read(&self, record: &StringRecord) -> NewInvitation {
        let cell = |at: usize| record.get(at).unwrap_or_default().trim().to_owned();
        let values = |at: Option<usize>| {
            let cell = at.map(cell).unwrap_or_default();
            cell.split(';').map(str::trim).filter(|text| !text.is_empty()).map(ToOwned::to_owned).collect()
        };
        NewInvitation {
            name: cell(self.name),
            email: cell(self.email),
            can_edit: values(self.can_edit),
            admin_for: values(self.admin_for),
        }
    }
}

/// A column's name without what people write differently: `Can edit`, `can_edit`, `E-mail`.
fn plain(name: &str) -> String {
    let letters = name.trim_start_matches('\u{feff}').chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// The rows of a list, each with its line.
///
/// # Errors
///
/// [`Error::Invalid`] if its first line does not name the columns, or is no text.
pub fn rows(bytes: &[u8]) -> Result<Vec<ImportRow>, Error> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let header = reader.headers().map_err(|error| Error::Invalid(format!("{error}; save it as UTF-8")))?;
    let columns = Columns::of(header)?;
    let mut rows = Vec::new();
    for (at, record) in reader.records().enumerate() {
        let row = match &record {
            Ok(record) => Ok(columns.read(record)),
            Err(error) => Err(format!("the row cannot be read: {error}; save the file as UTF-8")),
        };
        let position = record.as_ref().ok().and_then(|record| record.position());
        let line = position.and_then(|position| usize::try_from(position.line()).ok()).unwrap_or(at + 2);
        rows.push(ImportRow { line, row });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(usize, NewInvitation)> {
        let rows = rows(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        rows.into_iter().map(|row| (row.line, row.row.expect("a row"))).collect()
    }

    #[test]
    fn columns_are_known_by_the_consoles_words_in_any_order() {
        let text = "\u{feff}E-mail,Admin for,Name,Can edit,Note\na@b.example,Billing admin; Organization admin,Ada,\"Organization;leeds\",x\n";
        let (line, row) = read(text).remove(0);
        assert_eq!((line, row.name.as_str(), row.email.as_str()), (2, "Ada", "a@b.example"));
        assert_eq!(row.can_edit, ["Organization", "leeds"]);
        assert_eq!(row.admin_for, ["Billing admin", "Organization admin"]);
    }

    #[test]
    fn a_cell_is_text_whatever_a_spreadsheet_makes_of_it() {
        let row = &read("name,email,can edit,admin for\n\"=HYPERLINK(\"\"x\"\")\",+a@b.example,,\n")[0].1;
        assert_eq!((row.name.as_str(), row.email.as_str()), ("=HYPERLINK(\"x\")", "+a@b.example"));
        assert!(row.can_edit.is_empty() && row.admin_for.is_empty());
    }

    #[test]
    fn a_short_row_has_empty_cells_and_a_bad_one_spoils_no_other() {
        let mut bytes = b"name,email\nAda\n".to_vec();
        bytes.extend(b"\xff,b@b.example\nCyd,c@b.example\n");
        let rows = rows(&bytes).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(rows.iter().map(|row| row.row.is_ok()).collect::<Vec<_>>(), [true, false, true]);
        assert!(super::rows(b"first,second\n").is_err());
    }
}
