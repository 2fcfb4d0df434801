//! An operation is declared once: its name, what it needs, what goes in and what comes out. From that follow the server function that the
//! browser calls, the function of the port that the server implements, and its line in [`OPERATIONS`](super::OPERATIONS), from which the
//! tests of rights are made.

/// Declares the operations of one feature. The name is the last part of the path (`/api/fn/NAME`); never change one, because open tabs and
/// programs call it. `needs` is a [`model::Needs`]: the domain enforces it, the declaration is what the tests compare.
macro_rules! operations {
    ($(#[$about:meta])* pub trait $port:ident {
        $($(#[$doc:meta])* $name:literal needs $needs:expr => $function:ident($($(#[$how:meta])* $arg:ident: $kind:ty),* $(,)?) -> $output:ty;)+
    }) => {
        $(
            $(#[$doc])*
            #[server(prefix = "/api/fn", endpoint = $name, input = Json)]
            pub async fn $function($($(#[$how])* $arg: $kind),*) -> Result<$output, Refused> {
                told(port()?.$function($($arg),*).await)
            }
        )+

        $(#[$about])*
        #[cfg(feature = "ssr")]
        #[async_trait::async_trait]
        pub trait $port: Send + Sync {
            $($(#[$doc])* async fn $function(&self, $($arg: $kind),*) -> Result<$output, model::ApiError>;)+
        }

        /// What this feature declares.
        #[cfg(feature = "ssr")]
        pub(super) const OPERATIONS: &[super::Operation] = &[$(super::Operation { name: $name, needs: $needs }),+];
    };
}
pub(super) use operations;
