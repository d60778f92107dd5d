//! The stores in memory show every behaviour.

use std::sync::Arc;

use offhook_activation_code::MemoryStore;
use offhook_onboarding::MemoryRegistry;

mod memory_store {
    use super::*;

    offhook_store_contract::code_store_tests!(async { Arc::new(MemoryStore::new()) });
    offhook_store_contract::guess_store_tests!(async { Arc::new(MemoryStore::new()) });
    offhook_store_contract::capf_store_tests!(async { Arc::new(MemoryStore::new()) });
}

mod memory_registry {
    use super::*;

    offhook_store_contract::code_store_tests!(async { Arc::new(MemoryRegistry::new()) });
    offhook_store_contract::guess_store_tests!(async { Arc::new(MemoryRegistry::new()) });
    offhook_store_contract::registry_tests!(async { Arc::new(MemoryRegistry::new()) });
}
