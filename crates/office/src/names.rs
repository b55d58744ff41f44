//! Who did something, as people know them: the name of a person or program instead of its account.

use std::collections::{BTreeMap, BTreeSet};

use xinzhi_store::Connection;

use crate::{Error, Office, push};

/// Names by account or key.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// The names of some accounts and keys, as they are recorded now.
    pub(crate) fn of<'a>(connection: &mut Connection, wanted: impl IntoIterator<Item = &'a str>) -> Result<Names, Error> {
        let (house, mut known, mut programs) = ([Office::operator(), push::sender()], BTreeMap::new(), None);
        for name in wanted.into_iter().collect::<BTreeSet<&str>>() {
            let own = house.iter().find(|actor| actor.name == name).map(|actor| actor.title.clone());
            let title = match own {
                Some(title) => Some(title),
                None => xinzhi_store::account::by_name(connection, name)?.map(|row| row.actor.title),
            };
            let title = match title {
                Some(title) => Some(title),
                // A name that is no account's is a program's, of whichever of its keys.
                None => {
                    let all = match programs.take() {
                        Some(all) => all,
                        None => xinzhi_store::key::every(connection)?,
                    };
                    programs.insert(all).iter().rev().find(|key| key.actor.name == name).map(|key| key.actor.title.clone())
                }
            };
            known.extend(title.filter(|title| !title.is_empty()).map(|title| (name.to_owned(), title)));
        }
        Ok(Names(known))
    }

    /// The name, or the account itself where nobody has it any more.
    pub fn title<'a>(&'a self, account: &'a str) -> &'a str {
        self.0.get(account).map_or(account, String::as_str)
    }
}
