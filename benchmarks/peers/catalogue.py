"""All that can be compared."""

from collections.abc import Callable, Mapping

from benchmarks.peers.environment import Environment
from benchmarks.peers.moonshine import Moonshine
from benchmarks.peers.offline import Offline
from benchmarks.peers.own import Sferic
from benchmarks.peers.peer import Peer, Setup
from benchmarks.peers.texts import NORMALISERS, REDACTORS
from benchmarks.peers.whisperlive import WhisperLive
from benchmarks.peers.whisperlivekit import WhisperLiveKit

PEERS: Mapping[str, Callable[[Setup], Peer]] = {
    "sferic": Sferic,
    "offline": Offline,
    "moonshine": Moonshine,
    "whisperlive": WhisperLive,
    "whisperlivekit": WhisperLiveKit,
}
"""By their names on the command line, in the order in which they are measured."""

_ALL = (
    *(peer.environment for peer in (Moonshine, WhisperLive, WhisperLiveKit)),
    *(tool.environment for tool in (*REDACTORS.values(), *NORMALISERS.values())),
)
ENVIRONMENTS: Mapping[str, Environment] = {environment.name: environment for environment in _ALL}
"""Those that are not part of this one: of peers, and of tools that benchmarks of text use."""
