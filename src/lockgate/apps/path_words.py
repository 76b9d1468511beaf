"""Which steps of a path are words of programming interfaces, and may be kept longer than the record they came with.

Separate because a path may hold what people wrote: a name, a title, the name of a share. Such a step looks like any
other, so only those are kept whose every word many interfaces have. It must not grow by words of one app.
"""

import re
from functools import lru_cache

_INTERFACE = """
account accounts action actions activities activity add admin agent agents ai analytics analyze annotations answer
answers api apis app apply apps archive ask assets assist assistant assistants async attachments audio auth available
avatar backend balance batch batches billing blob bot bots broadcast browse bulk bundle cached call callback calls
cancel canvas catalog categories category channel channels chat chats check checkout checkpoint chunk chunks class
classes classify client clients cloud code collection collections command commands comment comments commit commits
compact complete completion completions compute config configuration connect connection connections connectors contact
contacts content contents context conversation conversations convert copilot core count crawl create credentials credits
cron current customers dashboard data database databases dataset datasets deep default delete deploy deployments details
detect device devices dialog dialogue diff directory discover discussions dismiss docs document documents domains
download downloads draft drafts edit editor edits email emails embed embedding embeddings endpoint endpoints engine
engines entities entity entries entry environment error errors eval evals evaluate event events execute experiments
explain explore export extension extensions extract favorites feature features feed feedback fetch field fields file
files fill filter find finetune flag flags flow flows folder folders form format forms forward function functions
gallery gateway gen generate generation generations get global google graph graphql group groups guest health help
history home hook hooks id identify identity image images import imports improve inbox index indexes infer inference
info ingest init input insights install instructions integrations interactions internal invitations invite invites
invocations invoke issue issues item items job jobs join json key keys knowledge label labels language languages latest
layout leave library like limit limits link links list listen live llm load local locale location locations log login
logout logs lookup mail manage manifest mark mcp me media meeting meetings members memories memory menu merge message
messages meta metadata metrics mode model models moderate moderation moderations modify move multi multipart music
mutate name new next nodes note notebook notebooks notes notification notifications oauth object objects open operation
operations option options order orders org organization organizations output outputs overview owner page pages parse
part parts password path payment payments people permission permissions person persona personas pin ping pipeline
pipelines plan plans play plugin plugins policies policy poll post posts predict prediction predictions preferences
prepare preview private process profile profiles project projects prompt prompts properties provider providers proxy
public publish pull push queries query question questions queue quota rank rate rating raw react read realtime recent
recommend recommendations record recordings records redirect refresh register relations release releases remix remove
rename render repo report reports repositories request requests rerank reset resolve resource resources response
responses rest restore result results resume retrieve retry review reviews rewrite role roles room rooms root route
routes rows rpc rule rules run runs save scan schedule schedules schema scores search secrets section sections security
select send session sessions set settings setup share shared shares signed signin signup site sites skills social source
sources space spaces speak speech sql sso stage star start state stats status step steps stop storage store stores
stories stream streaming streams structure studio style styles submit subscribe subscription subscriptions suggest
suggestion suggestions summaries summarize summary support sync system table tables tag tags target task tasks team
teams telemetry template templates tenant tenants test text theme thread threads timeline title to token tokenize tokens
tool tools topic topics trace traces track train transcribe transcript transcription transcriptions translate
translation translations trash trigger tts type types ui unsubscribe update updates upload uploads url urls usage user
users validate value values variables vector verify version versions video videos view views vision voice voices vote
web webhook webhooks widget with word words work workflow workflows workspace workspaces write ws
"""
_WORDS = frozenset(_INTERFACE.split())
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_STEP = re.compile(r"[A-Za-z]+(?:[._:-][A-Za-z]+){0,2}", re.ASCII)
_VERSION = re.compile(r"[vV][0-9]{1,2}(?:(?:alpha|beta)[0-9]{0,2}|\.[0-9]{1,2})?", re.ASCII)
_LONGEST_PATH = 300


def known_steps(path: str) -> str:
    """`path` with `*` for every step that is not made of such words alone: those of one kind of call become one."""
    return "/".join(step if not step or _is_known(step) else "*" for step in path[:_LONGEST_PATH].split("/"))


@lru_cache(maxsize=4096)
def _is_known(step: str) -> bool:
    if _VERSION.fullmatch(step):
        return True
    if len(step) > 64 or not _STEP.fullmatch(step):
        return False
    return all(piece.lower() in _WORDS for piece in _PIECE.findall(step))
