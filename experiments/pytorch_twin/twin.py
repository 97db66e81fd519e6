"""The prototype's two models as PyTorch modules, without memories.

Something to compare an import with. Names, shapes and the computation follow the prototype's published source, which was read for
them; the code is written anew. `forward` is meant to be what the prototype computes when it is called with nothing
but symbols, and was not run beside it; the parameters of the memory exist, so that a state dict is complete, and are
not used.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F


class Positions(nn.Module):
    """Sinusoids, kept in the state dict as `pe` of shape [1, length, d]."""

    def __init__(self, d, length):
        super().__init__()
        rate = torch.exp(torch.arange(0, d, 2) * (-math.log(10_000.0) / d))
        angle = torch.arange(length)[:, None] * rate
        table = torch.stack([angle.sin(), angle.cos()], dim=-1).reshape(1, length, -1)
        self.register_buffer("pe", table[:, :, :d].contiguous())


class TypedBytes(nn.Module):
    """Four tables by position modulo 4, each with its share of a softmax."""

    def __init__(self, d):
        super().__init__()
        self.embeds = nn.ModuleList(nn.Embedding(256, d) for _ in range(4))
        self.type_scale = nn.Parameter(torch.ones(4))

    def forward(self, symbols, offset):
        kind = (offset + torch.arange(symbols.shape[1])) % 4
        tables = torch.stack([table.weight for table in self.embeds])
        return tables[kind, symbols] * self.type_scale.softmax(0)[kind, None]


class RootMeanSquare(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(d))

    def forward(self, x):
        return x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt() * self.scale


class SwiGlu(nn.Module):
    def __init__(self, d, d_ff):
        super().__init__()
        self.gate = nn.Linear(d, d_ff, bias=False)
        self.up = nn.Linear(d, d_ff, bias=False)
        self.down = nn.Linear(d_ff, d, bias=False)

    def forward(self, x):
        return self.down(F.silu(self.gate(x)) * self.up(x))


class Eviction(nn.Module):
    def __init__(self, d):
        super().__init__()
        depthwise = nn.Conv1d(d, d, 7, padding=3, groups=d, bias=False)
        self.scorer = nn.Sequential(depthwise, nn.Conv1d(d, 1, 1))
        self.proj = nn.Conv1d(d, d, 1, bias=False)
        self.norm = nn.LayerNorm(d)


class Memory(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.lte = Eviction(d)


class Attention(nn.Module):
    def __init__(self, d, heads, gate):
        super().__init__()
        self.heads = heads
        self.mem_mgr = Memory(d)
        self.qkv = nn.Linear(d, 3 * d, bias=False)
        self.mem_kv = nn.Linear(d, 2 * d, bias=False)
        self.out = nn.Linear(d, d, bias=False)
        self.infini_beta = nn.Parameter(torch.full((heads, 1, 1), gate))

    def forward(self, x):
        batch, tokens, d = x.shape
        by_head = self.qkv(x).reshape(batch, tokens, 3, self.heads, d // self.heads)
        q, k, v = by_head.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(mixed.transpose(1, 2).reshape(batch, tokens, d))


class Block(nn.Module):
    def __init__(self, d, heads, d_ff, norm, gate):
        super().__init__()
        self.attn = Attention(d, heads, gate)
        self.ff = SwiGlu(d, d_ff)
        self.ln1 = norm(d)
        self.ln2 = norm(d)

    def forward(self, x):
        x = x + self.attn(self.ln1(x))
        return x + self.ff(self.ln2(x))


class Twin(nn.Module):
    """`architecture`: "reference" (CompressiveTransformer) or "optimised" (OptimisedCompressiveTransformer)."""

    def __init__(self, architecture, tdt, d=512, layers=8, heads=8, d_ff=2048, length=8192):
        super().__init__()
        norm, gate = (nn.LayerNorm, 0.0) if architecture == "reference" else (RootMeanSquare, -3.0)
        self.embed = TypedBytes(d) if tdt else nn.Embedding(256, d)
        self.pe = Positions(d, length)
        self.layers = nn.ModuleList(Block(d, heads, d_ff, norm, gate) for _ in range(layers))
        self.ln_f = norm(d)
        self.head = nn.Linear(d, 256, bias=False)

    def forward(self, symbols, offset=0):
        """[batch, tokens] symbols -> [batch, tokens, 256] logits of each next one."""
        typed = isinstance(self.embed, TypedBytes)
        x = self.embed(symbols, offset) if typed else self.embed(symbols)
        x = x + self.pe.pe[:, offset : offset + symbols.shape[1]]
        for layer in self.layers:
            x = layer(x)
        return self.head(self.ln_f(x))


def randomise(model, seed):
    """Weights in which every part has an effect: matrices of gain about 1, gains about 1, other vectors about 0."""
    torch.manual_seed(seed)
    for name, p in model.named_parameters():
        with torch.no_grad():
            if p.dim() >= 2 and "embed" not in name:
                p.normal_(0, p[0].numel() ** -0.5)
            elif name.endswith("bias") or name.endswith("type_scale"):
                p.normal_(0, 0.5)
            elif p.dim() == 1:
                p.normal_(1, 0.2)
            else:
                p.normal_(0, 1)
