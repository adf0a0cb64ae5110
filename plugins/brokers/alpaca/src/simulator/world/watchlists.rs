//! Watchlists: named lists of assets.

use serde_json::{Value, json};
use trader_contract::Timestamp;

use super::World;
use crate::simulator::request::{Fields, Refusal};

/// The longest name.
const NAME_MAX: usize = 64;

/// Every list, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watchlists(Vec<Watchlist>);

#[derive(Debug, Clone)]
struct Watchlist {
    id: String,
    name: String,
    assets: Vec<usize>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// How a list is named in a path or a query.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which<'a> {
    Id(&'a str),
    Name(&'a str),
}

impl World {
    fn list_place(&self, which: Which<'_>) -> Result<usize, Refusal> {
        let is_it = |list: &Watchlist| match which {
            Which::Id(id) => list.id == id,
            Which::Name(name) => list.name == name,
        };
        let place = self.watchlists.0.iter().position(is_it);
        place.ok_or_else(|| Refusal::not_found("watchlist not found"))
    }

    /// Every list, without its assets.
    pub(crate) fn watchlists_json(&self) -> Value {
        let lists = self.watchlists.0.iter();
        lists.map(|list| self.list_json(list, false)).collect()
    }

    pub(crate) fn watchlist_json(&self, which: Which<'_>) -> Result<Value, Refusal> {
        let place = self.list_place(which)?;
        let list = self.watchlists.0.get(place);
        Ok(list.map_or(Value::Null, |list| self.list_json(list, true)))
    }

    fn list_json(&self, list: &Watchlist, with_assets: bool) -> Value {
        let mut shown = json!({
            "id": list.id,
            "account_id": self.account_id,
            "name": list.name,
            "created_at": list.created_at.to_string(),
            "updated_at": list.updated_at.to_string(),
        });
        if let (true, Value::Object(members)) = (with_assets, &mut shown) {
            let assets = list
                .assets
                .iter()
                .filter_map(|asset| self.market.asset(*asset));
            let assets = assets.map(super::super::assets::Asset::json).collect();
            members.insert("assets".to_owned(), assets);
        }
        shown
    }

    fn assets_of(&self, fields: &Fields) -> Result<Option<Vec<usize>>, Refusal> {
        let Some(Value::Array(symbols)) = fields.get("symbols") else {
            return Ok(None);
        };
        let mut assets = Vec::with_capacity(symbols.len());
        for symbol in symbols {
            let asset = self.known(symbol.as_str().unwrap_or_default())?;
            if !assets.contains(&asset) {
                assets.push(asset);
            }
        }
        Ok(Some(assets))
    }

    fn known(&self, symbol: &str) -> Result<usize, Refusal> {
        let found = self.market.find(symbol);
        found.ok_or_else(|| Refusal::unprocessable(format!("asset \"{symbol}\" not found")))
    }

    fn free_name(&self, fields: &Fields, but: Option<usize>) -> Result<Option<String>, Refusal> {
        let Some(name) = fields.text("name") else {
            return Ok(None);
        };
        if name.is_empty() || name.chars().count() > NAME_MAX {
            return Err(Refusal::invalid(
                "watchlist name must have 1 to 64 characters",
            ));
        }
        let same = self.watchlists.0.iter().position(|list| list.name == name);
        if same.is_some() && same != but {
            return Err(Refusal::invalid("watchlist name must be unique"));
        }
        Ok(Some(name.to_owned()))
    }

    pub(crate) fn make_watchlist(&mut self, fields: &Fields) -> Result<Value, Refusal> {
        let name = self.free_name(fields, None)?;
        let name = name.ok_or_else(|| Refusal::invalid("watchlist name is required"))?;
        let assets = self.assets_of(fields)?.unwrap_or_default();
        let list = Watchlist {
            id: self.next_id(),
            name,
            assets,
            created_at: self.now,
            updated_at: self.now,
        };
        let shown = self.list_json(&list, true);
        self.watchlists.0.push(list);
        Ok(shown)
    }

    /// Gives a list another name or other assets.
    pub(crate) fn change_watchlist(
        &mut self,
        which: Which<'_>,
        fields: &Fields,
    ) -> Result<Value, Refusal> {
        let place = self.list_place(which)?;
        let (name, assets) = (
            self.free_name(fields, Some(place))?,
            self.assets_of(fields)?,
        );
        self.change_list(place, |list| {
            list.name = name.unwrap_or(std::mem::take(&mut list.name));
            list.assets = assets.unwrap_or(std::mem::take(&mut list.assets));
        })
    }

    pub(crate) fn watch(&mut self, which: Which<'_>, fields: &Fields) -> Result<Value, Refusal> {
        let place = self.list_place(which)?;
        let asset = self.known(fields.text("symbol").unwrap_or_default())?;
        self.change_list(place, |list| {
            if !list.assets.contains(&asset) {
                list.assets.push(asset);
            }
        })
    }

    pub(crate) fn unwatch(&mut self, which: Which<'_>, symbol: &str) -> Result<Value, Refusal> {
        let place = self.list_place(which)?;
        let asset = self.known(symbol)?;
        self.change_list(place, |list| list.assets.retain(|other| *other != asset))
    }

    fn change_list(
        &mut self,
        place: usize,
        change: impl FnOnce(&mut Watchlist),
    ) -> Result<Value, Refusal> {
        let now = self.now;
        let Some(list) = self.watchlists.0.get_mut(place) else {
            return Err(Refusal::not_found("watchlist not found"));
        };
        change(list);
        list.updated_at = now;
        let list = list.clone();
        Ok(self.list_json(&list, true))
    }

    pub(crate) fn drop_watchlist(&mut self, which: Which<'_>) -> Result<(), Refusal> {
        let place = self.list_place(which)?;
        self.watchlists.0.remove(place);
        Ok(())
    }
}
