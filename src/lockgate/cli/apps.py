"""`lockgate apps`: the app library: list, show, check, and why an app scores what it scores."""

import json
from typing import Any

import click

from lockgate.apps.scores import ComponentExplanation, TierExplanation
from lockgate.cli.app_choice import Wanted, choose, named_app, nothing_chosen
from lockgate.cli.app_text import app_data, app_page, app_rows, covered
from lockgate.cli.apps_learn import learn
from lockgate.cli.apps_seen import count_discovered, discovered, drift
from lockgate.cli.home_option import HomeOption
from lockgate.facts.problem import Problem, UsageError
from lockgate.home.load import load_library

_AS_DATA = click.option(
    "--format", "shown", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to show it."
)
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Short for `--format json`.")


@click.group()
def apps() -> None:
    """Look at the app library."""


apps.add_command(discovered)
apps.add_command(drift)
apps.add_command(learn)


@apps.command()
@click.pass_obj
def check(home_option: HomeOption) -> None:
    """Check every app file: schema, hosts claimed twice, evidence the rubric knows, samples that hold."""
    library = load_library(home_option.home, prove=True)
    samples = sum(len(source.file.samples) for source in (library.source(app.id) for app in library.apps) if source)
    click.echo(f"{len(library.apps)} apps are fine, {samples} samples hold (version {library.version})")


@apps.command(name="list")
@click.option("--category", help="Only this category.")
@click.option("--status", help="Only apps with this review status.")
@click.option("--vendor", help="Only apps of this vendor.")
@click.option("--search", metavar="TEXT", help="Only apps with these words in what is known of them, or with this host.")
@click.option("--readable", is_flag=True, help="Only apps of which some prompt or upload can be read.")
@_AS_DATA
@_AS_JSON
@click.pass_obj
def list_apps(home_option: HomeOption, *, shown: str, as_json: bool, **wanted: Any) -> None:
    """List apps with status, what can be read, and the confidence scores of their lowest-scoring tier."""
    library = load_library(home_option.home)
    chosen = choose(library, Wanted(**wanted))
    if as_json or shown == "json":
        click.echo(json.dumps([app_data(library, app) for app in chosen], indent=2))
        return
    click.echo("\n".join(app_rows(library, chosen)) if chosen else nothing_chosen(library, Wanted(**wanted)))
    unknown = count_discovered(home_option)
    if unknown:
        click.echo(f"{unknown} more were seen that no file describes, unreviewed: lockgate apps discovered")


@apps.command()
@click.argument("app_id", metavar="APP")
@_AS_DATA
@_AS_JSON
@click.pass_obj
def show(home_option: HomeOption, app_id: str, *, shown: str, as_json: bool) -> None:
    """Show an app, by id or by a host of it: who it is, where it lives, what requests do there, its tiers with both scores."""
    library = load_library(home_option.home)
    app = named_app(library, app_id)
    if as_json or shown == "json":
        click.echo(json.dumps(app_data(library, app), indent=2))
        return
    click.echo("\n".join(app_page(library, app)))


@apps.command(name="score")
@click.argument("app_id")
@click.option("--tier", help="The account tier (default: all).")
@click.pass_obj
def explain_scores(home_option: HomeOption, app_id: str, tier: str | None) -> None:
    """Say why an app scores what it scores: every component with answer, points, source and date."""
    library = load_library(home_option.home)
    app = named_app(library, app_id)
    tiers = [known for known in app.tiers if tier in (None, known.id)]
    if not tiers:
        known = ", ".join(each.id for each in app.tiers) or "it has none"
        raise UsageError(
            Problem(problem=f"`{app_id}` has no tier `{tier}`" if tier else f"`{app_id}` has no tiers", help=f"tiers: {known}")
        )
    for each in tiers:
        explanation = library.explain(app.id, each.id)
        if explanation is not None:
            _show_explanation(f"{app.name} {each.name}", explanation)


def _show_explanation(title: str, explanation: TierExplanation) -> None:
    for name, confirmed, believed, components in (
        (
            "application confidence",
            explanation.confirmed.application,
            explanation.with_unverified.application,
            explanation.application,
        ),
        ("Gen-AI confidence", explanation.confirmed.genai, explanation.with_unverified.genai, explanation.genai),
    ):
        click.echo(f"{title}: {name} {covered(confirmed)}; with unverified answers it would be {believed.shown}")
        for component in components:
            _show_component(component)


def _show_component(component: ComponentExplanation) -> None:
    counted = f"{component.points / 100:.2f}" if component.counted else "-"
    evidence = component.evidence
    where = f"  {evidence.source} ({evidence.date})" if evidence.source else ""
    click.echo(
        f"  {counted:>5} of {component.max_points / 100:.2f}  {component.component:<24} {component.answer:<26} "
        f"{evidence.state.value:<11}{where}"
    )
