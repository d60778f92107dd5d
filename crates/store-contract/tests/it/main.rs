//! The stores in memory show every behaviour.

use std::sync::Arc;

use offhook_activation_code::MemoryStore;

mod memory_store {
    use super::*;

    offhook_store_contract::code_store_tests!(async { Arc::new(MemoryStore::new()) });
}
