"""Option of RUN to the test that looks at its effect."""

_SCRIPTS, _NOTEBOOKS = "test_scripts.py", "test_notebooks.py"
EFFECTS = {
    "script": f"{_SCRIPTS}::test_what_runs_is_the_script_as_it_was_submitted",
    "module": f"{_SCRIPTS}::test_a_module_of_the_working_folder_runs",
    "arguments": f"{_SCRIPTS}::test_a_script_runs_as_main_with_its_arguments_in_its_folder",
    "parameters": f"{_NOTEBOOKS}::test_parameters_follow_the_cell_with_the_defaults",
    "python": f"{_SCRIPTS}::test_another_environment_runs_it_and_can_report_without_the_platform",
    "working_folder": f"{_SCRIPTS}::test_a_module_of_the_working_folder_runs",
    "variables": f"{_SCRIPTS}::test_a_script_runs_as_main_with_its_arguments_in_its_folder",
    "max_time": f"{_SCRIPTS}::test_the_time_limit_ends_it_and_says_so",
    "outputs": f"{_SCRIPTS}::test_declared_outputs_are_kept_and_missing_ones_told",
    "inputs": f"{_NOTEBOOKS}::test_a_cell_takes_inputs_along_and_gives_results_back",
    "results": f"{_NOTEBOOKS}::test_a_cell_takes_inputs_along_and_gives_results_back",
    "cell": f"{_NOTEBOOKS}::test_rich_output_is_kept_while_the_cell_runs",
    "content": f"{_SCRIPTS}::test_what_runs_is_the_script_as_it_was_submitted",
}
