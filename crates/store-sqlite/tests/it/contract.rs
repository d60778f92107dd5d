//! The store shows every behaviour of the public suite.

mod codes {
    use crate::fixture::OnDisk;

    offhook_store_contract::code_store_tests!(async { OnDisk::new() });
    offhook_store_contract::guess_store_tests!(async { OnDisk::new() });
    offhook_store_contract::capf_store_tests!(async { OnDisk::new() });
}

mod registry {
    use crate::fixture::OnDisk;

    offhook_store_contract::registry_tests!(async { OnDisk::new() });
}

mod shared {
    use crate::fixture::OnDisk;

    offhook_store_contract::shared_store_tests!(OnDisk, async { OnDisk::new() });
}
