//! Milvus' own APIs, as far as bringing it up and draining it need them. Nothing here opens a
//! connection: questions and streams come from the edge.

pub mod grpc;
mod hand_over;
pub mod proto;
mod seed;
mod smoke;

pub use hand_over::{SETTING as HAND_OVER, lease_question, setting_question};
pub use seed::seed_question;
pub use smoke::{Ask, SmokeError, smoke};
