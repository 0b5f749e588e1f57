//! What a request that changes something has to pass right before it is sent.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::Engine;
use super::error::EngineError;

/// Waits for leave to change something; gives the reason why there will be none.
pub type Leave<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// Gives leave to change something, or does not. It is asked in the moment of sending: whoever was
/// stopped on the way to it may have lost the right since an action began.
pub trait Fence: Send + Sync {
    /// Resolves in a moment in which something may be changed.
    fn leave(&self) -> Leave<'_>;
}

impl Engine {
    /// Puts a fence before every request that changes something, over all clones of this engine,
    /// in place of the one before. Requests on locks themselves pass without.
    pub fn fence(&self, fence: Arc<dyn Fence>) {
        self.http.set_fence(Some(fence));
    }

    /// Puts the fence of another engine before this one, too.
    #[must_use]
    pub fn behind_the_fence_of(self, other: &Self) -> Self {
        self.http.set_fence(other.http.fence());
        self
    }

    /// Resolves in a moment in which something may be changed by other means than a request of this
    /// engine; `what` is how an error names it.
    ///
    /// # Errors
    /// `Withheld`: there is a fence, and it gives no leave.
    pub async fn leave(&self, what: &str) -> Result<(), EngineError> {
        self.http.leave(what).await
    }
}
