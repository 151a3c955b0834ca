"""For the tests of programs that use this package: `pip install "cds-eks[testing]"`.

pytest finds the fixtures by itself: `eks_emulator`, `eks_client`, `eks_sync_client`, `eks_credentials`, `eks_endpoint`,
`eks_fake_backend` and `eks_respx`. The classes here are what they give; they work without pytest too.
"""

from cds_eks._runtime.lazy import lazily

TYPE_CHECKING = False  # that of `typing` costs 5 ms
if TYPE_CHECKING:
    from cds_eks.testing.clock import JumpingClock
    from cds_eks.testing.emulator import DrivenEmulator
    from cds_eks.testing.fake_backend import FakeBackend
    from cds_eks.testing.respx_routes import EksRespx
    from cds_eks.testing.routes import Route, RouteCall
else:
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "DrivenEmulator": "cds_eks.testing.emulator",
            "EksRespx": "cds_eks.testing.respx_routes",
            "FakeBackend": "cds_eks.testing.fake_backend",
            "JumpingClock": "cds_eks.testing.clock",
            "Route": "cds_eks.testing.routes",
            "RouteCall": "cds_eks.testing.routes",
        },
    )

__all__ = ["DrivenEmulator", "EksRespx", "FakeBackend", "JumpingClock", "Route", "RouteCall"]
