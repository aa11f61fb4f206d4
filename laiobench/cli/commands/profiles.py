"""`laiobench profiles`: lists the profiles that come with laiobench."""

import json

import click
from tabulate import tabulate

from laiobench.cli.console import answer
from laiobench.cli.shared_options import json_option
from laiobench.jobs.sources import profiles, toml_schema


@click.command("profiles", short_help="List the shipped profiles.")
@json_option("a JSON array")
@click.option("--schema", "as_schema", is_flag=True, help="Print the JSON Schema of a profile.")
def command(as_json: bool, as_schema: bool) -> None:
    """List the profiles that come with laiobench."""
    if as_schema:
        answer(json.dumps(toml_schema.schema(), indent=2), is_document=True)
        return
    rows = [
        {"name": name, "description": source.description, "jobs": len(source.drafts)}
        for name, source in profiles.load_all()
    ]
    if as_json:
        answer(json.dumps(rows), is_document=True)
    else:
        answer(tabulate([(row["name"], row["description"]) for row in rows], tablefmt="plain"))
