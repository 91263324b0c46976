//! JSON deserializer on the browser's own parser. A second parser in WebAssembly, with its error messages, would be
//! larger than all that is read with it; here a text is readable or not, without details.

use js_sys::{Array, JSON, Number, Reflect};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use std::fmt;
use wasm_bindgen::{JsCast, JsValue};

/// Deserializes `text`; none if it is not JSON, or describes another type.
pub fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    T::deserialize(Value(parse(text)?)).ok()
}

/// Returns whether `text` is valid JSON, whatever its content.
pub fn is_json(text: &str) -> bool {
    parse(text).is_some()
}

fn parse(text: &str) -> Option<JsValue> {
    JSON::parse(text).ok()
}

/// Error for a value of another type than requested. It drops serde's details, so that the code that formats them is
/// left out of the page.
#[derive(Clone, Copy, Debug)]
struct Unreadable;

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unreadable")
    }
}

impl std::error::Error for Unreadable {}

impl Error for Unreadable {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Value parsed by the browser.
#[derive(Default)]
struct Value(JsValue);

impl Value {
    fn text(&self) -> Result<String, Unreadable> {
        self.0.as_string().ok_or(Unreadable)
    }

    /// Returns an integer that JavaScript represents exactly.
    fn whole(&self) -> Result<i64, Unreadable> {
        match self.0.as_f64() {
            Some(number) if Number::is_safe_integer(&self.0) => Ok(number as i64),
            _ => Err(Unreadable),
        }
    }

    fn items(self) -> Result<Items, Unreadable> {
        self.0.dyn_into::<Array>().map(|array| Items { array, next: 0 }).map_err(|_| Unreadable)
    }

    fn fields(self, names: &'static [&'static str]) -> Result<Fields, Unreadable> {
        match self.0.is_object() && !self.0.is_instance_of::<Array>() {
            true => Ok(Fields { object: self.0, names: names.iter(), value: Self::default() }),
            false => Err(Unreadable),
        }
    }
}

/// Supports only the types that the messages contain: every other request fails.
impl<'de> Deserializer<'de> for Value {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Unreadable> {
        Err(Unreadable)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_bool(self.0.as_bool().ok_or(Unreadable)?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_i64(self.whole()?)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_i64(self.whole()?)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_i64(self.whole()?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_i64(self.whole()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_str(&self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_string(self.text()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_seq(self.items()?)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_seq(self.items()?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_map(self.fields(fields)?)
    }

    /// Enums are serialized as their names.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_enum(self.text()?.into_deserializer())
    }

    forward_to_deserialize_any! {
        i8 i16 i32 u8 f32 f64 char bytes byte_buf unit unit_struct tuple_struct map identifier ignored_any
    }
}

struct Items {
    array: Array,
    next: u32,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Unreadable> {
        if self.next >= self.array.length() {
            return Ok(None);
        }
        let item = Value(self.array.get(self.next));
        self.next += 1;
        seed.deserialize(item).map(Some)
    }
}

/// Requested fields of an object. Other fields, from a newer server, are ignored.
struct Fields {
    object: JsValue,
    names: std::slice::Iter<'static, &'static str>,
    value: Value,
}

impl Fields {
    fn next_present(&mut self) -> Option<&'static str> {
        let object = &self.object;
        let (name, value) = self.names.find_map(|name| {
            let value = Reflect::get(object, &JsValue::from_str(name)).ok()?;
            (!value.is_undefined()).then_some((*name, value))
        })?;
        self.value = Value(value);
        Some(name)
    }
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unreadable> {
        self.next_present().map(|name| seed.deserialize(name.into_deserializer())).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unreadable> {
        seed.deserialize(std::mem::take(&mut self.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, Serialize};
    use wasm_bindgen_test::wasm_bindgen_test;

    #[derive(PartialEq, Debug, Serialize, Deserialize)]
    struct Message {
        name: String,
        count: u64,
        at: i64,
        status: u16,
        yes: bool,
        kind: Kind,
        tags: Vec<String>,
        #[serde(default, rename = "self")]
        more: Option<Box<Message>>,
    }

    #[derive(PartialEq, Debug, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        FirstOne,
        #[serde(other)]
        Other,
    }

    fn message(more: Option<Message>) -> Message {
        Message {
            name: "하늘 \"🔑\"\n".into(),
            count: 1 << 50,
            at: -5,
            status: 401,
            yes: true,
            kind: Kind::FirstOne,
            tags: vec![String::new(), "b".into()],
            more: more.map(Box::new),
        }
    }

    #[wasm_bindgen_test]
    fn what_serde_writes_is_read() {
        for sent in [message(None), message(Some(message(None)))] {
            assert_eq!(read::<Message>(&serde_json::to_string(&sent).unwrap()), Some(sent));
        }
        assert_eq!(read::<Vec<u64>>(" [1, 2]\n"), Some(vec![1, 2]));
        assert_eq!(read::<(u32, bool)>("[7, true]"), Some((7, true)));
        assert_eq!(read::<Kind>("\"newer\""), Some(Kind::Other));
    }

    #[wasm_bindgen_test]
    fn fields_may_be_new_or_in_another_order_but_not_missing() {
        let sent =
            r#"{"new":{"a":[]},"tags":[],"kind":"newer","yes":false,"status":0,"at":0,"count":0,"name":""}"#;
        let read_back = read::<Message>(sent).unwrap();
        assert_eq!((read_back.kind, read_back.more), (Kind::Other, None));
        assert_eq!(read::<Message>(&sent.replace("\"at\":0,", "")), None);
    }

    #[wasm_bindgen_test]
    fn what_is_something_else_is_unreadable() {
        let good = serde_json::to_string(&message(None)).unwrap();
        for (from, to) in [
            ("\"status\":401", "\"status\":65536"),
            ("\"status\":401", "\"status\":\"401\""),
            ("\"at\":-5", "\"at\":0.5"),
            ("\"at\":-5", "\"at\":1e300"),
            ("\"yes\":true", "\"yes\":1"),
            ("\"yes\":true", "\"yes\":null"),
            ("\"kind\":\"first_one\"", "\"kind\":0"),
            ("\"kind\":\"first_one\"", "\"kind\":{\"first_one\":null}"),
            ("[\"\",\"b\"]", "[\"\",2]"),
            ("[\"\",\"b\"]", "{\"0\":\"\",\"length\":1}"),
            ("\"self\":null", "\"self\":{}"),
        ] {
            let bad = good.replace(from, to);
            assert!(bad != good && read::<Message>(&bad).is_none(), "{bad}");
        }
        assert_eq!(read::<u64>("-1"), None);
        for text in ["", "{", "[1]", "null", "7", "\"name\"", "{} {}"] {
            assert_eq!(read::<Message>(text), None, "{text}");
        }
    }
}
