"""`lockgate apps`: the app library: list, show, check, and why an app scores what it scores."""

import json

import click

from lockgate.apps.library import AppLibrary
from lockgate.apps.scores import ComponentExplanation, TierExplanation
from lockgate.cli.home_option import HomeOption
from lockgate.facts.app import App, ConfidenceScore
from lockgate.facts.problem import Problem, UsageError, nearest_name
from lockgate.home.load import load_library


@click.group()
def apps() -> None:
    """Look at the app library."""


@apps.command()
@click.pass_obj
def check(home_option: HomeOption) -> None:
    """Check every app file: schema, hosts claimed twice, evidence the rubric knows, samples that hold."""
    library = load_library(home_option.home, prove=True)
    samples = sum(len(source.file.samples) for source in (library.source(app.id) for app in library.apps) if source)
    click.echo(f"{len(library.apps)} apps are fine, {samples} samples hold (version {library.version})")


@apps.command(name="list")
@click.option("--category", help="Only this category.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def list_apps(home_option: HomeOption, category: str | None, as_json: bool) -> None:
    """List apps with status and the scores of their lowest-scoring tier."""
    library = load_library(home_option.home)
    if category is not None and category not in library.names().categories:
        help_text = nearest_name(category, library.names().categories) or ", ".join(library.names().categories)
        raise UsageError(Problem(problem=f"unknown category `{category}`", help=help_text))
    chosen = [app for app in library.apps if category in (None, app.category)]
    if as_json:
        click.echo(json.dumps([_data(app) for app in chosen], indent=2))
        return
    for app in chosen:
        tier = app.tiers[0] if app.tiers else None
        scores = f"{tier.application_confidence.shown} / {tier.genai_confidence.shown}" if tier else "no tiers"
        click.echo(f"{app.id:<24} {app.category:<24} {app.status.value:<12} {scores}")


@apps.command()
@click.argument("app_id")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def show(home_option: HomeOption, app_id: str, as_json: bool) -> None:
    """Show an app: who it is, where it lives, its tiers with both confidence scores."""
    library = load_library(home_option.home)
    app = _known(library, app_id)
    if as_json:
        click.echo(json.dumps(_data(app), indent=2))
        return
    source = library.source(app.id)
    click.echo(f"{app.name} ({app.id}) by {app.vendor}, {app.category}, {app.country or 'country unknown'}: {app.status.value}")
    if source is not None:
        hosts = source.file.hosts
        click.echo(f"  hosts       {', '.join((*hosts.exact, *hosts.suffix, *hosts.regex))}")
        if source.overridden:
            click.echo(f"  overridden  {', '.join(source.overridden)} (by {source.document.file})")
    for tier in app.tiers:
        click.echo(
            f"  {tier.id:<12} application {_covered(tier.application_confidence)}, Gen-AI {_covered(tier.genai_confidence)}"
        )


@apps.command(name="score")
@click.argument("app_id")
@click.option("--tier", help="The account tier (default: all).")
@click.pass_obj
def explain_scores(home_option: HomeOption, app_id: str, tier: str | None) -> None:
    """Say why an app scores what it scores: every component with answer, points, source and date."""
    library = load_library(home_option.home)
    app = _known(library, app_id)
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
        click.echo(f"{title}: {name} {_covered(confirmed)}; with unverified answers it would be {believed.shown}")
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


def _covered(confidence: ConfidenceScore) -> str:
    return f"{confidence.shown} ({confidence.answered} of {confidence.components} answered)"


def _data(app: App) -> dict[str, object]:
    return {
        "id": app.id,
        "name": app.name,
        "vendor": app.vendor,
        "category": app.category,
        "country": app.country,
        "status": app.status.value,
        "tiers": [
            {
                "id": tier.id,
                "name": tier.name,
                "application_confidence_score": tier.application_confidence.shown,
                "gen_ai_confidence_score": tier.genai_confidence.shown,
                "answered": tier.application_confidence.answered + tier.genai_confidence.answered,
                "components": tier.application_confidence.components + tier.genai_confidence.components,
            }
            for tier in app.tiers
        ],
    }


def _known(library: AppLibrary, app_id: str) -> App:
    app = library.get(app_id)
    if app is None:
        names = library.names().apps
        raise UsageError(
            Problem(problem=f"unknown app `{app_id}`", help=nearest_name(app_id, names) or "all apps: lockgate apps list")
        )
    return app
