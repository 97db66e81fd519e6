"""The production model of configs/cpu_small.yaml in plain PyTorch, for records of 4-byte fields.

The same parameters and the same computation as crates/vortex-model: field tokens, shared tables with a scale per role, a
sliding window, RMS normalisation, SwiGLU, and a byte head with one output matrix a rank. Whatever depends on
the place in the record is broadcast over records instead of gathered, which is what PyTorch does quickest.
"""

import torch
from torch import nn
from torch.nn import functional as F

RANKS = 4


def zeros(*shape):
    """A parameter whose values come from a file."""
    return nn.Parameter(torch.zeros(*shape))


def norm(x):
    return F.rms_norm(x, x.shape[-1:], eps=1e-6)


class SwiGlu(nn.Module):
    def __init__(self, d, d_ff):
        super().__init__()
        self.gate_up, self.down = zeros(d, 2 * d_ff), zeros(d_ff, d)

    def forward(self, x):
        gate, up = (norm(x) @ self.gate_up).chunk(2, -1)
        return x + (F.silu(gate) * up) @ self.down


class Attention(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.wq, self.wkv, self.wo = zeros(d, d), zeros(d, 2 * d), zeros(d, d)

    def forward(self, x, mask):
        n, t, d = x.shape
        q0 = norm(x)
        by_head = lambda y: y.reshape(n, t, self.heads, -1).transpose(1, 2)
        k, v = (q0 @ self.wkv).chunk(2, -1)
        c = F.scaled_dot_product_attention(by_head(q0 @ self.wq), by_head(k), by_head(v), attn_mask=mask)
        return x + c.transpose(1, 2).reshape(n, t, d) @ self.wo


class Model(nn.Module):
    """`lag[f]`: how many tokens before field `f` its reference is."""

    def __init__(self, lag, d=64, layers=2, heads=4, d_ff=160, window=64, e=64, e_ff=128):
        super().__init__()
        fields = len(lag)
        roles = fields * RANKS
        self.fields, self.lag, self.window = fields, torch.tensor(lag), -(-window // fields) * fields
        self.table, self.scale = zeros(RANKS * 256, d), zeros(2, 1, fields, RANKS, d)
        self.field_bias = zeros(fields, d)
        self.attention = nn.ModuleList(Attention(d, heads) for _ in range(layers))
        self.ffn = nn.ModuleList(SwiGlu(d, d_ff) for _ in range(layers))
        self.input = zeros(d, e)
        self.own_table, self.own_scale = zeros(RANKS * 256, e), zeros(fields, RANKS, e)
        self.reference_table, self.reference_scale = zeros(RANKS * 256, e), zeros(fields, RANKS, e)
        self.role_bias = zeros(roles * 2, e)
        self.head_ffn = SwiGlu(e, e_ff)
        self.out, self.copy = zeros(RANKS, e, 256), zeros(RANKS, e, 1)
        self.out_bias, self.copy_bias = zeros(fields, RANKS, 256), zeros(roles * 2, 1)
        pairs = d // 2
        harmonic = (self.window / 2) ** (torch.arange(pairs) / (pairs - 1))
        angle = 2 * torch.pi * torch.arange(self.window)[:, None] * harmonic.round() / self.window
        self.register_buffer("position", 0.3 * torch.stack([angle.sin(), angle.cos()], -1).flatten(1))
        self.register_buffer("rank_row", torch.arange(RANKS) * 256)

    def load(self, tensors):
        """Loads the parameters of our model by our names."""
        layers = range(len(self.attention))
        rows = {
            "table": "embedding.table", "scale": "embedding.scale.Typed.scale", "field_bias": "field_bias",
            "input": "head.input", "own_table": "head.own.table", "own_scale": "head.own.scale.Typed.scale",
            "reference_table": "head.reference.table", "reference_scale": "head.reference.scale.Typed.scale",
            "role_bias": "head.role_bias", "head_ffn.gate_up": "head.ffn.gate_up", "head_ffn.down": "head.ffn.down",
            "out_bias": "head.out_bias", "copy_bias": "head.copy_bias",
        }
        for l in layers:
            rows |= {f"attention.{l}.{w}": f"layers.{l}.attention.{w}" for w in ("wq", "wkv", "wo")}
            rows |= {f"ffn.{l}.{w}": f"layers.{l}.ffn.{w}" for w in ("gate_up", "down")}
        state = {mine: tensors.pop(theirs) for mine, theirs in rows.items()}
        for name in ("out", "copy"):
            state[name] = torch.stack([tensors.pop(f"head.{name}.{rank}") for rank in range(RANKS)])
        assert not tensors, f"parameters that this model does not have: {list(tensors)}"
        for name, parameter in self.named_parameters():
            value = state.pop(name)
            assert value.numel() == parameter.numel(), f"{name}: {value.shape} for {parameter.shape}"
            parameter.data.copy_(value.reshape(parameter.shape))
        assert not state

    def forward(self, symbols):
        """[n, 1 + records, fields, 4] symbols -> mean bits per symbol; the first record is only history."""
        n, records, fields = symbols.shape[0], symbols.shape[1] - 1, self.fields
        tokens = records * fields
        flat = symbols.reshape(n, -1, RANKS)
        field = torch.arange(tokens) % fields
        at = torch.arange(tokens) + fields
        by_field = (n, records, fields, RANKS)
        own, previous, reference = (flat[:, i].reshape(by_field) for i in (at, at - 1, at - self.lag[field]))

        # The scales of the token before are those of its own field.
        before = F.embedding(previous + self.rank_row, self.table) * self.scale[0].roll(1, 1)
        x = before.sum(3) + (F.embedding(reference + self.rank_row, self.table) * self.scale[1]).sum(3)
        x = (x + self.field_bias).reshape(n, tokens, -1) + self.position[torch.arange(tokens) % self.window]
        age = torch.arange(tokens)[:, None] - torch.arange(tokens)
        mask = (age >= 0) & (age < self.window)
        for attention, ffn in zip(self.attention, self.ffn):
            x = ffn(attention(x, mask))

        # [n, records, fields, rank, e]: what is known of the field so far.
        known = (F.embedding(own + self.rank_row, self.own_table) * self.own_scale).cumsum(3)
        known = F.pad(known, (0, 0, 1, 0))[..., :RANKS, :]
        same = (own == reference).long().cumprod(3)
        matched = F.pad(same, (1, 0), value=1)[..., :RANKS]
        row = 2 * torch.arange(fields * RANKS).reshape(fields, RANKS) + matched
        z = (norm(x) @ self.input).reshape(n, records, fields, 1, -1) + known
        z = z + F.embedding(reference + self.rank_row, self.reference_table) * self.reference_scale
        z = norm(self.head_ffn(z + F.embedding(row, self.role_bias)))
        by_rank = z.movedim(3, 0).reshape(RANKS, -1, z.shape[-1])
        logits = (by_rank @ self.out).reshape(RANKS, n, records, fields, 256) + self.out_bias.transpose(0, 1)[:, None, None]
        copy = (by_rank @ self.copy).reshape(RANKS, n, records, fields, 1)
        copy = copy + F.embedding(row, self.copy_bias).movedim(3, 0)
        logits = logits.scatter_add(4, reference.movedim(3, 0)[..., None], copy)
        # Logits are in bits.
        nats = F.cross_entropy(logits.reshape(-1, 256) * 0.69314718, own.movedim(3, 0).reshape(-1))
        return nats * 1.44269504
