//! Declares each operation once: name, required right, input and output. The macro makes three things from it: the server function that the
//! browser calls, the port's function that the server implements, and the entry in [`OPERATIONS`](super::OPERATIONS) that the tests of
//! rights use.

/// Declares the operations of one feature. The name is the last part of the path (`/api/fn/NAME`). Never change a name, because open tabs
/// and programs call it. `needs` is a [`model::Needs`]. The domain enforces the right, and the tests compare it with this declaration.
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

        /// The operations of this feature.
        #[cfg(feature = "ssr")]
        pub(super) const OPERATIONS: &[super::Operation] = &[$(super::Operation { name: $name, needs: $needs }),+];
    };
}
pub(super) use operations;
