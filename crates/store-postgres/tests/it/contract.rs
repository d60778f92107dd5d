//! The store shows every behaviour of the public suite.

/// A store, ready; ends the test where there is no server.
macro_rules! in_schema {
    () => {
        match crate::fixture::InSchema::new().await {
            Some(fixture) => std::future::ready(fixture),
            None => return,
        }
    };
}

mod codes {
    offhook_store_contract::code_store_tests!(in_schema!());
    offhook_store_contract::guess_store_tests!(in_schema!());
    offhook_store_contract::capf_store_tests!(in_schema!());
}

mod registry {
    offhook_store_contract::registry_tests!(in_schema!());
}

mod shared {
    use crate::fixture::InSchema;

    offhook_store_contract::shared_store_tests!(InSchema, in_schema!());
    offhook_store_contract::network_store_tests!(in_schema!());
}
