//! Enums as numbers in shared memory.

/// Gives the variants of an enum their numbers, and numbers their variants. One that is left out, or a number that is given
/// twice, does not compile.
macro_rules! numbered {
    ($name:ident { $($variant:ident = $number:literal,)+ }) => {
        impl $name {
            /// In the order of their numbers.
            #[cfg(test)]
            pub(super) const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its number in shared memory.
            pub(super) const fn number(self) -> u8 {
                match self {
                    $(Self::$variant => $number,)+
                }
            }

            /// The one of that number.
            pub(super) const fn from_number(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}
