//! The types of CRM records.

use std::{borrow::Cow, fmt};

use super::coded::as_number;

/// The type of a CRM record: a lead, a deal, an invoice, one of a smart process.
///
/// The portal names each in four ways, and methods differ in which they take: the number (`entityTypeId`), the name, the
/// short code (`ownerType` of product rows), and the object of user fields. Any number is a type, since every portal has
/// smart processes of its own; the ones that every portal has are constants.
///
/// ```
/// use b24_core::values::EntityType;
///
/// let deal = EntityType::DEAL;
/// assert_eq!((deal.id(), &*deal.name(), &*deal.short()), (2, "DEAL", "D"));
///
/// let process = EntityType::from(1036);
/// assert!(process.is_smart_process());
/// assert_eq!((&*process.name(), &*process.short()), ("DYNAMIC_1036", "T40c"));
/// assert_eq!(EntityType::from_short("T40c"), Some(process));
/// ```
///
/// Source: <https://apidocs.bitrix24.com/api-reference/crm/data-types.html#object_type>
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EntityType(u32);

impl EntityType {
    /// A lead.
    pub const LEAD: Self = Self(1);
    /// A deal.
    pub const DEAL: Self = Self(2);
    /// A contact.
    pub const CONTACT: Self = Self(3);
    /// A company.
    pub const COMPANY: Self = Self(4);
    /// An invoice of the old kind.
    pub const OLD_INVOICE: Self = Self(5);
    /// An estimate.
    pub const QUOTE: Self = Self(7);
    /// The details of a company or contact.
    pub const REQUISITE: Self = Self(8);
    /// An order of the online store.
    pub const ORDER: Self = Self(14);
    /// An invoice.
    pub const INVOICE: Self = Self(31);

    /// The type with a name such as `DEAL` or `DYNAMIC_128`, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let known = KNOWN.iter().find(|row| row.name.eq_ignore_ascii_case(name)).map(|row| row.of);
        known.or_else(|| {
            let (head, digits) = name.split_at_checked(DYNAMIC.len())?;
            head.eq_ignore_ascii_case(DYNAMIC).then(|| Self::from_digits(digits, 10))?
        })
    }

    /// The type with a short code such as `D` or `T80`, in any case.
    #[must_use]
    pub fn from_short(code: &str) -> Option<Self> {
        let known = KNOWN.iter().find(|row| row.short.eq_ignore_ascii_case(code)).map(|row| row.of);
        known.or_else(|| Self::from_digits(code.strip_prefix(['T', 't'])?, 16))
    }

    /// The number: `entityTypeId`.
    #[must_use]
    pub fn id(self) -> u32 {
        self.0
    }

    /// The name, such as `DEAL`; `DYNAMIC_128` for a smart process.
    #[must_use]
    pub fn name(self) -> Cow<'static, str> {
        self.row().map_or_else(|| format!("{DYNAMIC}{}", self.0).into(), |row| row.name.into())
    }

    /// The short code, such as `D`; for a smart process a `T` and the number in hexadecimal.
    #[must_use]
    pub fn short(self) -> Cow<'static, str> {
        self.row().map_or_else(|| format!("T{:x}", self.0).into(), |row| row.short.into())
    }

    /// The object of user fields, such as `CRM_DEAL`. `None` for a smart process, where it is made of another number: the
    /// `id` that `crm.type.list` gives.
    #[must_use]
    pub fn user_field_object(self) -> Option<&'static str> {
        self.row().map(|row| row.user_fields)
    }

    /// Whether the number is one of those that portals give to their smart processes: 128 to 191, and even ones from 1030.
    /// The numbers in between and the odd ones are of processes in the recycle bin.
    #[must_use]
    pub fn is_smart_process(self) -> bool {
        (128..=191).contains(&self.0) || (self.0 >= 1030 && self.0 % 2 == 0)
    }

    /// The number in a name; types with a name of their own have no such name as well.
    fn from_digits(digits: &str, radix: u32) -> Option<Self> {
        // `from_str_radix` takes a sign too.
        let plain = digits.chars().all(|digit| digit.is_digit(radix));
        let of = plain.then(|| u32::from_str_radix(digits, radix).ok())?.map(Self)?;
        of.row().is_none().then_some(of)
    }

    fn row(self) -> Option<&'static Row> {
        KNOWN.iter().find(|row| row.of == self)
    }
}

impl From<u32> for EntityType {
    fn from(id: u32) -> Self {
        Self(id)
    }
}

impl fmt::Display for EntityType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl fmt::Debug for EntityType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntityType({}, {})", self.0, self.name())
    }
}

as_number!(EntityType);

struct Row {
    of: EntityType,
    name: &'static str,
    short: &'static str,
    user_fields: &'static str,
}

const fn row(of: EntityType, name: &'static str, short: &'static str, user_fields: &'static str) -> Row {
    Row { of, name, short, user_fields }
}

const KNOWN: [Row; 9] = [
    row(EntityType::LEAD, "LEAD", "L", "CRM_LEAD"),
    row(EntityType::DEAL, "DEAL", "D", "CRM_DEAL"),
    row(EntityType::CONTACT, "CONTACT", "C", "CRM_CONTACT"),
    row(EntityType::COMPANY, "COMPANY", "CO", "CRM_COMPANY"),
    row(EntityType::OLD_INVOICE, "INVOICE", "I", "CRM_INVOICE"),
    row(EntityType::QUOTE, "QUOTE", "Q", "CRM_QUOTE"),
    row(EntityType::REQUISITE, "REQUISITE", "RQ", "CRM_REQUISITE"),
    row(EntityType::ORDER, "ORDER", "O", "ORDER"),
    row(EntityType::INVOICE, "SMART_INVOICE", "SI", "CRM_SMART_INVOICE"),
];

const DYNAMIC: &str = "DYNAMIC_";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_type_is_found_by_each_of_its_names() {
        for id in [1, 2, 3, 4, 5, 7, 8, 14, 31, 128, 191, 1030, 1036] {
            let of = EntityType::from(id);
            assert_eq!(EntityType::from_name(&of.name().to_lowercase()), Some(of));
            assert_eq!(EntityType::from_short(&of.short()), Some(of));
            assert_eq!(serde_json::from_value::<EntityType>(json!(id.to_string())).unwrap(), of);
            assert_eq!(serde_json::to_value(of).unwrap(), id);
        }
        for none in ["", "?", "DYNAMIC_", "DYNAMIC_x", "DYNAMIC_+5", "DYNAMIC_2", "T", "T+80", "T2", "ÄÄÄÄÄÄÄÄ"]
        {
            assert_eq!(EntityType::from_name(none), None, "{none}");
            assert_eq!(EntityType::from_short(none), None, "{none}");
        }
    }

    #[test]
    fn smart_processes_are_told_by_their_numbers() {
        for (id, want) in [(2, false), (31, false), (128, true), (191, true), (192, false), (1030, true), (1031, false)]
        {
            assert_eq!(EntityType::from(id).is_smart_process(), want, "{id}");
        }
        // The example of the documentation.
        assert_eq!(EntityType::from(128).short(), "T80");
        assert_eq!(EntityType::from(128).user_field_object(), None);
        assert_eq!(EntityType::INVOICE.user_field_object(), Some("CRM_SMART_INVOICE"));
    }

    #[test]
    fn it_can_be_read_in_a_log() {
        assert_eq!(format!("{:?} {}", EntityType::DEAL, EntityType::from(128)), "EntityType(2, DEAL) DYNAMIC_128");
    }
}
