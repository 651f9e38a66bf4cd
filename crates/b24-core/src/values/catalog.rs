//! Values of the catalogue and of product rows.

use super::coded::{numbered, worded};

numbered! {
    /// What a product is, in the catalogue and in product rows (`type`).
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/crm/data-types.html>
    ProductType {
        /// A simple product.
        Product = 1,
        /// A set of products.
        Set = 2,
        /// A product with variations.
        WithVariations = 3,
        /// A variation of a product.
        Variation = 4,
        /// A variation whose product is not given, or deleted.
        VariationWithoutProduct = 5,
        /// A product with variations that has none: not valid.
        WithoutVariations = 6,
        /// A service.
        Service = 7,
    }
}

numbered! {
    /// How the discount of a product row is meant (`discountTypeId`).
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/crm/data-types.html>
    DiscountType {
        /// An amount of money, in `discountSum`.
        Absolute = 1,
        /// A share in percent, in `discountRate`.
        Percent = 2,
    }
}

numbered! {
    /// How prices are rounded (`roundType`).
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/catalog/data-types.html>
    RoundingRule {
        /// To the nearest.
        Mathematical = 1,
        /// Up.
        Up = 2,
        /// Down.
        Down = 4,
    }
}

worded! {
    /// What an image of a product is for (`type`).
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/catalog/data-types.html>
    ProductImageType {
        /// The detailed picture.
        Detail = "DETAIL_PICTURE",
        /// The picture of the preview.
        Preview = "PREVIEW_PICTURE",
        /// One of several more.
        More = "MORE_PHOTO",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_come_as_number_or_text_and_go_as_numbers() {
        for (value, want) in
            [(json!(1), ProductType::Product), (json!("7"), ProductType::Service), (json!(99), ProductType::Other(99))]
        {
            let read: ProductType = serde_json::from_value(value).unwrap();
            assert_eq!(read, want);
            assert_eq!(serde_json::to_value(read).unwrap(), want.id());
        }
        assert!(serde_json::from_value::<DiscountType>(json!("x")).is_err());
        assert_eq!(RoundingRule::from(4), RoundingRule::Down);
    }

    #[test]
    fn words_that_are_not_known_survive() {
        for word in ["MORE_PHOTO", "SOMETHING_NEW"] {
            let read: ProductImageType = serde_json::from_value(json!(word)).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), word);
        }
        assert_eq!(ProductImageType::from("MORE_PHOTO"), ProductImageType::More);
    }
}
