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
}

mod registry {
    offhook_store_contract::registry_tests!(in_schema!());
}
