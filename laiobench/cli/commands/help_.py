"""`laiobench help COMMAND`: prints the same as `laiobench COMMAND --help`."""

import click


@click.command("help", short_help="Explain a command, or one of its options.")
@click.argument("command_name", metavar="[COMMAND]", required=False)
@click.argument("options", nargs=-1, metavar="[OPTION]...")
@click.pass_context
def command(ctx: click.Context, command_name: str | None, options: tuple[str, ...]) -> None:
    """Explain COMMAND, or one OPTION of it.  Without COMMAND, list the commands."""
    root = ctx.find_root()
    if command_name is None:
        click.echo(root.get_help())
        return
    assert isinstance(root.command, click.Group)
    root.command.resolve_command(root, [command_name])  # raises the error for an unknown command
    told = root.command.get_command(root, command_name)
    assert told is not None
    told.make_context(command_name, ["--help", *options], parent=root)
