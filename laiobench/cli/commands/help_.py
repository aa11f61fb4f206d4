"""`laiobench help`: what a command's --help tells, for those who ask so."""

import click


@click.command("help", short_help="Tell of a command, or of one of its options.")
@click.argument("command_name", metavar="[COMMAND]", required=False)
@click.argument("options", nargs=-1, metavar="[OPTION]...")
@click.pass_context
def command(ctx: click.Context, command_name: str | None, options: tuple[str, ...]) -> None:
    """Tell what COMMAND does and takes, or one OPTION of it; without one, which there are."""
    root = ctx.find_root()
    if command_name is None:
        click.echo(root.get_help())
        return
    assert isinstance(root.command, click.Group)
    root.command.resolve_command(root, [command_name])  # one that there is not is told
    told = root.command.get_command(root, command_name)
    assert told is not None
    told.make_context(command_name, ["--help", *options], parent=root)
