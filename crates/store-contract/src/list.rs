//! The behaviours as tests.

/// Makes one `#[tokio::test]` for each behaviour of [`codes`](crate::codes), [`race`](crate::race)
/// and [`history`](crate::history).
///
/// The argument is an expression that is awaited at the start of each test and gives a
/// [`Fixture`](crate::Fixture) with an empty store. Call the macro in a module of its own, in a
/// test binary that has `tokio` (features `macros` and `rt-multi-thread`) among its
/// dependencies.
#[macro_export]
macro_rules! code_store_tests {
    ($fresh:expr) => {
        $crate::__tests! { codes $fresh;
            a_claimant_without_model_or_mac_burns_nothing
            a_clock_that_jumps_back_revives_nothing
            a_code_drawn_twice_is_refused
            a_code_expires_to_the_millisecond
            a_code_issued_under_a_retired_pepper_is_redeemed
            a_grant_id_in_use_burns_nothing
            a_lost_answer_is_repeated_within_the_grace_time_only
            a_pepper_under_another_number_knows_no_code
            a_profile_has_one_outstanding_code
            a_reissue_voids_the_old_code
            a_revoked_code_is_refused
            a_wrong_model_or_mac_burns_nothing
            another_device_is_refused
            nothing_is_known_in_another_tenant
            outstanding_codes_come_in_pages
            purged_codes_leave_tombstones
        }
        $crate::__tests! { race $fresh;
            a_redeem_nobody_waited_for_took_place_whole_or_not_at_all
            a_reissue_and_a_redeem_never_both_take_place
            a_revoke_and_a_redeem_never_both_take_place
            of_2000_codes_under_64_workers_each_is_redeemed_once
            of_32_devices_with_one_code_one_wins
            of_500_callers_at_once_each_is_answered
            of_two_codes_for_one_profile_at_once_one_is_issued
        }
        $crate::__tests! { history $fresh;
            any_history_is_answered_as_the_model_answers_it
        }
    };
}

/// Makes one `#[tokio::test]` for each behaviour of [`registry`](crate::registry),
/// [`life_cycle`](crate::life_cycle), [`outbox`](crate::outbox), [`right`](crate::right),
/// [`void`](crate::void) and [`actor`](crate::actor), and one for a random history.
///
/// The argument is as that of [`code_store_tests!`](crate::code_store_tests), with a store that is
/// a `Registry` as well. Call both.
#[macro_export]
macro_rules! registry_tests {
    ($fresh:expr) => {
        $crate::__tests! { registry $fresh;
            a_certificate_activates_the_device_with_its_address
            a_code_activates_the_device_it_was_issued_for
            a_deactivated_device_needs_a_new_code
            a_device_is_provisioned_once
            a_foreign_code_of_the_profile_never_becomes_the_devices
            a_grant_activates_one_device
            a_new_code_voids_the_one_before
            a_refused_activation_burns_no_code
            a_refused_request_for_a_code_changes_nothing
            a_store_that_works_is_ready
            a_subject_belongs_to_one_device
            of_16_devices_with_one_code_one_is_activated
            registrations_of_activated_devices_are_noted
            the_audit_log_is_a_chain
        }
        $crate::__tests! { life_cycle $fresh;
            a_deactivated_device_is_replaced_by_none
            a_deleted_device_is_gone_and_its_code_with_it
            a_device_is_replaced_without_a_gap
            a_device_may_take_its_own_place
            a_device_moves_once
            a_device_moves_whole_or_not_at_all
            a_refused_replacement_changes_nothing
            devices_come_in_pages
            a_tenant_has_nothing_of_another
            the_grant_of_a_deleted_device_is_void
            two_devices_do_not_move_to_one_profile
        }
        $crate::__tests! { outbox $fresh;
            requests_wait_in_the_outbox
            many_old_events_leave_the_outbox_at_once
            the_outbox_is_emptied_in_order
            what_has_waited_too_long_leaves_the_outbox
        }
        $crate::__tests! { right $fresh;
            a_certificate_without_a_code_activates_no_device_that_is_activating
            a_name_belongs_to_one_device
        }
        $crate::__tests! { void $fresh;
            a_code_redeemed_while_its_device_is_deleted_is_void
            a_deactivated_device_is_not_answered_again
            a_deleted_device_is_not_answered_again
            a_device_with_a_newer_code_is_not_answered_again
            a_replaced_device_is_not_answered_again
            a_replacement_that_is_not_wanted_any_more_is_not_answered_again
            a_verb_that_is_refused_voids_no_code
            a_void_code_is_good_for_nothing
        }
        $crate::__tests! { actor $fresh;
            a_record_that_names_another_actor_breaks_the_chain
            the_audit_log_names_who_did_what
        }
        $crate::__tests! { model $fresh;
            a_random_history_of_devices_is_answered_as_in_memory
        }
    };
}

/// Makes one `#[tokio::test]` for each behaviour of [`guess`](crate::guess).
///
/// The argument is as that of [`code_store_tests!`](crate::code_store_tests), with a store that is
/// a `GuessStore` as well.
#[macro_export]
macro_rules! guess_store_tests {
    ($fresh:expr) => {
        $crate::__tests! { guess $fresh;
            live_codes_are_those_that_can_be_redeemed
            no_guess_counted_at_the_same_time_is_lost
            random_batches_are_counted_as_by_the_model
        }
    };
}

/// Makes one `#[tokio::test]` for each behaviour of [`capf`](crate::capf).
///
/// The argument is as that of [`code_store_tests!`](crate::code_store_tests), with a store that is
/// a `CapfStore` as well.
#[macro_export]
macro_rules! capf_store_tests {
    ($fresh:expr) => {
        $crate::__tests! { capf $fresh;
            an_operation_ends_to_the_millisecond
            late_operations_are_purged
            many_late_operations_are_purged_at_once
            of_32_right_strings_at_once_one_completes_the_operation
            random_attempts_are_answered_as_by_the_model
            wrong_strings_at_once_lock_the_operation
        }
    };
}

/// Makes one `#[tokio::test]` for each behaviour of [`node`](crate::node), and one that is the
/// other process of some of them.
///
/// The first argument is the type of the fixture, a [`SharedFixture`](crate::SharedFixture); the
/// second as that of [`code_store_tests!`](crate::code_store_tests). Call both.
#[macro_export]
macro_rules! shared_store_tests {
    ($fixture:ty, $fresh:expr) => {
        $crate::__tests! { node $fresh;
            of_32_devices_at_two_nodes_one_wins_each_code
            what_one_node_has_answered_holds_at_the_other
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn the_other_process() {
            $crate::process::serve::<$fixture>().await;
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn two_processes_redeem_each_code_once() {
            let fixture = $fresh.await;
            let other = $crate::__sibling!("the_other_process");
            $crate::node::two_processes_redeem_each_code_once(&fixture, other).await;
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn a_killed_process_loses_no_acknowledged_redeem() {
            let fixture = $fresh.await;
            let other = $crate::__sibling!("the_other_process");
            $crate::node::a_killed_process_loses_no_acknowledged_redeem(&fixture, other).await;
        }
    };
}

/// Makes one `#[tokio::test]` for each behaviour of [`network`](crate::network).
///
/// The argument is as that of [`code_store_tests!`](crate::code_store_tests), with a
/// [`NetworkFixture`](crate::NetworkFixture).
#[macro_export]
macro_rules! network_store_tests {
    ($fresh:expr) => {
        $crate::__tests! { network $fresh;
            a_cut_connection_neither_loses_nor_doubles_a_redeem
        }
    };
}

/// The name that the test harness gives to a test of the calling module.
#[doc(hidden)]
#[macro_export]
macro_rules! __sibling {
    ($test:literal) => {{
        let path = concat!(module_path!(), "::", $test);
        path.split_once("::").map_or(path, |(_, within)| within)
    }};
}

#[doc(hidden)]
#[macro_export]
macro_rules! __tests {
    ($module:ident $fresh:expr; $($behaviour:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $behaviour() {
                let fixture = $fresh.await;
                $crate::$module::$behaviour(&fixture).await;
            }
        )*
    };
}
