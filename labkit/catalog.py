"""The labs that there are: what each ``labs/*/lab.toml`` says, read strictly."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from labkit.errors import WrongUsage
from labkit.tables import InvalidLab as InvalidLab
from labkit.tables import Table
from labkit.tasks import NEEDS as NEEDS
from labkit.tasks import Task, read_tasks


@dataclass(frozen=True, slots=True)
class Run:
    """What ``labs run NN`` starts (``python -m module arguments…``), and what it leaves behind."""

    module: str
    arguments: tuple[str, ...]
    outputs: str
    open: str


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand that a lab brings along: ``labs NAME …`` is ``python -m module arguments… …``."""

    name: str
    help: str
    module: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lab:
    """One lab.

    Attributes
    ----------
    folder : where its lab.toml lies.
    id : two digits, as in ``labs run 01``.
    hours : what a learner should set aside.
    requirements : the dependency group that holds what it imports.
    needs : what it needs beside Python, of ``NEEDS``.
    ports : TCP ports that it listens on.
    memory_gb, disk_gb : what a run takes, in gigabytes.
    clean : which of its commands, and with what arguments, removes what it has made outside of the project's folder;
        empty if it makes nothing.
    tasks : what there is to solve, in the order of the lesson.
    """

    folder: Path
    id: str
    title: str
    hours: float
    requirements: str
    needs: tuple[str, ...]
    ports: tuple[int, ...]
    memory_gb: float
    disk_gb: float
    run: Run
    commands: tuple[Command, ...]
    clean: tuple[str, ...] = ()
    tasks: tuple[Task, ...] = ()


def load_labs(root: Path) -> tuple[Lab, ...]:
    """Return the labs under ``root/labs``, in order of their ids.

    Raises
    ------
    InvalidLab : one of them is described wrongly, or two of them claim the same id or subcommand.
    """
    labs = sorted((_read_lab(path) for path in root.glob("labs/*/lab.toml")), key=lambda lab: (lab.id, lab.folder))
    owners: dict[str, Lab] = {}
    for lab in labs:
        for claim in (f"id {lab.id!r}", *(f"command {command.name!r}" for command in lab.commands)):
            if claim in owners:
                raise InvalidLab(f"{lab.folder / 'lab.toml'}: {claim} is taken by {owners[claim].folder / 'lab.toml'}")
            owners[claim] = lab
    return tuple(labs)


def find_lab(labs: tuple[Lab, ...], wanted: str) -> Lab:
    """Return the lab that ``wanted`` names, as ``01`` or ``1``.

    Raises
    ------
    WrongUsage : there is none; the message lists those that there are.
    """
    for lab in labs:
        if lab.id == wanted.zfill(2):
            return lab
    raise WrongUsage(f"There is no lab {wanted}.", f"These are here: {', '.join(lab.id for lab in labs) or 'none'}.")


def _read_lab(path: Path) -> Lab:
    try:
        table = Table(tomllib.loads(path.read_text(encoding="utf-8")), where=str(path))
    except tomllib.TOMLDecodeError as error:
        raise InvalidLab(f"{path}: is not TOML: {error}") from error
    lab_id = table.take("id", str)
    if not re.fullmatch("[0-9]{2}", lab_id):
        raise table.wrong("id", f"must be two digits, not {lab_id!r}")
    lab = Lab(
        folder=path.parent,
        id=lab_id,
        title=table.take("title", str),
        hours=table.take_number("hours"),
        requirements=table.take("requirements", str),
        needs=table.take_list("needs", str),
        ports=table.take_list("ports", int),
        memory_gb=table.take_number("memory_gb"),
        disk_gb=table.take_number("disk_gb"),
        run=_read_run(table.take_table("run")),
        commands=_read_commands(table.take_table("commands", {})),
        clean=table.take_list("clean", str),
        tasks=read_tasks(table.take_tables("task"), lab=lab_id),
    )
    table.finish()
    for need in lab.needs:
        if need not in NEEDS:
            raise table.wrong("needs", f"knows {', '.join(NEEDS)}, not {need!r}")
    if lab.clean and lab.clean[0] not in {command.name for command in lab.commands}:
        raise table.wrong("clean", f"must begin with a command of this lab, not {lab.clean[0]!r}")
    if 5000 in lab.ports:
        raise table.wrong("ports", "has 5000, which macOS keeps for AirPlay")
    return lab


def _read_run(table: Table) -> Run:
    run = Run(
        module=table.take("module", str),
        arguments=table.take_list("arguments", str),
        outputs=table.take("outputs", str),
        open=table.take("open", str),
    )
    table.finish()
    return run


def _read_commands(table: Table) -> tuple[Command, ...]:
    commands = []
    for name in table.keys():  # noqa: SIM118 (not a dict)
        entry = table.take_table(name)
        commands.append(
            Command(
                name=name,
                help=entry.take("help", str),
                module=entry.take("module", str),
                arguments=entry.take_list("arguments", str),
            )
        )
        entry.finish()
    return tuple(commands)
