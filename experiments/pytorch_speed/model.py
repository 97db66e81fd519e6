"""The production model of configs/cpu_small.yaml in plain PyTorch, for records of 4-byte fields.

The same parameters and the same computation as crates/vortex-model: field tokens, shared tables with a scale per role, a
sliding window, RMS normalisation, SwiGLU, and a byte head with one output matrix a significance.
"""

import torch
from torch import nn
from torch.nn import functional as F

RANKS = 4


def matrix(rows, columns, gain=1.0):
    return nn.Parameter(torch.randn(rows, columns) * gain * rows**-0.5)


def norm(x):
    return F.rms_norm(x, x.shape[-1:], eps=1e-6)


class SwiGlu(nn.Module):
    def __init__(self, d, d_ff):
        super().__init__()
        self.gate_up = matrix(d, 2 * d_ff)
        self.down = matrix(d_ff, d)

    def forward(self, x):
        gate, up = (norm(x) @ self.gate_up).chunk(2, -1)
        return x + (F.silu(gate) * up) @ self.down


class Attention(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.wq, self.wkv, self.wo = matrix(d, d), matrix(d, 2 * d), matrix(d, d)

    def forward(self, x, mask):
        n, t, d = x.shape
        q0 = norm(x)
        by_head = lambda y: y.reshape(n, t, self.heads, -1).transpose(1, 2)
        k, v = (q0 @ self.wkv).chunk(2, -1)
        c = F.scaled_dot_product_attention(by_head(q0 @ self.wq), by_head(k), by_head(v), attn_mask=mask)
        return x + c.transpose(1, 2).reshape(n, t, d) @ self.wo


class Tables(nn.Module):
    """`table[rank][symbol] * scale[role]`."""

    def __init__(self, roles, sets, d):
        super().__init__()
        self.table = nn.Parameter(torch.randn(RANKS * 256, d) * 0.5)
        self.scale = nn.Parameter(1 + 0.1 * torch.randn(sets, roles, d))


class Model(nn.Module):
    def __init__(self, fields, d=64, layers=2, heads=4, d_ff=160, window=64, e=64, e_ff=128):
        super().__init__()
        roles = fields * RANKS
        self.fields, self.window = fields, -(-window // fields) * fields
        self.embedding = Tables(roles, 2, d)
        self.field_bias = matrix(fields, d)
        self.attention = nn.ModuleList(Attention(d, heads) for _ in range(layers))
        self.ffn = nn.ModuleList(SwiGlu(d, d_ff) for _ in range(layers))
        self.input = matrix(d, e)
        self.own, self.reference = Tables(roles, 1, e), Tables(roles, 1, e)
        self.role_bias = nn.Parameter(torch.zeros(2, roles, e))
        self.head_ffn = SwiGlu(e, e_ff)
        self.out = nn.Parameter(torch.randn(RANKS, e, 256) * 0.1 * e**-0.5)
        self.copy = nn.Parameter(torch.randn(RANKS, e, 1) * 0.1 * e**-0.5)
        self.out_bias = nn.Parameter(torch.full((roles, 256), -8.0))
        self.copy_bias = nn.Parameter(torch.zeros(2, roles, 1))
        angle = torch.arange(self.window)[:, None] * torch.logspace(0, -3, d // 2)
        self.register_buffer("position", 0.3 * torch.stack([angle.sin(), angle.cos()], -1).flatten(1))
        self.register_buffer("rank_row", torch.arange(RANKS) * 256)

    def forward(self, symbols):
        """[n, 1 + records, fields, 4] symbols -> mean bits a symbol; every field refers to itself one record ago."""
        n, records = symbols.shape[0], symbols.shape[1] - 1
        tokens = records * self.fields
        flat = symbols.reshape(n, -1, RANKS)
        own, reference = flat[:, self.fields :], flat[:, :-self.fields]
        previous = flat[:, self.fields - 1 : -1]
        field = torch.arange(tokens) % self.fields
        before = (field - 1) % self.fields

        def entry(tables, which, symbols, field):
            scale = tables.scale[which].reshape(self.fields, RANKS, -1)
            return F.embedding(symbols + self.rank_row, tables.table) * scale[field]

        x = entry(self.embedding, 0, previous, before).sum(2) + entry(self.embedding, 1, reference, field).sum(2)
        x = x + self.field_bias[field] + self.position[torch.arange(tokens) % self.window]
        age = torch.arange(tokens)[:, None] - torch.arange(tokens)
        mask = (age >= 0) & (age < self.window)
        for attention, ffn in zip(self.attention, self.ffn):
            x = ffn(attention(x, mask))

        # [n, tokens, rank, e]: what is known of the field so far.
        known = entry(self.own, 0, own, field).cumsum(2)
        known = F.pad(known, (0, 0, 1, 0))[:, :, :RANKS]
        same = (own == reference).long().cumprod(2)
        matched = F.pad(same, (1, 0), value=1)[:, :, :RANKS]
        role = field[:, None] * RANKS + torch.arange(RANKS)
        z = (norm(x) @ self.input)[:, :, None] + known + entry(self.reference, 0, reference, field)
        z = norm(self.head_ffn(z + self.role_bias[matched, role]))
        by_rank = z.permute(2, 0, 1, 3).reshape(RANKS, -1, z.shape[-1])
        logits, copy = (y.reshape(RANKS, n, tokens, -1).permute(1, 2, 0, 3) for y in (by_rank @ self.out, by_rank @ self.copy))
        logits = logits + self.out_bias[role]
        logits = logits.scatter_add(3, reference[..., None], copy + self.copy_bias[matched, role])
        # Base 2 as ours: logits are in bits.
        return F.cross_entropy(logits.reshape(-1, 256) * 0.6931472, own.reshape(-1)) * 1.442695
