"""The parts of a layer are told apart by what they do: the names of its modules say nothing."""

from __future__ import annotations

from typing import Any

from spexviz.models.exits import Branch, Call, branches_of

WIDTH, HEADS = 16, 4


def layer(mixer: str) -> Any:
    """A layer without telling names: `one` is given by a mixer of tokens, `two` by an MLP beside it."""
    import torch

    class Nameless(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.x = torch.nn.ModuleDict({name: torch.nn.Linear(WIDTH, WIDTH) for name in ("a", "b", "one")})
            self.c = torch.nn.Linear(WIDTH, 24)
            self.two = torch.nn.Linear(24, WIDTH)

        def mixed(self, states: Any) -> Any:
            values = self.x["b"](states)
            if mixer == "sums":  # a recurrent part adds up, each number at its own pace
                pace = torch.linspace(0.1, 0.9, WIDTH)
                so_far = torch.zeros_like(values[:, 0])
                rows = []
                for token in values.unbind(1):
                    so_far = pace * so_far + token
                    rows.append(so_far)
                return torch.stack(rows, 1)
            keys = self.x["a"](states).unflatten(-1, (HEADS, -1)).transpose(1, 2)
            weights = torch.softmax(keys @ keys.transpose(2, 3), -1)
            return (weights @ values.unflatten(-1, (HEADS, -1)).transpose(1, 2)).transpose(1, 2).flatten(2)

        def forward(self, states: Any) -> Any:
            between = states
            if mixer != "nothing":
                between = states + self.x["one"](self.mixed(states))
            return between + self.two(torch.relu(self.c(between)))

    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Nameless()


def branches(module: Any) -> dict[Any, Branch]:
    import torch

    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(1)
        found = branches_of(module, Call((torch.randn(1, 5, WIDTH),), {}), HEADS)
    return {branch.site: branch for branch in found}


def test_attention_is_what_averages_tokens_and_its_last_map_holds_the_heads() -> None:
    module = layer("averages")
    assert branches(module) == {
        module.x["one"]: Branch(module.x["one"], WIDTH, True, HEADS),
        module.two: Branch(module.two, 24, False, None),
    }


def test_what_adds_tokens_up_is_no_attention() -> None:
    module = layer("sums")
    assert branches(module)[module.x["one"]] == Branch(module.x["one"], WIDTH, True, None)


def test_without_a_mixer_there_is_an_mlp_alone() -> None:
    module = layer("nothing")
    assert branches(module) == {module.two: Branch(module.two, 24, False, None)}
