//! The `descriptor!` table.

/// Makes a descriptor type out of a table.
///
/// ```text
/// descriptor! {
///     /// What the document is.
///     pub struct Name<'a> = "type-name" in "spec section", option = value, … ;
///
///     /// What it is, unit, what absence means.
///     "keyword" | "other-keyword" => field: Type, SanitizerRule;
///     …
/// }
/// ```
///
/// The first row's keyword begins the document. A field's type says how often its line may stand (see
/// [`Slot`](crate::schema::Slot)) and how it is read ([`FromItem`](crate::schema::FromItem)); a field whose type is
/// another table takes the lines that follow, up to the first keyword that only the outer table knows.
/// The sanitizer's [`Rule`](crate::schema::Rule) may be left out: then it refuses the line.
/// Options are the fields of [`Options`](crate::schema::Options).
///
/// Makes: the struct with `raw` and one public field a row; `Default`, [`Table`](crate::schema::Table),
/// [`Record`](crate::schema::Record), [`FromItem`](crate::schema::FromItem); its [`Schema`](crate::schema::Schema).
/// Refuses to compile: a keyword that stands twice, more than 128 rows.
macro_rules! descriptor {
    (
        $(#[doc = $about:literal])*
        pub struct $name:ident<$a:lifetime> = $type:literal in $spec:literal
            $(, $option:ident = $value:expr)* ;
        $(
            $(#[doc = $doc:literal])*
            $($keyword:literal)|+ => $field:ident : $kind:ty $(, $rule:expr)? ;
        )*
    ) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name<$a> {
            /// The bytes that it was read from.
            pub raw: &$a [u8],
            $($(#[doc = $doc])* pub $field: $kind,)*
        }

        const _: () = {
            use $crate::{netdoc::Item, schema as s};

            #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
            #[repr(u8)]
            enum Row { $($field,)* }

            impl<$a> $name<$a> {
                const FIELDS: &'static [s::Field] = &[$(s::Field {
                    name: stringify!($field),
                    keywords: &[$($keyword),+],
                    doc: concat!($($doc, "\n"),*),
                    count: <$kind as s::Slot<$a>>::COUNT,
                    parts: <$kind as s::Slot<$a>>::PARTS,
                    rule: s::rule!($($rule)?),
                }),*];
            }

            static SCHEMA: s::Schema =
                s::Schema::new($type, stringify!($name), concat!($($about, "\n"),*), $spec, $name::FIELDS);

            static KEYWORDS: s::Keywords =
                s::Keywords::new(&[$($(($keyword, Row::$field as u8)),+),*]);

            impl<$a> s::Table<$a> for $name<$a> {
                const FIELDS: &'static [s::Field] = Self::FIELDS;
                #[allow(clippy::needless_update, reason = "a table may set all options")]
                const OPTIONS: s::Options<$a, Self> =
                    s::Options { $($option: $value,)* ..s::Options::DEFAULT };

                #[inline]
                fn row(keyword: &[u8]) -> Option<usize> {
                    KEYWORDS.row(keyword)
                }

                #[inline]
                fn fill(
                    &mut self, row: usize, item: &Item<$a>, again: bool, reader: &mut s::Reader<$a>,
                ) -> Result<(), s::Problem> {
                    $(if row == Row::$field as usize {
                        return s::Slot::fill(&mut self.$field, item, again, reader);
                    })*
                    Ok(())
                }

                #[inline]
                fn tell(&self, out: &mut (impl s::Sink + ?Sized)) {
                    $(for part in 0..<$kind as s::Slot<$a>>::PARTS.len() {
                        s::Slot::emit(&self.$field, part, out);
                    })*
                }

                fn set_raw(&mut self, raw: &$a [u8]) {
                    self.raw = raw;
                }

                fn table() -> &'static s::Schema {
                    &SCHEMA
                }
            }

            impl<$a> s::Record for $name<$a> {
                fn schema(&self) -> &'static s::Schema {
                    &SCHEMA
                }

                fn emit(&self, field: usize, part: usize, out: &mut dyn s::Sink) {
                    $(if field == Row::$field as usize {
                        return s::Slot::emit(&self.$field, part, out);
                    })*
                }

                fn emit_values(&self, out: &mut dyn s::Sink) {
                    s::Table::tell(self, out);
                }

                fn each(&self, field: usize, visit: &mut dyn FnMut(&dyn s::Record)) {
                    $(if field == Row::$field as usize {
                        return s::Slot::each(&self.$field, visit);
                    })*
                }

                fn count(&self, field: usize) -> usize {
                    $(if field == Row::$field as usize {
                        return s::Slot::records(&self.$field);
                    })*
                    0
                }

                fn nth(&self, field: usize, index: usize) -> Option<&dyn s::Record> {
                    $(if field == Row::$field as usize {
                        return s::Slot::nth(&self.$field, index);
                    })*
                    None
                }

                fn policy(&self, field: usize) -> Option<$crate::value::Policy<'_>> {
                    $(if field == Row::$field as usize {
                        return s::Slot::policy(&self.$field);
                    })*
                    None
                }

                fn raw(&self) -> &[u8] {
                    self.raw
                }
            }

            impl<$a> s::FromItem<$a> for $name<$a> {
                const PARTS: &'static [s::Part] =
                    &[s::Part::whole(s::Kind::Table(<Self as s::Table<$a>>::table))];

                fn from_item(item: &Item<$a>) -> Result<Self, s::Problem> {
                    Self::read(item, &mut s::Reader::new(item.raw))
                }

                fn read(item: &Item<$a>, reader: &mut s::Reader<$a>) -> Result<Self, s::Problem> {
                    s::read_nested(item, reader)
                }

                fn push(
                    list: &mut Vec<Self>, item: &Item<$a>, reader: &mut s::Reader<$a>,
                ) -> Result<(), s::Problem> {
                    s::push_nested(list, item, reader)
                }

                #[inline]
                fn emit(&self, _part: usize, out: &mut (impl s::Sink + ?Sized)) {
                    out.map();
                    let mut columns = SCHEMA.columns().iter();
                    $(for part in 0..<$kind as s::Slot<$a>>::PARTS.len() {
                        if let Some(column) = columns.next() {
                            out.key(column.name.as_bytes());
                        }
                        s::Slot::emit(&self.$field, part, out);
                    })*
                    out.end_map();
                }

                fn as_record(&self) -> Option<&dyn s::Record> {
                    Some(self)
                }
            }
        };
    };
}

/// A row's rule: none is [`Refuse`](crate::schema::Rule::Refuse).
macro_rules! rule {
    () => {
        $crate::schema::Rule::Refuse
    };
    ($rule:expr) => {{
        #[allow(unused_imports, reason = "a rule uses one of them")]
        use $crate::schema::{Rewrite::*, Rule::*, RuleSet::*};
        $rule
    }};
}

pub(crate) use {descriptor, rule};
