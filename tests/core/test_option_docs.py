import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_of_options_is_that_of_the_schemas():
    script = runpy.run_path(str(ROOT / "scripts" / "write_option_docs.py"))

    assert script["PATH"].read_text(encoding="utf-8") == script["render"]()
