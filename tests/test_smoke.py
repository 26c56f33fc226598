from support import Monorepo


def test_verify_passes_after_distribute(repo: Monorepo) -> None:
    assert repo.run("verify").code == 1
    assert repo.run("distribute").code == 0
    assert repo.run("verify").code == 0
