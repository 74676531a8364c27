"""Python that faults put into a stack's own copy of Sentry's settings and beside the Snuba stand-in's processes."""

from __future__ import annotations

import ssl
import textwrap
from pathlib import Path

from fixtures.stack import Identity

_AFTER_IMPORT = '''\
"""A seeded fault: changes one module of Sentry right after it is loaded."""

import sys
from importlib.machinery import PathFinder

MODULE = {module!r}
CODE = {code!r}


def spoil(module):
    exec(compile(CODE, "seeded fault", "exec"), module.__dict__)


class Finder:
    def find_spec(self, name, path=None, target=None):
        if name != MODULE:
            return None
        spec = PathFinder.find_spec(name, path)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            spoil(module)

        spec.loader.exec_module = exec_module
        return spec


if MODULE in sys.modules:
    spoil(sys.modules[MODULE])
else:
    sys.meta_path.insert(0, Finder())
'''

# A server's own folder comes first on the path of a process that was started there with ``python -m``.
_SHADOW = '''\
"""A seeded fault: stands before the real package, changes one module of it and hands over."""

import importlib

__path__ = [{real!r}]
exec(compile({code!r}, "seeded fault", "exec"), importlib.import_module({module!r}).__dict__)
'''


def after_import(module: str, code: str) -> str:
    """The text of a module that runs ``code`` inside ``module`` as soon as that is imported."""
    return _AFTER_IMPORT.format(module=module, code=textwrap.dedent(code))


def shadow(real: Path, module: str, code: str) -> str:
    """The text of a package that stands in for the one at ``real`` and runs ``code`` inside ``module`` first."""
    return _SHADOW.format(real=str(real), module=module, code=textwrap.dedent(code))


def tls(identity: Identity) -> ssl.SSLContext:
    """TLS with a client certificate."""
    context = ssl.create_default_context(cafile=str(identity.ca))
    context.load_cert_chain(identity.certificate, identity.key)
    return context
