//! What every back end must keep: facts about open sandboxes, each a test for each back end.

pub(crate) mod apart;
pub(crate) mod clock;
pub(crate) mod commands;
pub(crate) mod escape;
pub(crate) mod files;
pub(crate) mod intruder;
pub(crate) mod processes;
pub(crate) mod room;
pub(crate) mod tools;
pub(crate) mod world;

/// Makes a test of each fact, with a function that gives a host for limits, or none where there is no such back end.
macro_rules! facts {
    ($host:path; $($module:ident { $($fact:ident,)* })*) => { $( mod $module { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $fact() {
            if let Some(host) = $host(unbent_sandbox::Limits::default()) {
                crate::contract::$module::$fact(&host).await;
            }
        }
    )* } )* };
}

/// All facts, for one back end.
macro_rules! contract {
    ($host:path) => {
        crate::contract::facts! { $host;
            commands {
                outputs_are_kept_apart_and_the_exit_code_is_told,
                a_signal_is_told_as_128_and_its_number,
                a_command_begins_where_it_shall,
                a_command_ends_when_its_time_is_up,
                nothing_but_files_outlives_a_command,
                a_command_reads_nothing,
                commands_are_taken_as_they_are,
                what_a_shell_knows_of_itself_is_that_of_a_fresh_one,
                long_outputs_lose_their_middle_and_say_how_much,
                a_folder_that_was_removed_can_be_made_again,
                a_command_that_kills_everybody_harms_the_next_one_not,
            }
            files {
                files_are_written_and_read_as_they_are,
                what_is_not_there_is_told_apart_from_what_cannot_be_read,
                bytes_that_are_no_text_are_replaced,
                long_files_lose_their_middle_and_say_how_much,
                what_cannot_be_written_is_refused_with_the_reason,
                files_have_the_permissions_of_the_layout,
                pipes_and_devices_are_refused_and_keep_nobody_waiting,
                names_that_are_no_text_do_no_harm,
            }
            tools {
                a_tool_prints_and_ends_as_the_world_says,
                a_tool_knows_where_it_was_called,
                a_world_sees_the_files_that_it_wants_to_see,
                a_world_changes_files_whatever_stands_there,
                many_tools_run_at_once_and_the_world_counts_every_one,
                a_tool_that_prints_much_prints_all,
                rubbish_at_the_socket_does_no_harm,
                a_world_that_fails_is_a_fault,
                an_unknown_tool_is_told_so,
                a_picture_shows_what_the_world_watches,
                the_port_is_served,
                what_is_no_request_does_no_harm_to_the_port,
            }
            clock {
                the_clock_shows_the_worlds_time,
                files_show_their_age,
                the_clock_moves_with_the_world_within_a_command,
                files_keep_the_time_that_they_showed,
                the_clock_moves_by_weeks,
            }
            processes {
                what_a_command_leaves_is_killed,
                programs_that_last_outlive_commands_with_their_children,
                a_program_that_was_killed_is_told,
                a_program_that_multiplies_ends_with_its_command,
            }
            escape {
                the_hosts_files_are_not_there,
                the_first_process_shows_nothing,
                no_descriptor_of_ours_is_open_inside,
                the_kernels_settings_cannot_be_written,
                nothing_can_be_mounted,
                no_namespace_can_be_made,
                no_socket_reaches_past_the_inside,
                nothing_can_be_reached_by_tcp_or_udp,
                no_process_of_the_host_can_be_signalled,
                what_namespaces_do_not_cover_is_refused,
                calls_by_other_doors_are_refused,
                links_lead_nowhere_outside,
                no_rights_can_be_gained,
                a_fork_bomb_is_held_and_disturbs_no_other,
                a_memory_hog_is_killed_and_the_rest_goes_on,
                a_full_disk_is_said_to_be_full_and_the_rest_goes_on,
                a_flood_of_output_is_thrown_away,
                the_first_process_cannot_be_killed,
                the_tools_cannot_be_changed,
                everything_ends_when_the_sandbox_is_dropped,
            }
            apart {
                the_environment_is_exact,
                nothing_listens_but_what_the_world_says,
                two_sandboxes_share_nothing,
                nothing_inside_names_us,
                an_impossible_layout_is_a_fault,
                who_waits_for_a_place_gets_one_when_another_is_closed,
            }
        }
    };
}

pub(crate) use {contract, facts};
